"""Jobs through any sequence of time, failures, restarts, and clocks that somebody sets."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from segur_host.scheduler import due
from segur_host.scheduler.scheduler import JUMP
from segur_host.scheduler.table import JobState, JobTable
from segur_sdk.errors import ServiceError
from segur_sdk.jobs import JobDone
from segur_sdk.manifest import JobUse

EVERY_MINUTES = 90
USE = JobUse(name="crl", every_minutes=EVERY_MINUTES)
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SETTINGS = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


class Jobs(RuleBasedStateMachine):
    """Two hosts on one data folder, of which one looks at a time."""

    opened: ClassVar[tuple[Any, Any]]
    """The benches of both."""
    script: ClassVar[dict[str, Any]]
    """What their job answers."""

    def __init__(self) -> None:
        super().__init__()
        self.benches = [one.restarted() for one in self.opened]
        self.bench = self.benches[0]
        self.looked = False
        self.script["answer"] = JobDone()
        self.script["runs"].clear()
        self.bench.set_clock(START)
        JobTable(self.bench.carrier.database).put(("alpha", "crl"), JobState(due_at=START))
        self.look()

    @rule(wait=st.timedeltas(timedelta(0), timedelta(minutes=200)))
    def time_passes(self, wait: timedelta) -> None:
        self.bench.set_clock(self.bench.clock.now() + wait)
        self.looked = False

    @rule(moment=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    def somebody_sets_the_clock(self, moment: datetime) -> None:
        self.bench.set_clock(moment)
        self.looked = False

    @rule(wanted=st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=1)))
    def it_will_succeed(self, wanted: timedelta | None) -> None:
        next_at = self.bench.clock.now() + wanted if wanted is not None else None
        self.script["answer"] = JobDone(next_at=next_at)

    @rule()
    def it_will_fail(self) -> None:
        def fails(*_: Any) -> JobDone:
            raise ServiceError("service.unreachable", retryable=True)

        self.script["answer"] = fails

    @rule()
    def the_other_host_looks(self) -> None:
        self.benches.reverse()
        self.bench = self.benches[0]
        self.time_passes(JUMP + timedelta(seconds=1))
        self.look()

    @rule()
    def it_restarts(self) -> None:
        self.bench = self.benches[0] = self.bench.restarted()
        self.look()

    @rule()
    def somebody_asks_for_it(self) -> None:
        runs = len(self.script["runs"])
        self.bench.jobs.run("crl")
        assert len(self.script["runs"]) == runs + 1

    @rule()
    def look(self) -> None:
        now, runs = self.bench.clock.now(), len(self.script["runs"])
        was_due = self.bench.state().due_at <= now
        self.bench.look()
        self.looked = True
        assert len(self.script["runs"]) - runs == (1 if was_due else 0)
        self.bench.look()
        assert len(self.script["runs"]) - runs == (1 if was_due else 0), "it ran twice for one due time"

    @rule()
    def it_comes_round(self) -> None:
        self.look()
        self.bench.set_clock(self.bench.clock.now() + due.longest_wait(USE))
        runs = len(self.script["runs"])
        self.bench.look()
        assert len(self.script["runs"]) == runs + 1

    @invariant()
    def nothing_is_held_off(self) -> None:
        if self.looked:
            now = self.bench.clock.now()
            assert now < self.bench.state().due_at <= now + due.longest_wait(USE)

    @invariant()
    def attempts_are_counted(self) -> None:
        state = self.bench.state()
        assert (state.attempts == 0) == (state.last_error is None)


def test_whatever_happens_a_job_goes_on_and_no_more_often_than_it_should(
    open_bench: Callable[..., Any], with_jobs: Callable[..., dict[str, str]], script: dict[str, Any]
) -> None:
    plugins = with_jobs(crl=(EVERY_MINUTES, 30.0))
    on_this_folder = {"opened": (open_bench(plugins), open_bench(plugins)), "script": script}
    run_state_machine_as_test(type("JobsHere", (Jobs,), on_this_folder), settings=SETTINGS)
