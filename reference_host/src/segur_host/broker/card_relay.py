"""Carries what a token driver asks of card readers to those of this host, within the time of the driver's own call."""

from typing import Any, Final, Protocol

from segur_host.broker.held_card import HeldCard
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError

RESERVE_S: Final = 0.25
"""Seconds left to a driver to say what a card did not answer."""


class LentReaders(Protocol):
    """What a relay needs of the host's readers."""

    def slots(self, timeout: float) -> tuple[SlotState, ...]:
        """Return the slots of every driver within ``timeout`` seconds each."""
        ...

    def taken(self, slot: str, timeout: float) -> HeldCard:
        """Take the card of a slot within ``timeout`` seconds."""
        ...

    def let_go(self, held: HeldCard) -> None:
        """Begin to let go of a card."""
        ...


class ReaderRelay:
    """Implements ``segur_host.drivers.process.CardRelay`` on the readers of a broker.

    Args:
        cards: whose readers.
    """

    def __init__(self, cards: LentReaders) -> None:
        self._cards = cards
        self._held: dict[str, HeldCard] = {}

    def carry(self, method: str, arguments: list[Any], timeout: float) -> Any:
        """Make one call of a ``CardSource``.

        Raises:
            CardError: what the readers said; ``card.closed`` for a card that is not held.
        """
        left = timeout - min(RESERVE_S, timeout / 4)
        match method, arguments:
            case "slots", []:
                return [state.model_dump(mode="json") for state in self._slots(left)]
            case "connect", [str(slot)]:
                held = self._cards.taken(slot, left)
                self._held[slot] = held
                return held.atr
            case "transmit", [str(slot), bytes(command)] if slot in self._held:
                return self._held[slot].transmit(command, left)
            case "disconnect", [str(slot)]:
                self._let_go(slot, left)
                return None
            case _:
                raise CardError("card.closed")

    def release(self) -> None:
        """Begin to let go of every card that is held."""
        while self._held:
            self._cards.let_go(self._held.popitem()[1])

    def _slots(self, timeout: float) -> tuple[SlotState, ...]:
        try:
            return self._cards.slots(timeout)
        except CardError as failure:
            if failure.code == "card.no_reader":
                return ()
            raise

    def _let_go(self, slot: str, timeout: float) -> None:
        held = self._held.pop(slot, None)
        if held is not None:
            self._cards.let_go(held)
            held.driver.settle(slot, timeout)
