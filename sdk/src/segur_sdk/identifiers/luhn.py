"""Luhn's check (ISO/IEC 7812-1), shared by RPPS, ADELI, FINESS, SIREN and SIRET."""

import re
from typing import Final

_DIGITS: Final = re.compile(r"[0-9]+")
_CORSICAN_LETTERS: Final = str.maketrans("AB", "12")


def luhn_is_valid(digits: str) -> bool:
    """Tell whether a number, its check digit last, passes; anything but ASCII digits does not."""
    if not _DIGITS.fullmatch(digits):
        return False
    total = 0
    for rank, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + rank % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def corsican_luhn_is_valid(value: str) -> bool:
    """Tell the same of an identifier in which the letters A and B count as 1 and 2 (FINESS, ADELI)."""
    return luhn_is_valid(value.translate(_CORSICAN_LETTERS))
