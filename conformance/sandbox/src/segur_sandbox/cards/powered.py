"""Powers any card of the catalogue."""

from typing import Protocol

from segur_sandbox.cards.catalogue import AnyCard
from segur_sandbox.cards.cpx.cps3 import Cps3Session
from segur_sandbox.cards.cpx.cps4 import Cps4Session
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.session import CardSession
from segur_sandbox.cards.vault import CardVault


class PoweredCard(Protocol):
    """A card from power on to power off."""

    @property
    def card(self) -> AnyCard:
        """Which card it is."""
        ...

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        ...

    def power(self) -> None:
        """Start again as after power on or reset."""
        ...

    def transmit(self, apdu: bytes) -> bytes | None:
        """Answer one command APDU: data and status word, or `None` from a mute card."""
        ...


def open_session(card: AnyCard, vault: CardVault) -> PoweredCard:
    """Power a card.

    The first time ever, the keys of a professional's card are made, which takes some tenths of a second.
    """
    if not isinstance(card, CpxRecord):
        return CardSession(card)
    generation = Cps3Session if card.generation == "CPS3" else Cps4Session
    return generation(card, vault.keys(card), vault.codes(card))
