"""Driver ``memory``: virtual cards behind loopback sockets, for demonstrations and tests.

Each slot is a TCP address. Framing is that of vpcd, seen from the reader: every message is a two-byte
big-endian length and a payload; the one-byte payloads 0, 1, 2 and 4 mean power off, power on, reset and "give
the ATR"; any other payload is a command APDU. A peer that closes the connection has no card.

Looking and using go through connections of their own, so that one process may look while others use the cards: a
look asks for the ATR and powers nothing.
"""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError

POWER_ON: Final = b"\x01"
RESET: Final = b"\x02"
GET_ATR: Final = b"\x04"
CONNECT_S: Final = 2.0
LOOK_EVERY_S: Final = 0.1
ATR_LENGTHS: Final = range(2, 34)
"""ISO 7816-3. A card that gives anything else is there, but mute."""
SHORTEST_COMMAND: Final = 4
"""A shorter payload would be an order to the reader."""


class _Line:
    """A connection to the card of a slot, which ends with its presence."""

    def __init__(self, address: tuple[str, int], *, power: bool) -> None:
        self._socket = socket.create_connection(address, timeout=CONNECT_S)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if power:
                self.send(POWER_ON)
            self.atr = self.ask(GET_ATR)
            self._socket.settimeout(None)
        except OSError:
            self.close()
            raise

    @property
    def is_up(self) -> bool:
        """Whether the card is still there: nothing is sent, and a card never speaks first."""
        self._socket.setblocking(False)
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        finally:
            self._socket.setblocking(True)

    def ask(self, payload: bytes) -> bytes:
        self.send(payload)
        return self._receive(int.from_bytes(self._receive(2), "big"))

    def reset(self) -> None:
        """Return once the card has been reset."""
        self._socket.settimeout(CONNECT_S)
        self.send(RESET)
        self.ask(GET_ATR)

    def send(self, payload: bytes) -> None:
        self._socket.sendall(len(payload).to_bytes(2, "big") + payload)

    def close(self) -> None:
        self._socket.close()

    def _receive(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            chunk = self._socket.recv(length - len(data))
            if not chunk:
                raise ConnectionResetError
            data += chunk
        return bytes(data)


class _Seen:
    """What a look finds in one slot."""

    def __init__(self, name: str, address: tuple[str, int], insertions: Iterator[int]) -> None:
        self._name = name
        self._address = address
        self._insertions = insertions
        self._insertion = 0
        self._line: _Line | None = None

    def look(self) -> SlotState:
        with contextlib.suppress(OSError):
            if self._line is not None and self._line.is_up:
                return self._state(self._line)
        self.forget()
        try:
            self._line = _Line(self._address, power=False)
        except OSError:
            return SlotState(slot=self._name, present=False)
        self._insertion = next(self._insertions)
        return self._state(self._line)

    def forget(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None

    def _state(self, line: _Line) -> SlotState:
        atr = line.atr.hex().upper() if len(line.atr) in ATR_LENGTHS else None
        return SlotState(slot=self._name, present=True, atr=atr, insertion=self._insertion)


class _Held:
    """A card that somebody uses; once it is gone it stays so."""

    def __init__(self, name: str, address: tuple[str, int]) -> None:
        self._name = name
        try:
            line = _Line(address, power=True)
        except OSError:
            raise CardError("card.absent", slot=name) from None
        self.atr = line.atr
        self._line: _Line | None = line
        if len(self.atr) not in ATR_LENGTHS:
            line.close()
            raise CardError("card.mute", retryable=True, slot=name)

    @property
    def is_lost(self) -> bool:
        return self._line is None

    def transmit(self, command: bytes) -> bytes:
        if self._line is not None:
            try:
                return self._line.ask(command)
            except OSError:
                self._line.close()
                self._line = None
        raise CardError("card.removed", retryable=True, slot=self._name)

    def close(self) -> None:
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.reset()
            self._line.close()


class MemoryCardSource:
    """Implements ``CardSource`` over loopback sockets.

    Args:
        slots: ``{"name", "host", "port"}`` of each slot.
    """

    def __init__(self, slots: list[dict[str, str | int]]) -> None:
        self._addresses = {str(slot["name"]): (str(slot["host"]), int(slot["port"])) for slot in slots}
        # No other process, before this one or beside it, gives the same numbers.
        insertions = itertools.count(time.time_ns() // 1_000)
        self._seen = [_Seen(name, address, insertions) for name, address in self._addresses.items()]
        self._looking = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._closed = threading.Event()
        self._watches: list[threading.Thread] = []

    def slots(self) -> tuple[SlotState, ...]:
        """Return every slot with what sits in it."""
        with self._looking:
            return tuple(seen.look() for seen in self._seen)

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever ``slots`` would answer something else."""
        known = self.slots()

        def look() -> None:
            told = known
            while not self._closed.wait(LOOK_EVERY_S):
                found = self.slots()
                if found != told:
                    told = found
                    changed()

        thread = threading.Thread(target=look, name="segur-memory-watch", daemon=True)
        self._watches.append(thread)
        thread.start()

    def connect(self, slot: str) -> bytes:
        """Power the card of ``slot`` for the caller alone and return its ATR.

        Raises:
            CardError: ``card.reader_unavailable``, ``card.reader_in_use``, ``card.absent``, ``card.mute``.
        """
        address = self._addresses.get(slot)
        if address is None:
            raise CardError("card.reader_unavailable")
        held = self._held.get(slot)
        if held is not None and not held.is_lost:
            raise CardError("card.reader_in_use", slot=slot, retryable=True)
        self._held[slot] = held = _Held(slot, address)
        return held.atr

    def transmit(self, slot: str, command: bytes) -> bytes:
        """Send a command APDU to the card that the caller holds.

        Raises:
            CardError: ``card.closed`` when it holds none, ``card.protocol`` for what is no command, ``card.removed``.
        """
        held = self._held.get(slot)
        if held is None:
            raise CardError("card.closed")
        if len(command) < SHORTEST_COMMAND:
            raise CardError("card.protocol", reason="command_too_short", length=len(command))
        return held.transmit(command)

    def disconnect(self, slot: str) -> None:
        """Reset the card and let others use it; nothing happens when none is held."""
        held = self._held.pop(slot, None)
        if held is not None:
            held.close()

    def close(self) -> None:
        """End every watch and let go of every card."""
        self._closed.set()
        for thread in self._watches:
            thread.join()
        for slot in tuple(self._held):
            self.disconnect(slot)
        with self._looking:
            for seen in self._seen:
                seen.forget()
