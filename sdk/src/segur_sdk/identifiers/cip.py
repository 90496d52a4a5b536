"""CIP13: the code of a medicine's presentation, an EAN-13 that begins with 34009 (GS1, Club Inter Pharmaceutique)."""

import re
from typing import Final

from segur_sdk.errors import InputError
from segur_sdk.identifiers.typed import normalise

_FORM: Final = re.compile(r"34009[0-9]{8}")


def _ean13_is_valid(digits: str) -> bool:
    return sum(int(digit) * (3 if rank % 2 else 1) for rank, digit in enumerate(digits)) % 10 == 0


def is_valid(value: str) -> bool:
    """Tell whether ``value`` is a CIP13 whose check digit fits."""
    return bool(_FORM.fullmatch(value)) and _ean13_is_valid(value)


def parse(text: str) -> str:
    """Return the 13 digits of a code as typed.

    Raises:
        InputError: ``input.cip_form``, ``input.cip_check``.
    """
    value = normalise(text)
    if not _FORM.fullmatch(value):
        raise InputError("input.cip_form")
    if not _ean13_is_valid(value):
        raise InputError("input.cip_check")
    return value


def format_cip(value: str) -> str:
    """Return the code in groups: ``34009 335 163 9 0``."""
    return f"{value[:5]} {value[5:8]} {value[8:11]} {value[11]} {value[12]}"
