"""Dates and times as CI-SIS writes them."""

from datetime import UTC, date, datetime, timedelta

from segur_sdk.formats.xml_writer import Xml, node


def hl7_moment(moment: datetime) -> str:
    """Return ``yyyymmddhhmmss±hhmm``, in the offset of the place where it happened."""
    offset = moment.utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        # An offset that is not whole minutes is that of local solar time, a century ago.
        moment = moment.astimezone(UTC)
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"{hl7_date(moment)}{moment:%H%M%S}{sign}{hours:02d}{rest:02d}"


def hl7_date(day: date) -> str:
    """Return ``yyyymmdd``."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def at(name: str, moment: datetime) -> Xml:
    """Return an element that holds a moment."""
    return node(name, attributes={"value": hl7_moment(moment)})


def between(name: str, start: datetime, stop: datetime | None) -> Xml:
    """Return an element that holds an interval; nothing is said of an end that is not known."""
    return node(name, at("low", start), at("high", stop) if stop else Xml(""))
