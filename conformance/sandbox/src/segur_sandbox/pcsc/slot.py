"""One slot of a virtual PC/SC reader, and the process that is the card in it."""

import asyncio
import contextlib
import socket
from typing import Any, Final

from segur_sandbox.cards.catalogue import AnyCard
from segur_sandbox.cards.reader import LOOPBACK, VirtualReader
from segur_sandbox.pcsc import carrier
from segur_sandbox.pcsc.daemon import Pcscd, Seen, alone
from segur_sandbox.pcsc.errors import SlotError

_NOTICED_S: Final = 3.0
"""pcscd looks at its slots every 0.4 s."""
_LETTING_GO_S: Final = 2.0
_RETRY_S: Final = 0.1


class PcscSlot:
    """Holds cards out to pcscd.

    The card's answers, faults, journal and ledger are those of `reader`, which has no port of its own here.

    Args:
        reader: Named as pcscd names the slot.
        port: Where vpcd waits for the card of this slot.
        pcscd: Whose slot it is.
    """

    def __init__(self, reader: VirtualReader, port: int, pcscd: Pcscd) -> None:
        self._reader = reader
        self._port = port
        self._pcscd = pcscd
        self._placing = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._presence: asyncio.Task[None] | None = None
        self._leaving = False

    async def place(self, card: AnyCard | None) -> None:
        """Take out the card that is there, then insert `card`, if any; return once pcscd has seen it.

        While pcscd is down, the card waits for it.

        Raises:
            SlotError: another program's card is in the slot, or pcscd does not take this one.
        """
        async with self._placing:
            await self._take_out()
            if card is None:
                return
            # Inserted at once, it would be taken for the card before: pcscd compares nothing but presence.
            if await self._pcscd.wait(self._reader.name, "empty", _NOTICED_S) is Seen.NOT_IN_TIME:
                raise SlotError(f"{self._reader.name} n'est pas vide : la carte d'un autre programme s'y trouve")
            self._reader.insert(card)
            self._presence = asyncio.create_task(self._hold_out())
            if await self._pcscd.wait(self._reader.name, "present", _NOTICED_S) is Seen.NOT_IN_TIME:
                await self._take_out()
                raise SlotError(f"pcscd ne voit pas de carte dans {self._reader.name}")

    async def stop(self) -> None:
        """Take the card out for good, without waiting for pcscd."""
        self._leaving = True
        await self._take_out()

    def to_json(self) -> dict[str, Any]:
        """Return the slot as the descriptor and the control API show it."""
        card = self._reader.card
        pid = self._process.pid if self._process is not None and card is not None else None
        return {"name": self._reader.name, "kind": "pcsc", "card": card.name if card else None, "pid": pid}

    async def _take_out(self) -> None:
        self._reader.insert(None)
        presence, self._presence = self._presence, None
        if presence is None:
            return
        done, _ = await asyncio.wait([presence], timeout=_LETTING_GO_S)
        if not done and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await presence

    async def _hold_out(self) -> None:
        """Keep a process in the slot as long as there is a card: contact may be lost, and pcscd may be restarted."""
        while self._reader.card is not None:
            if self._pcscd.is_up:
                await self._carry()
            await asyncio.sleep(_RETRY_S)

    async def _carry(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *self._pcscd.entering(),
                *alone(carrier.__file__, LOOPBACK, str(self._port)),
                stdin=theirs.fileno(),
                start_new_session=True,
            )
        conversation = asyncio.create_task(self._reader.converse(ours))
        status = await self._process.wait()
        conversation.cancel()
        await asyncio.gather(conversation, return_exceptions=True)
        self._process = None
        if status < 0:
            # Somebody pulled this very process out.
            self._reader.insert(None)
        if not self._leaving:
            await self._pcscd.wait(self._reader.name, "empty", _NOTICED_S)
