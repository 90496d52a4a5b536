"""The machine's clock, moved by as much as the kit says."""

from datetime import UTC, datetime, timedelta


class SteppingClock:
    """The machine's clock, moved by as much as the kit says."""

    def __init__(self) -> None:
        self.step = timedelta()

    def now(self) -> datetime:
        """Return the time, with its step."""
        return datetime.now(UTC) + self.step
