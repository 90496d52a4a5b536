"""Run something on a daemon thread of its own, so that whoever waits for it may stop waiting."""

import sys
import threading
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
        """Return where the thread is: code and instruction. The same place twice: it waits for something."""
        frames = sys._current_frames()  # noqa: SLF001 - documented, and the only way to look at another thread
        frame = frames.get(self._thread.ident or 0)
        return (frame.f_code, frame.f_lasti) if frame is not None else None

    def _run(self) -> None:
        try:
            self._values.append(self._action())
        except BaseException as failure:  # noqa: BLE001 - handed to whoever waits
            self._failure = failure
        finally:
            self._done.set()
