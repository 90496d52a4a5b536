"""Values of data objects, decoded strictly: an error names file, tag and place, never what was read."""

from typing import Final

import attrs

from segur_sdk.cards.tlv import Tlv, parse_tlv, tag_name
from segur_sdk.errors import CardError

TEMPLATE: Final = 0x65
"""One bearer or beneficiary."""
CARD_TEMPLATE: Final = 0x66
"""Data of the card itself."""
MAX_BENEFICIARIES: Final = 19

_PADDING: Final = " \x00"


@attrs.frozen
class Template:
    """One template of a file, with what errors need to name it."""

    file: str
    position: int
    tlv: Tlv = attrs.field(repr=False)

    def refused(self, reason: str, tag: int) -> CardError:
        """Return the error that an object of this template deserves."""
        return CardError("card.unreadable", reason=reason, file=self.file, tag=tag_name(tag), template=self.position)

    def text(self, tag: int, encoding: str) -> str | None:
        """Return the trimmed text of the object ``tag``, or ``None`` when the template has none.

        Raises:
            CardError: ``card.unreadable`` with ``reason`` ``object_twice`` or ``not_text``.
        """
        found = self.tlv.find_all(tag)
        if not found:
            return None
        if len(found) > 1:
            raise self.refused("object_twice", tag)
        text = _decoded(found[0].value, encoding)
        if text is None or not text.isprintable():
            raise self.refused("not_text", tag)
        return text


def read_objects(content: bytes, file: str) -> tuple[Tlv, ...]:
    """Parse a file; one without objects (zeroes, or beginning with ``04 00``) is an error."""
    objects = parse_tlv(content, file=file)
    if not objects or content.startswith(b"\x04\x00"):
        raise CardError("card.unreadable", reason="no_objects", file=file)
    return objects


def templates_in(objects: tuple[Tlv, ...], tag: int, file: str) -> tuple[Template, ...]:
    """Return the templates with ``tag``, in the order of the file, numbered from 1."""
    found = (entry for entry in objects if entry.tag == tag)
    return tuple(Template(file, position, entry) for position, entry in enumerate(found, start=1))


def _decoded(value: bytes, encoding: str) -> str | None:
    # The exception of a failed decoding holds the bytes: it must not become the context of an error.
    try:
        return value.decode(encoding).strip(_PADDING)
    except UnicodeDecodeError:
        return None
