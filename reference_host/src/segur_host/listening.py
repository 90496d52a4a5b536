"""Telling whoever listens what happens: each from a thread of his own, so that none holds up the host or another."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Listeners(Generic[T]):
    """Those who listen to one kind of event. Every method may be called from any thread.

    A listener that raises or hangs concerns nobody else.

    Args:
        name: of their threads.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._listening: list[_Listening[T]] = []

    def subscribe(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Call ``listener`` for each event from now on, in order; what it returns ends that."""
        listening = _Listening(listener, self._name)
        with self._lock:
            self._listening.append(listening)
        return lambda: self._end(listening)

    def tell(self, event: T) -> None:
        """Have everybody told, soon."""
        with self._lock:
            for one in self._listening:
                one.tell(event)

    def close(self) -> None:
        """Tell nobody anything any more."""
        with self._lock:
            listening = list(self._listening)
        for one in listening:
            self._end(one)

    def _end(self, listening: "_Listening[T]") -> None:
        with self._lock:
            if listening in self._listening:
                self._listening.remove(listening)
        listening.end()


class _Listening(Generic[T]):
    """A listener and the thread from which it is called."""

    def __init__(self, listener: Callable[[T], None], name: str) -> None:
        self._listener = listener
        self._events: SimpleQueue[T | None] = SimpleQueue()
        self._ended = False
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def tell(self, event: T) -> None:
        self._events.put(event)

    def end(self) -> None:
        """Call it no more."""
        self._ended = True
        self._events.put(None)

    def _run(self) -> None:
        while (event := self._events.get()) is not None and not self._ended:
            try:
                self._listener(event)
            except Exception as failure:  # noqa: BLE001 - the practice software's own code
                # Shown as that of any thread would be; the next event is told all the same.
                shown = (type(failure), failure, failure.__traceback__, threading.current_thread())
                threading.excepthook(threading.ExceptHookArgs(shown))
