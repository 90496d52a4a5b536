"""Events are written with their cause and told at least once; nothing that an observer does affects the cause."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from reference_host.tests.host.cards.bench import code_of, eventually
from segur_host import Host
from segur_host.audit.log import AuditLog
from segur_host.clock import SystemClock
from segur_host.dispatch.outcome import HookResult, Outcome, OutcomeStatus
from segur_host.events.table import EventTable, host_events
from segur_host.events.teller import MAX_TELLINGS, EventTeller
from segur_host.storage.database import Database
from segur_sdk.errors import HostError
from segur_sdk.hooks.session_ended import SessionEndedEvent
from segur_sdk.models.actor import Actor, Session, SessionEnd, SessionMeans
from segur_sdk.models.base import Event
from segur_sdk.services.session_provider import Authenticated

HOOK = "on_session_ended"


def ended(operator: Actor, session: str = "s-1") -> SessionEndedEvent:
    return SessionEndedEvent(
        actor=operator, session=Session(session_id=session, means=SessionMeans.CPS), reason=SessionEnd.LOGOUT
    )


@pytest.fixture
def table(database: Database) -> EventTable:
    return EventTable(database)


@pytest.fixture
def audit(database: Database) -> Iterator[AuditLog]:
    log = AuditLog(database, SystemClock())
    yield log
    log.close()


class Plugins:
    """Whom the teller calls: keeps what he is told, and takes notice when he is well."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.status: dict[str, OutcomeStatus] = {}

    def __call__(self, hook: str, event: Event) -> HookResult:
        assert isinstance(event, SessionEndedEvent)
        session = event.session.session_id
        self.told.append(session)
        status = self.status.get(session, OutcomeStatus.OK)
        return HookResult(hook=hook, call_id="c", value=None, outcomes=(Outcome("alpha", "1", status),))


@pytest.fixture
def plugins() -> Plugins:
    return Plugins()


@pytest.fixture
def teller(table: EventTable, plugins: Plugins, audit: AuditLog) -> Iterator[EventTeller]:
    teller = EventTeller(table, plugins, audit)
    yield teller
    teller.close()


def waiting(table: EventTable) -> list[tuple[str, int]]:
    found = []
    for one in table.pending():
        assert isinstance(one.event, SessionEndedEvent)
        found.append((one.event.session.session_id, one.tellings))
    return found


def test_an_event_is_kept_whole_and_in_order(table: EventTable, operator: Actor) -> None:
    events = [ended(operator, f"s-{number}") for number in range(5)]
    for event in events:
        table.add(HOOK, event)
    assert [one.event for one in table.pending()] == events
    assert {one.hook for one in table.pending()} == {HOOK}


def test_an_event_is_undone_with_its_cause(database: Database, table: EventTable, operator: Actor) -> None:
    def fails() -> None:
        with database.accepting():
            table.add(HOOK, ended(operator))
            assert len(table.pending()) == 1
            raise HostError("storage.full")

    assert code_of(fails) == "storage.full"
    assert table.pending() == ()
    with database.accepting():
        table.add(HOOK, ended(operator, "s-2"))
    assert waiting(table) == [("s-2", 0)]


def test_events_of_another_tenant_are_another_affair(data_folder: Path, operator: Actor) -> None:
    with Database(data_folder, "one") as one, Database(data_folder, "two") as two:
        EventTable(one).add(HOOK, ended(operator))
        assert EventTable(two).pending() == ()
        assert len(EventTable(one).pending()) == 1


UNREADABLE = {"hook": {"hook": "on_tomorrow"}, "event": {"event": '{"tomorrow": 1}'}, "garbage": {"event": "{"}}


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)
def test_what_only_a_newer_host_understands_waits_for_it_and_holds_up_nothing(
    change: dict[str, str],
    database: Database,
    table: EventTable,
    operator: Actor,
    teller: EventTeller,
    plugins: Plugins,
) -> None:
    table.add(HOOK, ended(operator))
    with database.accepting() as transaction:
        transaction.connection.execute(host_events.update().values(**change))
    table.add(HOOK, ended(operator, "s-2"))
    teller.start()
    assert eventually(lambda: plugins.told == ["s-2"])
    assert teller.wait(10)
    with database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(host_events)).scalar() == 1


@pytest.mark.parametrize("status", [OutcomeStatus.OK, OutcomeStatus.DECLINED])
def test_what_every_plugin_took_notice_of_is_told_once(
    status: OutcomeStatus, table: EventTable, teller: EventTeller, plugins: Plugins, operator: Actor
) -> None:
    plugins.status["s-1"] = status
    table.add(HOOK, ended(operator))
    for _ in range(3):
        teller.wake()
        assert teller.wait(10)
    assert plugins.told == ["s-1"]
    assert waiting(table) == []


