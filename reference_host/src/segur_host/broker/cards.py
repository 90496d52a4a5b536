"""Cards for plugins: slots of every driver, insertions told apart, one exclusive channel at a time."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol

from segur_host.broker.lending import Borrower, usable_seconds
from segur_sdk.cards.channel import Step
from segur_sdk.context import Clock
from segur_sdk.drivers import OfficialReading, SlotState
from segur_sdk.errors import CardError, SegurError
from segur_sdk.models.card import CardPresence

APDU_S: Final = 5.0
APDU_IN_A_ROW_S: Final = 1.0
"""A row that is longer than that many seconds allow is given more, within what its call has left."""
LOOK_S: Final = 5.0


class CardReaders(Protocol):
    """A driver as the broker calls it, wherever it runs."""

    def slots(self) -> tuple[SlotState, ...]:
        """Return every slot; ``insertion`` never repeats for two insertions of one slot."""
        ...

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` from now on, from any thread, whenever ``slots`` may answer something else."""
        ...

    def connect(self, slot: str, meanwhile: Callable[[], None] | None = None) -> bytes:
        """Take the card for the caller alone and return its ATR.

        Args:
            slot: where it sits.
            meanwhile: is called while the card is being taken; when it raises, the card is let go of.
        """
        ...

    def transmit(self, slot: str, command: bytes, timeout: float) -> bytes:
        """Exchange one APDU within ``timeout`` seconds."""
        ...

    def transmit_all(self, slot: str, steps: Sequence[Step], timeout: float) -> tuple[bytes, ...]:
        """Exchange APDUs in a row, all within ``timeout`` seconds; see ``segur_sdk.cards.channel.transmit_all``."""
        ...

    def disconnect(self, slot: str) -> None:
        """Reset the card and let others use it."""
        ...

    def close(self) -> None:
        """Let go of the hardware."""
        ...


class OfficialReader(Protocol):
    """A component that reads cards by means of its own."""

    def read(self, slot: str, timeout: float) -> OfficialReading:
        """Read the card in a reader within ``timeout`` seconds."""
        ...

    def close(self) -> None:
        """Let go of the component."""
        ...


class CardBroker:
    """Owns the readers of this workstation.

    Args:
        drivers: in order of the configuration.
        clock: dates insertions.
        officially: reads cards by means of its own, if there is such a component.
    """

    def __init__(self, drivers: Sequence[CardReaders], clock: Clock, officially: OfficialReader | None = None) -> None:
        self._officially = officially
        self._own = tuple(drivers)
        self._drivers = self._own
        """With those that are mounted for a while."""
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
            CardError: ``card.no_reader`` when there is none at all; when there is none because a driver failed, what
                it said.
        """
        failures: list[CardError] = []
        slots = tuple(state for driver in self._drivers for state in _slots_of(driver, failures))
        if not slots:
            raise failures[0] if failures else CardError("card.no_reader")
        return slots

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` from now on whenever a slot of any driver may have changed."""
        for driver in self._own:
            driver.watch(changed)

    def presence(self, slot: str) -> CardPresence:
        """Return the insertion that sits in ``slot`` now.

        Raises:
            CardError: ``card.reader_unavailable``, ``card.absent``, ``card.mute``.
        """
        _, state = self._find(slot)
        presence = self._presence(state)
        if presence is None:
            raise CardError("card.mute" if state.present else "card.absent", slot=slot)
        return presence

    def look(self) -> tuple[Mapping[str, CardPresence] | None, ...]:
        """Return, for each driver, the insertions whose card answers, by slot; nothing for one that cannot tell now."""
        return tuple(self._seen_by(driver) for driver in self._own)

    def confirm(self, presence: CardPresence, borrower: Borrower) -> None:
        """Return if that very insertion is still there; see ``segur_sdk.context.Cards``."""
        self._require(presence)
        borrower.note("broker.card.confirm", slot=presence.slot, insertion=presence.insertion)

    def read_officially(self, presence: CardPresence, borrower: Borrower) -> OfficialReading:
        """Have the official component read that very insertion; see ``segur_sdk.context.Cards``."""
        borrower.require_running()
        if self._officially is None:
            raise CardError("card.official_api_missing", reason="no_driver")
        self._require(presence)
        borrower.record("broker.card.official", slot=presence.slot, insertion=presence.insertion)
        reading = self._officially.read(presence.slot, max(0.0, usable_seconds(borrower)))
        # The component knows readers, not insertions.
        self._require(presence)
        return reading

    @contextmanager
    def open(self, presence: CardPresence, borrower: Borrower) -> Iterator["BoundChannel"]:
        """Open that very insertion; see ``segur_sdk.context.Cards``."""
        borrower.require_running()
        driver = self._require(presence)
        self._take_back(presence.slot)

        def record() -> None:
            borrower.record("broker.card.open", slot=presence.slot, insertion=presence.insertion)

        try:
            # While the card wakes up: it is written down before the card is asked anything.
            atr = driver.connect(presence.slot, record)
        except CardError as failure:
            # It was there a moment ago.
            raise CardError("card.removed", slot=presence.slot) if failure.code == "card.absent" else failure from None
        channel = BoundChannel(driver, presence.slot, atr, borrower)
        with self._lock:
            self._holders[presence.slot] = channel
        try:
            if atr.hex().upper() != presence.atr:
                raise CardError("card.swapped", slot=presence.slot)
            yield channel
        finally:
            self._let_go(channel)

    def relay(self) -> "ReaderRelay":
        """Return what carries the calls of one token driver to these readers."""
        return ReaderRelay(self)

    def taken(self, slot: str) -> tuple[CardReaders, bytes]:
        """Take the card of a slot for a token driver, and return its driver with the ATR; errors as ``open``."""
        driver, state = self._find(slot)
        if not state.present:
            raise CardError("card.absent", slot=slot)
        self._take_back(slot)
        return driver, driver.connect(slot)

    def close(self) -> None:
        """Let go of every driver."""
        for driver in self._drivers:
            driver.close()
        if self._officially is not None:
            self._officially.close()

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

    def _seen_by(self, driver: CardReaders) -> Mapping[str, CardPresence] | None:
        try:
            found = [self._presence(state) for state in driver.slots()]
        except CardError:
            return None
        return {one.slot: one for one in found if one is not None}

    def _presence(self, state: SlotState) -> CardPresence | None:
        """Return the insertion that a slot holds, always the same value for one; nothing for a mute card."""
        insertion = str(state.insertion)
        with self._lock:
            if not state.present or state.atr is None:
                self._seen.pop(state.slot, None)
                return None
            seen = self._seen.get(state.slot)
            if seen is None or seen.insertion != insertion or seen.atr != state.atr:
                seen = CardPresence(slot=state.slot, atr=state.atr, insertion=insertion, inserted_at=self._clock.now())
                self._seen[state.slot] = seen
            return seen

    def _require(self, presence: CardPresence) -> CardReaders:
        driver, state = self._find(presence.slot)
        if not state.present:
            raise CardError("card.removed", slot=presence.slot)
        if str(state.insertion) != presence.insertion or state.atr != presence.atr:
            raise CardError("card.swapped", slot=presence.slot)
        return driver

    def _find(self, slot: str) -> tuple[CardReaders, SlotState]:
        failures: list[CardError] = []
        for driver in self._drivers:
            for state in _slots_of(driver, failures):
                if state.slot == slot:
                    return driver, state
        # The name is not repeated: it is whatever somebody typed, and no slot of ours.
        raise failures[0] if failures else CardError("card.reader_unavailable")


