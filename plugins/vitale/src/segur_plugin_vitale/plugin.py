"""The plugin: answers ``on_card_read`` for cartes Vitale, read here or by the practice software."""

from segur_plugin_vitale.insertion import read_insertion
from segur_plugin_vitale.official_document import supplied_by
from segur_plugin_vitale.settings import VitaleSettings
from segur_plugin_vitale.supplied import accept_supplied
from segur_sdk import HookContext, SegurHooks, hookimpl
from segur_sdk.cards.atr import recognise
from segur_sdk.cards.nature import check_nature
from segur_sdk.hooks.card_read import CardReadEvent
from segur_sdk.models.card import CardPresence, CardReading, HostSuppliedReading


class VitalePlugin(SegurHooks):
    """Reads the carte Vitale 2; takes over readings of official components."""

    @hookimpl
    def on_card_read(self, event: CardReadEvent, ctx: HookContext) -> CardReading | None:
        """Read a carte Vitale, or check the reading that was supplied.

        Returns:
            Every beneficiary, none chosen; ``None`` for a card that is not a Vitale and for an appli carte Vitale.

        Raises:
            CardError: see :func:`segur_plugin_vitale.insertion.read_insertion`; those of
                :func:`segur_sdk.cards.nature.check_nature` (EX_GEN-1430).
            InputError: ``vitale.supplied_invalid``.
        """
        reading: CardReading | None
        match event.card:
            case CardPresence() as presence:
                reading = _read(presence, ctx, ctx.settings(VitaleSettings))
            case HostSuppliedReading() as supplied:
                reading = accept_supplied(supplied, ctx.clock.now())
            case _:
                return None
        if reading is not None:
            check_nature(reading.nature, ctx.environment)
        return reading


def _read(presence: CardPresence, ctx: HookContext, settings: VitaleSettings) -> CardReading | None:
    if settings.reading == "apdu":
        return read_insertion(presence, ctx, settings)
    row = recognise(bytes.fromhex(presence.atr))
    if row is None or not row.family.is_vitale:
        return None
    official = supplied_by(ctx.cards.read_officially(presence))
    return accept_supplied(official, ctx.clock.now()).model_copy(update={"presence": presence})
