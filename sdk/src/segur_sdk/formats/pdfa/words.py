"""Text as it is printed: composed characters, known to the font; nothing is ever left out in silence."""

import unicodedata
from collections.abc import Container
from typing import Final

from segur_sdk.errors import InputError

MAX_CHARACTERS: Final = 200_000
"""Some eighty pages; a longer document is made by the practice software itself."""


def printable(text: str, known: Container[int]) -> str:
    """Return ``text`` as it will be drawn.

    Args:
        text: any text; line ends of every kind, tabulations become spaces.
        known: code points of the font.

    Raises:
        InputError: ``input.document_character`` with the code point: a control character, or one that the font
            cannot draw.
    """
    lines = "\n".join(unicodedata.normalize("NFC", text).expandtabs(4).splitlines())
    for character in lines:
        if character != "\n" and (ord(character) not in known or unicodedata.category(character) in {"Cc", "Cs"}):
            raise InputError("input.document_character", character=f"U+{ord(character):04X}")
    return lines