class ReaderRelay:
    """Implements ``segur_host.drivers.process.CardRelay`` on the readers of a broker.

    Args:
        cards: whose readers.
    """

    def __init__(self, cards: CardBroker) -> None:
        self._cards = cards
        self._held: dict[str, CardReaders] = {}

    def carry(self, method: str, arguments: list[Any]) -> Any:
        """Make one call of a ``CardSource``.

        Raises:
            CardError: what the readers said; ``card.closed`` for a card that is not held.
        """
        match method, arguments:
            case "slots", []:
                return [state.model_dump(mode="json") for state in self._slots()]
            case "connect", [str(slot)]:
                driver, atr = self._cards.taken(slot)
                self._held[slot] = driver
                return atr
            case "transmit", [str(slot), bytes(command)] if slot in self._held:
                return self._held[slot].transmit(slot, command, APDU_S)
            case "disconnect", [str(slot)]:
                self._let_go(slot)
                return None
            case _:
                raise CardError("card.closed")

    def release(self) -> None:
        """Let go of every card that is held."""
        for slot in list(self._held):
            self._let_go(slot)

    def _slots(self) -> tuple[SlotState, ...]:
        try:
            return self._cards.slots()
        except CardError as failure:
            if failure.code == "card.no_reader":
                return ()
            raise

    def _let_go(self, slot: str) -> None:
        driver = self._held.pop(slot, None)
        if driver is not None:
            # When the card or its driver is gone there is nothing left to let go of.
            with suppress(SegurError):
                driver.disconnect(slot)


def _slots_of(driver: CardReaders, failures: list[CardError]) -> tuple[SlotState, ...]:
    """Return the slots of a driver; one that fails hides nobody else's."""
    try:
        return driver.slots()
    except CardError as failure:
        failures.append(failure)
        return ()


class BoundChannel:
    """Implements ``RowChannel`` for one insertion and one call."""

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
        return self._driver.transmit(self.slot, command, min(APDU_S, self._seconds_left()))

    def transmit_all(self, steps: Sequence[Step], /) -> tuple[bytes, ...]:
        """Exchange APDUs in a row; see ``segur_sdk.cards.channel.RowChannel``."""
        seconds = max(APDU_S, len(steps) * APDU_IN_A_ROW_S)
        return self._driver.transmit_all(self.slot, steps, min(seconds, self._seconds_left()))

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits any more for the call that opened the card."""
        try:
            self._borrower.require_running()
        except SegurError:
            return True
        return False

    def _seconds_left(self) -> float:
        self._borrower.require_running()
        if not self._open:
            raise CardError("card.closed", slot=self.slot)
        left = usable_seconds(self._borrower)
        if left <= 0:
            raise CardError("card.mute", slot=self.slot, retryable=True)
        return left

    def close(self) -> None:
        """Let go of the card, and refuse every later APDU."""
        self._open = False
        # When the card or its driver is gone there is nothing left to let go of.
        with suppress(SegurError):
            self._driver.disconnect(self.slot)
