"""What a broker needs to know of the call it lends to."""

from contextlib import AbstractContextManager
from typing import Protocol

from segur_sdk.errors import Fact


class LentTime(Protocol):
    """How long a call may still take, and what of it is the plugin's own."""

    @property
    def reserve(self) -> float:
        """Seconds that brokers leave for the plugin to say that a service or a card did not answer."""
        ...

    def remaining(self) -> float:
        """Return the seconds left, never below zero."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Stop the clock while the block runs: somebody acts elsewhere."""
        ...


class Borrower(Protocol):
    """A call in progress, as brokers see it."""

    @property
    def plugin(self) -> str:
        """Id of the plugin that borrows."""
        ...

    @property
    def call_id(self) -> str:
        """Id of the call, the same for every plugin that serves it."""
        ...

    @property
    def deadline(self) -> LentTime:
        """Of the call."""
        ...

    def record(self, event: str, **facts: Fact) -> None:
        """Add an audit record in the name of the plugin, now."""
        ...

    def note(self, event: str, **facts: Fact) -> None:
        """Keep an audit record in the name of the plugin, to be written with the outcome of its part."""
        ...

    def require_running(self) -> None:
        """Raise ``plugin.call_over`` once the call was given up."""
        ...


def usable_seconds(borrower: Borrower) -> float:
    """Return how long a broker may wait on behalf of a call: less than what is left of it, and possibly nothing.

    Without that reserve a slow service, or a card that takes long for each of many commands, would let the call end as
    one whose plugin hangs.
    """
    return borrower.deadline.remaining() - borrower.deadline.reserve
