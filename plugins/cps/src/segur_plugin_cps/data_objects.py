"""Data objects of a card: values of tags, decoded strictly.

Values come as on the card, in BER-TLV. An error names the object's label and the tag, never what was read.
"""

from collections.abc import Sequence
from typing import Final, Literal

from segur_sdk.cards.tlv import Tlv, tag_name
from segur_sdk.errors import CardError

Encoding = Literal["auto", "iso-8859-1", "utf-8"]
MAX_OBJECT: Final = 4_096
"""Bytes; published samples have fewer than 200."""

_PADDING: Final = " \x00"


def text_in(objects: Sequence[Tlv], tag: int, label: str, encoding: Encoding) -> str | None:
    """Return the trimmed text of the one object with ``tag``; ``None`` when there is none, or an empty one.

    Raises:
        CardError: ``card.unreadable`` with ``file``, ``tag`` and ``reason`` ``object_twice`` or ``not_text``.
    """
    found = [one for one in objects if one.tag == tag]
    if not found:
        return None
    if len(found) > 1:
        raise CardError("card.unreadable", reason="object_twice", file=label, tag=tag_name(tag))
    text = decoded(found[0].value, encoding)
    if text is None:
        raise CardError("card.unreadable", reason="not_text", file=label, tag=tag_name(tag))
    return text or None


def decoded(value: bytes, encoding: Encoding) -> str | None:
    """Return bytes as trimmed text; ``None`` when they are none in that encoding.

    With ``auto``, bytes that are valid UTF-8 are UTF-8, others ISO 8859-1: an accented letter of ISO 8859-1 would pass
    for UTF-8 only before a sign such as ``«`` or ``°``.
    """
    for candidate in ("utf-8", "iso-8859-1") if encoding == "auto" else (encoding,):
        # The exception of a failed decoding holds the bytes: it must not become the context of an error.
        try:
            text = value.decode(candidate).strip(_PADDING)
        except UnicodeDecodeError:
            continue
        return text if text.isprintable() else None
    return None
