"""How far the clock of a server is from that of this machine, as an answer tells it (RFC 9110, 6.6.1)."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

TOLERANCE: Final = timedelta(minutes=5)
"""By so much clocks of authorities, services and workstations may differ."""


def seconds_ahead(date: str | None, now: datetime) -> int | None:
    """Return by how much a server is ahead; negative when it is behind.

    Args:
        date: the header ``Date`` of its answer.
        now: what the clock of this machine says.

    Returns:
        ``None`` when it differs by no more than the tolerance, or tells no date.
    """
    if date is None:
        return None
    try:
        told = parsedate_to_datetime(date)
        # Without a zone it would be that of this machine, which is no part of the form.
        difference = told.replace(tzinfo=told.tzinfo or UTC) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return round(difference.total_seconds()) if abs(difference) > TOLERANCE else None
