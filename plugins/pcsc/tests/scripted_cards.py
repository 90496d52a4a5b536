"""A process that holds scripted cards, in a reader of the memory driver or in one of vpcd.

Started as ``python scripted_cards.py SLOT...``: a slot is ``listen`` (the reader dials, as the memory driver does; the
port is told) or ``dial:PORT`` (the card dials, as vpcd wants). Orders come as JSON lines on standard input, each
answered by one line.
"""

import asyncio
import contextlib
import json
import socket
import sys
from typing import Any

POWER_OFF, POWER_ON, RESET, GET_ATR = range(4)
GET_ATR = 4
AGAIN_S = 0.02


class Slot:
    """One slot and the card in it. A card answers the number of the command since its reset, and 9000."""

    def __init__(self, port: int | None) -> None:
        self.port = port
        self.card: dict[str, Any] | None = None
        self.seen: list[str] = []
        self.controls: list[int] = []
        self._conversations: set[asyncio.Task[None]] = set()
        self._inserted = asyncio.Event()
        self._dialling: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, or dial whenever there is a card; return the port."""
        if self.port is not None:
            self._dialling = asyncio.create_task(self._dial(self.port))
            return self.port
        server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    def insert(self, card: dict[str, Any] | None) -> None:
        """Take out what is there, and put ``card`` in."""
        for conversation in self._conversations:
            conversation.cancel()
        self.card = card
        self.seen.clear()
        self.controls.clear()
        self._inserted.set() if card else self._inserted.clear()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._converse(reader, writer)

    async def _dial(self, port: int) -> None:
        while True:
            await self._inserted.wait()
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(AGAIN_S)
                continue
            await self._converse(reader, writer)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.ensure_future(self._answer(reader, writer))
        self._conversations.add(conversation)
        try:
            with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
                await conversation
        finally:
            self._conversations.discard(conversation)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        card = self.card
        if card is None:
            return
        line: socket.socket = writer.get_extra_info("socket")
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        count = 0
        while True:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            payload = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            if len(payload) == 1:
                if payload[0] == GET_ATR:
                    answer = bytes.fromhex(card["atr"])
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                else:
                    self.controls.append(payload[0])
                    count = 0
                continue
            count += 1
            self.seen.append(payload.hex().upper())
            if not await self._transact(card, count, writer):
                return

    async def _transact(self, card: dict[str, Any], count: int, writer: asyncio.StreamWriter) -> bool:
        fault = card.get("faults", {}).get(str(count), {})
        if fault.get("silent"):
            return True
        if fault.get("removed"):
            self.insert(None)
            return False
        await asyncio.sleep(fault.get("delay", 0))
        answer = bytes.fromhex(fault["answer"]) if "answer" in fault else bytes((count % 256,)) + b"\x90\x00"
        writer.write(len(answer).to_bytes(2, "big") + answer)
        await writer.drain()
        return True


async def serve(kinds: list[str]) -> None:
    """Obey until standard input ends."""
    slots = [Slot(None if kind == "listen" else int(kind.partition(":")[2])) for kind in kinds]
    say([await slot.start() for slot in slots])
    orders = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        slot = slots[order["slot"]]
        if "card" in order:
            slot.insert(order["card"])
        say({"seen": slot.seen, "controls": slot.controls, "present": slot.card is not None})


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
