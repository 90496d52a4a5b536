"""``segur audit verify``: no record is changed or taken out unseen, the last ones included; clocks do not matter."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from segur_host import Host
from segur_host.config.loading import load_config
from segur_host.storage.database import DATABASE_NAME
from segur_host.storage.host_key import HostKey, KeyPurpose
from segur_host.storage.sqlcipher import writing_engine
from segur_sdk.models.identity import ProofDocument
from segur_testing.people import published, published_people

Verified = Callable[[Path], tuple[int, dict[str, Any]]]
Tampered = Callable[[str], dict[int, tuple[int, int | None]]]

CHANGES: Final = {
    "event-changed": "UPDATE audit SET event = 'nothing.happened' WHERE seq = :seq",
    "moment-changed": "UPDATE audit SET at = '2026-01-01T00:00:00.000000+00:00' WHERE seq = :seq",
    "actor-forgotten": 'UPDATE audit SET actor = \'{"kind":"operator","name":"autre"}\' WHERE seq = :seq',
    "fact-changed": 'UPDATE audit SET facts = \'{"status":"QUAL"}\' WHERE seq = :seq',
    "removed": "DELETE FROM audit WHERE seq = :seq",
    "removed-with-all-that-follow": "DELETE FROM audit WHERE seq >= :seq",
}


@contextmanager
def opened_with_its_key(folder: Path) -> Iterator[sa.Connection]:
    """Open the encrypted database as whoever stole the key would."""
    key = HostKey.of(folder, database_exists=True).derive(KeyPurpose.DATABASE)
    engine = writing_engine(folder / DATABASE_NAME, key)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def tampered(config_file: Callable[..., Path], audit_verified: Verified) -> Tampered:
    """Change every record of a real audit in turn; return exit status and record named, by record changed."""
    config = config_file(readers=False)
    with Host(config) as host:
        ref = host.identify(published("NESSI", "MICHELANGELO")).identity
        assert ref is not None
        host.qualify(ref.identity_ref, document=ProofDocument(type="CN"))
    data = load_config(config).data
    intact = Path(shutil.copytree(data, data.with_name("intact")))
    status, verdict = audit_verified(config)
    assert (status, verdict["ok"]) == (0, True)

    def every_record(change: str) -> dict[int, tuple[int, int | None]]:
        found: dict[int, tuple[int, int | None]] = {}
        for seq in range(1, verdict["records"] + 1):
            shutil.rmtree(data)
            shutil.copytree(intact, data)
            with opened_with_its_key(data) as connection:
                assert connection.execute(sa.text(change), {"seq": seq}).rowcount
            status, judged = audit_verified(config)
            found[seq] = status, judged["first_bad_seq"]
        return found

    return every_record


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_record_changed_or_removed_is_named(tampered: Tampered, change: str) -> None:
    found = tampered(change)

    assert len(found) >= 6
    assert found == {seq: (1, seq) for seq in found}


class SteppingClock:
    """A machine's clock that somebody sets."""

    def __init__(self) -> None:
        self.step = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.step


STEPS: Final = [
    timedelta(),
    timedelta(hours=-1),
    timedelta(hours=3),
    timedelta(days=-400),
    timedelta(days=1461),
    timedelta(seconds=-1),
    timedelta(days=-3653),
]


def test_a_clock_that_steps_loses_and_reorders_nothing(
    config_file: Callable[..., Path], audit_verified: Verified
) -> None:
    config = config_file(readers=False)
    clock = SteppingClock()
    receipts = []
    with Host(config, clock=clock) as host:
        for step, person in zip(STEPS, published_people(), strict=False):
            clock.step = step
            identity = host.identify(person).identity
            assert identity is not None
            receipts.append(identity)

    assert audit_verified(config)[0] == 0
    with Host(config) as again:
        for given in receipts:
            assert (again.identity(given.identity_ref).status, again.identity(given.identity_ref).revision) == (
                given.status,
                given.revision,
            )
        records = list(again.audit.records())
    calls = [one.call_id for one in records if one.event == "hook.qualify_identity"]
    assert len(calls) == len(set(calls)) == len(STEPS)
    # The order is that in which things happened, whatever the dates say.
    refs = [one.facts for one in records if one.event == "identity.revision" and '"revision":1' in one.facts]
    assert [given.identity_ref in facts for given, facts in zip(receipts, refs, strict=True)] == [True] * len(STEPS)
    moments = [one.at for one in records]
    assert moments != sorted(moments)
