"""``SubjectNameID``: the national identifier of a professional, a type digit first (``idNat_PS``, TRE_G08).

``0`` ADELI; ``1`` FINESS and internal number; ``3`` FINESS, ``4`` SIREN, ``5`` SIRET and ``6`` RPPS of a cabinet, each
with a register; ``8`` RPPS. Letters first: an account of an editor, for tests.
"""

import re
from typing import Final

import attrs

from segur_sdk.errors import InputError
from segur_sdk.identifiers import rpps

_FORM: Final = re.compile(r"[!-~]{2,64}")
_RPPS: Final = re.compile(r"8([0-9]{11})")
_BARE_RPPS: Final = re.compile(r"[0-9]{11}")
_ADELI: Final = re.compile(r"0([0-9AB]{9})")
TYPED: Final = r"[0-9]{11}|[0-9A-Za-z][!-~]{1,63}"
"""What somebody may type: his RPPS, or the whole identifier."""


@attrs.frozen
class NationalId:
    """An identifier, and what it is when it is one of the two registers."""

    text: str = attrs.field(repr=False)
    rpps: str | None = attrs.field(default=None, repr=False)
    adeli: str | None = attrs.field(default=None, repr=False)


def read_national_id(text: str) -> NationalId | None:
    """Read an identifier; ``None`` when it has no form of one.

    An RPPS with a wrong check digit is taken as it is: the authority answers for it, and the professional is told.
    """
    if not _FORM.fullmatch(text) or not text[0].isalnum():
        return None
    if text.startswith("8"):
        number = _RPPS.fullmatch(text)
        return NationalId(text, rpps=number[1]) if number else None
    if text.startswith("0"):
        number = _ADELI.fullmatch(text)
        return NationalId(text, adeli=number[1]) if number else None
    return NationalId(text)


def typed_national_id(text: str) -> NationalId:
    """Read what somebody typed: an RPPS without its type digit as well, which then needs its check digit.

    Raises:
        InputError: ``psc.national_id``.
    """
    typed = text.strip()
    if _BARE_RPPS.fullmatch(typed):
        typed = f"8{typed}" if rpps.is_valid(typed) else ""
    found = read_national_id(typed)
    if found is None:
        raise InputError("psc.national_id")
    return found
