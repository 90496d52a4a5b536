"""Reading the card that sits in a slot, with as many tries as a hesitant reader needs."""

from contextlib import ExitStack
from typing import Final

from segur_plugin_vitale.files import has_vitale_application, read_files
from segur_plugin_vitale.settings import VitaleSettings
from segur_plugin_vitale.templates import CardContent, read_content
from segur_sdk.cards.atr import AtrFamily, recognise
from segur_sdk.context import HookContext
from segur_sdk.errors import CardError
from segur_sdk.models.card import CardFamily, CardPresence, CardReading

_HICCUPS: Final = frozenset({"card.unreadable", "card.protocol"})
"""What some readers cause now and then on a sound card; a card that is gone, mute or protected stays so."""
_TIME_FOR_A_TRY: Final = 1.0
"""Seconds; a try takes a few hundred milliseconds on a slow reader."""


def read_insertion(presence: CardPresence, ctx: HookContext, settings: VitaleSettings) -> CardReading | None:
    """Read a carte Vitale 2, whole.

    Returns:
        The reading, or ``None`` when the ATR is a professional's card's, or when the application VITALE is not
        there.

    Raises:
        CardError: ``card.vitale1``, ``card.unreadable``, ``card.protected``, ``card.blocked``, ``card.protocol``,
            and what the host's channel raises (``card.removed``, ``card.swapped``, ``card.mute``…).
    """
    row = recognise(bytes.fromhex(presence.atr))
    if row is not None and row.family is AtrFamily.VITALE_1:
        raise CardError("card.vitale1", slot=presence.slot)
    if row is not None and not row.family.is_vitale:
        return None
    tries = 1
    while True:
        try:
            content = _read_once(presence, ctx, settings, known=row is not None)
            break
        except CardError as failure:
            if failure.code not in _HICCUPS or tries == settings.tries:
                raise
            if ctx.deadline.remaining() < _TIME_FOR_A_TRY:
                raise
            ctx.audit.note("hiccup", code=failure.code, attempt=tries)
            tries += 1
    if content is None:
        return None
    return CardReading(
        family=CardFamily.VITALE,
        nature=content.nature,
        beneficiaries=content.beneficiaries,
        provenance="apdu",
        presence=presence,
        serial=content.serial,
        read_at=ctx.clock.now(),
    )


def _read_once(
    presence: CardPresence, ctx: HookContext, settings: VitaleSettings, *, known: bool
) -> CardContent | None:
    serial_file = int(settings.serial_file, 16) if settings.serial_file else None
    # Each try opens the card anew: the host resets it in between.
    with ExitStack() as holding:
        channel = holding.enter_context(ctx.cards.open(presence))
        if not known and not has_vitale_application(channel):
            return None
        # Others may have the card while its answers are looked at.
        files = read_files(channel, serial_file=serial_file, heard=holding.close)
    return None if files is None else read_content(files, settings)
