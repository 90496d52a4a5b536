"""Dates of birth: the sanitary one is always complete, the billing one stays as it was received.

Source: RNIV EXI PP 19, *Guide d'implémentation de l'INS dans les logiciels* v3.0 (EXI ID 11, 12).
"""

import re
from datetime import date
from typing import Final

import attrs

from segur_sdk.errors import InputError

_WRITINGS: Final = (
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
    re.compile(r"(?P<day>[0-9]{2})/(?P<month>[0-9]{2})/(?P<year>[0-9]{4})"),
)
_ON_CARD: Final = re.compile(r"(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")


@attrs.frozen
class SanitaryBirthDate:
    """A complete date, and whether something in it was supplied by rule."""

    value: date = attrs.field(repr=False)
    interpreted: bool


@attrs.frozen
class ReceivedBirthDate:
    """A date as it was typed or received; ``None`` stands for what it does not tell."""

    text: str = attrs.field(repr=False)
    """Kept for billing, unchanged."""
    year: int | None = attrs.field(repr=False)
    month: int | None = attrs.field(repr=False)
    day: int | None = attrs.field(repr=False)
    lunar: bool
    """Month above 12 or day above 31: a number of the administration, not of the calendar."""

    def sanitary(self, *, announced_year: int | None = None) -> SanitaryBirthDate:
        """Return the complete date under which the person is cared for.

        Args:
            announced_year: year, or first year of the decade, that fits the announced age; needed only when the
                date has no year.

        Raises:
            InputError: ``input.birth_year_missing``, ``input.birth_date``.
        """
        return complete(self.year, self.month, self.day, announced_year=announced_year)


def complete(
    year: int | None, month: int | None, day: int | None, *, announced_year: int | None = None
) -> SanitaryBirthDate:
    """Complete a date: day unknown 01/MM, month unknown DD/01, both unknown 31/12.

    Args:
        year: 4 digits, or ``None``.
        month: 1 to 12, or ``None``.
        day: 1 to 31, or ``None``.
        announced_year: what stands for an unknown year.

    Raises:
        InputError: ``input.birth_year_missing`` without any year, ``input.birth_date`` when the calendar has no
            such day.
    """
    interpreted = None in {year, month, day}
    if year is None:
        if announced_year is None:
            raise InputError("input.birth_year_missing")
        year = announced_year
    if month is None and day is None:
        month, day = 12, 31
    try:
        return SanitaryBirthDate(date(year, month or 1, day or 1), interpreted)
    except ValueError:
        raise InputError("input.birth_date") from None


def read_birth_date(text: str, *, century: int | None = None) -> ReceivedBirthDate:
    """Read a date that may be incomplete or lunar.

    Args:
        text: ``YYYY-MM-DD``, ``YYYYMMDD``, ``DD/MM/YYYY``, or ``YYMMDD`` with ``century``; ``00`` or ``0000`` for
            what is unknown.
        century: hundreds of the year, 18 to 20: the user tells it, nothing here guesses.

    Raises:
        InputError: ``input.birth_date`` for another writing, ``input.birth_century`` when the century is missing.
    """
    written = text.strip()
    if found := _ON_CARD.fullmatch(written):
        if century is None:
            raise InputError("input.birth_century")
        year = century * 100 + int(found["year"])
    else:
        found = next((match for pattern in _WRITINGS if (match := pattern.fullmatch(written))), None)
        if found is None:
            raise InputError("input.birth_date")
        year = int(found["year"])
    month, day = int(found["month"]), int(found["day"])
    return ReceivedBirthDate(
        text=text,
        year=year or None,
        month=month if 1 <= month <= 12 else None,
        day=day if 1 <= day <= 31 else None,
        lunar=month > 12 or day > 31,
    )
