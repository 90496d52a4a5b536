"""How long a call may last; the clock stops while a person is asked, and the host may give a call up."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

RESERVE_S: Final = 0.5


class CallDeadline:
    """A deadline that can be paused.

    Args:
        seconds: how long from now.
    """

    def __init__(self, seconds: float) -> None:
        self.reserve: Final = min(RESERVE_S, seconds / 4)
        """What brokers leave of it for the plugin to say that a service or a card did not answer."""
        self._lock = threading.Lock()
        self._end = time.monotonic() + seconds
        self._paused_with: float | None = None
        self._given_up = False

    def remaining(self) -> float:
        """Return the seconds left, never below zero."""
        with self._lock:
            left = self._end - time.monotonic() if self._paused_with is None else self._paused_with
            return max(0.0, left)

    @property
    def is_paused(self) -> bool:
        """Whether a person is being asked now."""
        return self._paused_with is not None

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits for this call any more: what it still does must have no effect."""
        return self._given_up

    def give_up(self) -> None:
        """Say that nobody waits for this call any more."""
        self._given_up = True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock while the block runs."""
        with self._lock:
            self._paused_with = max(0.0, self._end - time.monotonic())
        try:
            yield
        finally:
            with self._lock:
                self._end = time.monotonic() + self._paused_with
                self._paused_with = None
