"""How much a stream holds once it is unpacked, without ever holding it."""

import zlib
from base64 import a85decode
from binascii import unhexlify
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

MAX_UNPACKED: Final = 256_000_000
"""Of all streams of a file together."""
MAX_PIXELS: Final = 200_000_000
_CHUNK: Final = 1 << 20
_AS_TEXT: Final = frozenset({"/ASCII85Decode", "/ASCIIHexDecode"})
_CHAINS: Final = frozenset(
    {
        (),
        ("/FlateDecode",),
        ("/RunLengthDecode",),
        ("/DCTDecode",),
        ("/FlateDecode", "/DCTDecode"),
        ("/CCITTFaxDecode",),
        ("/JBIG2Decode",),
    }
)
_RUN_LENGTH: Final = 64
"""Two bytes unpack to 128 at most."""


def is_acceptable(filters: Sequence[str]) -> bool:
    """Tell whether a chain of filters unpacks once at most; PDF/A-1 has no LZW and no encryption filter.

    What a picture's own filter unpacks to is bounded by the picture's size.
    """
    return tuple(filters[1:] if filters and filters[0] in _AS_TEXT else filters) in _CHAINS


def unpacked_size(raw: bytes, filters: Sequence[str], limit: int) -> int | None:
    """Return how many bytes an acceptable chain unpacks to at most; something above ``limit`` when it is more.

    Returns:
        ``None`` when the bytes are not what the chain says.
    """
    with suppress(ValueError, zlib.error):
        for name in filters:
            if name == "/ASCII85Decode":
                raw = _ascii85(raw)
            elif name == "/ASCIIHexDecode":
                raw = unhexlify(b"".join(raw.partition(b">")[0].split()))
            elif name == "/FlateDecode":
                return _inflated(raw, limit)
            elif name == "/RunLengthDecode":
                return len(raw) * _RUN_LENGTH
        return len(raw)
    return None


def _ascii85(raw: bytes) -> bytes:
    return a85decode(raw.strip().removeprefix(b"<~").partition(b"~>")[0])


def _inflated(raw: bytes, limit: int) -> int:
    unpacker, size = zlib.decompressobj(), 0
    while raw and not unpacker.eof:
        size += len(unpacker.decompress(raw, _CHUNK))
        if size > limit:
            return limit + 1
        raw = unpacker.unconsumed_tail
    return size
