"""The status words that the virtual cards answer (ISO 7816-4)."""

OK = b"\x90\x00"
END_OF_FILE = b"\x62\x82"
WRONG_LENGTH = b"\x67\x00"
CHANNEL = b"\x68\x81"
LAST_OF_CHAIN_EXPECTED = b"\x68\x83"
CHAINING = b"\x68\x84"
PROTECTED = b"\x69\x82"
BLOCKED = b"\x69\x83"
CONDITIONS = b"\x69\x85"
NO_CURRENT_FILE = b"\x69\x86"
WRONG_DATA = b"\x6a\x80"
NOT_FOUND = b"\x6a\x82"
WRONG_P1_P2 = b"\x6a\x86"
NO_SUCH_REFERENCE = b"\x6a\x88"
OUTSIDE_FILE = b"\x6b\x00"
UNKNOWN_INSTRUCTION = b"\x6d\x00"
WRONG_CLASS = b"\x6e\x00"


def tries_left(count: int) -> bytes:
    """Return the status word of a failed verification: `63Cx`."""
    return bytes([0x63, 0xC0 | count])


def more(size: int) -> bytes:
    """Return the status word `61xx` of an answer that waits for GET RESPONSE; 00 stands for 256 bytes or more."""
    return bytes([0x61, size if size < 256 else 0])


def exact_length(size: int) -> bytes:
    """Return the status word `6Cxx`: ask again with this length; 00 stands for 256."""
    return bytes([0x6C, size % 256])
