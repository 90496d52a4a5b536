"""BER-TLV as cards store it (ISO 7816-4 §5.2.2; ISO/IEC 8825-1): a strict, bounded reader and a writer.

Strict means: what does not parse whole is refused. Zero bytes where a tag is expected end a file or a template,
and nothing but zeroes may follow them. An error names the tag and its offset in the file, never the content.
"""

from collections.abc import Iterator
from typing import Final, Self

import attrs

from segur_sdk.errors import CardError

MAX_SIZE: Final = 65_536
MAX_DEPTH: Final = 8
MAX_OBJECTS: Final = 1_024

_MAX_TAG_BYTES: Final = 3
_MAX_LENGTH_BYTES: Final = 4
_CONSTRUCTED: Final = 0x20
_LOW_BITS: Final = 0x1F
_CONTINUES: Final = 0x80
_FIRST_TWO_BYTE_NUMBER: Final = 0x1F


def tag_name(tag: int) -> str:
    """Return a tag as it is written in specifications, for example ``7F21``."""
    text = f"{tag:X}"
    return text if len(text) % 2 == 0 else "0" + text


@attrs.frozen
class Tlv:
    """One data object. A constructed one has ``children``, a primitive one has none; printing shows no content."""

    tag: int = attrs.field(repr=tag_name)
    value: bytes = attrs.field(repr=lambda value: f"‹{len(value)} bytes›")
    children: tuple["Tlv", ...] = attrs.field(default=(), repr=lambda children: f"‹{len(children)} objects›")

    @classmethod
    def primitive(cls, tag: int, value: bytes) -> Self:
        """Return an object that holds bytes.

        Raises:
            CardError: ``card.unreadable`` when ``tag`` is not a valid primitive tag.
        """
        if _is_constructed(_checked_tag(tag)):
            raise _bad_tag("tag_is_constructed", tag)
        return cls(tag, value)

    @classmethod
    def constructed(cls, tag: int, *children: "Tlv") -> Self:
        """Return a template that holds objects.

        Raises:
            CardError: ``card.unreadable`` when ``tag`` is not a valid constructed tag.
        """
        if not _is_constructed(_checked_tag(tag)):
            raise _bad_tag("tag_is_primitive", tag)
        return cls(tag, b"".join(child.encode() for child in children), children)

    def encode(self) -> bytes:
        """Return the object as bytes, its length in the shortest form."""
        tag = _checked_tag(self.tag)
        size = len(self.value)
        if size < _CONTINUES:
            return tag + bytes((size,)) + self.value
        length = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return tag + bytes((_CONTINUES | len(length),)) + length + self.value

    def find_all(self, tag: int) -> tuple["Tlv", ...]:
        """Return the direct children with ``tag``, in order."""
        return tuple(child for child in self.children if child.tag == tag)


def parse_tlv(
    data: bytes,
    *,
    file: str | None = None,
    max_size: int = MAX_SIZE,
    max_depth: int = MAX_DEPTH,
    max_objects: int = MAX_OBJECTS,
) -> tuple[Tlv, ...]:
    """Read every object of a file.

    Args:
        data: whole content, padded with zeroes or not.
        file: how errors shall call the file.
        max_size: bytes beyond which the file is refused.
        max_depth: how deep templates may stand in one another; 1 is a file without templates.
        max_objects: how many objects there may be in all.

    Returns:
        The objects in order; empty for a file of zeroes.

    Raises:
        CardError: ``card.unreadable`` with ``reason``, and ``file``, ``tag`` and ``offset`` where there are any.
            Reasons: ``too_large``, ``too_deep``, ``too_many_objects``, ``tag``, ``length``, ``beyond_end``,
            ``data_after_padding``.
    """
    if len(data) > max_size:
        raise CardError("card.unreadable", reason="too_large", file=file, limit=max_size)
    return _Reader(data, file, max_depth, max_objects).objects(0, len(data), depth=1)


def _bad_tag(reason: str, tag: int) -> CardError:
    return CardError("card.unreadable", reason=reason, tag=tag_name(max(tag, 0)))


def _is_constructed(tag: bytes) -> bool:
    return bool(tag[0] & _CONSTRUCTED)


def _checked_tag(tag: int) -> bytes:
    if not 0 < tag < 1 << (8 * _MAX_TAG_BYTES):
        raise _bad_tag("tag", tag)
    encoded = tag.to_bytes((tag.bit_length() + 7) // 8, "big")
    if _tag_end(encoded, 0, len(encoded)) != len(encoded):
        raise _bad_tag("tag", tag)
    return encoded


def _tag_end(data: bytes, start: int, end: int) -> int | None:
    """Return where the tag that begins at ``start`` ends; ``None`` when it is no tag."""
    first = data[start]
    # FF is what erased memory holds, 00 is padding: neither begins a tag.
    if first in (0x00, 0xFF):
        return None
    if first & _LOW_BITS != _LOW_BITS:
        return start + 1
    for position in range(start + 1, min(end, start + _MAX_TAG_BYTES)):
        byte = data[position]
        if position == start + 1 and (byte < _FIRST_TWO_BYTE_NUMBER or byte == _CONTINUES):
            return None
        if not byte & _CONTINUES:
            return position + 1
    return None


class _Reader:
    """Walks one file; offsets stay those of the file at every depth."""

    def __init__(self, data: bytes, file: str | None, max_depth: int, max_objects: int) -> None:
        self._data = data
        self._file = file
        self._max_depth = max_depth
        self._left = max_objects

    def objects(self, start: int, end: int, depth: int) -> tuple[Tlv, ...]:
        if depth > self._max_depth:
            raise self._refused("too_deep", start)
        return tuple(self._walk(start, end, depth))

    def _walk(self, start: int, end: int, depth: int) -> Iterator[Tlv]:
        position = start
        while position < end:
            if self._data[position] == 0:
                self._only_padding(position, end)
                return
            if self._left == 0:
                raise self._refused("too_many_objects", position)
            self._left -= 1
            tag_at = position
            tag, position = self._tag(position, end)
            length, position = self._length(tag, tag_at, position, end)
            if length > end - position:
                raise self._refused("beyond_end", tag_at, tag)
            value_end = position + length
            inner: tuple[Tlv, ...] = ()
            if self._data[tag_at] & _CONSTRUCTED:
                inner = self.objects(position, value_end, depth + 1)
            yield Tlv(tag, self._data[position:value_end], inner)
            position = value_end

    def _only_padding(self, start: int, end: int) -> None:
        if self._data[start:end].strip(b"\x00"):
            raise self._refused("data_after_padding", start)

    def _tag(self, start: int, end: int) -> tuple[int, int]:
        tag_end = _tag_end(self._data, start, end)
        if tag_end is None:
            raise self._refused("tag", start)
        return int.from_bytes(self._data[start:tag_end], "big"), tag_end

    def _length(self, tag: int, tag_at: int, position: int, end: int) -> tuple[int, int]:
        if position >= end:
            raise self._refused("length", tag_at, tag)
        first = self._data[position]
        position += 1
        if first < _CONTINUES:
            return first, position
        width = first & ~_CONTINUES
        # Width 0 is the indefinite form, which cards do not use.
        if not 1 <= width <= _MAX_LENGTH_BYTES or width > end - position:
            raise self._refused("length", tag_at, tag)
        return int.from_bytes(self._data[position : position + width], "big"), position + width

    def _refused(self, reason: str, offset: int, tag: int | None = None) -> CardError:
        name = None if tag is None else tag_name(tag)
        return CardError("card.unreadable", reason=reason, file=self._file, tag=name, offset=offset)
