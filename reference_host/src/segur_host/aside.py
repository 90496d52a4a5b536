"""Run something on a daemon thread of its own, so that whoever waits for it may stop waiting."""

import sys
import threading
import time
from collections.abc import Callable
from types import CodeType
from typing import Generic, TypeVar

T = TypeVar("T")


class Aside(Generic[T]):
    """An action in progress on a daemon thread; nothing holds the interpreter's exit.

    Args:
        action: what is done.
        name: of the thread.
    """

    def __init__(self, action: Callable[[], T], name: str) -> None:
        self._action = action
        self._done = threading.Event()
        self._values: list[T] = []
        self._failure: BaseException | None = None
        self._busy: Callable[[], float] = float
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds``; tell whether the action has ended."""
        return self._done.wait(seconds)

    def result(self) -> T:
        """Return what the ended action returned, or raise what it raised."""
        if self._failure is not None:
            raise self._failure
        return self._values[0]

    def place(self) -> tuple[CodeType, int] | None:
        """Return where the thread is: code and line."""
        frames = sys._current_frames()  # noqa: SLF001 - documented, and the only way to look at another thread
        frame = frames.get(self._thread.ident or 0)
        return (frame.f_code, frame.f_lineno) if frame is not None else None

    def busy_seconds(self) -> float:
        """Return the processor time that the thread has used; where the system does not tell, the time since it began.

        Raises:
            OSError: the thread has ended.
        """
        return self._busy()

    def _run(self) -> None:
        self._busy = _stopwatch()
        try:
            self._values.append(self._action())
        except BaseException as failure:  # noqa: BLE001 - handed to whoever waits
            self._failure = failure
        finally:
            self._done.set()


def _stopwatch() -> Callable[[], float]:
    """Return what tells, on any thread, how busy the thread was that calls this."""
    if hasattr(time, "pthread_getcpuclockid"):
        # The clock is asked for by the thread itself: for one that has ended, the library would crash.
        clock = time.pthread_getcpuclockid(threading.get_ident())
        return lambda: time.clock_gettime(clock)
    began = time.monotonic()
    return lambda: time.monotonic() - began
