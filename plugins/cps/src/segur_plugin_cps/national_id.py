"""``PS_IdNat``: the identifier of a professional that the CN of a card's certificate bears, a type digit first.

Type digits, code list G08 of the ANS: ``0`` ADELI, ``1`` FINESS and internal number, ``3`` FINESS and register of its
staff, ``4`` SIREN, ``5`` SIRET, ``6`` RPPS of a cabinet and register, ``8`` RPPS, ``9`` student.
"""

import re
from typing import Final

import attrs

from segur_sdk.errors import CardError
from segur_sdk.identifiers import adeli, rpps

_FORM: Final = re.compile(r"[0-9][!-~]{1,63}")
_RPPS: Final = "8"
_ADELI: Final = "0"


@attrs.frozen
class NationalId:
    """An identifier with its type digit, and what it is when it is one of the two registers."""

    text: str
    rpps: str | None = None
    adeli: str | None = None


def read_national_id(common_name: str) -> NationalId | None:
    """Read a CN; ``None`` when it has not the form of an identifier.

    Raises:
        CardError: ``card.unreadable`` with ``attribute`` ``CN`` and ``reason`` ``rpps`` or ``adeli``: the number
            behind the type digit has not the form of its register, or its check digit is wrong.
    """
    if not _FORM.fullmatch(common_name):
        return None
    number = common_name[1:]
    if common_name.startswith(_RPPS):
        if not rpps.is_valid(number):
            raise CardError("card.unreadable", reason="rpps", attribute="CN")
        return NationalId(common_name, rpps=number)
    if common_name.startswith(_ADELI):
        if not adeli.is_valid(number):
            raise CardError("card.unreadable", reason="adeli", attribute="CN")
        return NationalId(common_name, adeli=number)
    return NationalId(common_name)
