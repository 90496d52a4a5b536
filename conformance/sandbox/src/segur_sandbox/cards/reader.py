"""A virtual reader with one slot: a TCP port of the loopback that speaks the framing of the vpcd virtual reader.

Each message is a 2-byte big-endian length and a payload. A one-byte payload is a control code: 00 power off,
01 power on, 02 reset (no answer), 04 ATR (answered). Any other payload is a command APDU, answered by its response.
The reader's driver connects; closing the connection, from either side, is the end of the card's presence.
"""

import asyncio
import contextlib
import socket
from typing import Any

from segur_sandbox.cards.catalogue import AnyCard
from segur_sandbox.cards.command import without_codes
from segur_sandbox.cards.powered import PoweredCard, open_session
from segur_sandbox.cards.vault import CardVault
from segur_sandbox.exchanges import ExchangeJournal
from segur_sandbox.faults import FaultBoard, FaultName, FaultOrder
from segur_sandbox.ledger import Ledger
from segur_sandbox.tls.connection import reset_on_close

SERVICE = "cards"
LOOPBACK = "127.0.0.1"
_POWER_OFF, _POWER_ON, _RESET, _ATR = 0, 1, 2, 4
_APDU_FAULTS: frozenset[FaultName] = frozenset({"delay", "reset", "error5xx", "garbage", "truncated", "answer_lost"})


class VirtualReader:
    """One reader and the card in its slot, if any."""

    def __init__(
        self,
        name: str,
        card: AnyCard | None,
        *,
        vault: CardVault,
        faults: FaultBoard,
        journal: ExchangeJournal,
        ledger: Ledger,
    ) -> None:
        self.name = name
        self.card = card
        self._vault = vault
        self._faults = faults
        self._journal = journal
        self._ledger = ledger
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port listened on."""
        if self._server is None:
            raise RuntimeError("not started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen on an ephemeral port."""
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0)

    async def converse(self, connection: socket.socket) -> None:
        """Answer over a connected socket until either side closes it, as over the port; no port is needed for it."""
        await self._connected(*await asyncio.open_connection(sock=connection))

    async def stop(self) -> None:
        """Close the port and the connections."""
        if self._server is not None:
            self._server.close()
        self.drop_connections()
        # Left to the end of the loop, they would be cancelled and complain.
        await asyncio.gather(*self._conversations, return_exceptions=True)

    def insert(self, card: AnyCard | None, *, last: asyncio.StreamWriter | None = None) -> None:
        """Put `card` in the slot, or empty it; what was connected to the old one is disconnected, `last` at the end."""
        self.card = card
        self.drop_connections(last)

    def opened(self, card: AnyCard, connection: str) -> None:
        """Take note in the ledger that somebody powered `card` to use it: looking at it needs its ATR and no power."""
        self._ledger.record(
            SERVICE,
            connection,
            "opening",
            reader=self.name,
            card=card.name,
            serial=card.serial,
            connection=connection,
        )

    def drop_connections(self, last: asyncio.StreamWriter | None = None) -> None:
        """Lose contact with the card: for whoever connects again, it was inserted again.

        Args:
            last: Whose connection ends after the others: who uses a card must not see it gone before who looks does.
        """
        for writer in sorted(self._writers, key=lambda one: one is last):
            # Now, and not when the loop comes to it: whoever looks next must not find the old connection answering.
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            writer.close()

    def to_json(self) -> dict[str, Any]:
        """Return the reader as the descriptor and the control API show it."""
        return {
            "name": self.name,
            "kind": "memory",
            "host": LOOPBACK,
            "port": self.port,
            "card": self.card.name if self.card else None,
        }

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        identifier = self._journal.new_connection()
        refused = self._faults.take(SERVICE, frozenset({"refuse"}), self.name)
        if refused is not None:
            self._journal.open(SERVICE, identifier).fault = refused.fault
        if refused is not None or self.card is None:
            writer.close()
            return
        self._writers.add(writer)
        task = asyncio.current_task()
        if task is not None:
            self._conversations.add(task)
            task.add_done_callback(self._conversations.discard)
        try:
            # Making the keys of a card takes a while the first time; others go on meanwhile.
            session = await asyncio.to_thread(open_session, self.card, self._vault)
            conversation = _Conversation(self, session, identifier, reader, writer)
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await conversation.run(self._faults, self._journal)
        finally:
            self._writers.discard(writer)
            writer.close()


class _Conversation:
    def __init__(
        self,
        slot: VirtualReader,
        session: PoweredCard,
        identifier: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._slot = slot
        self._session = session
        self._identifier = identifier
        self._reader = reader
        self._writer = writer
        self._socket: socket.socket = writer.get_extra_info("socket")
        self._over_tcp = self._socket.family == socket.AF_INET
        if self._over_tcp:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._apdus = 0

    async def run(self, faults: FaultBoard, journal: ExchangeJournal) -> None:
        while True:
            payload = await self._receive()
            if len(payload) == 1:
                await self._control(payload[0])
            elif payload and not await self._apdu(payload, faults, journal):
                return

    async def _receive(self) -> bytes:
        # The driver sends length and body in two segments: without this, delayed acknowledgement costs 40 ms.
        if self._over_tcp and hasattr(socket, "TCP_QUICKACK"):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        size = int.from_bytes(await self._reader.readexactly(2), "big")
        return await self._reader.readexactly(size)

    async def _send(self, payload: bytes) -> None:
        self._writer.write(len(payload).to_bytes(2, "big") + payload)
        await self._writer.drain()

    async def _control(self, code: int) -> None:
        if code == _ATR:
            await self._send(self._session.atr)
        elif code in (_POWER_OFF, _POWER_ON, _RESET):
            self._session.power()
            if code == _POWER_ON:
                self._slot.opened(self._session.card, self._identifier)

    async def _apdu(self, apdu: bytes, faults: FaultBoard, journal: ExchangeJournal) -> bool:
        """Answer one APDU; false when the connection is over."""
        exchange = journal.open(SERVICE, self._identifier)
        exchange.operation = self._slot.name
        exchange.request = {"body": without_codes(apdu), "body_encoding": "hex"}
        fault = faults.take(SERVICE, _APDU_FAULTS, self._slot.name, self._apdus)
        self._apdus += 1
        exchange.fault = fault.fault if fault else None
        if fault and fault.fault == "reset":
            # The card is pulled out: the slot stays empty until somebody puts one in.
            reset_on_close(self._socket)
            self._slot.insert(None, last=self._writer)
            return False
        if fault and fault.fault == "delay":
            await asyncio.sleep(fault.duration)
        answer = self._session.transmit(apdu)
        if fault and fault.fault == "answer_lost":
            self._slot.drop_connections()
            return False
        answer = _altered(answer, fault)
        if answer is None:
            return True
        exchange.answer = {"body": answer.hex().upper(), "body_encoding": "hex"}
        if fault and fault.fault == "truncated":
            half = answer[: len(answer) // 2]
            self._writer.write(len(answer).to_bytes(2, "big") + half)
            await self._writer.drain()
            self._slot.drop_connections()
            return False
        await self._send(answer)
        return True


def _altered(answer: bytes | None, fault: FaultOrder | None) -> bytes | None:
    if fault and fault.fault == "error5xx":
        return b"\x6f\x00"
    if fault and fault.fault == "garbage":
        return b"\x00\xff\x12\x34"
    return answer
