"""Runs the jobs of plugins when they are due: one thread that waits for all of them, and never for one."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

import attrs

from segur_host.broker.ask import NobodyToAsk
from segur_host.broker.cancelling import Cancellation
from segur_host.crash import write_report
from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import Dispatcher, new_call_id
from segur_host.dispatch.outcome import Outcome
from segur_host.registry.registry import PluginEntry
from segur_host.scheduler import due
from segur_host.scheduler.declared import DeclaredJob, declared_jobs, job_named
from segur_host.scheduler.runs import JobRuns, Running
from segur_host.scheduler.table import JobKey, JobState, JobTable
from segur_host.storage.database import Database
from segur_sdk.context import Clock
from segur_sdk.errors import HostError, SegurError
from segur_sdk.models.actor import Actor, ActorKind

LOOK_S: Final = 1.0
"""The clock is looked at that often: a machine may have slept, or its time may have been set."""
BUSY_LOOK_S: Final = 0.2
"""Runs in progress are looked at that often."""
JUMP: Final = timedelta(seconds=30)
"""The clock moved by more between two looks: the machine slept, or its time was set."""
AGAIN_S: Final = 60.0
"""After a failure of the host itself, or when another host runs the job."""
CLOSING_S: Final = 2.0
"""How long the host's end waits for runs in progress; then they are given up."""
NAME: Final = "Tâches régulières"
"""Of the automaton."""
_RANDOM: Final = secrets.SystemRandom()


@attrs.frozen
class JobStanding:
    """One job, and where it stands."""

    job: DeclaredJob
    state: JobState | None
    """Nothing before a resident host first saw it."""
    running: bool
    """In this host."""


@attrs.frozen
class JobEnd:
    """A run that somebody asked for."""

    job: DeclaredJob
    outcome: Outcome
    state: JobState
    """Where the job stands now."""


