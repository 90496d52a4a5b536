"""A card while somebody of this host holds it: a call of a plugin, or a token driver."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

import attrs

from segur_host.broker.lending import Borrower, usable_seconds
from segur_host.drivers.card_readers import APDU_IN_A_ROW_S, APDU_S, CardReaders
from segur_sdk.cards.channel import Step
from segur_sdk.errors import CardError, SegurError

T = TypeVar("T")
REST_S: Final = 1.0
"""A card that no call of a plugin holds, and to which nothing was said for so long, is kept for good."""


@attrs.define(eq=False)
class HeldCard:
    """A card that is being taken, or was.

    Args:
        driver: its reader's.
        slot: where it sits.
        insertion: which one.
        borrower: the call that holds it; nothing when a token driver does.
    """

    driver: CardReaders = attrs.field(on_setattr=attrs.setters.frozen)
    slot: str = attrs.field(on_setattr=attrs.setters.frozen)
    insertion: str = attrs.field(on_setattr=attrs.setters.frozen)
    borrower: Borrower | None = attrs.field(default=None, on_setattr=attrs.setters.frozen)
    atr: bytes | None = attrs.field(default=None, init=False)
    """Its answer to reset; nothing until it was taken."""
    went_mute: bool = attrs.field(default=False, init=False)
    """It did not answer a command."""
    is_leaving: bool = attrs.field(default=False, init=False)
    """It is being let go of."""
    _used: float = attrs.field(factory=time.monotonic, init=False)

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits any more for the call that took the card."""
        if self.atr is None or self.borrower is None:
            return False
        try:
            self.borrower.require_running()
        except SegurError:
            return True
        return False

    @property
    def is_at_rest(self) -> bool:
        """Whether its holder keeps the card between two uses of it: nobody knows when it will be free."""
        return self.borrower is None and time.monotonic() - self._used > REST_S

    def is_held_by(self, borrower: Borrower | None) -> bool:
        """Tell whether that very call holds the card, and would wait for itself."""
        return borrower is not None and self.borrower is not None and self.borrower.call_id == borrower.call_id

    def transmit(self, command: bytes, timeout: float) -> bytes:
        """Exchange one APDU within ``timeout`` seconds, and no more than one may take."""
        return self._noted(lambda: self.driver.transmit(self.slot, command, min(APDU_S, timeout)), timeout)

    def transmit_all(self, steps: Sequence[Step], timeout: float) -> tuple[bytes, ...]:
        """Exchange APDUs in a row within ``timeout`` seconds, and no more than they may take."""
        seconds = min(max(APDU_S, len(steps) * APDU_IN_A_ROW_S), timeout)
        return self._noted(lambda: self.driver.transmit_all(self.slot, steps, seconds), timeout)

    def let_go(self) -> None:
        """Begin to let go of the card."""
        # When the card or its driver is gone there is nothing left to let go of.
        with suppress(SegurError):
            self.driver.disconnect(self.slot)

    def _noted(self, exchange: Callable[[], T], timeout: float) -> T:
        if timeout <= 0:
            raise CardError("card.mute", slot=self.slot, retryable=True)
        self._used = time.monotonic()
        try:
            return exchange()
        except CardError as failure:
            self.went_mute = failure.code == "card.mute"
            raise
        finally:
            self._used = time.monotonic()


class BoundChannel:
    """Implements ``RowChannel`` for one insertion and one call.

    Args:
        held: the card.
        atr: its answer to reset.
        borrower: the call.
    """

    def __init__(self, held: HeldCard, atr: bytes, borrower: Borrower) -> None:
        self._held = held
        self._atr = atr
        self._borrower = borrower
        self._open = True

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._atr

    def transmit(self, command: bytes, /) -> bytes:
        """Exchange one APDU; see ``segur_sdk.cards.channel.CardChannel``."""
        return self._held.transmit(command, self._seconds_left())

    def transmit_all(self, steps: Sequence[Step], /) -> tuple[bytes, ...]:
        """Exchange APDUs in a row; see ``segur_sdk.cards.channel.RowChannel``."""
        return self._held.transmit_all(steps, self._seconds_left())

    def close(self) -> None:
        """Refuse every later APDU."""
        self._open = False

    def _seconds_left(self) -> float:
        self._borrower.require_running()
        if not self._open:
            raise CardError("card.closed", slot=self._held.slot)
        return usable_seconds(self._borrower)
