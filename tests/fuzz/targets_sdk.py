"""Parsers of the SDK: ATR, TLV, APDU, status words, files of ISO 7816-4."""

from typing import Final

from segur_sdk.cards.apdu import CommandApdu, ResponseApdu
from segur_sdk.cards.atr import ATR_TABLE, AtrPattern, recognise
from segur_sdk.cards.channel import CardChannel
from segur_sdk.cards.iso7816 import MAX_FILE_SIZE, Iso7816Card
from segur_sdk.cards.status_words import Behaviour, StatusMeaning, meaning_of
from segur_sdk.cards.tlv import MAX_DEPTH, MAX_OBJECTS, Tlv, parse_tlv
from tests.fuzz.oracle import Parse
from tests.fuzz.parts import ScriptedChannel, split

_AID: Final = bytes.fromhex("D250000002564954414C45")
_MASTER_FILE: Final = 0x3F00
_SHORT_FILE: Final = 2
_MOST: Final = 4_096


def atr(data: bytes) -> AtrPattern | None:
    """Recognise a card."""
    row = recognise(data)
    assert row is None or (row in ATR_TABLE and row.matches(data) and len(row.atr) == len(data))
    return row


def tlv(data: bytes) -> tuple[Tlv, ...]:
    """Read the objects of a file; written again they are the same ones."""
    found = parse_tlv(data, file="EF")
    assert _count(found) <= MAX_OBJECTS
    assert _depth(found) <= MAX_DEPTH
    assert parse_tlv(b"".join(one.encode() for one in found)) == found
    return found


def command(data: bytes) -> CommandApdu:
    """Read a command; written again it is the same one."""
    read = CommandApdu.parse(data)
    assert CommandApdu.parse(read.build()) == read
    return read


def response(data: bytes) -> ResponseApdu:
    """Read a response and what its status word means."""
    read = ResponseApdu.parse(data)
    assert read.data + read.sw.to_bytes(2, "big") == data
    assert isinstance(meaning_of(read.sw).behaviour, Behaviour)
    return read


def status_words(data: bytes) -> tuple[StatusMeaning, ...]:
    """Look up any status word, possible or not."""
    found = tuple(meaning_of(int.from_bytes(data[place : place + 2], "big")) for place in range(len(data) - 1))
    assert all(one.meaning for one in found)
    return found


def files(data: bytes) -> tuple[bytes, bytes]:
    """Read files of a card that answers anything."""
    return read_card(ScriptedChannel(b"", split(data)))


def read_card(channel: CardChannel) -> tuple[bytes, bytes]:
    """Select an application and read a file of the MF, then the same again, which is selected now."""
    card = Iso7816Card(channel)
    card.select_application(_AID)
    card.select_file(_MASTER_FILE)
    read = card.read_short_file(_SHORT_FILE, max_size=_MOST), card.read_current_file()
    assert len(read[0]) <= _MOST
    assert len(read[1]) <= MAX_FILE_SIZE
    return read


def _count(found: tuple[Tlv, ...]) -> int:
    return sum(1 + _count(one.children) for one in found)


def _depth(found: tuple[Tlv, ...]) -> int:
    return max((1 + _depth(one.children) for one in found), default=0)


TARGETS: Final[dict[str, Parse]] = {
    "sdk.atr": atr,
    "sdk.tlv": tlv,
    "sdk.command": command,
    "sdk.response": response,
    "sdk.status_words": status_words,
    "sdk.files": files,
}
