"""What is wrong with the form of a file in BER or DER, told before any library looks at it (X.690, 8.1)."""

from enum import StrEnum
from typing import Final

MAX_DEPTH: Final = 32
_MAX_PARTS: Final = 20_000
_MAX_LENGTH_OCTETS: Final = 4
_SEQUENCE: Final = 0x30
_CONSTRUCTED: Final = 0x20
_LONG_TAG: Final = 0x1F
_INDEFINITE: Final = 0x80
_END: Final = b"\x00\x00"


class Damage(StrEnum):
    """What keeps a file from being one whole sequence."""

    EMPTY = "empty"
    TRUNCATED = "truncated"
    """It ends before the end that it announces."""
    NESTED = "nested"
    """Its parts lie in each other deeper than anybody needs."""
    BROKEN = "broken"


def damage_of(content: bytes) -> Damage | None:
    """Return what is wrong with a file that is to be one sequence; ``None``: its parts are where they say they are."""
    if not content:
        return Damage.EMPTY
    if content[0] != _SEQUENCE:
        return Damage.BROKEN
    place = 0
    within: list[int | None] = []
    for _ in range(_MAX_PARTS):
        found = _opened(content, place, within)
        if isinstance(found, Damage):
            return found
        place = _closed(content, found, within)
        if not within:
            return None if place == len(content) else Damage.BROKEN
        if len(within) > MAX_DEPTH:
            return Damage.NESTED
    return Damage.BROKEN


def _opened(content: bytes, place: int, within: list[int | None]) -> int | Damage:
    """Read the head of a part: note where it ends if it has parts itself, and return where reading goes on."""
    tag, first, start = content[place : place + 1], content[place + 1 : place + 2], place + 2
    if not first:
        return Damage.TRUNCATED
    constructed, size = tag[0] & _CONSTRUCTED, first[0] & ~_INDEFINITE if first[0] > _INDEFINITE else 0
    if tag[0] & _LONG_TAG == _LONG_TAG or size > _MAX_LENGTH_OCTETS or (first[0] == _INDEFINITE and not constructed):
        return Damage.BROKEN
    if first[0] == _INDEFINITE:
        within.append(None)
        return start
    if start + size > len(content):
        return Damage.TRUNCATED
    length = int.from_bytes(content[start : start + size], "big") if size else first[0]
    end, limit = start + size + length, next((one for one in reversed(within) if one is not None), len(content))
    if end > limit:
        return Damage.TRUNCATED if limit == len(content) else Damage.BROKEN
    if constructed:
        within.append(end)
        return start + size
    return end


def _closed(content: bytes, place: int, within: list[int | None]) -> int:
    """Leave every part that is over, and return where reading goes on."""
    while within:
        if within[-1] is None and content[place : place + 2] == _END:
            place += len(_END)
        elif within[-1] != place:
            break
        within.pop()
    return place
