"""Cards for plugins: slots of every driver, insertions told apart, one exclusive channel at a time."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import attrs

from segur_host.broker.card_relay import ReaderRelay
from segur_host.broker.held_card import BoundChannel, HeldCard
from segur_host.broker.lending import Borrower, usable_seconds
from segur_host.drivers.card_readers import APDU_S, LOOK_S, CardReaders, OfficialReader
from segur_sdk.context import Clock
from segur_sdk.drivers import OfficialReading, SlotState
from segur_sdk.errors import CardError, SegurError
from segur_sdk.models.card import CardPresence

TAKE_BACK_S: Final = 0.05
"""How soon whoever waits for a card notices that the call which holds it was given up."""


@attrs.frozen
class Survey:
    """What every driver answered, once."""

    slots: tuple[SlotState, ...]
    failures: tuple[CardError, ...]
    """Of the drivers that cannot tell."""


class CardBroker:
    """Owns the readers of this workstation. Every method may be called from any thread.

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
        self._freed = threading.Condition(self._lock)
        self._seen: dict[str, CardPresence] = {}
        self._readers: dict[str, CardReaders] = {}
        """Driver of each slot that was found."""
        self._holders: dict[str, HeldCard] = {}
        self._leaving: list[HeldCard] = []
        """Cards that calls began to let go of."""
        self._mute: dict[str, str] = {}
        """Insertion by slot of a card that did not answer, and that its driver's dead process may hold still."""
        self._relayed: Callable[[str], None] = _nobody

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
                self._readers = {slot: one for slot, one in self._readers.items() if one is not driver}

    def survey(self, timeout: float = LOOK_S) -> Survey:
        """Return the slots of every driver, and what those said that cannot tell."""
        failures: list[CardError] = []
        states = [state for driver in self._drivers for state in _slots_of(driver, failures, timeout)]
        return Survey(tuple(self._as_known(state) for state in states), tuple(failures))

    def slots(self, timeout: float = LOOK_S) -> tuple[SlotState, ...]:
        """Return the slots of every driver.

        Raises:
            CardError: ``card.no_reader`` when there is none at all; when there is none because a driver failed, what
                it said.
        """
        found = self.survey(timeout)
        if not found.slots:
            raise found.failures[0] if found.failures else CardError("card.no_reader")
        return found.slots

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` from now on whenever a slot of any driver may have changed."""
        for driver in self._own:
            driver.watch(changed)

    def when_relayed(self, told: Callable[[str], None]) -> None:
        """Call ``told`` from now on with the slot of each card that is taken for a token driver, before it is used."""
        self._relayed = told

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
        self.settle(borrower.call_id)
        self._require(presence)
        borrower.record("broker.card.official", slot=presence.slot, insertion=presence.insertion)
        reading = self._officially.read(presence.slot, max(0.0, usable_seconds(borrower)))
        # The component knows readers, not insertions.
        self._require(presence)
        return reading

    @contextmanager
    def open(self, presence: CardPresence, borrower: Borrower) -> Iterator[BoundChannel]:
        """Open that very insertion; see ``segur_sdk.context.Cards``."""
        borrower.require_running()
        held = HeldCard(self._reader_of(presence), presence.slot, presence.insertion, borrower)
        changed: list[CardError] = []

        def record() -> None:
            borrower.record("broker.card.open", slot=presence.slot, insertion=presence.insertion)

        def meanwhile() -> None:
            # While the card wakes up: no command was sent yet.
            try:
                self._require(presence)
            except CardError as failure:
                changed.append(failure)
            else:
                record()

        try:
            atr = self._take(held, lambda: usable_seconds(borrower), meanwhile)
        except CardError as failure:
            # It was there a moment ago.
            gone = CardError("card.removed", slot=presence.slot) if failure.code == "card.absent" else failure
            raise (changed or [gone])[0] from None
        channel = BoundChannel(held, atr, borrower)
        try:
            if changed:
                # Another card was powered all the same.
                record()
                raise changed[0]
            if atr.hex().upper() != presence.atr:
                raise CardError("card.swapped", slot=presence.slot)
            yield channel
        finally:
            channel.close()
            self.let_go(held)

    def relay(self) -> ReaderRelay:
        """Return what carries the calls of one token driver to these readers."""
        return ReaderRelay(self)

    def taken(self, slot: str, timeout: float) -> HeldCard:
        """Take the card of a slot for a token driver within ``timeout`` seconds; errors as ``open``."""
        end = time.monotonic() + timeout
        driver, state = self._find(slot, timeout)
        if not state.present:
            raise CardError("card.absent", slot=slot)
        held = HeldCard(driver, slot, str(state.insertion))
        self._take(held, lambda: end - time.monotonic(), lambda: self._relayed(slot))
        return held

    def let_go(self, held: HeldCard) -> None:
        """Begin to let go of a card; nothing happens when that was done already."""
        with self._lock:
            if self._holders.get(held.slot) is not held or held.is_leaving:
                return
            held.is_leaving = True
            if held.went_mute:
                self._mute[held.slot] = held.insertion
            if held.borrower is not None and not held.is_given_up:
                self._leaving.append(held)
        # What is next asked of that card comes after this.
        held.let_go()
        self._forget(held)

    def settle(self, call_id: str) -> None:
        """Return once every card that a call let go of is free for everybody, or the time of that call is over."""
        if not self._leaving:
            return
        with self._lock:
            leaving = [one for one in self._leaving if one.borrower and one.borrower.call_id == call_id]
            self._leaving = [one for one in self._leaving if one not in leaving]
        for held in leaving:
            assert held.borrower is not None
            with suppress(SegurError):
                held.driver.settle(held.slot, held.borrower.deadline.remaining())

    def close(self) -> None:
        """Let go of every driver."""
        for driver in self._drivers:
            driver.close()
        if self._officially is not None:
            self._officially.close()

    def _take(self, held: HeldCard, left: Callable[[], float], meanwhile: Callable[[], None]) -> bytes:
        """Take a card once nobody else of this host holds it, and return its answer to reset."""
        self._reserve(held, left)
        try:
            atr = held.driver.connect(held.slot, meanwhile, min(APDU_S, max(0.0, left())))
        except BaseException as failure:
            self._forget(held)
            if isinstance(failure, CardError) and failure.code == "card.reader_in_use" and self._is_mute(held):
                # Held by nobody else: the system goes on waiting for its answer.
                raise CardError("card.mute", slot=held.slot, retryable=True) from None
            raise
        with self._lock:
            self._mute.pop(held.slot, None)
            held.atr = atr
        return atr

    def _reserve(self, held: HeldCard, left: Callable[[], float]) -> None:
        """Wait for whoever of this host holds the card, unless he keeps it or waits for us himself."""
        while True:
            with self._lock:
                holder = self._holders.get(held.slot)
                if holder is None:
                    self._holders[held.slot] = held
                    return
                given_up = holder.is_given_up and not holder.is_leaving
                if not given_up:
                    patience = left()
                    if patience <= 0 or holder.is_at_rest or holder.is_held_by(held.borrower):
                        raise CardError("card.busy", slot=held.slot, retryable=True)
                    self._freed.wait(min(TAKE_BACK_S, patience))
            if given_up:
                # Whoever hangs with a card must not keep it from the others.
                self.let_go(holder)

    def _forget(self, held: HeldCard) -> None:
        with self._lock:
            if self._holders.get(held.slot) is held:
                del self._holders[held.slot]
                self._freed.notify_all()

    def _is_mute(self, held: HeldCard) -> bool:
        return self._mute.get(held.slot) == held.insertion

    def _as_known(self, state: SlotState) -> SlotState:
        """Return a state in which a card that does not answer is not taken for one that somebody uses."""
        if state.in_use and self._mute.get(state.slot) == str(state.insertion):
            return state.model_copy(update={"atr": None, "in_use": False})
        return state

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

    def _reader_of(self, presence: CardPresence) -> CardReaders:
        """Return the driver in whose reader an insertion was seen."""
        driver = self._readers.get(presence.slot)
        return self._require(presence) if driver is None else driver

    def _require(self, presence: CardPresence) -> CardReaders:
        driver, state = self._find(presence.slot)
        if not state.present:
            raise CardError("card.removed", slot=presence.slot)
        if str(state.insertion) != presence.insertion or state.atr != presence.atr:
            raise CardError("card.swapped", slot=presence.slot)
        return driver

    def _find(self, slot: str, timeout: float = math.inf) -> tuple[CardReaders, SlotState]:
        failures: list[CardError] = []
        for driver in self._drivers:
            for state in _slots_of(driver, failures, timeout):
                if state.slot == slot:
                    with self._lock:
                        if driver in self._drivers:
                            self._readers[slot] = driver
                    return driver, state
        # The name is not repeated: it is whatever somebody typed, and no slot of ours.
        raise failures[0] if failures else CardError("card.reader_unavailable")


def _slots_of(driver: CardReaders, failures: list[CardError], timeout: float) -> tuple[SlotState, ...]:
    """Return the slots of a driver; one that fails hides nobody else's."""
    try:
        return driver.slots(timeout)
    except CardError as failure:
        failures.append(failure)
        return ()


def _nobody(_slot: str) -> None:
    """Nobody wants to know yet."""
