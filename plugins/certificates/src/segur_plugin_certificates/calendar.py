"""When certificates end: what is said how long before, and the same as a calendar file.

From 90 days before the end it stands in the calendar, from 30 on it is a warning, from 7 on it is urgent. Its
last second still counts (RFC 5280, 4.1.2.5); after it the host makes no call with it any more. Sources: IGC-Santé tells
administrators a month before; RFC 5545.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs

CALENDAR_DAYS: Final = 90
WARNING_DAYS: Final = 30
URGENT_DAYS: Final = 7
_DAY: Final = timedelta(days=1)
_LINE_OCTETS: Final = 75


class Level(StrEnum):
    """How near the end is."""

    NOT_YET = "not_yet"
    """It has not begun: the host makes no call with it."""
    QUIET = "quiet"
    CALENDAR = "calendar"
    WARNING = "warning"
    URGENT = "urgent"
    ENDED = "ended"
    """Its last second is over: the host makes no call with it."""


def days_left(not_after: datetime, at: datetime) -> int:
    """Return the days that are left, a begun one counted whole; 0 or less from its last second on.

    Exactly 30 days before the end it is 30, one second earlier 31.
    """
    return -((at - not_after) // _DAY)


def level(not_before: datetime, not_after: datetime, at: datetime) -> Level:
    """Return how near the end is at a moment."""
    if at < not_before:
        return Level.NOT_YET
    if at > not_after:
        return Level.ENDED
    left = days_left(not_after, at)
    return next((found for days, found in _LEVELS if left <= days), Level.QUIET)


_LEVELS: Final = (
    (URGENT_DAYS, Level.URGENT),
    (WARNING_DAYS, Level.WARNING),
    (CALENDAR_DAYS, Level.CALENDAR),
)


@attrs.frozen
class Ending:
    """The end of one certificate, as a calendar shows it."""

    uid: str
    """The same in each export, for example the fingerprint: an entry replaces the one of before."""
    title: str
    description: str
    not_after: datetime


def as_ics(endings: Iterable[Ending], made_at: datetime) -> bytes:
    """Return an iCalendar file: for each end an entry of the whole day (UTC), with three alarms.

    Args:
        endings: in any order.
        made_at: ``DTSTAMP``.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Segur plugin SDK//certificates//FR", "CALSCALE:GREGORIAN"]
    for ending in sorted(endings, key=lambda one: (one.not_after, one.uid)):
        lines += _event(ending, made_at)
    lines.append("END:VCALENDAR")
    return b"".join(part for line in lines for part in _folded(line))


def _event(ending: Ending, made_at: datetime) -> Iterator[str]:
    day = ending.not_after.astimezone(UTC).date()
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(ending.uid)}"
    yield f"DTSTAMP:{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{_day(day)}"
    yield f"DTEND;VALUE=DATE:{_day(day + _DAY)}"
    yield f"SUMMARY:{_text(ending.title)}"
    yield f"DESCRIPTION:{_text(ending.description)}"
    yield "TRANSP:TRANSPARENT"
    for days in (CALENDAR_DAYS, WARNING_DAYS, URGENT_DAYS):
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"TRIGGER:-P{days}D"
        yield f"DESCRIPTION:{_text(ending.title)}"
        yield "END:VALARM"
    yield "END:VEVENT"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _text(value: str) -> str:
    """Escape a text (RFC 5545, 3.3.11); control characters are left out, they are not allowed."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    escaped = escaped.replace("\r\n", "\n").replace("\n", "\\n")
    return "".join(one for one in escaped if one.isprintable())


def _folded(line: str) -> Iterator[bytes]:
    """Fold a line at 75 octets, between characters (RFC 5545, 3.1)."""
    piece = b""
    for character in line:
        octets = character.encode("utf-8", "replace")
        if len(piece) + len(octets) > _LINE_OCTETS:
            yield piece + b"\r\n"
            piece = b" "
        piece += octets
    yield piece + b"\r\n"
