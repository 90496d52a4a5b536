"""What cannot be noted in the audit is not done, and what comes in between two steps of the store loses no key."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509

from segur_host import Host
from segur_sdk.errors import Fact, HostError, SegurError
from segur_sdk.models.notice import Question

pytestmark = pytest.mark.usefixtures("quick_keys")
USE = "insi-auto"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
Certify = Callable[..., tuple[bytes, ...]]


def untraceable(event: str, **facts: Fact) -> None:
    raise HostError("storage.full", event=event, facts=len(facts))


def begun(here: Any, certify: Certify) -> None:
    for number in (1, 2):
        here.install(certify(here.order(), number=number))
    here.order()


ACTS: dict[str, Callable[[Any, tuple[bytes, ...]], None]] = {
    "make": lambda here, _: here.kept.new_key("other", "OTHER", untraceable),
    "install": lambda here, chain: here.kept.install(USE, chain, untraceable),
    "take_back": lambda here, _: here.kept.take_back(USE, untraceable),
    "retire": lambda here, _: here.kept.retire(USE, untraceable),
    "drop": lambda here, _: here.kept.drop_new_key(USE, waiting(here), untraceable),
}


def waiting(here: Any) -> str:
    [key] = here.store.standing(USE).awaiting
    return str(here.store.facts(USE, key).public_key)


@pytest.mark.req("S003-17")
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_leaves_no_trace_changes_nothing(
    bench: Callable[..., Any],
    certify: Certify,
    files_of: Callable[[Path], dict[str, bytes]],
    act: Callable[[Any, tuple[bytes, ...]], None],
) -> None:
    here = bench()
    begun(here, certify)
    chain = certify(here.order(), number=3)
    before = files_of(here.folder)
    with pytest.raises(HostError, match=r"storage\.full"):
        act(here, chain)
    assert files_of(here.folder) == before


@pytest.mark.req("S003-17")
def test_a_key_whose_certificate_came_before_a_kill_is_not_dropped(bench: Callable[..., Any], certify: Certify) -> None:
    here = bench()
    chain = certify(here.order(), number=4)
    [key] = here.store.standing(USE).awaiting
    # Killed after the certificate was put beside its key, and before the key served.
    here.store.put_chain(USE, key, tuple(x509.load_der_x509_certificate(one) for one in chain))
    here.drop()
    here.install(chain)
    assert here.keys.certificate(USE).serial == "4"


@attrs.define
class Meanwhile:
    """A clock at which something else is done, once, while somebody asks what time it is."""

    act: Callable[[], object] | None = None

    def now(self) -> datetime:
        act, self.act = self.act, None
        if act is not None:
            act()
        return NOW


@pytest.mark.req("S003-22")
def test_a_key_that_is_replaced_while_its_context_is_made_serves_no_longer_than_that_call(
    bench: Callable[..., Any], certify: Certify
) -> None:
    clock = Meanwhile()
    here, there = bench(clock=clock), bench()
    there.install(certify(there.order(), number=1))
    chain = certify(there.order(), number=2)

    def replaced() -> None:
        there.install(chain)
        assert here.keys.certificate(USE).serial == "2"

    clock.act = replaced
    begun = here.keys.ssl_context(USE, "ours")
    after = here.keys.ssl_context(USE, "ours")
    assert after is not begun
    assert here.keys.ssl_context(USE, "ours") is after


KEYRING = '[keyring]\npassphrase = {{ env = "{}" }}\n{}\n'
FORMER = 'former_passphrase = { env = "KEYRING_PASSPHRASE" }'


@pytest.mark.req("S003-30")
@pytest.mark.parametrize("obstacle", ["untraced", "secret_of_another"])
def test_a_passphrase_that_cannot_be_changed_everywhere_is_changed_nowhere(
    bench: Callable[..., Any],
    config_file: Callable[..., Path],
    files_of: Callable[[Path], dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    obstacle: str,
) -> None:
    monkeypatch.setenv("NEXT_PASSPHRASE", "la phrase de passe suivante")
    monkeypatch.setenv("OTHER_PASSPHRASE", "la phrase de passe de personne")
    here = bench(instance=None)
    here.order()
    before = files_of(here.folder)
    sealing = "OTHER_PASSPHRASE" if obstacle == "secret_of_another" else "KEYRING_PASSPHRASE"
    with Host(config_file(more=KEYRING.format(sealing, ""))) as host:
        host.keyring.seal("code", Question(code="code", text="Code", pattern=".+"), lambda _: "0123", here.record)
    record = untraceable if obstacle == "untraced" else here.record
    with Host(config_file(more=KEYRING.format("NEXT_PASSPHRASE", FORMER))) as host, pytest.raises(SegurError):
        host.keyring.reencrypt(record)
    keys = {name: content for name, content in files_of(here.folder).items() if name.endswith(".pem")}
    assert keys == {name: content for name, content in before.items() if name.endswith(".pem")}


@pytest.mark.req("S003-30")
def test_a_key_whose_destruction_was_cut_short_keeps_no_passphrase_from_being_changed(
    bench: Callable[..., Any], certify: Certify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXT_PASSPHRASE", "la phrase de passe suivante")
    here = bench()
    begun(here, certify)
    standing = here.store.standing(USE)
    [key] = standing.awaiting
    (here.folder / USE / "standing.json").write_bytes(standing.dropped(key).written())
    (here.folder / USE / key / "key.json").unlink()
    both = {"passphrase": {"env": "NEXT_PASSPHRASE"}, "former_passphrase": {"env": "KEYRING_PASSPHRASE"}}
    assert bench(keyring=both).store.reencrypt(lambda *_: None) == 2
    assert bench(keyring={"passphrase": both["passphrase"]}).keys.ssl_context(USE, "ours") is not None
