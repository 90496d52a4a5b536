"""FINESS: the number of an establishment, 9 characters with Luhn's check after A→1 and B→2.

Nothing in the number tells the *géographique* (the site) from the *juridique* (the legal entity): only the
FINESS register does.
"""

import re
from typing import Final

from segur_sdk.errors import InputError
from segur_sdk.identifiers.luhn import corsican_luhn_is_valid
from segur_sdk.identifiers.typed import normalise

_FORM: Final = re.compile(r"[0-9][0-9AB][0-9]{7}")


def is_valid(value: str) -> bool:
    """Tell whether ``value`` has the form of the number and passes the check."""
    return bool(_FORM.fullmatch(value)) and corsican_luhn_is_valid(value)


def parse(text: str) -> str:
    """Return the 9 characters of a number as typed.

    Raises:
        InputError: ``input.finess_form``, ``input.finess_check``.
    """
    value = normalise(text)
    if not _FORM.fullmatch(value):
        raise InputError("input.finess_form")
    if not corsican_luhn_is_valid(value):
        raise InputError("input.finess_check")
    return value


def format_finess(value: str) -> str:
    """Return the number in groups: ``75 071 218 4``."""
    return f"{value[:2]} {value[2:5]} {value[5:8]} {value[8]}"
