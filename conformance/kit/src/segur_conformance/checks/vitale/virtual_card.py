"""A carte Vitale 2 of the kit's own: answers APDUs as ISO 7816-4 has it, and remembers every one of them."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

from segur_conformance.checks.vitale.card_content import CardPerson, data_object, identity_file, number_file

Habit = Literal["plain", "61", "6C"]
ATR: Final = "3B751300004309EA9000"
AID_VITALE: Final = bytes.fromhex("D250000002564954414C45")
AID_MF: Final = bytes.fromhex("D2500000024D465F564954414C45")
MF: Final = 0x3F00
DIRECTORY: Final = 0x2F00
SERIAL: Final = 0x2F02
IDENTITIES: Final = 0x2F05
POINTERS: Final = 0x2001
NUMBERS: Final = 0x2002
RIGHTS: Final = 0x2005
SHORT_FILE: Final = 2
BLOCK: Final = 256
OK: Final = b"\x90\x00"
PROTECTED: Final = b"\x69\x82"
NO_CURRENT_FILE: Final = b"\x69\x86"
NOT_FOUND: Final = b"\x6a\x82"
OUTSIDE_FILE: Final = b"\x6b\x00"
UNKNOWN_INSTRUCTION: Final = b"\x6d\x00"


def pointers() -> bytes:
    """Return EF 2001, which names applications and files."""
    applications = (b"\x00\x01\x00\x00" + AID_MF, b"\x00\x02\x00\x00" + AID_VITALE)
    files = ((b"PAN     ", 1, SERIAL), (b"IDENTITE", 1, IDENTITIES), (b"NIR     ", 2, NUMBERS))
    return data_object(
        "E0",
        data_object("A0", *(data_object("82", one) for one in applications)),
        *(data_object("80", name + bytes((0, at)) + file.to_bytes(2, "big")) for name, at, file in files),
    )


@attrs.define
class VirtualCard:
    """One card, from its making to the end of the check.

    Attributes:
        identities: short file 2 of the MF.
        numbers: short file 2 of the application VITALE.
        serial: content of 2F02.
        atr: answer to reset.
        habit: how READ BINARY answers when the length asked is not the one available.
        is_vitale: whether the application VITALE is there.
        protected: files that refuse to be read.
        endless: files that never end: they begin again for ever.
        instead: answers given in place of the right one, by number of the command since the card was made.
        always: answer to every command.
        sessions: commands and answers, one list for each time that the card was powered or reset.
        visited: files that were read.
    """

    identities: bytes
    numbers: bytes
    serial: bytes = b"000000009001"
    atr: str = ATR
    habit: Habit = "plain"
    is_vitale: bool = True
    protected: frozenset[int] = frozenset()
    endless: frozenset[int] = frozenset()
    instead: Mapping[int, bytes] = attrs.field(factory=dict)
    always: bytes | None = None
    sessions: list[list[tuple[bytes, bytes]]] = attrs.field(factory=lambda: [[]])
    visited: set[int] = attrs.field(factory=set)
    _in_vitale: bool = False
    _current: int | None = None
    _waiting: bytes = b""

    @classmethod
    def of(cls, *people: CardPerson, nature: str | None = "T", **particulars: Any) -> "VirtualCard":
        """Return the card of ``people``; ``particulars`` as the attributes of the class."""
        return cls(identity_file(people, nature), number_file(people), **particulars)

    @property
    def commands(self) -> list[bytes]:
        """Every command that the card got."""
        return [command for session in self.sessions for command, _ in session]

    @property
    def recorded(self) -> dict[str, Any]:
        """The last whole conversation, as ``on_card_read`` takes a recorded card."""
        session = [one for one in self.sessions if one][-1]
        return {"atr": self.atr, "apdus": [[command.hex(), answer.hex()] for command, answer in session]}

    def power(self) -> None:
        """Begin anew, as after power on or reset."""
        self._in_vitale, self._current, self._waiting = False, None, b""
        if self.sessions[-1]:
            self.sessions.append([])

    def transmit(self, command: bytes) -> bytes:
        """Answer one command APDU."""
        index = len(self.commands)
        answer = self.instead.get(index) or self.always or self._answer(command)
        self.sessions[-1].append((command, answer))
        return answer

    def _answer(self, command: bytes) -> bytes:
        handlers = {0xA4: self._select, 0xB0: self._read, 0xC0: self._rest}
        handler = handlers.get(command[1])
        return UNKNOWN_INSTRUCTION if handler is None or command[0] else handler(command)

    @property
    def _files(self) -> dict[int, bytes]:
        if self._in_vitale:
            return {POINTERS: pointers(), NUMBERS: self.numbers, RIGHTS: b""}
        directory = b"".join(data_object("61", data_object("4F", aid)) for aid in (AID_VITALE, AID_MF))
        return {DIRECTORY: directory, SERIAL: self.serial, IDENTITIES: self.identities}

    def _select(self, command: bytes) -> bytes:
        target = command[5 : 5 + command[4]]
        if command[2] == 0x04:
            if target not in ((AID_VITALE, AID_MF) if self.is_vitale else ()):
                return NOT_FOUND
            self._in_vitale, self._current = target == AID_VITALE, None
            return OK
        file = int.from_bytes(target, "big")
        if file == MF and self.is_vitale:
            self._in_vitale, self._current = False, None
        elif self.is_vitale and file in self._files:
            self._current = file
        else:
            return NOT_FOUND
        return OK

    def _read(self, command: bytes) -> bytes:
        offset = command[2] << 8 | command[3]
        if command[2] & 0x80:
            if command[2] & 0x1F != SHORT_FILE or not self.is_vitale:
                return NOT_FOUND
            self._current, offset = NUMBERS if self._in_vitale else IDENTITIES, command[3]
        if self._current is None:
            return NO_CURRENT_FILE
        self.visited.add(self._current)
        content = self._files[self._current]
        if self._current in self.protected or self._current == RIGHTS:
            return PROTECTED
        if self._current in self.endless:
            content = content * (2 + (offset + BLOCK) // len(content))
        elif offset >= len(content):
            return OUTSIDE_FILE
        asked = command[4] or BLOCK
        available = content[offset : offset + BLOCK]
        if self.habit == "6C" and asked > len(available):
            return bytes((0x6C, len(available) % BLOCK))
        if self.habit == "61":
            self._waiting = available[:asked]
            return bytes((0x61, len(self._waiting) % BLOCK))
        return available[:asked] + OK

    def _rest(self, command: bytes) -> bytes:
        asked = command[4] or BLOCK
        part, self._waiting = self._waiting[:asked], self._waiting[asked:]
        return part + (bytes((0x61, len(self._waiting) % BLOCK)) if self._waiting else OK)
