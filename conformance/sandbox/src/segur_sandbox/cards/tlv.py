"""Encodes the BER-TLV objects of the cards' files (ISO 7816-4, definite lengths)."""

_SHORT = 0x80
_ONE_BYTE = 0x100


def tlv(tag: int, value: bytes) -> bytes:
    """Return one object; `tag` is a whole number such as 0x65 or 0x7F21."""
    width = (tag.bit_length() + 7) // 8
    return tag.to_bytes(width, "big") + _length(len(value)) + value


def _length(size: int) -> bytes:
    if size < _SHORT:
        return bytes([size])
    if size < _ONE_BYTE:
        return bytes([0x81, size])
    return b"\x82" + size.to_bytes(2, "big")
