"""NIR and NIA: 13 characters and a key of 2 digits.

The key is 97 − (N mod 97), N being the 13 characters with ``2A`` read as 19 and ``2B`` as 18 at positions 6–7
(INSEE). Nothing in the digits tells a NIR from a NIA: the OID does.
"""

import re
from typing import Final

from segur_sdk.errors import InputError
from segur_sdk.identifiers.typed import normalise

__all__ = ["compute_key", "format_nir", "is_provisional", "key_is_valid", "normalise", "parse_billing", "parse_ins"]

_BODY: Final = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{6}")
_CORSICA: Final = {"2A": "19", "2B": "18"}
_BODY_LENGTH: Final = 13
_PROVISIONAL_START: Final = "555555"
_GROUPS: Final = (1, 3, 5, 7, 10, 13)


def compute_key(body: str) -> str:
    """Return the 2-digit key of the 13 characters ``body``.

    Raises:
        ValueError: ``body`` is not 13 characters of the form of a NIR.
    """
    if not _BODY.fullmatch(body):
        raise ValueError("not the 13 characters of a NIR")
    department = body[5:7]
    number = int(body[:5] + _CORSICA.get(department, department) + body[7:])
    return f"{97 - number % 97:02d}"


def key_is_valid(value: str) -> bool:
    """Tell whether the 15 characters ``value`` bear the right key."""
    try:
        return compute_key(value[:_BODY_LENGTH]) == value[_BODY_LENGTH:]
    except ValueError:
        return False


def is_provisional(value: str) -> bool:
    """Tell whether ``value`` is a waiting number, which begins with six 5s (régime 02) and is nobody's for good."""
    return value.startswith(_PROVISIONAL_START)


def parse_ins(text: str) -> str:
    """Return the 15 characters of a matricule INS that a person typed or a code bears.

    Args:
        text: 13 characters and the key, in any case, with or without separators.

    Raises:
        InputError: ``input.nir_form``, ``input.nir_key_missing``, ``input.nir_key``, ``input.nir_provisional``.
    """
    value = parse_billing(text)
    if len(value) == _BODY_LENGTH:
        raise InputError("input.nir_key_missing")
    if is_provisional(value):
        raise InputError("input.nir_provisional")
    return value


def parse_billing(text: str) -> str:
    """Return the 13 or 15 characters of a billing number; its key is checked when it is there.

    Args:
        text: 13 characters, or 15 with the key, in any case, with or without separators.

    Raises:
        InputError: ``input.nir_form``, ``input.nir_key``.
    """
    value = normalise(text)
    body, key = value[:_BODY_LENGTH], value[_BODY_LENGTH:]
    if not _BODY.fullmatch(body) or not re.fullmatch(r"(?:[0-9]{2})?", key):
        raise InputError("input.nir_form")
    if key and key != compute_key(body):
        raise InputError("input.nir_key")
    return value


def format_nir(value: str) -> str:
    """Return 13 or 15 characters in the usual groups: ``2 75 12 63 220 749 74``."""
    starts = (0, *_GROUPS)
    return " ".join(value[start:end] for start, end in zip(starts, (*_GROUPS, len(value)), strict=True)).rstrip()
