"""The sandbox's own clock: real time plus an offset that the control API moves."""

from datetime import UTC, datetime, timedelta

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class SandboxClock:
    """What time it is for every simulated service; TLS handshakes keep real time, see `tls.listener`."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Return the current instant, UTC, time zone aware."""
        return datetime.now(UTC) + self._offset

    def set(self, instant: datetime) -> None:
        """Make `instant` (time zone aware) the current one; time goes on from there.

        Raises:
            ValueError: outside the years 2000 to 2100.
        """
        if not _EARLIEST <= instant <= _LATEST:
            raise ValueError("the clock stays between the years 2000 and 2100")
        self._offset = instant - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`, which may be negative.

        Raises:
            ValueError: outside the years 2000 to 2100.
        """
        try:
            self.set(self.now() + timedelta(seconds=seconds))
        except OverflowError:
            raise ValueError("the clock stays between the years 2000 and 2100") from None

    def reset(self) -> None:
        """Go back to real time."""
        self._offset = timedelta(0)


def timestamp(instant: datetime) -> str:
    """Format an instant as RFC 3339 UTC with milliseconds, e.g. `2026-01-31T08:05:00.000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
