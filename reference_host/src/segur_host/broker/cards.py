"""Cards for plugins: slots of every driver, insertions told apart, one exclusive channel at a time."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, Protocol

from segur_host.broker.lending import Borrower, usable_seconds
from segur_sdk.context import Clock
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError, SegurError
from segur_sdk.models.card import CardPresence

APDU_S: Final = 5.0
LOOK_S: Final = 5.0


class CardReaders(Protocol):
    """A driver as the broker calls it, wherever it runs."""

    def slots(self) -> tuple[SlotState, ...]:
        """Return every slot; ``insertion`` never repeats for two insertions of one slot."""
        ...

    def connect(self, slot: str) -> bytes:
        """Take the card for the caller alone and return its ATR."""
        ...

    def transmit(self, slot: str, command: bytes, timeout: float) -> bytes:
        """Exchange one APDU within ``timeout`` seconds."""
        ...

    def disconnect(self, slot: str) -> None:
        """Reset the card and let others use it."""
        ...

    def close(self) -> None:
        """Let go of the hardware."""
        ...


class CardBroker:
    """Owns the readers of this workstation.

    Args:
        drivers: in order of the configuration.
        clock: dates insertions.
    """

    def __init__(self, drivers: Sequence[CardReaders], clock: Clock) -> None:
        self._drivers = tuple(drivers)
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, CardPresence] = {}
        self._holders: dict[str, BoundChannel] = {}

    @contextmanager
    def mounted(self, driver: CardReaders) -> Iterator[None]:
        """Add the slots of one more driver while the block runs."""
        # Never changed in place: other calls may be going through them.
        with self._lock:
            self._drivers = (driver, *self._drivers)
        try:
            yield
        finally:
            with self._lock:
                self._drivers = tuple(one for one in self._drivers if one is not driver)

    def slots(self) -> tuple[SlotState, ...]:
        """Return the slots of every driver.

        Raises:
            CardError: ``card.no_reader`` when there is none at all.
        """
        slots = tuple(state for driver in self._drivers for state in driver.slots())
        if not slots:
            raise CardError("card.no_reader")
        return slots

    def presence(self, slot: str) -> CardPresence:
        """Return the insertion that sits in ``slot`` now.

        Raises:
            CardError: ``card.reader_unavailable``, ``card.absent``, ``card.mute``.
        """
        _, state = self._find(slot)
        if not state.present or state.atr is None:
            self._seen.pop(slot, None)
            raise CardError("card.mute" if state.present else "card.absent", slot=slot)
        insertion = str(state.insertion)
        with self._lock:
            seen = self._seen.get(slot)
            if seen is None or seen.insertion != insertion or seen.atr != state.atr:
                seen = CardPresence(slot=slot, atr=state.atr, insertion=insertion, inserted_at=self._clock.now())
                self._seen[slot] = seen
        return seen

    def confirm(self, presence: CardPresence, borrower: Borrower) -> None:
        """Return if that very insertion is still there; see ``segur_sdk.context.Cards``."""
        self._require(presence)
        borrower.note("broker.card.confirm", slot=presence.slot, insertion=presence.insertion)

    @contextmanager
    def open(self, presence: CardPresence, borrower: Borrower) -> Iterator["BoundChannel"]:
        """Open that very insertion; see ``segur_sdk.context.Cards``."""
        borrower.require_running()
        driver = self._require(presence)
        borrower.record("broker.card.open", slot=presence.slot, insertion=presence.insertion)
        self._take_back(presence.slot)
        atr = driver.connect(presence.slot)
        channel = BoundChannel(driver, presence.slot, atr, borrower)
        with self._lock:
            self._holders[presence.slot] = channel
        try:
            if atr.hex().upper() != presence.atr:
                raise CardError("card.swapped", slot=presence.slot)
            yield channel
        finally:
            self._let_go(channel)

    def close(self) -> None:
        """Let go of every driver."""
        for driver in self._drivers:
            driver.close()

    def _take_back(self, slot: str) -> None:
        """Free a card from a call that was given up: whoever hangs with a card must not keep it from the others."""
        with self._lock:
            holder = self._holders.get(slot)
        if holder is not None and holder.is_given_up:
            self._let_go(holder)

    def _let_go(self, channel: "BoundChannel") -> None:
        with self._lock:
            holds = self._holders.get(channel.slot) is channel
            if holds:
                del self._holders[channel.slot]
        if holds:
            channel.close()

    def _require(self, presence: CardPresence) -> CardReaders:
        driver, state = self._find(presence.slot)
        if not state.present:
            raise CardError("card.removed", slot=presence.slot)
        if str(state.insertion) != presence.insertion or state.atr != presence.atr:
            raise CardError("card.swapped", slot=presence.slot)
        return driver

    def _find(self, slot: str) -> tuple[CardReaders, SlotState]:
        for driver in self._drivers:
            for state in driver.slots():
                if state.slot == slot:
                    return driver, state
        # The name is not repeated: it is whatever somebody typed, and no slot of ours.
        raise CardError("card.reader_unavailable")


class BoundChannel:
    """Implements ``CardChannel`` for one insertion and one call."""

    def __init__(self, driver: CardReaders, slot: str, atr: bytes, borrower: Borrower) -> None:
        self.slot = slot
        self._driver = driver
        self._atr = atr
        self._borrower = borrower
        self._open = True

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._atr

    def transmit(self, command: bytes, /) -> bytes:
        """Exchange one APDU; see ``segur_sdk.cards.channel.CardChannel``."""
        self._borrower.require_running()
        if not self._open:
            raise CardError("card.closed", slot=self.slot)
        left = min(APDU_S, usable_seconds(self._borrower))
        if left <= 0:
            raise CardError("card.mute", slot=self.slot, retryable=True)
        return self._driver.transmit(self.slot, command, left)

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits any more for the call that opened the card."""
        try:
            self._borrower.require_running()
        except SegurError:
            return True
        return False

    def close(self) -> None:
        """Let go of the card, and refuse every later APDU."""
        self._open = False
        # When the card or its driver is gone there is nothing left to let go of.
        with suppress(SegurError):
            self._driver.disconnect(self.slot)
