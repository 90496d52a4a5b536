"""Driver ``memory``: virtual cards behind loopback sockets, for demonstrations and tests.

Each slot is a TCP address. Framing is that of vpcd, seen from the reader: every message is a two-byte
big-endian length and a payload; the one-byte payloads 0, 1, 2 and 4 mean power off, power on, reset and "give
the ATR"; any other payload is a command APDU. A peer that closes the connection has no card.
"""

import contextlib
import socket
from typing import Final

from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError

POWER_OFF: Final = b"\x00"
POWER_ON: Final = b"\x01"
RESET: Final = b"\x02"
GET_ATR: Final = b"\x04"
CONNECT_S: Final = 2.0
ATR_LENGTHS: Final = range(2, 34)
"""ISO 7816-3. A card that gives anything else is there, but mute."""


class _Slot:
    def __init__(self, name: str, host: str, port: int) -> None:
        self.name = name
        self.address = (host, port)
        self.insertion = 0
        self.atr: bytes | None = None
        self._socket: socket.socket | None = None

    def look(self) -> None:
        """Find out what sits here now."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self.atr = self._ask(GET_ATR)
                return
            self.forget()
        try:
            self._socket = socket.create_connection(self.address, timeout=CONNECT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._send(POWER_ON)
            self.atr = self._ask(GET_ATR)
        except OSError:
            self.forget()
        else:
            self._socket.settimeout(None)
            self.insertion += 1

    def exchange(self, command: bytes) -> bytes:
        if self._socket is None:
            raise CardError("card.removed", slot=self.name)
        try:
            return self._ask(command)
        except OSError:
            self.forget()
            raise CardError("card.removed", slot=self.name) from None

    def reset(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._send(RESET)

    def forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self.atr = None

    def _ask(self, payload: bytes) -> bytes:
        self._send(payload)
        return self._receive(int.from_bytes(self._receive(2), "big"))

    def _send(self, payload: bytes) -> None:
        assert self._socket is not None
        self._socket.sendall(len(payload).to_bytes(2, "big") + payload)

    def _receive(self, length: int) -> bytes:
        assert self._socket is not None
        data = bytearray()
        while len(data) < length:
            chunk = self._socket.recv(length - len(data))
            if not chunk:
                raise ConnectionResetError
            data += chunk
        return bytes(data)


class MemoryCardSource:
    """Implements ``CardSource`` over loopback sockets.

    Args:
        slots: ``{"name", "host", "port"}`` of each slot.
    """

    def __init__(self, slots: list[dict[str, str | int]]) -> None:
        self._slots = {
            str(slot["name"]): _Slot(str(slot["name"]), str(slot["host"]), int(slot["port"])) for slot in slots
        }
        self._held: set[str] = set()

    def slots(self) -> tuple[SlotState, ...]:
        """Return every slot with what sits in it."""
        for slot in self._slots.values():
            slot.look()
        return tuple(
            SlotState(
                slot=slot.name,
                present=slot.atr is not None,
                atr=slot.atr.hex().upper() if slot.atr and len(slot.atr) in ATR_LENGTHS else None,
                insertion=slot.insertion,
            )
            for slot in self._slots.values()
        )

    def connect(self, slot: str) -> bytes:
        """Take the card of ``slot`` for the caller alone and return its ATR."""
        found = self._slots.get(slot)
        if found is None:
            raise CardError("card.reader_unavailable")
        if slot in self._held:
            raise CardError("card.reader_in_use", slot=slot, retryable=True)
        if found.atr is None:
            raise CardError("card.removed", slot=slot)
        self._held.add(slot)
        return found.atr

    def transmit(self, slot: str, command: bytes) -> bytes:
        """Send a command APDU to the card that the caller holds."""
        return self._slots[slot].exchange(command)

    def disconnect(self, slot: str) -> None:
        """Reset the card and let others use it."""
        self._held.discard(slot)
        self._slots[slot].reset()
