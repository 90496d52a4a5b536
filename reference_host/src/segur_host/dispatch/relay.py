"""Run a chain of calls on a daemon thread, each with its deadline, without being held by one that hangs.

The whole chain runs on one thread, so that the usual call costs one hand-over. When a call outlives its
deadline the chain is abandoned where it stands: the thread is left to end by itself, whatever it then answers
is reported as late, and another thread takes the rest. Threads are daemons: none holds the interpreter's exit.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
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
        self._abandoned = threading.Event()
        self.deadline = CallDeadline(steps[0].seconds)
        self.results: list[T] = []
        self.finished = threading.Event()

    def run(self) -> None:
        """Run the steps on the thread that calls this."""
        for step in self._steps:
            deadline = CallDeadline(step.seconds)
            with self._lock:
                if self._abandoned.is_set():
                    return
                self.deadline = deadline
            result = step.run(deadline)
            with self._lock:
                late = self._abandoned.is_set()
                if not late:
                    self.results.append(result)
            if late:
                step.on_late(result)
                return
            if self._stops_after(result):
                break
        self.finished.set()

    def wait(self) -> bool:
        """Wait for the end of the chain; return False when the step in progress outlived its deadline."""
        while not self.finished.is_set():
            with self._lock:
                deadline, done = self.deadline, len(self.results)
            left = deadline.remaining()
            if self.finished.wait(POLL_S if deadline.is_paused else left):
                break
            with self._lock:
                same_step = len(self.results) == done and self.deadline is deadline
                if same_step and done < len(self._steps) and deadline.remaining() <= 0:
                    self._abandoned.set()
                    return False
        return True

    def abandon(self) -> None:
        """Make the chain stop after the step in progress, whose result is then late."""
        self._abandoned.set()


class Relay:
    """Keeps idle daemon threads and hands chains to them."""

    def __init__(self) -> None:
        self._idle: deque[_Worker] = deque()

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

    def _hand_over(self, job: Callable[[], None]) -> None:
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker(self._idle)
        worker.take(job)


class _Worker:
    """A daemon thread that runs one job after another and is idle in between."""

    def __init__(self, idle: "deque[_Worker]") -> None:
        self._idle = idle
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._loop, name="segur-call", daemon=True).start()

    def take(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def _loop(self) -> None:
        while True:
            self._jobs.get()()
            self._idle.append(self)
