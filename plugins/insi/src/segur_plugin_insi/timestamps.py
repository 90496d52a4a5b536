"""Instants as the Assurance Maladie writes them."""

from datetime import UTC, datetime


def utc_milliseconds(moment: datetime) -> str:
    """Return ``moment`` as an ``xsd:dateTime`` in UTC with milliseconds, ``2026-01-31T08:05:00.123Z``.

    Args:
        moment: an instant with its time zone.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
