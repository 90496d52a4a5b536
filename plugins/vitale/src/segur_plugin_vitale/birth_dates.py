"""Dates of birth as cards write them: whole, lunar, or without a century."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Final

import attrs

from segur_sdk.models.card import ReadingFlag

_FORM: Final = re.compile(r"([0-9]{2})?([0-9]{2})([0-9]{2})([0-9]{2})")
_ANY_CENTURY: Final = "20"


@attrs.frozen
class CardDate:
    """A date of birth and what is odd about it."""

    complete: date | None = attrs.field(repr=False)
    """``None`` when the date is lunar or lacks its century: nothing is guessed."""
    flags: tuple[ReadingFlag, ...]


def read_card_date(text: str) -> CardDate | None:
    """Read ``YYYYMMDD`` or ``YYMMDD``; ``None`` when ``text`` is neither.

    A month or day that no calendar has makes the date *lunaire* (règle CP02 of the hospital billing rules).
    """
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    century, year, month, day = form.groups()
    # Every yy has the same leap years in the 1900s and 2000s but 00, and 2000 is the lenient one.
    found = _calendar_date((century or _ANY_CENTURY) + year, month, day)
    flags = []
    if found is None:
        flags.append(ReadingFlag.LUNAR_DATE)
    if century is None:
        flags.append(ReadingFlag.CENTURY_MISSING)
    return CardDate(None if flags else found, tuple(flags))


def _calendar_date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def shared_dates(dates: Iterable[str]) -> frozenset[str]:
    """Return the dates, as on the card, that more than one beneficiary bears."""
    return frozenset(text for text, bearers in Counter(dates).items() if bearers > 1)
