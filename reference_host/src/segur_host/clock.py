"""The host's time, handed to plugins and stamped on every record."""

from datetime import UTC, datetime


class SystemClock:
    """Implements ``segur_sdk.context.Clock`` with the machine's clock."""

    def now(self) -> datetime:
        """Return the current instant, with time zone, in UTC."""
        return datetime.now(UTC)
