"""One card, connected for one caller alone."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from time import sleep
from typing import Final, TypeVar

from segur_plugin_pcsc import winscard as pcsc
from segur_plugin_pcsc.diagnosis import REMOVED, SERVICE_GONE, told
from segur_plugin_pcsc.tpdu import for_t0
from segur_plugin_pcsc.trace import trace

T = TypeVar("T")

TRIES: Final = 3
STALE_S: Final = 0.05
"""Pause before a card is connected to again that PC/SC gave although it had just been replaced or reset."""
SETTLING_MS: Final = 1_000
"""Time in which a reader tells of a card that was pulled during a command. pcsc-lite looks every 400 ms."""
_LOST: Final = frozenset({*REMOVED, *SERVICE_GONE, pcsc.NO_SMARTCARD, pcsc.READER_UNAVAILABLE, pcsc.UNKNOWN_READER})


class ConnectedCard:
    """A card that was taken.

    Args:
        context: in which it was connected.
        slot: name of its reader.
        handle: of the connection.
        protocol: T=0 or T=1, as PC/SC chose it.
        atr: its answer to reset.
    """

    def __init__(self, context: pcsc.Context, slot: str, handle: int, protocol: int, atr: bytes) -> None:
        self._context = context
        self.atr = atr
        self._slot = slot
        self._handle = handle
        self._protocol = protocol
        self._lost: pcsc.WinscardError | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the card that was connected cannot be reached any more, whatever sits in the reader now."""
        return self._lost is not None

    def transmit(self, command: bytes) -> bytes:
        """Exchange one command APDU.

        Raises:
            CardError: ``card.removed``, ``card.mute``, ``card.reader_unavailable``, ``card.no_reader_service``.
        """
        if self._lost is not None:
            raise told(self._lost, self._slot, connected=True)
        try:
            answer = self._exchange(command)
        except pcsc.WinscardError as failure:
            trace(self._slot, command, None)
            if failure.code in _LOST:
                self._lose(failure)
            raise told(failure, self._slot, connected=True) from None
        trace(self._slot, command, answer)
        return answer

    def close(self) -> None:
        """Reset the card and let others use it; a card that is lost already, or its successor, is left alone."""
        if self._lost is None:
            self._context.disconnect(self._handle, pcsc.RESET)

    def give_back(self) -> None:
        """Let others use a card to which nothing was said, without resetting it under them."""
        self._context.disconnect(self._handle, pcsc.LEAVE)

    def _exchange(self, command: bytes) -> bytes:
        tpdu = for_t0(command) if self._protocol == pcsc.T0 else command
        try:
            answer = self._context.transmit(self._handle, self._protocol, tpdu)
        except pcsc.WinscardError as failure:
            if failure.code in {pcsc.NOT_TRANSACTED, pcsc.COMM_DATA_LOST}:
                self._require_presence()
            raise
        if not answer:
            self._require_presence()
        return answer

    def _require_presence(self) -> None:
        """Return once it is clear that the card stayed where it is.

        A card that is pulled during a command is seen as a command without answer first.
        """
        self._context.atr(self._handle)
        (state,) = self._context.states([self._slot])
        known = (state.counter << 16 | state.flags) & ~pcsc.CHANGED
        if not state.flags & pcsc.PRESENT or self._context.changes([(self._slot, known)], SETTLING_MS):
            self._context.atr(self._handle)

    def _lose(self, failure: pcsc.WinscardError) -> None:
        self._lost = failure
        # The next card is not ours: nobody waits for it, and it is not reset.
        self._context.disconnect(self._handle, pcsc.LEAVE)


def take(context: pcsc.Context, slot: str, *, shared: bool) -> ConnectedCard:
    """Connect to the card of ``slot`` for the caller alone: exclusively, or else within a transaction.

    Args:
        context: nothing else goes through it meanwhile; this may take as long as another program likes.
        slot: name of the reader.
        shared: whether a card to which another program is connected is taken at all.

    Raises:
        WinscardError: as PC/SC says it.
    """
    for left in reversed(range(TRIES)):
        try:
            return _connected(context, slot, shared=shared)
        except pcsc.WinscardError as failure:
            if failure.code not in REMOVED or not left:
                raise
            sleep(STALE_S)
    raise AssertionError("the last try returns or raises")


def _connected(context: pcsc.Context, slot: str, *, shared: bool) -> ConnectedCard:
    try:
        handle, protocol = context.connect(slot, pcsc.SHARE_EXCLUSIVE)
        alone = True
    except pcsc.WinscardError as failure:
        if failure.code != pcsc.SHARING_VIOLATION or not shared:
            raise
        handle, protocol = context.connect(slot, pcsc.SHARE_SHARED)
        alone = False
    try:
        if not alone:
            context.begin(handle)
        return ConnectedCard(context, slot, handle, protocol, context.atr(handle))
    except BaseException:
        context.disconnect(handle, pcsc.LEAVE)
        raise


class Patience:
    """Makes calls that cannot be interrupted, one at a time, and waits for none longer than it is told.

    They are made by a thread that is kept: a new one for each would cost more than taking a card.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] | None = None

    def within(self, seconds: float, call: Callable[[], T], late: Callable[[T | None], None]) -> T:
        """Make a call and return what it returns.

        Args:
            seconds: to wait.
            call: runs in another thread.
            late: gets what the call returns after that time, or nothing if it fails.

        Raises:
            TimeoutError: the call goes on without anybody waiting for it.
        """
        made: Future[T] = Future()

        def run() -> None:
            try:
                made.set_result(call())
            except Exception as failure:  # noqa: BLE001 - it is raised where the call is waited for
                made.set_exception(failure)

        if self._calls is None:
            self._calls = SimpleQueue()
            Thread(target=_make, args=(self._calls,), name="segur-pcsc-connect", daemon=True).start()
        self._calls.put(run)
        try:
            return made.result(seconds)
        except TimeoutError:
            # The thread is left to that call, and ends with it.
            self.close()
            made.add_done_callback(lambda done: late(None if done.exception() else done.result()))
            raise

    def close(self) -> None:
        """End the thread once it has nothing to do."""
        if self._calls is not None:
            self._calls.put(None)
        self._calls = None


def _make(calls: "SimpleQueue[Callable[[], None] | None]") -> None:
    while (call := calls.get()) is not None:
        call()
