"""One run of one job: alone on its data folder, in a worker of the dispatcher, and what becomes of it is kept."""

from collections.abc import Callable
from pathlib import Path

import attrs

from segur_host.audit.log import AuditEntry
from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import Dispatcher
from segur_host.dispatch.outcome import Outcome, OutcomeStatus
from segur_host.dispatch.relay import Begun
from segur_host.scheduler import due
from segur_host.scheduler.declared import DeclaredJob
from segur_host.scheduler.table import JobState, JobTable
from segur_host.storage.database import Database
from segur_host.storage.file_lock import FileLock
from segur_sdk.context import Clock
from segur_sdk.errors import Fact, HostError, PluginError
from segur_sdk.jobs import JobDone, JobRun


@attrs.frozen
class Running:
    """A run in progress."""

    job: DeclaredJob
    state: JobState
    """As it was kept when the run began."""
    caller: Caller
    begun: Begun[Outcome]
    lock: FileLock


class JobRuns:
    """Begins and ends runs. A run belongs to the thread that began it.

    Args:
        database: the host's database.
        table: what is known of jobs.
        dispatcher: has plugins called.
        clock: says what time it is.
        draw: at random, from 0 to 1.
    """

    def __init__(
        self, database: Database, table: JobTable, dispatcher: Dispatcher, clock: Clock, draw: Callable[[], float]
    ) -> None:
        self._database = database
        self._table = table
        self._dispatcher = dispatcher
        self._clock = clock
        self._draw = draw

    def begin(self, job: DeclaredJob, caller: Caller, *, only_if_due: bool = False) -> Running | None:
        """Begin a run.

        What is kept of it until it ends: that it began. So a job whose host was killed is due as before.

        Args:
            job: of a plugin that answers.
            caller: on whose behalf.
            only_if_due: unless another host has made that run meanwhile; then nothing is begun.

        Raises:
            HostError: ``job.running``: here, or in another host on the same data; or it cannot be kept.
        """
        lock = _alone(self._database.folder, job)
        try:
            running = self._begun(job, caller, lock, only_if_due=only_if_due)
        except BaseException:
            _free(lock)
            raise
        if running is None:
            _free(lock)
        return running

    def _begun(self, job: DeclaredJob, caller: Caller, lock: FileLock, *, only_if_due: bool) -> Running | None:
        now = self._clock.now()
        known = self._table.get(job.key) or JobState(due_at=now)
        if only_if_due and known.due_at > now:
            return None
        state = attrs.evolve(known, attempts=known.attempts + 1)
        self._table.put(job.key, state)
        # A time that is yet to come was written while the clock was wrong.
        last_done = known.last_done if known.last_done is not None and known.last_done <= now else None
        run = JobRun(job=job.use.name, last_done=last_done, attempt=state.attempts)
        begun = self._dispatcher.begin_job(job.entry, run, caller, job.use.deadline_s)
        return Running(job, state, caller, begun, lock)

    def ended(self, running: Running) -> tuple[Outcome, JobState] | None:
        """Return what became of a run, once it ended, and where the job stands; both are kept.

        Raises:
            HostError: it cannot be kept; then the job is due as before.
        """
        try:
            outcome = running.begun.result()
        except BaseException:
            _free(running.lock)
            raise
        if outcome is None:
            return None
        try:
            outcome = _answered(outcome)
            state = self._next(running, outcome)
            with self._database.accepting():
                self._table.put(running.job.key, state)
                self._dispatcher.conclude(running.job.entry, outcome, running.caller, _record(running, outcome))
        finally:
            _free(running.lock)
        return outcome, state

    def give_up(self, running: Running) -> None:
        """Wait no more for a run: what it still does has no effect, and the job is due as before."""
        running.begun.give_up()
        try:
            entry = running.job.entry
            error = HostError("job.given_up", retryable=True)
            outcome = Outcome(entry.id, entry.version, OutcomeStatus.FAILED, error=error)
            self._dispatcher.conclude(entry, outcome, running.caller, _record(running, outcome))
        finally:
            _free(running.lock)

    def _next(self, running: Running, outcome: Outcome) -> JobState:
        now = self._clock.now()
        use = running.job.use
        done = outcome.value
        if isinstance(done, JobDone):
            due_at = due.after_success(use, now, done.next_at, self._draw())
            return JobState(due_at, last_done=now, notices=done.notices)
        return attrs.evolve(
            running.state,
            due_at=due.after_failure(use, now, running.state.attempts, self._draw()),
            last_error=outcome.error.code if outcome.error is not None else str(outcome.status),
        )


def _answered(outcome: Outcome) -> Outcome:
    """Hold a job to its contract: nothing to answer is no answer."""
    if outcome.status is not OutcomeStatus.DECLINED:
        return outcome
    error = PluginError("plugin.invalid_result", plugin=outcome.plugin, expected=JobDone.__name__)
    return attrs.evolve(outcome, status=OutcomeStatus.INVALID_RESULT, error=error)


def _record(running: Running, outcome: Outcome) -> AuditEntry:
    facts: dict[str, Fact] = {
        "job": running.job.use.name,
        "attempt": running.state.attempts,
        "ms": round(outcome.duration_ms),
    }
    plugin, call_id, actor = outcome.plugin, running.caller.call_id, running.caller.actor
    if outcome.status is OutcomeStatus.OK:
        return AuditEntry(event="job.done", call_id=call_id, plugin=plugin, actor=actor, facts=facts)
    error = outcome.error.code if outcome.error is not None else None
    told = {**facts, "status": str(outcome.status), "error": error}
    return AuditEntry(event="job.failed", call_id=call_id, plugin=plugin, actor=actor, facts=told)


def _alone(folder: Path, job: DeclaredJob) -> FileLock:
    """Return the lock of a job, taken: of every host on these data, one runs it at a time."""
    lock = FileLock(folder / f"job.{job.name}.lock", patience_s=0.0)
    try:
        lock.acquire()
    except HostError as failure:
        lock.close()
        if failure.code != "storage.busy":
            raise
        raise HostError("job.running", retryable=True) from None
    return lock


def _free(lock: FileLock) -> None:
    lock.release()
    lock.close()
