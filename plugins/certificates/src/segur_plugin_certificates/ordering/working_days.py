"""Working days (*jours ouvrés*) in France: Monday to Friday, without the 11 holidays of Code du travail L3133-1.

The two more of Alsace-Moselle and those of overseas territories are not counted: a delay may end a day late there.
"""

from datetime import date, timedelta
from functools import cache
from typing import Final

_DAY: Final = timedelta(days=1)
_FRIDAY: Final = 4
_FIXED: Final = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER: Final = (1, 39, 50)
"""Easter Monday, Ascension, Whit Monday."""


def is_working_day(day: date) -> bool:
    """Tell whether offices work on a day."""
    return day.weekday() <= _FRIDAY and day not in holidays(day.year)


def after_working_days(day: date, count: int) -> date:
    """Return the last of ``count`` working days that follow a day."""
    while count:
        day += _DAY
        count -= is_working_day(day)
    return day


@cache
def holidays(year: int) -> frozenset[date]:
    """Return the holidays of a year."""
    easter = _easter(year)
    return frozenset(date(year, month, day) for month, day in _FIXED) | {easter + _DAY * days for days in _AFTER_EASTER}


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus, *Astronomical Algorithms*, 8)."""
    century, of_century = divmod(year, 100)
    leap, remainder = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * (year % 19) + century - leap - correction + 15) % 30
    weekday = (32 + 2 * remainder + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
