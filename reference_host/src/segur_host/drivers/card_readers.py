"""Drivers of cards as the host calls them, wherever they run, and how long it waits for them."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from segur_sdk.cards.channel import Step
from segur_sdk.drivers import OfficialReading, SlotState

APDU_S: Final = 5.0
APDU_IN_A_ROW_S: Final = 1.0
"""A row that is longer than that many seconds allow is given more, within what its call has left."""
LOOK_S: Final = 5.0


class CardReaders(Protocol):
    """A driver as the broker calls it, wherever it runs."""

    def slots(self, timeout: float = LOOK_S) -> tuple[SlotState, ...]:
        """Return every slot; ``insertion`` never repeats for two insertions of one slot."""
        ...

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` from now on, from any thread, whenever ``slots`` may answer something else."""
        ...

    def connect(self, slot: str, meanwhile: Callable[[], None] | None = None, timeout: float = APDU_S) -> bytes:
        """Take the card for the caller alone and return its ATR.

        Args:
            slot: where it sits.
            meanwhile: is called while the card is being taken; when it raises, the card is let go of.
            timeout: seconds for the card to wake up.
        """
        ...

    def transmit(self, slot: str, command: bytes, timeout: float) -> bytes:
        """Exchange one APDU within ``timeout`` seconds."""
        ...

    def transmit_all(self, slot: str, steps: Sequence[Step], timeout: float) -> tuple[bytes, ...]:
        """Exchange APDUs in a row, all within ``timeout`` seconds; see ``segur_sdk.cards.channel.transmit_all``."""
        ...

    def disconnect(self, slot: str) -> None:
        """Begin to reset the card and to let others use it; what is next done with it comes after that."""
        ...

    def settle(self, slot: str, timeout: float) -> None:
        """Return once the card is let go of, or ``timeout`` seconds are over."""
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
