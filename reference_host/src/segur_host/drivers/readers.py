"""Card drivers as the card broker calls them: one in child processes, and recorded cards."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from segur_host.drivers.card_readers import APDU_S, LOOK_S
from segur_host.drivers.child import ROW
from segur_host.drivers.process import DriverProcess
from segur_host.drivers.wire import from_wire, row_to_wire
from segur_sdk.cards.channel import Step, one_by_one
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError


class ReadersInChild:
    """A ``CardSource`` driver in child processes: one that looks, and one for each slot in which a card is opened.

    So a card that hangs, or crashes its driver, neither holds the other slots nor makes anybody forget what sits there.

    Args:
        entry: ``module:Class`` of the driver.
        settings: its keyword arguments.
    """

    def __init__(self, entry: str, settings: Mapping[str, Any]) -> None:
        self._entry = entry
        self._settings = dict(settings)
        self._changed: Callable[[], None] = _nobody
        self._lock = threading.Lock()
        self._closed = False
        self._looking = DriverProcess(entry, settings, on_change=self._tell)
        self._channels: dict[str, DriverProcess] = {}
        self._found: tuple[Any, tuple[SlotState, ...]] = ((), ())
        """What a look was last answered, and what that means: it is seldom something else."""

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` from now on, from any thread, whenever something may have changed in the readers."""
        self._changed = changed

    def slots(self, timeout: float = math.inf) -> tuple[SlotState, ...]:
        """Return every slot, within the time that a look may take at most."""
        found = self._looking.call("slots", timeout=min(LOOK_S, timeout))
        before, states = self._found
        if found != before:
            try:
                states = tuple(SlotState.model_validate(state) for state in found)
            except (ValidationError, TypeError):
                raise CardError("card.driver_failed", reason="slots") from None
            self._found = found, states
        return states

    def connect(self, slot: str, meanwhile: Callable[[], None] | None = None, timeout: float = APDU_S) -> bytes:
        """Take the card for the caller alone and return its ATR."""
        failures: list[BaseException] = []

        def done_meanwhile() -> None:
            try:
                if meanwhile is not None:
                    meanwhile()
            except BaseException as failure:  # noqa: BLE001 - it is raised once the card's answer is here
                failures.append(failure)

        try:
            atr = _bytes(self._channel(slot).call("connect", slot, timeout=timeout, meanwhile=done_meanwhile), slot)
            if failures:
                self.disconnect(slot)
        finally:
            if failures:
                raise failures[0]
        return atr

    def transmit(self, slot: str, command: bytes, timeout: float) -> bytes:
        """Exchange one APDU; a card that does not answer costs its slot's process, and is said to be mute."""
        return _bytes(self._sent(slot, "transmit", command, timeout=timeout), slot)

    def transmit_all(self, slot: str, steps: Sequence[Step], timeout: float) -> tuple[bytes, ...]:
        """Exchange APDUs in a row, as long as each is answered as expected; a card that is mute as in ``transmit``."""
        answers = self._sent(slot, ROW, row_to_wire(steps), timeout=timeout)
        try:
            return tuple(_bytes(from_wire(answer), slot) for answer in answers)
        except (TypeError, ValueError):
            raise CardError("card.driver_failed", slot=slot, reason="answer") from None

    def _sent(self, slot: str, method: str, what: object, *, timeout: float) -> Any:
        channel = self._channel(slot)
        if not channel.is_running:
            # A process that is started now would hold no card.
            raise CardError("card.driver_stopped", slot=slot, retryable=True)
        try:
            return channel.call(method, slot, what, timeout=timeout)
        except CardError as failure:
            if failure.code == "card.driver_hung":
                raise CardError("card.mute", slot=slot, retryable=True) from None
            raise

    def disconnect(self, slot: str) -> None:
        """Begin to reset the card and to let others use it."""
        # A process that was killed with its card holds it no more: none is started for that.
        self._channel(slot).post("disconnect", slot, timeout=APDU_S)

    def settle(self, slot: str, timeout: float) -> None:
        """Return once the card is let go of, or ``timeout`` seconds are over."""
        self._channel(slot).settle(timeout)

    def close(self) -> None:
        """End the children, for good."""
        with self._lock:
            self._closed = True
            processes = (self._looking, *self._channels.values())
        for process in processes:
            process.close()

    def _tell(self) -> None:
        self._changed()

    def _channel(self, slot: str) -> DriverProcess:
        with self._lock:
            if self._closed:
                raise CardError("card.driver_stopped", slot=slot)
            return self._channels.setdefault(slot, DriverProcess(self._entry, self._settings))


def _nobody() -> None:
    """Nobody wants to know of changes yet."""


def _bytes(answer: Any, slot: str) -> bytes:
    if not isinstance(answer, bytes):
        raise CardError("card.driver_failed", slot=slot, reason="answer")
    return answer


class RecordedCard:
    """A card that answers what was recorded, in that order and nothing else.

    Args:
        slot: name under which it is offered.
        atr: answer to reset.
        exchanges: command and response APDUs.
    """

    def __init__(self, slot: str, atr: bytes, exchanges: Sequence[tuple[bytes, bytes]]) -> None:
        self._slot = slot
        self._atr = atr
        self._exchanges = list(exchanges)
        self._next = 0

    def watch(self, changed: Callable[[], None]) -> None:
        """Nothing ever changes."""

    def slots(self, timeout: float = 0.0) -> tuple[SlotState, ...]:
        """Return the one slot, always occupied."""
        return (SlotState(slot=self._slot, present=True, atr=self._atr.hex().upper(), insertion=1),)

    def connect(self, slot: str, meanwhile: Callable[[], None] | None = None, timeout: float = 0.0) -> bytes:
        """Start the recording again."""
        if meanwhile is not None:
            meanwhile()
        self._next = 0
        return self._atr

    def transmit(self, slot: str, command: bytes, timeout: float) -> bytes:
        """Answer the recorded response, if this is the command that was recorded here."""
        if self._next >= len(self._exchanges) or self._exchanges[self._next][0] != command:
            raise CardError("card.not_recorded", slot=slot, exchange=self._next + 1)
        self._next += 1
        return self._exchanges[self._next - 1][1]

    def transmit_all(self, slot: str, steps: Sequence[Step], timeout: float) -> tuple[bytes, ...]:
        """Answer the recorded responses, if these are the commands that were recorded here."""
        return one_by_one(lambda command: self.transmit(slot, command, timeout), steps)

    def disconnect(self, slot: str) -> None:
        """Nothing is held."""

    def settle(self, slot: str, timeout: float) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""