@pytest.mark.parametrize(
    "status", [one for one in OutcomeStatus if one not in {OutcomeStatus.OK, OutcomeStatus.DECLINED}]
)
def test_what_a_plugin_took_no_notice_of_is_told_again_with_the_next_event(
    status: OutcomeStatus, table: EventTable, teller: EventTeller, plugins: Plugins, operator: Actor
) -> None:
    plugins.status["s-1"] = status
    table.add(HOOK, ended(operator))
    teller.wake()
    assert teller.wait(10)
    assert waiting(table) == [("s-1", 1)]
    del plugins.status["s-1"]
    table.add(HOOK, ended(operator, "s-2"))
    teller.wake()
    assert teller.wait(10)
    assert plugins.told == ["s-1", "s-1", "s-2"]
    assert waiting(table) == []


def test_a_plugin_that_never_takes_notice_is_given_up_and_the_audit_says_so(
    table: EventTable, teller: EventTeller, plugins: Plugins, audit: AuditLog, operator: Actor
) -> None:
    plugins.status["s-1"] = OutcomeStatus.FAILED
    table.add(HOOK, ended(operator))
    for telling in range(1, MAX_TELLINGS):
        teller.wake()
        assert teller.wait(10)
        assert waiting(table) == [("s-1", telling)]
    for _ in range(2):
        teller.wake()
        assert teller.wait(10)
    assert waiting(table) == []
    assert plugins.told == ["s-1"] * MAX_TELLINGS
    assert [(one.event, one.facts) for one in audit.records()] == [("event.given_up", f'{{"hook":"{HOOK}"}}')]


def test_a_start_with_nothing_to_tell_starts_nothing(teller: EventTeller, plugins: Plugins) -> None:
    before = threading.active_count()
    teller.start()
    assert threading.active_count() == before
    assert plugins.told == []


# --- with a host ------------------------------------------------------------------------------------------------------


@pytest.fixture
def host(script: dict[str, Any], signing: dict[str, Any], open_host: Callable[..., Host]) -> Host:
    script["start"] = lambda *_: Authenticated(name="Nadège Test")
    return open_host(signing)


def _fails(_: object) -> None:
    raise ValueError("not now")


def test_a_plugin_that_fails_is_told_again_at_the_next_start(
    host: Host, script: dict[str, Any], signing: dict[str, Any], open_host: Callable[..., Host]
) -> None:
    script["observe"] = _fails
    session = host.login(SessionMeans.CPS).opened.session
    host.logout()
    assert eventually(lambda: len(script["ended"]) == 1)
    host.close()
    script["observe"] = lambda _: None
    again = open_host(signing)
    assert eventually(lambda: len(script["ended"]) == 2)
    again.close()
    open_host(signing).close()
    first, second = script["ended"]
    assert first == second
    assert first.session == session


def test_events_wait_for_a_start_with_plugins(
    host: Host, script: dict[str, Any], signing: dict[str, Any], open_host: Callable[..., Host]
) -> None:
    script["observe"] = _fails
    host.login(SessionMeans.CPS)
    host.logout()
    assert eventually(lambda: len(script["ended"]) == 1)
    host.close()
    open_host(signing, safe_mode=True).close()
    script["observe"] = lambda _: None
    open_host(signing)
    assert eventually(lambda: len(script["ended"]) == 2)


def test_an_observer_that_hangs_holds_neither_the_cause_nor_the_end_of_the_host(
    host: Host,
    script: dict[str, Any],
    signing: dict[str, Any],
    open_host: Callable[..., Host],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segur_host.events.teller.CLOSING_S", 0.1)
    released = threading.Event()
    script["observe"] = lambda _: released.wait(60)
    host.login(SessionMeans.CPS)
    host.logout()
    assert host.session is None
    assert eventually(lambda: len(script["ended"]) == 1)
    host.close()
    assert not released.is_set()
    script["observe"] = lambda _: None
    released.set()
    again = open_host(signing)
    assert eventually(lambda: len(script["ended"]) == 2)
    assert again.audit.verify().ok


def test_what_a_hung_observer_does_after_the_end_writes_nothing(
    host: Host,
    script: dict[str, Any],
    patience: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    patience(0.5)
    monkeypatch.setattr("segur_host.events.teller.CLOSING_S", 0.1)
    released = threading.Event()
    script["observe"] = lambda _: released.wait(60)
    host.login(SessionMeans.CPS)
    host.logout()
    assert eventually(lambda: len(script["ended"]) == 1)
    [teller] = [one for one in threading.enumerate() if one.name == "segur-events"]
    host.close()
    written = {path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()}
    teller.join(20)
    released.set()
    assert not teller.is_alive()
    assert {path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()} == written
