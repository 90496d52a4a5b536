"""What a broker needs to know of the call it lends to."""

from typing import Protocol

from segur_sdk.context import Deadline
from segur_sdk.errors import Fact


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
        """Add an audit record in the name of the plugin."""
        ...

    def require_running(self) -> None:
        """Raise ``plugin.call_over`` once the call was given up."""
        ...
