"""A reader of the kit's own: a port of this machine that speaks the framing of vpcd, with a card in it or none.

Each message is a two-byte big-endian length and a payload. The one-byte payloads 0, 1, 2 and 4 mean power off,
power on, reset and "give the ATR"; any other payload is a command APDU. A closed connection means that no card is
there.
"""

import contextlib
import socket
import threading
from typing import Any, Final, Self

from segur_conformance.checks.vitale.virtual_card import VirtualCard
from segur_sandbox.running import RunningSandbox

LOOPBACK: Final = "127.0.0.1"
NAME: Final = "Lecteur du kit"
_POWER: Final = (0, 1, 2)
_ATR: Final = 4


class OwnReader:
    """One reader; use as a context manager.

    Args:
        card: what sits in it first.
    """

    def __init__(self, card: VirtualCard | None = None) -> None:
        self.card = card
        self._swap: tuple[int, VirtualCard | None] | None = None
        self._server = socket.create_server((LOOPBACK, 0))
        self._connections: set[socket.socket] = set()

    @property
    def tables(self) -> dict[str, Any]:
        """Configuration of a host that has this reader and no other."""
        slot = {"name": NAME, "host": LOOPBACK, "port": self._server.getsockname()[1]}
        return {"readers": {"memory": {"slots": [slot]}}}

    def beside(self, sandbox: RunningSandbox) -> dict[str, Any]:
        """Configuration of a host that has the sandbox's readers too."""
        own = self.tables["readers"]["memory"]["slots"]
        others = [
            {name: one[name] for name in ("name", "host", "port")}
            for one in sandbox.descriptor["services"]["cards"]["readers"]
            if one["kind"] == "memory"
        ]
        return {"readers": {"memory": {"slots": [*others, *own]}}}

    @property
    def event(self) -> dict[str, Any]:
        """Event of ``on_card_read`` for what sits in this reader."""
        return {"card": {"slot": NAME}}

    def insert(self, card: VirtualCard | None) -> None:
        """Put a card in, or take out the one that is there."""
        self.card = card
        for connection in tuple(self._connections):
            _hang_up(connection)

    def swap_after(self, command: int, card: VirtualCard | None) -> None:
        """Once that command of the present card is answered (0 is the first), insert ``card`` by itself."""
        self._swap = (command, card)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        _hang_up(self._server)
        self._server.close()
        self.insert(None)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        card = self.card
        with connection, contextlib.suppress(OSError):
            if card is None:
                return
            self._connections.add(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as stream:
                while self.card is card and (head := stream.read(2)):
                    self._answer(card, stream.read(int.from_bytes(head, "big")), connection)
        self._connections.discard(connection)

    def _answer(self, card: VirtualCard, payload: bytes, connection: socket.socket) -> None:
        if len(payload) > 1:
            answer = card.transmit(payload)
        elif payload[0] == _ATR:
            answer = bytes.fromhex(card.atr)
        else:
            assert payload[0] in _POWER
            card.power()
            return
        if self._swap is not None and len(card.commands) > self._swap[0]:
            # Before the answer leaves: whatever comes next meets the other card, and whoever only looks sees it.
            _, self.card = self._swap
            self._swap = None
            for other in self._connections - {connection}:
                _hang_up(other)
        connection.sendall(len(answer).to_bytes(2, "big") + answer)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
