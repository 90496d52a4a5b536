"""The readers of the sandbox and the cards in them."""

import asyncio
from typing import Any, Final

from segur_sandbox.cards.catalogue import AnyCard, CardRecord, as_json, find, names
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.official_reading import official_reading
from segur_sandbox.cards.reader import VirtualReader
from segur_sandbox.cards.vault import CardVault
from segur_sandbox.exchanges import ExchangeJournal
from segur_sandbox.faults import FaultBoard
from segur_sandbox.ledger import Ledger
from segur_sandbox.pcsc.machine import MachinePcscd
from segur_sandbox.pcsc.private import SLOTS, PrivatePcscd
from segur_sandbox.pcsc.slot import PcscSlot

DEFAULT_SLOTS: dict[str, str | None] = {"Vitale 1": "vitale:single", "Vitale 2": None}
PCSC_DEFAULTS: Final[dict[str, str | None]] = dict(zip(SLOTS, ("cps:pharmacist", "vitale:single"), strict=True))
"""What sits in the private PC/SC reader at first."""

_NO_READER: Final = "aucun lecteur de ce nom"


class UnknownCardError(LookupError):
    """No reader or no card of that name, as `what` says in French; `known` lists the names that exist."""

    def __init__(self, what: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{what} ; les noms connus sont : {', '.join(known)}")
        self.known = known


class CardRack:
    """Two readers in memory: `Vitale 1` holding the card `vitale:single`, and `Vitale 2`, empty; and PC/SC readers.

    Args:
        vault: What belongs to the cards.
        pcscd: The sandbox's own, if it runs one. The virtual readers of the machine's are found when they are there.
    """

    def __init__(
        self,
        *,
        vault: CardVault,
        faults: FaultBoard,
        journal: ExchangeJournal,
        ledger: Ledger,
        pcscd: PrivatePcscd | None = None,
    ) -> None:
        self._vault = vault
        self._faults = faults
        self._journal = journal
        self._ledger = ledger
        self._memory = {name: self._reader(name, card) for name, card in DEFAULT_SLOTS.items()}
        self._own = {name: PcscSlot(self._reader(name), port, pcscd) for name, port in SLOTS.items() if pcscd}
        self._machine = MachinePcscd()
        self._machine_slots: dict[str, PcscSlot] = {}

    async def start(self) -> None:
        """Open every reader's port, and put the first cards into PC/SC readers.

        Raises:
            SlotError: pcscd does not take them.
        """
        for reader in self._memory.values():
            await reader.start()
        await self._place_first()

    async def stop(self) -> None:
        """Take every card out and close every port."""
        for reader in self._memory.values():
            await reader.stop()
        await asyncio.gather(*(slot.stop() for slot in [*self._own.values(), *self._machine_slots.values()]))

    async def place(self, reader: str, card: str | None) -> None:
        """Insert or swap the card `card`, or remove what is there.

        Raises:
            UnknownCardError: no such reader or card.
            SlotError: a PC/SC reader does not take it.
        """
        record = _record(card)
        if reader in self._memory:
            self._memory[reader].insert(record)
            return
        # The machine's own are looked for only when they are asked for: that takes a while.
        slots = self._own if reader in self._own else await self._machines()
        if reader not in slots:
            raise UnknownCardError(_NO_READER, (*self._memory, *self._own, *slots))
        await slots[reader].place(record)

    async def reset(self) -> None:
        """Put the default cards back, every card with the codes and tries with which it was delivered.

        Raises:
            SlotError: a PC/SC reader does not take its own.
        """
        self._vault.renew()
        for name, card in DEFAULT_SLOTS.items():
            self._memory[name].insert(_record(card))
        await self._place_first()
        for slot in self._machine_slots.values():
            await slot.place(None)

    def own_readers(self) -> list[dict[str, Any]]:
        """Return the sandbox's own readers as JSON objects."""
        memory = [reader.to_json() for reader in self._memory.values()]
        return memory + [slot.to_json() for slot in self._own.values()]

    def known_readers(self) -> list[dict[str, Any]]:
        """Return the sandbox's own readers and those of the machine's pcscd that were found so far."""
        return self.own_readers() + [slot.to_json() for slot in self._machine_slots.values()]

    async def readers(self) -> list[dict[str, Any]]:
        """Return every reader as JSON objects, those of the machine's pcscd too."""
        return self.own_readers() + [slot.to_json() for slot in (await self._machines()).values()]

    async def official_reading(self, reader: str) -> dict[str, Any]:
        """Return what the official component would read in a reader.

        Raises:
            UnknownCardError: no such reader; `ValueError`: no carte Vitale in it.
        """
        found = {str(one["name"]): one["card"] for one in await self.readers()}
        if reader not in found:
            raise UnknownCardError(_NO_READER, tuple(found))
        card = find(found[reader]) if found[reader] else None
        if not isinstance(card, CardRecord) or not card.beneficiaries:
            raise ValueError("no carte Vitale in that reader")
        others = [find(name) for one, name in found.items() if name and one != reader]
        return official_reading(card, with_cpx=any(isinstance(one, CpxRecord) for one in others))

    @staticmethod
    def cards() -> list[dict[str, Any]]:
        """Return the catalogue as JSON objects."""
        return as_json()

    def _reader(self, name: str, card: str | None = None) -> VirtualReader:
        record = _record(card)
        return VirtualReader(
            name, record, vault=self._vault, faults=self._faults, journal=self._journal, ledger=self._ledger
        )

    async def _place_first(self) -> None:
        await asyncio.gather(*(slot.place(_record(PCSC_DEFAULTS[name])) for name, slot in self._own.items()))

    async def _machines(self) -> dict[str, PcscSlot]:
        found = await self._machine.slots()
        for name, port in found.items():
            if name not in self._machine_slots:
                self._machine_slots[name] = PcscSlot(self._reader(name), port, self._machine)
        return {name: self._machine_slots[name] for name in found}


def _record(name: str | None) -> AnyCard | None:
    if name is None:
        return None
    record = find(name)
    if record is None:
        raise UnknownCardError("aucune carte de ce nom", names())
    return record
