"""Moments as XDS writes them: in UTC, fourteen digits."""

from datetime import UTC, datetime
from typing import Final

_FORM: Final = "%Y%m%d%H%M%S"


def in_utc(moment: datetime) -> str:
    """Return a moment in UTC, ``yyyymmddhhmmss``, its fraction of a second left out.

    Raises:
        ValueError: it has no time zone, so that nobody knows which moment it is.
    """
    if moment.utcoffset() is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(UTC).strftime(_FORM)


def from_utc(text: str) -> datetime:
    """Return the moment of fourteen digits in UTC.

    Raises:
        ValueError: it is not one.
    """
    if len(text) != 14 or not text.isascii() or not text.isdigit():
        raise ValueError("a moment has fourteen digits")
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
