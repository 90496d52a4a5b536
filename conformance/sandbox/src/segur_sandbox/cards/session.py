"""One powered card answering APDUs (ISO 7816-4, class 00), from power on to power off."""

from segur_sandbox.cards.catalogue import CardRecord
from segur_sandbox.cards.command import Command, parse_command
from segur_sandbox.cards.files import (
    AID_MF,
    AID_VITALE,
    EF_IDENTITY,
    EF_NIR,
    MF,
    SHORT_FILE,
    CardFiles,
    lay_out,
)
from segur_sandbox.cards.signature import sign
from segur_sandbox.cards.status_words import (
    CONDITIONS,
    NO_CURRENT_FILE,
    NOT_FOUND,
    OK,
    OUTSIDE_FILE,
    PROTECTED,
    UNKNOWN_INSTRUCTION,
    WRONG_CLASS,
    WRONG_LENGTH,
    WRONG_P1_P2,
    exact_length,
    more,
)
from segur_sandbox.cards.tlv import tlv

_MAXIMUM = 256


class CardSession:
    """The state of one connection to a card: current application, current file, answer waiting for GET RESPONSE."""

    def __init__(self, card: CardRecord) -> None:
        self.card = card
        self._files: CardFiles = lay_out(card)
        self._in_vitale = False
        self._current: int | None = None
        self._waiting = b""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self.card.atr

    def power(self) -> None:
        """Start again as after power on or reset: MF selected, no current file."""
        self._in_vitale = False
        self._current = None
        self._waiting = b""

    def transmit(self, apdu: bytes) -> bytes | None:
        """Answer one command APDU: data and status word, or `None` from a mute card."""
        if self.card.mute:
            return None
        if not self.card.beneficiaries:
            return NOT_FOUND
        command = parse_command(apdu)
        if command is None:
            return WRONG_LENGTH
        if command.cla != 0x00:
            return WRONG_CLASS
        if command.ins == 0xC0:
            return self._get_response(command)
        self._waiting = b""
        handlers = {0xA4: self._select, 0xB0: self._read_binary, 0x88: self._internal_authenticate}
        handler = handlers.get(command.ins)
        return handler(command) if handler else UNKNOWN_INSTRUCTION

    def _select(self, command: Command) -> bytes:
        if command.p1 == 0x04:
            if command.data not in (AID_MF, AID_VITALE):
                return NOT_FOUND
            self._in_vitale = command.data == AID_VITALE
            self._current = None
        elif command.p1 in (0x00, 0x02):
            if len(command.data) != len(b"\x3f\x00"):
                return WRONG_LENGTH
            file = int.from_bytes(command.data, "big")
            if file == MF:
                self._in_vitale, self._current = False, None
            elif file in self._context:
                self._current = file
            else:
                return NOT_FOUND
        else:
            return WRONG_P1_P2
        information = tlv(0x6F, tlv(0x84, AID_VITALE if self._in_vitale else AID_MF))
        return OK if command.expected is None else self._deliver(information, command.expected)

    def _read_binary(self, command: Command) -> bytes:
        if command.data or command.expected is None:
            return WRONG_LENGTH
        if command.p1 & 0x80:
            file = self._short_file(command.p1 & 0x1F)
            if file is None:
                return NOT_FOUND
            self._current, offset = file, command.p2
        elif self._current is None:
            return NO_CURRENT_FILE
        else:
            offset = command.p1 << 8 | command.p2
        content = self._context[self._current]
        if content is None:
            return PROTECTED
        if offset >= len(content):
            return OUTSIDE_FILE
        available = content[offset : offset + _MAXIMUM]
        if self.card.status == "61":
            self._waiting = available[: command.expected]
            return more(len(self._waiting))
        if self.card.status == "6C" and command.expected > len(available):
            return exact_length(len(available))
        return available[: command.expected] + OK

    def _short_file(self, short: int) -> int | None:
        if short != SHORT_FILE:
            return None
        return EF_NIR if self._in_vitale else EF_IDENTITY

    def _internal_authenticate(self, command: Command) -> bytes:
        if not self._in_vitale:
            return CONDITIONS
        if (command.p1, command.p2) != (0, 0):
            return WRONG_P1_P2
        if not command.data:
            return WRONG_LENGTH
        return self._deliver(sign(command.data), command.expected or _MAXIMUM)

    def _get_response(self, command: Command) -> bytes:
        if command.expected is None or not self._waiting:
            return CONDITIONS
        data, self._waiting = self._waiting[: command.expected], self._waiting[command.expected :]
        return data + (more(len(self._waiting)) if self._waiting else OK)

    def _deliver(self, data: bytes, expected: int) -> bytes:
        """Give the answer to a command that carried data; T=0 cards make the reader fetch it."""
        if self.card.status == "plain":
            return data[:expected] + OK
        self._waiting = data
        return more(len(data))

    @property
    def _context(self) -> dict[int, bytes | None]:
        return self._files.vitale if self._in_vitale else self._files.mf
