"""The system's PC/SC service, through pyscard's low-level module and nothing else of it.

pyscard's own monitors end without a word when the service restarts; its low-level functions are PC/SC's.
"""

import os
from collections.abc import Sequence
from importlib import import_module
from threading import Lock
from typing import Any, Final, Self

import attrs

from segur_sdk.errors import CardError

SOCKET_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
NOTIFICATION: Final = "\\\\?PnP?\\Notification"
"""Pseudo reader that changes when readers come and go."""

SUCCESS: Final = 0x0
INVALID_HANDLE: Final = 0x80100003
TIMEOUT: Final = 0x8010000A
UNKNOWN_READER: Final = 0x80100009
SHARING_VIOLATION: Final = 0x8010000B
NO_SMARTCARD: Final = 0x8010000C
PROTO_MISMATCH: Final = 0x8010000F
NOT_READY: Final = 0x80100010
COMM_ERROR: Final = 0x80100013
NOT_TRANSACTED: Final = 0x80100016
READER_UNAVAILABLE: Final = 0x80100017
NO_SERVICE: Final = 0x8010001D
SERVICE_STOPPED: Final = 0x8010001E
NO_ACCESS: Final = 0x80100027
NO_READERS: Final = 0x8010002E
COMM_DATA_LOST: Final = 0x8010002F
UNSUPPORTED_CARD: Final = 0x80100065
UNRESPONSIVE_CARD: Final = 0x80100066
UNPOWERED_CARD: Final = 0x80100067
RESET_CARD: Final = 0x80100068
REMOVED_CARD: Final = 0x80100069
SECURITY_VIOLATION: Final = 0x8010006A

CHANGED: Final = 0x2
UNKNOWN: Final = 0x4
PRESENT: Final = 0x20
EXCLUSIVE: Final = 0x80
IN_USE: Final = 0x100
MUTE: Final = 0x200

SHARE_EXCLUSIVE: Final = 1
SHARE_SHARED: Final = 2
LEAVE: Final = 0
RESET: Final = 1
T0: Final = 1
T1: Final = 2

_LOADING: Final = Lock()
_loaded: tuple[str, Any] | None = None


class WinscardError(Exception):
    """A function of PC/SC failed.

    Args:
        code: its return code, 32 bits.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"{code:08X}")


@attrs.frozen
class ReaderState:
    """What ``SCardGetStatusChange`` says of one reader."""

    name: str
    flags: int
    """Low word of ``dwEventState``."""
    counter: int
    """High word: pcsc-lite and Windows count insertions and removals there, in 16 bits."""
    atr: bytes


def load(socket: str) -> Any:
    """Import pyscard's low-level module.

    Args:
        socket: of pcsc-lite's daemon; empty for the system's own. The library keeps the first one that a process uses.

    Raises:
        CardError: ``card.no_reader_service``: pyscard is missing or does not load, or the process uses another socket.
    """
    global _loaded  # noqa: PLW0603 - the library below has one service for a process too
    with _LOADING:
        if _loaded is None:
            if socket:
                os.environ[SOCKET_VARIABLE] = socket
            try:
                _loaded = (socket, import_module("smartcard.scard"))
            except ModuleNotFoundError:
                raise CardError("card.no_reader_service", reason="pyscard_missing") from None
            except ImportError:
                raise CardError("card.no_reader_service", reason="pyscard_unusable") from None
        if _loaded[0] != socket:
            raise CardError("card.no_reader_service", reason="other_socket")
        return _loaded[1]


class Context:
    """One conversation with the service. Calls wait for each other: a thread that waits for events has its own.

    Args:
        api: from ``load``.

    Raises:
        WinscardError: there is no service, or it refuses.
    """

    def __init__(self, api: Any) -> None:
        self._api = api
        code, self._handle = api.SCardEstablishContext(api.SCARD_SCOPE_USER)
        _check(code)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def readers(self) -> tuple[str, ...]:
        """Return the names of the readers."""
        code, names = self._api.SCardListReaders(self._handle, [])
        if code & 0xFFFFFFFF == NO_READERS:
            return ()
        _check(code)
        return tuple(names)

    def states(self, names: Sequence[str]) -> tuple[ReaderState, ...]:
        """Return the state of these readers now."""
        return self._status([(name, 0) for name in names], 0) if names else ()

    def changes(self, known: Sequence[tuple[str, int]], milliseconds: int) -> bool:
        """Wait until a reader is in another state than the one known of it; false when none was in that time."""
        try:
            self._status(known, milliseconds)
        except WinscardError as failure:
            if failure.code == TIMEOUT:
                return False
            raise
        return True

    @property
    def tells_of_readers(self) -> bool:
        """Whether this system has the pseudo reader ``NOTIFICATION``."""
        _, answer = self._api.SCardGetStatusChange(self._handle, 0, [(NOTIFICATION, 0)])
        return bool(answer) and not answer[0][1] & UNKNOWN

    def connect(self, name: str, mode: int) -> tuple[int, int]:
        """Connect to the card of a reader; return its handle and the protocol it speaks."""
        code, card, protocol = self._api.SCardConnect(self._handle, name, mode, T0 | T1)
        _check(code)
        return card, protocol

    def begin(self, card: int) -> None:
        """Wait for the end of other programs' transactions with a card, and begin one."""
        _check(self._api.SCardBeginTransaction(card))

    def atr(self, card: int) -> bytes:
        """Return the ATR of a connected card."""
        code, *_, atr = self._api.SCardStatus(card)
        _check(code)
        return bytes(atr)

    def transmit(self, card: int, protocol: int, command: bytes) -> bytes:
        """Exchange one command; an empty answer is what pcsc-lite gives for a card that is pulled meanwhile."""
        pci = self._api.SCARD_PCI_T0 if protocol == T0 else self._api.SCARD_PCI_T1
        code, answer = self._api.SCardTransmit(card, pci, list(command))
        _check(code)
        return bytes(answer)

    def disconnect(self, card: int, disposition: int) -> None:
        """Let go of a card; nothing is held once the card, the reader or the service is gone."""
        self._api.SCardDisconnect(card, disposition)

    def cancel(self) -> None:
        """End the wait of another thread in ``changes``."""
        self._api.SCardCancel(self._handle)

    def release(self) -> None:
        """End the conversation."""
        self._api.SCardReleaseContext(self._handle)

    def _status(self, known: Sequence[tuple[str, int]], milliseconds: int) -> tuple[ReaderState, ...]:
        code, states = self._api.SCardGetStatusChange(self._handle, milliseconds, list(known))
        _check(code)
        return tuple(ReaderState(name, state & 0xFFFF, state >> 16 & 0xFFFF, bytes(atr)) for name, state, atr in states)


def _check(code: int) -> None:
    # pyscard gives signed numbers on some systems.
    if code & 0xFFFFFFFF != SUCCESS:
        raise WinscardError(code & 0xFFFFFFFF)
