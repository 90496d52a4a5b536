"""The NIR beside a beneficiary: checked, flagged, never corrected."""

import re
from typing import Final

import attrs

from segur_sdk.identifiers.nir import key_is_valid
from segur_sdk.models.card import ReadingFlag
from segur_sdk.models.identity import NirFacturation

_FORM: Final = re.compile(r"[0-9]{6}[0-9AB][0-9]{6}(?:[0-9]{2})?")
_PROVISIONAL: Final = "555555"


@attrs.frozen
class CardNumber:
    """A NIR and what is odd about it."""

    nir: NirFacturation | None
    flags: tuple[ReadingFlag, ...]


MISSING: Final = CardNumber(None, (ReadingFlag.NIR_MISSING,))


def read_number(text: str) -> CardNumber | None:
    """Check a NIR of 13 characters, or 15 with its key; ``None`` when ``text`` does not have that form.

    Blanks or zeroes mean that there is none. Numbers of the régime 02 that begin with six 5 are provisional.
    """
    if not text.strip("0"):
        return MISSING
    if not _FORM.fullmatch(text):
        return None
    flags = []
    if not key_is_valid(text):
        flags.append(ReadingFlag.NIR_KEY)
    if text.startswith(_PROVISIONAL):
        flags.append(ReadingFlag.NIR_PROVISIONAL)
    return CardNumber(NirFacturation(value=text), tuple(flags))
