"""A session ends at its time, and nobody has to ask for it."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import eventually
from reference_host.tests.host.cards.signing_in import CPS, audited, ends, proven
from segur_host import Host
from segur_host.sessions import alarm
from segur_host.sessions.alarm import Alarm
from segur_sdk.models.actor import SessionEnd

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


class MovedClock:
    def __init__(self) -> None:
        self.moment = NINE

    def now(self) -> datetime:
        return self.moment


class Day:
    """What is due, and what was done of it."""

    def __init__(self, clock: MovedClock) -> None:
        self.clock = clock
        self.due: list[datetime] = []
        self.done: list[datetime] = []
        self.rung = threading.Semaphore(0)

    def ring(self) -> datetime | None:
        self.done += [one for one in self.due if one <= self.clock.moment]
        self.due = [one for one in self.due if one > self.clock.moment]
        self.rung.release()
        return min(self.due, default=None)


@pytest.fixture(autouse=True)
def _looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "LOOK_S", 0.01)


@pytest.fixture
def day() -> Day:
    return Day(MovedClock())


@pytest.fixture
def waking(day: Day) -> Iterator[Alarm]:
    waking = Alarm(day.clock, day.ring)
    yield waking
    waking.close()


def test_each_thing_is_done_at_its_time_and_the_next_one_is_waited_for(day: Day, waking: Alarm) -> None:
    day.due = [NINE + HOUR, NINE + 2 * HOUR]
    waking.set()
    assert day.rung.acquire(timeout=10)
    for hours in (1, 2):
        assert day.done == [NINE + HOUR, NINE + 2 * HOUR][: hours - 1]
        day.clock.moment = NINE + hours * HOUR
        assert day.rung.acquire(timeout=10)
    assert (day.done, day.due) == ([NINE + HOUR, NINE + 2 * HOUR], [])


def test_what_comes_sooner_than_what_was_waited_for_is_not_late(day: Day, waking: Alarm) -> None:
    day.due = [NINE + 2 * HOUR]
    waking.set()
    assert day.rung.acquire(timeout=10)
    day.due.append(NINE + HOUR)
    waking.set()
    assert day.rung.acquire(timeout=10)
    day.clock.moment = NINE + HOUR
    assert day.rung.acquire(timeout=10)
    assert day.done == [NINE + HOUR]


def test_nothing_rings_before_it_is_set_nor_after_it_is_closed(day: Day, waking: Alarm) -> None:
    before = set(threading.enumerate())
    waking.close()
    waking.set()
    assert set(threading.enumerate()) <= before
    assert (day.done, day.rung.acquire(blocking=False)) == ([], False)


def test_a_session_ends_at_its_time_while_nobody_uses_it(
    host: Host, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    until = datetime.now(UTC) + HOUR
    script["start"] = lambda *_: proven(expires_at=until)
    host.login(CPS)
    monkeypatch.setattr(host._clock, "now", lambda: until)
    assert eventually(lambda: ends(script) == [SessionEnd.EXPIRED])
    assert [one.reason for one in script["let_go"]] == [SessionEnd.EXPIRED]
    assert audited(host, "session.ended") == [{"reason": "expired"}]


def test_the_time_of_an_earlier_session_does_not_end_the_next(
    host: Host, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, wait_out: Callable[[Host], None]
) -> None:
    until = datetime.now(UTC) + HOUR
    script["start"] = lambda *_: proven(expires_at=until)
    host.login(CPS)
    host.logout()
    script["start"] = lambda *_: proven(expires_at=until + HOUR)
    second = host.login(CPS).opened
    monkeypatch.setattr(host._clock, "now", lambda: until)
    wait_out(host)
    assert host.session == second
    assert eventually(lambda: ends(script) == [SessionEnd.LOGOUT])


@pytest.fixture
def wait_out(monkeypatch: pytest.MonkeyPatch) -> Callable[[Host], None]:
    """Wait until the alarm of a host rang once more."""

    def wait_out(host: Host) -> None:
        rung = threading.Event()
        waking = host._sessions._alarm
        ring = waking._ring

        def told() -> datetime | None:
            found = ring()
            rung.set()
            return found

        monkeypatch.setattr(waking, "_ring", told)
        waking.set()
        assert rung.wait(10)

    return wait_out
