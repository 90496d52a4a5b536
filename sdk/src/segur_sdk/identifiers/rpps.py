"""RPPS: the national number of a health professional, 11 digits with Luhn's check.

The number stands here without the type digit ``8`` that precedes it in some directories and certificates.
"""

import re
from typing import Final

import attrs

from segur_sdk.errors import InputError
from segur_sdk.identifiers.luhn import luhn_is_valid
from segur_sdk.identifiers.typed import normalise

_FORM: Final = re.compile(r"[0-9]{11}")
_WITH_RANG: Final = re.compile(r"[0-9]{14}")


@attrs.frozen
class RppsRang:
    """A place of exercise of a professional: RPPS and rank of 3 digits."""

    rpps: str
    rang: str

    def __str__(self) -> str:
        return self.rpps + self.rang


def is_valid(value: str) -> bool:
    """Tell whether ``value`` is 11 digits that pass the check."""
    return bool(_FORM.fullmatch(value)) and luhn_is_valid(value)


def parse(text: str) -> str:
    """Return the 11 digits of a number as typed.

    Raises:
        InputError: ``input.rpps_form``, ``input.rpps_check``.
    """
    value = normalise(text)
    if not _FORM.fullmatch(value):
        raise InputError("input.rpps_form")
    if not luhn_is_valid(value):
        raise InputError("input.rpps_check")
    return value


def parse_rang(text: str) -> RppsRang:
    """Return RPPS and rank of the 14 digits ``text``; the check bears on the RPPS alone.

    Raises:
        InputError: ``input.rpps_rang_form``, ``input.rpps_check``.
    """
    value = normalise(text)
    if not _WITH_RANG.fullmatch(value):
        raise InputError("input.rpps_rang_form")
    return RppsRang(rpps=parse(value[:11]), rang=value[11:])


def format_rpps(value: str) -> str:
    """Return the number in groups: ``10 002 813 839``."""
    return f"{value[:2]} {value[2:5]} {value[5:8]} {value[8:]}"
