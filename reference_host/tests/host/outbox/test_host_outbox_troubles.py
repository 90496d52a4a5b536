"""What goes wrong around the outbox: cut short, clocks, disks, two hosts; nothing is lost, and it is said."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from segur_host import Host
from segur_host.consents.ledger import InformationChannel
from segur_host.outbox.intents import IntentState, IntentTable
from segur_host.outbox.outcomes import LONGEST_PAUSE, pause_until
from segur_host.storage.database import LOCK_NAME, Database, Transaction
from segur_host.storage.file_lock import FileLock
from segur_sdk.errors import HostError, SegurError, ServiceError
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.models.actor import SessionMeans
from segur_sdk.senders import Needs, SendAttempt

Raising = Callable[[SegurError], Callable[[SendAttempt], None]]
INFORMED = {"informed_by_team": True}


def test_outbox_an_attempt_that_was_cut_short_is_found_out(queued: Callable[..., Any], service: Any) -> None:
    host, _, intent = queued()
    table: IntentTable = host.outbox._table
    table.put(attrs.evolve(intent, state=IntentState.SENDING, attempts=1), was=IntentState.QUEUED)
    service.taken["1.2.1"] = b"x"
    host.outbox.run()
    assert host.outbox.show(intent.id).state is IntentState.SENT
    assert (service.asked, service.receptions) == (["1.2.1"], [])


def test_outbox_waits_for_the_session_that_it_needs(
    queued: Callable[..., Any], service: Any, later: Callable[[timedelta], None]
) -> None:
    service.needs = Needs(purpose="dmp", means=SessionMeans.CPS, card="0123456789")
    host, _, intent = queued()
    for _ in range(2):
        host.outbox.run()
        found = host.outbox.show(intent.id)
        assert (found.state, [one.code for one in found.reasons]) == (
            IntentState.WAITING,
            ["outbox.waits_for_session"],
        )
        later(LONGEST_PAUSE)
    assert not service.receptions


def test_outbox_a_sender_that_is_gone_is_waited_for(
    queued: Callable[..., Any], open_host: Callable[..., Host], source: Any, service: Any, clock: Any
) -> None:
    host, _, intent = queued()
    host.close()
    without = open_host(source[1], consents=INFORMED, clock=clock)
    without.outbox.run()
    found = without.outbox.show(intent.id)
    assert (found.state, [one.code for one in found.reasons]) == (IntentState.WAITING, ["plugin.sender_missing"])


def test_outbox_what_one_plugin_prepared_is_not_given_to_another(
    queued: Callable[..., Any],
    another_sender: dict[str, str],
    sending_plugins: dict[str, str],
    open_host: Callable[..., Host],
    source: Any,
    service: Any,
    clock: Any,
    later: Callable[[timedelta], None],
) -> None:
    host, _, intent = queued()
    host.close()
    both = open_host({**source[1], **sending_plugins, **another_sender}, consents=INFORMED, clock=clock)
    both.outbox.run()
    assert [one.code for one in both.outbox.show(intent.id).reasons] == ["plugin.sender_missing"]
    assert not service.receptions
    both.close()
    later(LONGEST_PAUSE)
    alone = open_host({**source[1], **sending_plugins}, consents=INFORMED, clock=clock)
    alone.outbox.run()
    assert alone.outbox.show(intent.id).state is IntentState.SENT


@pytest.mark.parametrize("jump", [timedelta(days=-1500), timedelta(days=1500)], ids=["back", "forth"])
@pytest.mark.parametrize(
    ("failure", "state"),
    [
        pytest.param(ServiceError("service.unreachable", retryable=True), IntentState.WAITING, id="waiting"),
        pytest.param(ServiceError("service.timed_out", maybe_processed=True), IntentState.IN_DOUBT, id="in_doubt"),
    ],
)
def test_outbox_a_clock_that_jumps_loses_nothing(
    jump: timedelta,
    failure: ServiceError,
    state: IntentState,
    queued: Callable[..., Any],
    service: Any,
    raising: Raising,
    later: Callable[[timedelta], None],
    draft_of: Callable[..., DmpDraft],
) -> None:
    host, identity, first = queued()
    service.before = raising(failure)
    later(jump)
    second = host.send(draft_of(host.identity(identity.identity_ref), document_ref="second")).intent
    host.outbox.run()
    assert [host.outbox.show(one.id).state for one in (first, second)] == [state] * 2
    service.before = None
    later(-jump)
    later(LONGEST_PAUSE)
    host.outbox.run()
    assert [host.outbox.show(one.id).state for one in (first, second)] == [IntentState.SENT] * 2
    assert sorted(service.taken) == ["1.2.1", "1.2.2"]


class Trouble:
    """Keeps a host from writing: the disk is full, or somebody else holds the database."""

    def __init__(self, host: Host, code: str) -> None:
        self._database: Database = host.outbox._sending.database
        self._database._lock._patience_s = 0.0
        self._other = FileLock(self._database.folder / LOCK_NAME, patience_s=0.0)
        self._commit = self._database._commit
        self._code = code

    def begin(self) -> None:
        if self._code == "storage.busy":
            self._other.acquire()
        else:
            self._database._commit = self._full  # type: ignore[method-assign, assignment] # a disk that fills at the worst moment

    def end(self) -> None:
        if self._code == "storage.busy":
            self._other.release()
            self._other.close()
        else:
            self._database._commit = self._commit  # type: ignore[method-assign] # there is room again

    def _full(self, _transaction: Transaction) -> None:
        raise HostError("storage.full")


@pytest.mark.parametrize("code", ["storage.full", "storage.busy"])
def test_outbox_what_cannot_be_kept_is_not_let_in_and_the_same_key_brings_it_later(
    code: str, queued: Callable[..., Any], draft_of: Callable[..., DmpDraft], service: Any
) -> None:
    host, identity, intent = queued()
    draft, trouble = draft_of(identity, document_ref="second"), Trouble(host, code)
    trouble.begin()
    with pytest.raises(HostError) as refused:
        host.send(draft, idempotency_key="vente-2")
    trouble.end()
    assert refused.value.code == code
    assert [one.id for one in host.unsent()] == [intent.id]
    for _ in range(2):
        host.send(draft, idempotency_key="vente-2")
        host.outbox.run()
    assert len(service.receptions) == 2


# when it begins, and how often the document had arrived by then
MOMENTS = {"before_the_attempt": (False, 0, IntentState.QUEUED), "before_its_answer": (True, 1, IntentState.SENDING)}


@pytest.mark.parametrize("code", ["storage.full", "storage.busy"])
@pytest.mark.parametrize(("during", "arrived", "state"), MOMENTS.values(), ids=MOMENTS)
def test_outbox_an_attempt_that_cannot_be_recorded_is_made_later_or_found_out(
    during: bool, arrived: int, state: IntentState, code: str, queued: Callable[..., Any], service: Any
) -> None:
    host, _, intent = queued()
    trouble = Trouble(host, code)
    if during:
        service.before = lambda _attempt: trouble.begin()
    else:
        trouble.begin()
    with pytest.raises(HostError) as told:
        host.outbox.run()
    trouble.end()
    service.before = None
    assert (told.value.code, len(service.receptions)) == (code, arrived)
    assert host.outbox.show(intent.id).state is state
    host.outbox.run()
    assert host.outbox.show(intent.id).state is IntentState.SENT
    assert service.receptions == ["1.2.1"]
    assert host.audit.verify().ok


def test_outbox_what_is_due_is_found_by_an_index_alone(queued: Callable[..., Any], clock: Any) -> None:
    host, _, _ = queued()
    database: Database = host.outbox._sending.database
    asked: list[tuple[str, Any]] = []
    sa.event.listen(database._reading, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    assert len(host.outbox._table.due(clock.now(), clock.now(), 20)) == 1
    [(statement, values)] = asked
    with database.reading_accepted() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    reads = [line for line in plan if "intents" in line]
    assert reads
    assert all(line.startswith("SEARCH intents USING COVERING INDEX intents_by_time") for line in reads)
    assert not [line for line in plan if "TEMP B-TREE" in line]


def test_outbox_one_host_sends_at_a_time(
    queued: Callable[..., Any], sending_host: Callable[..., Host], service: Any
) -> None:
    host, _, intent = queued()
    refused: list[str] = []

    def meanwhile(_attempt: SendAttempt) -> None:
        with pytest.raises(HostError) as failure:
            sending_host(consents=INFORMED).outbox.run()
        refused.append(failure.value.code)

    service.before = meanwhile
    host.outbox.run()
    assert refused == ["outbox.elsewhere"]
    assert host.outbox.show(intent.id).state is IntentState.SENT
    assert len(service.receptions) == 1


@given(
    attempts=st.integers(1, 10_000),
    draw=st.floats(0, 1),
    now=st.datetimes(timezones=st.just(UTC)),
)
def test_outbox_a_pause_is_bounded_whatever_happened(attempts: int, draw: float, now: datetime) -> None:
    at = pause_until(attempts, now, draw)
    assert now < at <= now + LONGEST_PAUSE if now < datetime.max.replace(tzinfo=UTC) - LONGEST_PAUSE else at >= now


def test_outbox_an_opposition_while_the_document_is_built_counts(
    sending_host: Callable[..., Host], qualified: Callable[..., Any], draft_of: Callable[..., DmpDraft], service: Any
) -> None:
    host = sending_host()
    identity = qualified(host)
    intent = host.send(draft_of(identity)).intent
    assert intent is not None
    host.inform(identity.identity_ref, InformationChannel.ORAL)
    service.while_building = lambda: host.oppose(identity.identity_ref)
    host.outbox.run()
    held = host.outbox.show(intent.id)
    assert (held.state, held.attempts, [one.code for one in held.reasons]) == (
        IntentState.HELD,
        0,
        ["gate.patient_opposed"],
    )
    assert not service.receptions


def test_outbox_what_is_said_while_a_document_is_judged_releases_it(
    sending_host: Callable[..., Host], qualified: Callable[..., Any], draft_of: Callable[..., DmpDraft], service: Any
) -> None:
    host = sending_host()
    identity = qualified(host)
    service.while_judging = lambda: host.inform(identity.identity_ref, InformationChannel.ORAL)
    intent = host.send(draft_of(identity)).intent
    assert intent is not None
    assert intent.state is IntentState.HELD
    host.outbox.run()
    assert host.outbox.show(intent.id).state is IntentState.SENT


def test_outbox_a_decider_that_fails_is_asked_again(
    sending_host: Callable[..., Host],
    qualified: Callable[..., Any],
    draft_of: Callable[..., DmpDraft],
    service: Any,
    later: Callable[[timedelta], None],
) -> None:
    host = sending_host()
    identity = qualified(host)
    intent = host.send(draft_of(identity)).intent
    assert intent is not None
    host.inform(identity.identity_ref, InformationChannel.ORAL)
    verdict, service.verdict = service.verdict, "no decision"
    host.outbox.run()
    found = host.outbox.show(intent.id)
    assert found.state is IntentState.WAITING
    assert "gate.decider_failed" in [one.code for one in found.reasons]
    service.verdict = verdict
    later(LONGEST_PAUSE)
    host.outbox.run()
    assert host.outbox.show(intent.id).state is IntentState.SENT


def test_outbox_what_comes_later_stands_later_though_the_clock_was_set_back(
    queued: Callable[..., Any], draft_of: Callable[..., DmpDraft], monkeypatch: pytest.MonkeyPatch
) -> None:
    host, identity, first = queued()
    before = f"00{first.id[2:]}"
    monkeypatch.setattr("segur_host.outbox.intents.new_call_id", lambda: before)
    receipts = [host.send(draft_of(identity, document_ref=reference)) for reference in ("2", "3")]
    others = [receipt.intent.id for receipt in receipts if receipt.intent is not None]
    assert [one.id for one in host.unsent()] == [first.id, *others]
    assert [UUID(one).version for one in others] == [7, 7]
