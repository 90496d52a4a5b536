"""Inputs of several parts, and cards that answer what an input says."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar

import attrs

from segur_sdk.cards.channel import CardChannel
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError

T = TypeVar("T")

SLOT: Final = "Lecteur"
PATIENCE: Final = 4_096
"""Commands after which a card that goes on answering is given up, as a host does when a call takes too long."""
_LENGTH: Final = 2


def joined(parts: Iterable[bytes]) -> bytes:
    """Write several parts as one input: two bytes of length before each."""
    return b"".join(len(part).to_bytes(_LENGTH, "big") + part for part in parts)


def split(data: bytes) -> list[bytes]:
    """Read the parts of an input; what is left at its end is the last one, however long it said it was."""
    parts = []
    while data:
        length = int.from_bytes(data[:_LENGTH], "big")
        parts.append(data[_LENGTH : _LENGTH + length])
        data = data[_LENGTH + length :]
    return parts


def chosen(data: bytes, choices: Sequence[T]) -> tuple[T, bytes]:
    """Let the first byte of an input choose, and return the rest of it too."""
    return choices[(data[0] if data else 0) % len(choices)], data[1:]


class PoweredChannel(CardChannel, Protocol):
    """A card in a reader."""

    def power(self) -> None:
        """Start again as after a reset."""


@attrs.define
class ScriptedChannel:
    """Implements ``PoweredChannel``: a card that answers what the input says, then its last answer again and again."""

    atr: bytes
    answers: list[bytes]
    sent: int = 0

    def power(self) -> None:
        """Go on: what follows a reset is in the script too."""

    def transmit(self, command: bytes, /) -> bytes:
        if not self.answers or self.sent >= PATIENCE:
            raise CardError("card.mute", slot=SLOT)
        answer = self.answers[min(self.sent, len(self.answers) - 1)]
        self.sent += 1
        return answer


@attrs.define
class OneSlot:
    """Implements ``CardSource``: a reader with one card in it."""

    channel: PoweredChannel

    def slots(self) -> tuple[SlotState, ...]:
        return (SlotState(slot=SLOT, present=True, atr=self.channel.atr.hex().upper(), insertion=1),)

    def watch(self, changed: Callable[[], None]) -> None:
        raise NotImplementedError("the host watches")

    def connect(self, slot: str) -> bytes:
        self.channel.power()
        return self.channel.atr

    def transmit(self, slot: str, command: bytes) -> bytes:
        return self.channel.transmit(command)

    def disconnect(self, slot: str) -> None: ...
