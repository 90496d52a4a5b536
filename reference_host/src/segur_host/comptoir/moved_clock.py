"""A clock that a step of the walk can put back: what was done on another day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class MovedClock:
    """Implements ``segur_sdk.context.Clock``: the machine's time, moved while a block lasts."""

    def __init__(self) -> None:
        self._by = timedelta()

    def now(self) -> datetime:
        """Return the instant, with time zone, in UTC."""
        return datetime.now(UTC) + self._by

    @contextmanager
    def moved(self, by: timedelta) -> Iterator[None]:
        """Move it for as long as the block lasts."""
        self._by = by
        try:
            yield
        finally:
            self._by = timedelta()
