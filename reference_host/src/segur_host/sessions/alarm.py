"""Ends what has a time, at its time: one thread for whatever comes next."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from segur_sdk.context import Clock

LOOK_S: Final = 1.0
"""The clock is looked at that often, as long as something is to come: a machine that slept, or whose time was set, must
not be late by that."""


class Alarm:
    """Rings when it is time.

    Args:
        clock: says what time it is.
        ring: does what is due, and returns when the next thing will be; ``None`` when nothing is to come. Called from a
            thread of this object, and never twice at a time; it raises nothing.
    """

    def __init__(self, clock: Clock, ring: Callable[[], datetime | None]) -> None:
        self._clock = clock
        self._ring = ring
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def set(self) -> None:
        """Ring soon: what is to come may have changed."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="segur-alarm", daemon=True)
                self._thread.start()
        self._wanted.set()

    def close(self) -> None:
        """Ring no more; what rings now is over when this returns."""
        with self._lock:
            self._closed = True
        self._wanted.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        until: datetime | None = None
        while True:
            wanted = self._wanted.wait(None if until is None else self._seconds(until))
            self._wanted.clear()
            if self._closed:
                return
            if wanted or (until is not None and until <= self._clock.now()):
                until = self._ring()

    def _seconds(self, until: datetime) -> float:
        return min(LOOK_S, max(0.0, (until - self._clock.now()).total_seconds()))
