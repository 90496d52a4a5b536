"""The files of a carte Vitale 2 that are readable without a code and without a professional's card.

Sources: the sequence of APDUs is the one of public programs that read real cards; ISO 7816-4 for the commands.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

import attrs

from segur_plugin_vitale.ahead import AheadChannel, Row
from segur_sdk.cards.apdu import MAX_SHORT_LE, CommandApdu, ResponseApdu
from segur_sdk.cards.channel import CardChannel
from segur_sdk.cards.iso7816 import Iso7816Card, refusal
from segur_sdk.cards.status_words import Behaviour, meaning_of
from segur_sdk.errors import CardError

VITALE_AID: Final = bytes.fromhex("D250000002") + b"VITALE"
MASTER_FILE: Final = 0x3F00
SHORT_FILE: Final = 2
"""Short identifier of the identities under the MF, and of the numbers under VITALE."""
MAX_FILE: Final = 8_192
"""Bytes; 19 beneficiaries need about 2 000."""

_NOT_THERE: Final = frozenset({Behaviour.NOT_FOUND, Behaviour.UNSUPPORTED, Behaviour.BAD_COMMAND})
_CLEARLY_REFUSED: Final = frozenset(
    behaviour.value for behaviour in _NOT_THERE | {Behaviour.PROTECTED, Behaviour.END_OF_FILE}
)


def _length_only(content: bytes | None) -> str:
    return "none" if content is None else f"‹{len(content)} bytes›"


@attrs.frozen
class VitaleFiles:
    """The raw files of one card; printing shows their lengths only."""

    identities: bytes = attrs.field(repr=_length_only)
    numbers: bytes = attrs.field(repr=_length_only)
    serial: bytes | None = attrs.field(repr=_length_only)


def has_vitale_application(channel: CardChannel) -> bool:
    """Tell whether a card of unknown ATR lets the VITALE application be selected.

    Any clear refusal is a no: the card may be anything.
    """
    response = Iso7816Card(channel).select_application(VITALE_AID)
    return meaning_of(response.sw).behaviour is Behaviour.DONE


def read_files(
    channel: CardChannel, *, serial_file: int | None, heard: Callable[[], None] = lambda: None
) -> VitaleFiles | None:
    """Read the two files of beneficiaries, then the serial number.

    Args:
        channel: the open card.
        serial_file: identifier of the file with the serial number, under the MF; ``None``: not read.
        heard: called as soon as the card has said everything, if that is known before its answers are looked at.

    Returns:
        The files, or ``None`` when the MF or the VITALE application is not on this card.

    Raises:
        CardError: ``card.unreadable``, ``card.protected``, ``card.blocked``, ``card.protocol``; what the channel
            raises.
    """
    ahead = AheadChannel(channel, _rows(serial_file))
    if ahead.send_all():
        heard()
    card = Iso7816Card(ahead)
    if not _is_there(card.select_file(MASTER_FILE)):
        return None
    identities = card.read_short_file(SHORT_FILE, max_size=MAX_FILE)
    if not _is_there(card.select_application(VITALE_AID)):
        return None
    numbers = card.read_short_file(SHORT_FILE, max_size=MAX_FILE)
    serial = None if serial_file is None else _read_serial(card, serial_file)
    return VitaleFiles(identities, numbers, serial)


@cache
def _rows(serial_file: int | None) -> tuple[Row, ...]:
    """Return the commands below, as far as no answer decides what they are."""
    master, read = _select(0x00, MASTER_FILE.to_bytes(2, "big")), _read(0x80 | SHORT_FILE)
    rows: list[Row] = [(master, read), (_select(0x04, VITALE_AID), read)]
    if serial_file is not None:
        rows.append((master, _select(0x00, serial_file.to_bytes(2, "big")), _read(0x00)))
    return tuple(rows)


def _select(p1: int, data: bytes) -> bytes:
    return CommandApdu(0x00, 0xA4, p1, 0x00, data=data).build()


def _read(p1: int) -> bytes:
    return CommandApdu(0x00, 0xB0, p1, 0x00, le=MAX_SHORT_LE).build()


def _is_there(response: ResponseApdu) -> bool:
    behaviour = meaning_of(response.sw).behaviour
    if behaviour is Behaviour.DONE:
        return True
    if behaviour in _NOT_THERE:
        return False
    raise refusal(response.sw, "select")


def _read_serial(card: Iso7816Card, serial_file: int) -> bytes | None:
    """Read a file whose very existence is an assumption: a clear refusal means that there is no serial number."""
    if not _is_there(card.select_file(MASTER_FILE)) or not _is_there(card.select_file(serial_file)):
        return None
    try:
        return card.read_current_file(max_size=MAX_FILE)
    except CardError as failure:
        if failure.facts.get("reason") in _CLEARLY_REFUSED:
            return None
        raise
