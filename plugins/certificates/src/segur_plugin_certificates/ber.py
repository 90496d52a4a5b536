"""ASN.1 as certificate files hold it (X.690): BER and DER, bounded in size, depth and count of objects.

The chain that IGC-Santé publishes is BER, its certificates in a SET that is not sorted, which strict parsers refuse.
Nothing is interpreted here: objects are found, and written again in DER.
"""

from typing import Final

import attrs

from segur_sdk.errors import InputError

MAX_SIZE: Final = 1_048_576
MAX_DEPTH: Final = 24
MAX_OBJECTS: Final = 100_000

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
SEQUENCE: Final = 0x30
SET: Final = 0x31
CONTEXT_0: Final = 0xA0
_CONSTRUCTED: Final = 0x20
_LONG_TAG: Final = 0x1F
_LONG_FORM: Final = 0x80
_MAX_LENGTH_BYTES: Final = 4
_END: Final = b"\x00\x00"


@attrs.frozen
class Node:
    """One object: its tag (identifier octet), and either its content or its parts."""

    tag: int
    content: bytes = attrs.field(repr=lambda content: f"‹{len(content)} bytes›")
    parts: tuple["Node", ...] = attrs.field(default=(), repr=lambda parts: f"‹{len(parts)} objects›")

    @property
    def constructed(self) -> bool:
        """Whether it is made of parts."""
        return bool(self.tag & _CONSTRUCTED)

    def der(self) -> bytes:
        """Return it in DER: definite lengths, strings in one piece, sets in order."""
        if self.tag == OCTET_STRING | _CONSTRUCTED:
            return _encoded(OCTET_STRING, self.octets())
        if not self.constructed:
            return _encoded(self.tag, self.content)
        parts = [part.der() for part in self.parts]
        return _encoded(self.tag, b"".join(sorted(parts) if self.tag == SET else parts))

    def octets(self) -> bytes:
        """Return the bytes of a string, put together when it came in pieces."""
        return b"".join(part.octets() for part in self.parts) if self.constructed else self.content


def read_ber(data: bytes, *, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> Node:
    """Read one object that fills ``data``.

    Args:
        data: BER or DER.
        max_size: bytes that are accepted.
        max_depth: objects within objects that are accepted.

    Raises:
        InputError: ``certificates.empty``, ``certificates.too_large``, ``certificates.truncated``,
            ``certificates.broken``, ``certificates.nested``, ``certificates.too_many``.
    """
    if not data:
        raise InputError("certificates.empty")
    if len(data) > max_size:
        raise InputError("certificates.too_large", size=len(data))
    reader = _Reader(data, max_depth)
    node, end = reader.node(0, len(data), 0)
    if end != len(data):
        raise InputError("certificates.broken", reason="trailing")
    return node


class _Reader:
    def __init__(self, data: bytes, max_depth: int) -> None:
        self._data = data
        self._max_depth = max_depth
        self._left = MAX_OBJECTS

    def node(self, start: int, limit: int, depth: int) -> tuple[Node, int]:
        if depth > self._max_depth:
            raise InputError("certificates.nested")
        self._left -= 1
        if self._left < 0:
            raise InputError("certificates.too_many")
        tag, length, begin = self._head(start, limit)
        if length is None:
            return self._indefinite(tag, begin, limit, depth)
        end = begin + length
        if end > limit:
            raise InputError("certificates.truncated" if limit == len(self._data) else "certificates.broken")
        if not tag & _CONSTRUCTED:
            return Node(tag, self._data[begin:end]), end
        parts, place = [], begin
        while place < end:
            part, place = self.node(place, end, depth + 1)
            parts.append(part)
        return Node(tag, self._data[begin:end], tuple(parts)), end

    def _indefinite(self, tag: int, begin: int, limit: int, depth: int) -> tuple[Node, int]:
        if not tag & _CONSTRUCTED:
            raise InputError("certificates.broken", reason="length")
        parts, place = [], begin
        while self._data[place : place + 2] != _END:
            part, place = self.node(place, limit, depth + 1)
            parts.append(part)
        if place + 2 > limit:
            raise InputError("certificates.broken", reason="length")
        return Node(tag, self._data[begin:place], tuple(parts)), place + 2

    def _head(self, start: int, limit: int) -> tuple[int, int | None, int]:
        """Return tag, length (``None``: until its end is marked) and where the content begins."""
        if start + 2 > limit:
            raise InputError("certificates.truncated")
        tag, first = self._data[start], self._data[start + 1]
        if tag & _LONG_TAG == _LONG_TAG or tag == 0:
            raise InputError("certificates.broken", reason="tag")
        if first < _LONG_FORM:
            return tag, first, start + 2
        count = first - _LONG_FORM
        if count == 0:
            return tag, None, start + 2
        if count > _MAX_LENGTH_BYTES:
            raise InputError("certificates.broken", reason="length")
        begin = start + 2 + count
        if begin > limit:
            raise InputError("certificates.truncated")
        return tag, int.from_bytes(self._data[start + 2 : begin], "big"), begin


def _encoded(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < _LONG_FORM:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_FORM | len(length))) + length + content
