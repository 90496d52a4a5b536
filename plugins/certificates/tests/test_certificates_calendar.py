"""How near an end is, to the second, and the calendar file."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_plugin_certificates.calendar import Ending, Level, as_ics, days_left, level

END = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BEGIN = END - timedelta(days=3 * 365)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.mark.req("CERT-07", "S003-20", "S003-21")
@pytest.mark.parametrize(
    ("at", "expected", "left"),
    [
        (BEGIN - SECOND, Level.NOT_YET, 1096),
        (BEGIN, Level.QUIET, 1095),
        (END - 91 * DAY, Level.QUIET, 91),
        (END - 90 * DAY - SECOND, Level.QUIET, 91),
        (END - 90 * DAY, Level.CALENDAR, 90),
        (END - 31 * DAY, Level.CALENDAR, 31),
        (END - 30 * DAY - SECOND, Level.CALENDAR, 31),
        (END - 30 * DAY, Level.WARNING, 30),
        (END - 7 * DAY - SECOND, Level.WARNING, 8),
        (END - 7 * DAY, Level.URGENT, 7),
        (END - SECOND, Level.URGENT, 1),
        (END, Level.URGENT, 0),
        (END + timedelta(microseconds=1), Level.ENDED, 0),
        (END + SECOND, Level.ENDED, 0),
        (END + DAY, Level.ENDED, -1),
    ],
)
def test_levels_change_at_exactly_their_moments(at: datetime, expected: Level, left: int) -> None:
    assert (level(BEGIN, END, at), days_left(END, at)) == (expected, left)


def unfolded(ics: bytes) -> list[str]:
    return ics.replace(b"\r\n ", b"").decode("utf-8").removesuffix("\r\n").split("\r\n")


def test_calendar_file_has_an_entry_for_each_end_in_order() -> None:
    later = Ending("B", "INSI-MANU", "Renouveler", END + DAY)
    lines = unfolded(as_ics([later, Ending("A", "INSI-AUTO", "Renouveler ; voir l’ANS, PFC", END)], END - 100 * DAY))
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-1] == "END:VCALENDAR"
    assert [line for line in lines if line.startswith("UID:")] == ["UID:A", "UID:B"]
    assert "DTSTART;VALUE=DATE:20261122" in lines
    assert "DTEND;VALUE=DATE:20261123" in lines
    assert "DESCRIPTION:Renouveler \\; voir l’ANS\\, PFC" in lines
    assert [line for line in lines if line.startswith("TRIGGER")][:3] == [
        "TRIGGER:-P90D",
        "TRIGGER:-P30D",
        "TRIGGER:-P7D",
    ]
    assert lines.count("BEGIN:VALARM") == lines.count("END:VALARM") == 6


@given(st.text(max_size=400), st.text(max_size=400))
def test_no_text_breaks_a_line_or_the_file(title: str, description: str) -> None:
    ics = as_ics([Ending("uid", title, description, END)], END)
    assert all(len(line) <= 75 for line in ics.split(b"\r\n"))
    assert b"\n" not in ics.replace(b"\r\n", b"")
    lines = unfolded(ics)
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 1
    assert len(lines) == 4 + 9 + 15 + 1
