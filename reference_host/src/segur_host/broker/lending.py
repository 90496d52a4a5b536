"""What a broker needs to know of the call it lends to."""

from typing import Final, Protocol

from segur_sdk.context import Deadline
from segur_sdk.errors import Fact

RESERVE_S: Final = 0.5
"""What is left of a call's time for the plugin to say that a service or a card did not answer."""


class Borrower(Protocol):
    """A call in progress, as brokers see it."""

    @property
    def plugin(self) -> str:
        """Id of the plugin that borrows."""
        ...

    @property
    def deadline(self) -> Deadline:
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
    """Return how long a broker may wait on behalf of a call: a little less than what is left of it.

    Without that reserve a slow service would let every call end as one whose plugin hangs.
    """
    left = borrower.deadline.remaining()
    return left - min(RESERVE_S, left / 4)
