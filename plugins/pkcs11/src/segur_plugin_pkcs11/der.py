"""DER values as PKCS#15 files hold them (ITU-T X.690), read out of already parsed objects.

The strict, bounded reading of tags and lengths is the SDK's (``segur_sdk.cards.tlv``); this says what the values
mean. A failure names the file and the tag, never the content.
"""

from collections.abc import Iterator
from typing import Final

from segur_sdk.cards.tlv import Tlv, parse_tlv, tag_name
from segur_sdk.errors import CardError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
UTF8_STRING: Final = 0x0C
SEQUENCE: Final = 0x30
CONTEXT_0: Final = 0x80
CONTEXT_0_CONSTRUCTED: Final = 0xA0
CONTEXT_1_CONSTRUCTED: Final = 0xA1

MAX_OBJECTS: Final = 4_096
_MAX_INTEGER_BYTES: Final = 4
_MAX_UNUSED_BITS: Final = 7


def read_objects(data: bytes, file: str) -> tuple[Tlv, ...]:
    """Read every object of a file; errors are those of ``parse_tlv``."""
    return parse_tlv(data, file=file, max_objects=MAX_OBJECTS)


def malformed(file: str, tag: int) -> CardError:
    """Return the error for an object that is missing, or whose value cannot be."""
    return CardError("card.unreadable", reason="pkcs15", file=file, tag=tag_name(tag))


class Fields:
    """The members of a SEQUENCE, taken one after the other; optional ones may be absent.

    Args:
        holder: the SEQUENCE, or what stands for it.
        file: how errors shall call the file.
    """

    def __init__(self, holder: Tlv, file: str) -> None:
        self._left = list(holder.children)
        self._file = file

    def optional(self, tag: int) -> Tlv | None:
        """Take the next member if it has this tag."""
        if self._left and self._left[0].tag == tag:
            return self._left.pop(0)
        return None

    def required(self, tag: int) -> Tlv:
        """Take the next member, which must have this tag."""
        found = self.optional(tag)
        if found is None:
            raise malformed(self._file, tag)
        return found

    def later(self, tag: int) -> Tlv | None:
        """Take the first member with this tag, leaving out those before it."""
        while self._left:
            if (found := self._left.pop(0)).tag == tag:
                return found
        return None


def integer(one: Tlv, file: str) -> int:
    """Return an INTEGER of at most 32 bits, signed."""
    if not 1 <= len(one.value) <= _MAX_INTEGER_BYTES:
        raise malformed(file, one.tag)
    return int.from_bytes(one.value, "big", signed=True)


def bits(one: Tlv, file: str) -> frozenset[int]:
    """Return the numbers of the bits that a BIT STRING sets, the first being 0."""
    if not one.value or one.value[0] > _MAX_UNUSED_BITS or len(one.value) > 1 + _MAX_INTEGER_BYTES:
        raise malformed(file, one.tag)
    return frozenset(_set_bits(one.value[1:]))


def text(one: Tlv | None) -> str:
    """Return a UTF8String; what is no UTF-8 is replaced, since a label only has to be shown."""
    return "" if one is None else one.value.decode("utf-8", "replace").strip("\0 ")


def _set_bits(content: bytes) -> Iterator[int]:
    for index, byte in enumerate(content):
        yield from (8 * index + place for place in range(8) if byte & 0x80 >> place)
