"""Command and response APDUs as values (ISO 7816-4 §5).

Neither shows its data when printed: a command may carry a PIN, a response a patient.
"""

from typing import Final, Self

import attrs

from segur_sdk.errors import CardError

MAX_SHORT_DATA: Final = 255
MAX_SHORT_LE: Final = 256
MAX_EXTENDED_DATA: Final = 65_535
MAX_EXTENDED_LE: Final = 65_536

_HEADER: Final = 4
_INVALID_CLASS: Final = 0xFF
_INVALID_INSTRUCTION_NIBBLES: Final = frozenset({0x6, 0x9})
_STATUS_LENGTH: Final = 2


def _refused(reason: str, length: int | None = None) -> CardError:
    return CardError("card.protocol", reason=reason, length=length)


@attrs.frozen
class CommandApdu:
    """One command.

    Args:
        cla: class byte, 0–254 (``FF`` opens a protocol negotiation and is no class).
        ins: instruction byte; ``6x`` and ``9x`` are status words, never instructions.
        p1: first parameter byte.
        p2: second parameter byte.
        data: 0–65 535 bytes of command data.
        le: 1–65 536 bytes expected back at most; ``None`` when no answer data are expected.

    Raises:
        CardError: ``card.protocol`` with the ``reason`` when a field is out of its range.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = attrs.field(default=b"", repr=lambda data: f"‹{len(data)} bytes›")
    le: int | None = None

    def __attrs_post_init__(self) -> None:
        if not all(0 <= byte <= 0xFF for byte in (self.cla, self.ins, self.p1, self.p2)):
            raise _refused("command_header")
        if self.cla == _INVALID_CLASS:
            raise _refused("command_class")
        if self.ins >> 4 in _INVALID_INSTRUCTION_NIBBLES:
            raise _refused("command_instruction")
        if len(self.data) > MAX_EXTENDED_DATA:
            raise _refused("command_data", length=len(self.data))
        if self.le is not None and not 1 <= self.le <= MAX_EXTENDED_LE:
            raise _refused("command_le", length=self.le)

    @property
    def extended(self) -> bool:
        """Whether the command needs extended length fields."""
        return len(self.data) > MAX_SHORT_DATA or (self.le or 0) > MAX_SHORT_LE

    def build(self) -> bytes:
        """Return the bytes to transmit, in the short form whenever it fits."""
        header = bytes((self.cla, self.ins, self.p1, self.p2))
        if not self.extended:
            lc = bytes((len(self.data),)) if self.data else b""
            le = b"" if self.le is None else bytes((self.le % MAX_SHORT_LE,))
            return header + lc + self.data + le
        lc = len(self.data).to_bytes(2, "big") if self.data else b""
        le = b"" if self.le is None else (self.le % MAX_EXTENDED_LE).to_bytes(2, "big")
        return header + b"\x00" + lc + self.data + le

    @classmethod
    def parse(cls, command: bytes) -> Self:
        """Read a command in any of the seven forms of ISO 7816-3 §12.1.

        Raises:
            CardError: ``card.protocol``; the ``reason`` tells which part does not hold.
        """
        if len(command) < _HEADER:
            raise _refused("command_too_short", length=len(command))
        cla, ins, p1, p2 = command[:_HEADER]
        data, le = _parse_body(command[_HEADER:])
        return cls(cla, ins, p1, p2, data, le)


def _parse_body(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or MAX_SHORT_LE
    if body[0] != 0:
        return _split_fields(body, start=1, length=body[0], le_width=1)
    if len(body) < 3:
        raise _refused("command_length", length=len(body) + _HEADER)
    announced = int.from_bytes(body[1:3], "big")
    if len(body) == 3:
        return b"", announced or MAX_EXTENDED_LE
    if announced == 0:
        raise _refused("command_length", length=len(body) + _HEADER)
    return _split_fields(body, start=3, length=announced, le_width=2)


def _split_fields(body: bytes, *, start: int, length: int, le_width: int) -> tuple[bytes, int | None]:
    data, rest = body[start : start + length], body[start + length :]
    if len(data) != length or len(rest) not in (0, le_width):
        raise _refused("command_length", length=len(body) + _HEADER)
    if not rest:
        return data, None
    return data, int.from_bytes(rest, "big") or 1 << (8 * le_width)


@attrs.frozen
class ResponseApdu:
    """One response: its data and its status word (16 bits, SW1 SW2)."""

    data: bytes = attrs.field(repr=lambda data: f"‹{len(data)} bytes›")
    sw: int = attrs.field(repr=lambda sw: f"{sw:04X}")

    @classmethod
    def parse(cls, response: bytes) -> Self:
        """Split a response into data and status word.

        Raises:
            CardError: ``card.protocol`` when there is no status word, or one that no card may answer
                (SW1 is ``61``–``6F`` or ``90``–``9F``, ISO 7816-4 §5.6), or too many data.
        """
        if len(response) < _STATUS_LENGTH:
            raise _refused("response_too_short", length=len(response))
        if len(response) > MAX_EXTENDED_LE + _STATUS_LENGTH:
            raise _refused("response_too_long", length=len(response))
        sw1, sw2 = response[-2], response[-1]
        if not (0x61 <= sw1 <= 0x6F or 0x90 <= sw1 <= 0x9F):
            raise CardError("card.protocol", reason="status_word", sw=f"{sw1:02X}{sw2:02X}")
        return cls(response[:-_STATUS_LENGTH], sw1 << 8 | sw2)
