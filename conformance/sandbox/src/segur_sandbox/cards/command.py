"""Takes command APDUs apart (ISO 7816-4, cases 1 to 4, short and extended)."""

import attrs

_HEADER = 4
_WITH_CODES = (0x20, 0x24, 0x2C)
_MAXIMUM = 256
_EXTENDED_MAXIMUM = 65536
_EXTENDED_LENGTH = 3


@attrs.frozen
class Command:
    """A command APDU taken apart; `expected` is `None` without Le."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int | None = None


def parse_command(apdu: bytes, *, extended: bool = False) -> Command | None:
    """Take an APDU apart; `None` when its length is inconsistent.

    Args:
        apdu: The whole command.
        extended: Whether the card knows lengths of three bytes; without it they are inconsistent.
    """
    if len(apdu) < _HEADER:
        return None
    cla, ins, p1, p2 = apdu[:_HEADER]
    rest = apdu[_HEADER:]
    if not rest:
        return Command(cla, ins, p1, p2)
    if len(rest) == 1:
        return Command(cla, ins, p1, p2, expected=rest[0] or _MAXIMUM)
    if extended and rest[0] == 0:
        return _extended(Command(cla, ins, p1, p2), rest)
    size = rest[0]
    data, tail = rest[1 : 1 + size], rest[1 + size :]
    if size == 0 or len(data) != size or len(tail) > 1:
        return None
    return Command(cla, ins, p1, p2, data=data, expected=(tail[0] or _MAXIMUM) if tail else None)


def _extended(header: Command, rest: bytes) -> Command | None:
    if len(rest) < _EXTENDED_LENGTH:
        return None
    size = int.from_bytes(rest[1:_EXTENDED_LENGTH], "big")
    if len(rest) == _EXTENDED_LENGTH:
        return attrs.evolve(header, expected=size or _EXTENDED_MAXIMUM)
    data, tail = rest[_EXTENDED_LENGTH : _EXTENDED_LENGTH + size], rest[_EXTENDED_LENGTH + size :]
    if size == 0 or len(data) != size or len(tail) not in (0, 2):
        return None
    expected = (int.from_bytes(tail, "big") or _EXTENDED_MAXIMUM) if tail else None
    return attrs.evolve(header, data=data, expected=expected)


def without_codes(apdu: bytes) -> str:
    """Return an APDU in hexadecimal; the data of a command that presents a PIN or a PUK are written `XX`."""
    shown = len(apdu)
    if len(apdu) > _HEADER + 1 and apdu[1] in _WITH_CODES:
        shown = _HEADER + 1
    return apdu[:shown].hex().upper() + "XX" * (len(apdu) - shown)
