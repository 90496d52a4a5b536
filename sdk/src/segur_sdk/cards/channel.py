"""The one method that separates card logic from readers."""

from typing import Protocol


class CardChannel(Protocol):
    """An open card."""

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        ...

    def transmit(self, command: bytes, /) -> bytes:
        """Send one command APDU and return the response APDU, status word included.

        Raises:
            CardError: ``card.removed``, ``card.mute``, ``card.reader_unavailable``.
        """
        ...
