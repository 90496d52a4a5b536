"""SIREN (9 digits) and SIRET (SIREN and 5 digits), each with Luhn's check over the whole (INSEE)."""

import re
from typing import Final

from segur_sdk.errors import InputError
from segur_sdk.identifiers.luhn import luhn_is_valid
from segur_sdk.identifiers.typed import normalise

_SIREN: Final = re.compile(r"[0-9]{9}")
_SIRET: Final = re.compile(r"[0-9]{14}")
_LA_POSTE: Final = "356000000"


def siren_is_valid(value: str) -> bool:
    """Tell whether ``value`` is 9 digits that pass the check."""
    return bool(_SIREN.fullmatch(value)) and luhn_is_valid(value)


def siret_is_valid(value: str, *, la_poste_rule: bool = True) -> bool:
    """Tell whether ``value`` is 14 digits that pass the check.

    Args:
        value: 14 digits.
        la_poste_rule: accept a SIRET of La Poste (SIREN 356000000) whose digits add up to a multiple of 5. The
            rule is unverified, hence a setting; without it such a number has to pass Luhn's check.
    """
    if not _SIRET.fullmatch(value):
        return False
    if la_poste_rule and value.startswith(_LA_POSTE) and sum(map(int, value)) % 5 == 0:
        return True
    return luhn_is_valid(value)


def parse_siren(text: str) -> str:
    """Return the 9 digits of a SIREN as typed.

    Raises:
        InputError: ``input.siren_form``, ``input.siren_check``.
    """
    value = normalise(text)
    if not _SIREN.fullmatch(value):
        raise InputError("input.siren_form")
    if not luhn_is_valid(value):
        raise InputError("input.siren_check")
    return value


def parse_siret(text: str, *, la_poste_rule: bool = True) -> str:
    """Return the 14 digits of a SIRET as typed.

    Test cards bear numbers that fail the check: outside production a caller may take ``input.siret_check`` for a
    warning.

    Args:
        text: 14 digits, with or without separators.
        la_poste_rule: as for ``siret_is_valid``.

    Raises:
        InputError: ``input.siret_form``, ``input.siret_check``.
    """
    value = normalise(text)
    if not _SIRET.fullmatch(value):
        raise InputError("input.siret_form")
    if not siret_is_valid(value, la_poste_rule=la_poste_rule):
        raise InputError("input.siret_check")
    return value


def format_siret(value: str) -> str:
    """Return a SIREN or a SIRET in groups: ``187 512 751 00020``."""
    return f"{value[:3]} {value[3:6]} {value[6:9]} {value[9:]}".rstrip()