class Scheduler:
    """The jobs of one host. Nothing runs by itself before ``start``. Every method may be called from any thread.

    Args:
        database: keeps when each is due.
        entries: the plugins.
        dispatcher: has them called.
        clock: says what time it is.
        actor: for whom calls are made that nobody signed in for; the automaton has his structure and workstation.
        draw: at random, from 0 to 1.
    """

    def __init__(
        self,
        database: Database,
        entries: Iterable[PluginEntry],
        dispatcher: Dispatcher,
        clock: Clock,
        actor: Actor,
        draw: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._clock = clock
        self._actor = actor
        self._automaton = actor.model_copy(update={"kind": ActorKind.AUTOMATON, "name": NAME, "rpps": None})
        self._draw = draw
        self._jobs: Final = declared_jobs(entries)
        self._database = database
        self._table = JobTable(database)
        self._runs = JobRuns(database, self._table, dispatcher, clock, draw)
        self._running: dict[JobKey, Running] = {}
        """Begun by the thread, and touched by it alone until it ended."""
        self._asked_for = 0
        self._changing = threading.Condition()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._states: dict[JobKey, JobState] = {}
        self._read_again_at = 0.0
        self._not_before: dict[JobKey, float] = {}
        self._looked_at: datetime | None = None

    def start(self) -> None:
        """Run jobs when they are due, from now on; a second call changes nothing."""
        with self._changing:
            if self._jobs and self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="segur-jobs", daemon=True)
                self._thread.start()

    def standings(self) -> tuple[JobStanding, ...]:
        """Return every job of the plugins that were loaded, by name.

        Raises:
            HostError: the data folder cannot be read.
        """
        states = self._table.all() if self._jobs else {}
        running = frozenset(self._running)
        return tuple(JobStanding(job, states.get(key), key in running) for key, job in self._jobs.items())

    def run(self, name: str, cancellation: Cancellation | None = None) -> JobEnd:
        """Run a job now, because somebody asked for it, and wait for its end.

        Args:
            name: ``plugin.job``, or ``job`` where one plugin alone has such a job.
            cancellation: by which another thread gives it up.

        Raises:
            InputError: ``input.job_unknown``, ``input.job_ambiguous``, ``input.cancelled``.
            PluginError: why its plugin does not answer.
            HostError: ``job.running``, ``job.given_up``: the host stops; or what was done cannot be kept.
        """
        job = job_named(self._jobs, name)
        if not job.may_run:
            raise job.entry.reason or HostError("job.given_up", retryable=True)
        with self._counted():
            running = self._runs.begin(job, Caller(new_call_id(), self._actor, None, NobodyToAsk()))
            assert running is not None
            return self._awaited(running, cancellation or Cancellation())

    def close(self) -> None:
        """Run nothing more; what is in progress has ``CLOSING_S``, then it is given up, and due as before."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
        with self._changing:
            self._changing.wait_for(lambda: not self._asked_for, CLOSING_S)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._changing:
            if self._closed.is_set():
                raise HostError("host.closed")
            self._asked_for += 1
        try:
            yield
        finally:
            with self._changing:
                self._asked_for -= 1
                self._changing.notify_all()

    def _awaited(self, running: Running, cancellation: Cancellation) -> JobEnd:
        while True:
            ended = self._runs.ended(running)
            if ended is not None:
                self._read_again_at = 0.0
                return JobEnd(running.job, *ended)
            try:
                cancellation.wait(BUSY_LOOK_S / 4)
                if self._closed.is_set():
                    raise HostError("job.given_up", retryable=True)
            except BaseException:
                self._runs.give_up(running)
                raise

    def _run(self) -> None:
        pause = 0.0
        while not self._closed.wait(pause):
            try:
                self.look()
                pause = BUSY_LOOK_S if self._running else LOOK_S
            except Exception as failure:  # noqa: BLE001 - a defect must not end every job of the host
                write_report(failure)
                pause = AGAIN_S
        given_up_at = time.monotonic() + CLOSING_S
        while self._running and time.monotonic() < given_up_at:
            self._end_those_over()
            time.sleep(BUSY_LOOK_S / 4)
        for running in self._running.values():
            with suppress(SegurError):
                self._runs.give_up(running)
        self._running.clear()

    def look(self) -> None:
        """Do what is to be done now, without waiting for it."""
        self._end_those_over()
        now = self._clock.now()
        try:
            self._read(now)
        except HostError:
            # The database cannot be used now: what is due stays so.
            return
        for key, job in self._jobs.items():
            if key not in self._running and job.may_run and time.monotonic() >= self._not_before.get(key, 0.0):
                try:
                    self._consider(job, now)
                except SegurError:
                    self._not_before[key] = time.monotonic() + AGAIN_S

    def _read(self, now: datetime) -> None:
        """Read when jobs are due, if it may have changed, and put off those that were missed."""
        jumped = self._looked_at is None or abs(now - self._looked_at) > JUMP
        if jumped or time.monotonic() >= self._read_again_at:
            known = self._table.all()
            for key in self._jobs.keys() - known.keys():
                known[key] = JobState(due_at=now)
                self._table.put(key, known[key])
            self._states = known
            self._read_again_at = time.monotonic() + AGAIN_S
        if jumped:
            for key, job in self._jobs.items():
                if self._states[key].due_at <= now:
                    self._not_before[key] = time.monotonic() + due.spread(job.use, self._draw())
        self._looked_at = now

    def _consider(self, job: DeclaredJob, now: datetime) -> None:
        """Begin a run of a job if it is due; bring back one that a wrong clock held off."""
        state = self._states[job.key]
        within_reach = due.within_reach(job.use, state.due_at, now)
        if within_reach < state.due_at:
            self._bring_back(job, now)
        elif state.due_at <= now:
            running = self._runs.begin(
                job, Caller(new_call_id(), self._automaton, None, NobodyToAsk()), only_if_due=True
            )
            if running is not None:
                self._running[job.key] = running
            else:
                self._read_again_at = 0.0

    def _bring_back(self, job: DeclaredJob, now: datetime) -> None:
        with self._database.accepting():
            # Asked again inside the write: another host may have run it meanwhile.
            state = self._table.get(job.key) or JobState(due_at=now)
            state = attrs.evolve(state, due_at=due.within_reach(job.use, state.due_at, now))
            self._table.put(job.key, state)
        self._states[job.key] = state

    def _end_those_over(self) -> None:
        for key, running in tuple(self._running.items()):
            try:
                ended = self._runs.ended(running)
            except SegurError:
                # It was done, or not; that cannot be kept, so it is done again.
                del self._running[key]
                self._not_before[key] = time.monotonic() + AGAIN_S
                continue
            if ended is not None:
                del self._running[key]
                self._states[key] = ended[1]
