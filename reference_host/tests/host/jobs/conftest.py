"""A scheduler on made-up plugins, whose jobs do what the test says, by a clock that the test moves."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from segur_host.carrier import Carrier
from segur_host.config.model import HostConfig
from segur_host.scheduler.scheduler import Scheduler
from segur_host.scheduler.table import JobState, JobTable
from segur_sdk.context import Clock
from segur_sdk.jobs import JobDone
from segur_sdk.models.actor import Actor

MODULE = """
import sys
from segur_sdk.hooks import SegurHooks

script = sys.modules["made_up_jobs"]

class Plugin(SegurHooks):
    def run_job(self, run, ctx):
        script["runs"].append((run, ctx.actor, ctx.session))
        answer = script["answers"].get(run.job, script["answer"])
        return answer(run, ctx) if callable(answer) else answer
"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What jobs answer: ``answer``, or ``answers`` by job, values or functions of run and context; ``runs`` so far.

    ``hold`` is for functions that hang: it is set when the test ends.
    """
    script: dict[str, Any] = {"answer": JobDone(), "answers": {}, "runs": [], "hold": threading.Event()}
    monkeypatch.setitem(sys.modules, "made_up_jobs", script)
    yield script
    script["hold"].set()


@pytest.fixture
def with_jobs(install: Callable[..., str], script: dict[str, Any]) -> Callable[..., dict[str, str]]:
    """Install a plugin with jobs, each ``name = (every_minutes, deadline_s)``; returns its table."""

    def with_jobs(plugin: str = "alpha", **jobs: tuple[int, float]) -> dict[str, str]:
        declared = jobs or {"crl": (60, 30.0)}
        tables = "".join(
            f'[[jobs]]\nname = "{name}"\nevery_minutes = {minutes}\ndeadline_s = {seconds}\n'
            for name, (minutes, seconds) in declared.items()
        )
        return {plugin: install(plugin, module=MODULE, tables=tables)}

    return with_jobs


@attrs.frozen
class Bench:
    """A scheduler that looks when the test says so."""

    jobs: Scheduler
    carrier: Carrier
    clock: Clock
    set_clock: Callable[[datetime], None]
    actor: Actor

    def restarted(self) -> "Bench":
        """Return a scheduler that knows nothing but what was kept."""
        entries = self.carrier.registry.entries.values()
        jobs = Scheduler(self.carrier.database, entries, self.carrier.dispatcher, self.clock, self.actor, lambda: 0.0)
        return attrs.evolve(self, jobs=jobs)

    def look(self) -> None:
        """Look, and wait for the end of what was begun."""
        self.jobs.look()
        self.settle()

    def settle(self) -> None:
        """Wait for the end of every run."""
        waiting = threading.Event()
        for _ in range(2000):
            if not any(one.running for one in self.jobs.standings()):
                return
            waiting.wait(0.005)
            self.jobs.look()
        raise AssertionError("a run does not end")

    def later(self, **wait: float) -> None:
        """Let time pass."""
        self.set_clock(self.clock.now() + timedelta(**wait))

    def state(self, job: str = "crl", plugin: str = "alpha") -> JobState:
        found = JobTable(self.carrier.database).get((plugin, job))
        assert found is not None
        return found

    def audited(self, event: str) -> list[str]:
        """Return the facts of every record of an event."""
        return [record.facts for record in self.carrier.audit.records() if record.event == event]


@pytest.fixture
def open_bench(
    make_config: Callable[..., HostConfig],
    clock: Clock,
    set_clock: Callable[[datetime], None],
    operator: Actor,
    script: dict[str, Any],
) -> Iterator[Callable[..., Bench]]:
    """Open a scheduler on ``plugins``; ``draw`` is what chance draws. It is closed when the test ends."""
    with ExitStack() as opened:

        def open_bench(plugins: dict[str, str], draw: float = 0.0, **limits: Any) -> Bench:
            config = make_config(plugins, **({"limits": limits} if limits else {}))
            carrier = Carrier.opened(config, clock, lambda _: False, opened, safe_mode=False)
            entries = carrier.registry.entries.values()
            jobs = Scheduler(carrier.database, entries, carrier.dispatcher, clock, operator, lambda: draw)
            opened.callback(jobs.close)
            return Bench(jobs, carrier, clock, set_clock, operator)

        yield open_bench
        script["hold"].set()
