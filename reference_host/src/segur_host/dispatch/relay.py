"""Run a chain of calls on a daemon thread, each with its deadline, without being held by one that hangs.

The whole chain runs on one thread, so that the usual call costs one hand-over. When a call outlives its
deadline the chain is abandoned where it stands: the thread is left to end by itself, whatever it then answers
is reported as late, and another thread takes the rest. Threads are daemons: none holds the interpreter's exit.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Generic, TypeVar

from segur_host.dispatch.deadline import CallDeadline

T = TypeVar("T")
POLL_S = 0.05


class Step(Generic[T]):
    """One call of a chain.

    Args:
        run: makes the call; raises nothing.
        seconds: its deadline.
        on_late: receives what ``run`` returned after the deadline.
    """

    def __init__(self, run: Callable[[CallDeadline], T], seconds: float, on_late: Callable[[T], None]) -> None:
        self.run = run
        self.seconds = seconds
        self.on_late = on_late


class _Chain(Generic[T]):
    """Steps in progress on one thread; shared with the caller who waits."""

    def __init__(self, steps: Sequence[Step[T]], stops_after: Callable[[T], bool]) -> None:
        self._steps = steps
        self._stops_after = stops_after
        self._lock = threading.Lock()
        self._abandoned = False
        self._deadline: CallDeadline | None = None
        """Of the step in progress; nothing between two of them."""
        self.results: list[T] = []
        # Held until the end: waiting for a plain lock is the cheapest hand-over that there is.
        self._unfinished = threading.Lock()
        self._unfinished.acquire()

    def run(self) -> None:
        """Run the steps on the thread that calls this."""
        for step in self._steps:
            deadline = CallDeadline(step.seconds)
            if not self._begin(deadline):
                return
            result = step.run(deadline)
            if not self._keep(result):
                step.on_late(result)
                return
            if self._stops_after(result):
                break
        self._unfinished.release()

    def _begin(self, deadline: CallDeadline) -> bool:
        with self._lock:
            if not self._abandoned:
                self._deadline = deadline
            return not self._abandoned

    def _keep(self, result: T) -> bool:
        with self._lock:
            if not self._abandoned:
                self.results.append(result)
                self._deadline = None
            return not self._abandoned

    def wait(self) -> bool:
        """Wait for the end of the chain; return False when the step in progress outlived its deadline."""
        while True:
            with self._lock:
                deadline = self._deadline
            patience = POLL_S if deadline is None or deadline.is_paused else deadline.remaining()
            if self._unfinished.acquire(timeout=patience):
                return True
            if self._outlived(deadline):
                return False

    def look(self) -> bool | None:
        """Say without waiting what ``wait`` returns; ``None`` while it would wait."""
        with self._lock:
            deadline = self._deadline
        if self._unfinished.acquire(blocking=False):
            return True
        return False if self._outlived(deadline) else None

    def _outlived(self, deadline: CallDeadline | None) -> bool:
        """Abandon the chain if the step to which a deadline was given is still in progress after it."""
        with self._lock:
            over = deadline is not None and self._deadline is deadline and deadline.remaining() <= 0
            if over:
                self._abandon()
            return over

    def abandon(self) -> None:
        """Make the chain stop after the step in progress, which may have no effect any more; its result is late."""
        with self._lock:
            self._abandon()

    def _abandon(self) -> None:
        self._abandoned = True
        if self._deadline is not None:
            self._deadline.give_up()


class Relay:
    """Keeps idle daemon threads and hands chains to them."""

    def __init__(self) -> None:
        self._idle: deque[_Worker] = deque()
        self._closed = False

    def run(self, steps: Sequence[Step[T]], stops_after: Callable[[T], bool], timed_out: Callable[[int], T]) -> list[T]:
        """Run ``steps`` in order and return one result each, up to the first after which to stop.

        Args:
            steps: the calls.
            stops_after: tells whether a result ends the chain.
            timed_out: makes the result of the step at an index that outlived its deadline.
        """
        results: list[T] = []
        while len(results) < len(steps):
            chain = _Chain(steps[len(results) :], stops_after)
            self._hand_over(chain.run)
            try:
                in_time = chain.wait()
            except BaseException:
                # The person at the keyboard wants out: nobody waits for this chain any more.
                chain.abandon()
                raise
            results.extend(chain.results)
            if in_time:
                break
            results.append(timed_out(len(results)))
            if stops_after(results[-1]):
                break
        return results

    def begin(self, step: Step[T], timed_out: Callable[[], T]) -> "Begun[T]":
        """Begin a step for which nobody waits.

        Args:
            step: the call.
            timed_out: makes the result of one that outlived its deadline.
        """
        chain = _Chain([step], lambda _: True)
        self._hand_over(chain.run)
        return Begun(chain, timed_out)

    def close(self) -> None:
        """Let idle threads end, and the others once their call has ended."""
        self._closed = True
        # Several threads may come to rest, and hence here, at once.
        with suppress(IndexError):
            while True:
                self._idle.pop().end()

    def _hand_over(self, job: Callable[[], None]) -> None:
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker(self._rest)
        worker.take(job)

    def _rest(self, worker: "_Worker") -> None:
        self._idle.append(worker)
        if self._closed:
            self.close()


class Begun(Generic[T]):
    """A step in progress, looked at now and then by one thread."""

    def __init__(self, chain: _Chain[T], timed_out: Callable[[], T]) -> None:
        self._chain = chain
        self._timed_out = timed_out

    def result(self) -> T | None:
        """Return what became of the step, once; ``None`` as long as it goes on."""
        in_time = self._chain.look()
        if in_time is None:
            return None
        return self._chain.results[0] if in_time else self._timed_out()

    def give_up(self) -> None:
        """Wait no more: what the step still does must have no effect, and its result is late."""
        self._chain.abandon()


class _Worker:
    """A daemon thread that runs one job after another.

    Args:
        rest: called when the thread has nothing to do.
    """

    def __init__(self, rest: "Callable[[_Worker], None]") -> None:
        self._rest = rest
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._loop, name="segur-call", daemon=True).start()

    def take(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def end(self) -> None:
        self._jobs.put(None)

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            self._rest(self)
