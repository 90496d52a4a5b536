"""The readers of the sandbox and the cards in them."""

from typing import Any

from segur_sandbox.cards.catalogue import CATALOGUE
from segur_sandbox.cards.reader import VirtualReader
from segur_sandbox.exchanges import ExchangeJournal
from segur_sandbox.faults import FaultBoard
from segur_sandbox.ledger import Ledger

DEFAULT_SLOTS: dict[str, str | None] = {"Vitale 1": "single", "Vitale 2": None}


class UnknownCardError(LookupError):
    """No reader or no card of that name; `known` lists the names that exist."""

    def __init__(self, what: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown {what}, expected one of: {', '.join(known)}")
        self.known = known


class CardRack:
    """Two readers: `Vitale 1` holding the card `single`, and `Vitale 2`, empty."""

    def __init__(self, *, faults: FaultBoard, journal: ExchangeJournal, ledger: Ledger) -> None:
        self._readers = {
            name: VirtualReader(name, CATALOGUE[card] if card else None, faults=faults, journal=journal, ledger=ledger)
            for name, card in DEFAULT_SLOTS.items()
        }

    async def start(self) -> None:
        """Open every reader's port."""
        for reader in self._readers.values():
            await reader.start()

    async def stop(self) -> None:
        """Close every reader's port."""
        for reader in self._readers.values():
            await reader.stop()

    def place(self, reader: str, card: str | None) -> None:
        """Insert or swap the card `card`, or remove what is there.

        Raises:
            UnknownCardError: no such reader or card.
        """
        if reader not in self._readers:
            raise UnknownCardError("reader", tuple(self._readers))
        if card is not None and card not in CATALOGUE:
            raise UnknownCardError("card", tuple(CATALOGUE))
        self._readers[reader].insert(CATALOGUE[card] if card is not None else None)

    def reset(self) -> None:
        """Put the default cards back."""
        for name, card in DEFAULT_SLOTS.items():
            self.place(name, card)

    def readers(self) -> list[dict[str, Any]]:
        """Return the readers as JSON objects."""
        return [reader.to_json() for reader in self._readers.values()]

    @staticmethod
    def cards() -> list[dict[str, Any]]:
        """Return the catalogue as JSON objects."""
        return [
            {
                "name": card.name,
                "description": card.description,
                "nature": card.nature,
                "serial": card.serial,
                "atr": card.atr.hex().upper(),
                "beneficiaries": len(card.beneficiaries),
            }
            for card in CATALOGUE.values()
        ]
