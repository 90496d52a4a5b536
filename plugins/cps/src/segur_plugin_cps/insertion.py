"""Reading a professional's card that was inserted, without its PIN."""

from segur_plugin_cps.holder import read_card
from segur_plugin_cps.settings import CpsSettings
from segur_plugin_cps.situations import read_situations
from segur_sdk.cards.atr import recognise
from segur_sdk.cards.nature import check_nature
from segur_sdk.context import HookContext, Token
from segur_sdk.errors import CardError
from segur_sdk.models.card import CardFamily, CardPresence, CardReading

_UNKNOWN_THERE = "token.absent"


def read_insertion(presence: CardPresence, ctx: HookContext) -> CardReading | None:
    """Read a CPS, CPF, CPE or CPA.

    Its situations are read too when its PIN was verified before, because its holder's session is open.

    Returns:
        The reading; ``None`` when the ATR is not one of a professional's card.

    Raises:
        CardError: ``cps.no_driver`` (no driver of tokens knows the card), ``card.swapped`` and ``card.removed`` (the
            card that was read need not be the one that was inserted), those of
            :func:`segur_plugin_cps.holder.read_card`, of :func:`segur_plugin_cps.situations.read_situations` and of
            :func:`segur_sdk.cards.nature.check_nature`; what the token raises.
    """
    row = recognise(bytes.fromhex(presence.atr))
    if row is None or row.family.is_vitale:
        return None
    encoding = ctx.settings(CpsSettings).encoding
    token = _token_of(presence, ctx, row.family.value)
    card = read_card(token)
    situations = read_situations(card.objects, encoding) if token.state.pin.unlocked else None
    ctx.cards.confirm(presence)
    check_nature(card.pair.ans.nature, ctx.environment)
    return CardReading(
        family=CardFamily.CPX,
        nature=card.pair.ans.nature,
        holder=card.holder(situations),
        provenance="token",
        presence=presence,
        serial=card.pair.ans.card_number,
        read_at=ctx.clock.now(),
    )


def _token_of(presence: CardPresence, ctx: HookContext, generation: str) -> Token:
    try:
        return ctx.tokens.at(presence.slot)
    except CardError as failure:
        if failure.code != _UNKNOWN_THERE:
            raise
    ctx.cards.confirm(presence)
    raise CardError("cps.no_driver", slot=presence.slot, generation=generation)
