"""Drivers: hardware and native libraries, each in a child process that the host may kill.

A driver is a plain class without arguments but its settings; the host calls its methods over a pipe, so that
everything here is a value.
"""

from typing import Protocol

from pydantic import Field

from segur_sdk.models.base import Value


class SlotState(Value):
    """One slot of one reader, as it is now."""

    slot: str = Field(min_length=1, max_length=120)
    present: bool
    atr: str | None = Field(default=None, pattern=r"^(?:[0-9A-F]{2}){2,33}$")
    insertion: int = Field(default=0, ge=0)
    """Grows by one at each insertion that the driver saw."""


class CardSource(Protocol):
    """Driver of card readers.

    Failures are raised as ``CardError``: ``card.no_reader_service``, ``card.reader_unavailable``,
    ``card.reader_in_use``, ``card.removed``, ``card.mute``.
    """

    def slots(self) -> tuple[SlotState, ...]:
        """Return every slot with what sits in it."""
        ...

    def connect(self, slot: str) -> bytes:
        """Power the card of ``slot``, keep it for this caller alone, and return its ATR."""
        ...

    def transmit(self, slot: str, command: bytes) -> bytes:
        """Send a command APDU to the connected card and return its response APDU."""
        ...

    def disconnect(self, slot: str) -> None:
        """Reset the card and let others use it."""
        ...
