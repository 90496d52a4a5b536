"""``on_card_read``: a card was inserted, an appli carte Vitale shown, or a reading handed over."""

from typing import Final

from segur_sdk.context import HookContext
from segur_sdk.hooks.info import HookInfo, HookMode, Stability
from segur_sdk.hooks.markers import hookspec
from segur_sdk.models.base import Event
from segur_sdk.models.card import ApcvContext, CardPresence, CardReading, HostSuppliedReading


class CardReadEvent(Event):
    """A card to read."""

    card: CardPresence | ApcvContext | HostSuppliedReading


class OnCardRead:
    """Specification of ``on_card_read``."""

    @hookspec
    def on_card_read(self, event: CardReadEvent, ctx: HookContext) -> CardReading | None:
        """Read one card and say who is on it.

        When: at each insertion the host is asked to read, when an appli carte Vitale code was scanned, and when
        the practice software gives a reading of its own component.

        When not: to qualify an identity; a physical carte Vitale alone never does.

        Args:
            event: the insertion, the code or the supplied reading.
            ctx: context of this plugin; ``ctx.cards.open(event.card)`` gives the channel of an insertion.

        Returns:
            Every beneficiary, none chosen, or the professional whose card it is, with the nature of the card;
            ``None`` when the card is not this plugin's.

        Stop rule: first value wins; ``None`` passes on; an error stops (``first``).

        Failure: ``CardError`` with its reason (``card.removed``, ``card.mute``, ``card.unknown``,
        ``card.unreadable``, ``card.blocked``); never a partial reading.

        Source: ISO 7816-4; API de lecture Vitale for names; EX_GEN-1430 for the nature of a card.
        """


ON_CARD_READ: Final = HookInfo(
    name="on_card_read",
    version="1.1",
    mode=HookMode.FIRST,
    deadline_s=10,
    stability=Stability.STABLE,
    requirements=("S000-11", "S000-17", "SC.INS/va1.34"),
    event=CardReadEvent,
    result=CardReading,
)
