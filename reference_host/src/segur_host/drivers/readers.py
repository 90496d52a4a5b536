"""Drivers as the card broker calls them: one in a child process, and recorded cards."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from segur_host.broker.cards import APDU_S, LOOK_S
from segur_host.drivers.process import DriverProcess
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError


class ReadersInChild:
    """A ``CardSource`` driver in a child process, started when a card or a slot is first asked for.

    Args:
        entry: ``module:Class`` of the driver.
        settings: its keyword arguments.
    """

    def __init__(self, entry: str, settings: Mapping[str, Any]) -> None:
        self._process = DriverProcess(entry, settings)

    def slots(self) -> tuple[SlotState, ...]:
        """Return every slot; an insertion number tells the child's generation too."""
        found, generation = self._process.call("slots", timeout=LOOK_S)
        try:
            states = [SlotState.model_validate(state) for state in found]
        except (ValidationError, TypeError):
            raise CardError("card.driver_failed", reason="slots") from None
        base = generation * 1_000_000
        return tuple(state.model_copy(update={"insertion": base + state.insertion}) for state in states)

    def connect(self, slot: str) -> bytes:
        """Take the card for the caller alone and return its ATR."""
        return _bytes(self._process.call("connect", slot, timeout=APDU_S)[0], slot)

    def transmit(self, slot: str, command: bytes, timeout: float) -> bytes:
        """Exchange one APDU; a card that does not answer costs its driver's process, and is said to be mute."""
        try:
            answer, _ = self._process.call("transmit", slot, command, timeout=timeout)
        except CardError as failure:
            if failure.code == "card.driver_hung":
                raise CardError("card.mute", slot=slot, retryable=True) from None
            raise
        return _bytes(answer, slot)

    def disconnect(self, slot: str) -> None:
        """Reset the card and let others use it."""
        self._process.call("disconnect", slot, timeout=APDU_S)

    def close(self) -> None:
        """End the child."""
        self._process.close()


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

    def slots(self) -> tuple[SlotState, ...]:
        """Return the one slot, always occupied."""
        return (SlotState(slot=self._slot, present=True, atr=self._atr.hex().upper(), insertion=1),)

    def connect(self, slot: str) -> bytes:
        """Start the recording again."""
        self._next = 0
        return self._atr

    def transmit(self, slot: str, command: bytes, timeout: float) -> bytes:
        """Answer the recorded response, if this is the command that was recorded here."""
        if self._next >= len(self._exchanges) or self._exchanges[self._next][0] != command:
            raise CardError("card.not_recorded", slot=slot, exchange=self._next + 1)
        self._next += 1
        return self._exchanges[self._next - 1][1]

    def disconnect(self, slot: str) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""
