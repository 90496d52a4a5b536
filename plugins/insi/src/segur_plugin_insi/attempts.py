"""Exchanges of one qualification: all kept, and asked again only where that is safe."""

from collections.abc import Callable
from typing import Final

from segur_plugin_insi.answers import Answer
from segur_plugin_insi.exchange import Exchanged
from segur_sdk.errors import SegurError
from segur_sdk.models.identity import InsAttempt

RETRIED: Final = frozenset({"service.unreachable", "insi.unavailable"})
"""Failures after which a search is asked again: the service was not reached, or said itself that it is down."""


class Attempts:
    """Runs exchanges one after the other.

    Args:
        retries: exchanges that may be repeated in this qualification, all searches together.
    """

    def __init__(self, retries: int) -> None:
        self._retries_left = retries
        self._made: list[InsAttempt] = []

    @property
    def made(self) -> tuple[InsAttempt, ...]:
        """Every exchange so far, failed ones included, in order."""
        return tuple(self._made)

    def run(self, ask: Callable[[], Exchanged]) -> Answer:
        """Ask, at most as often as retries allow, and return the functional answer.

        There is no pause between two tries; the deadline of the call ends them.

        Args:
            ask: makes one whole exchange, fresh each time (ids, instant, card).

        Raises:
            SegurError: the first failure that is not to be retried.
        """
        while True:
            exchanged = ask()
            self._made.append(exchanged.attempt)
            failure = exchanged.outcome
            if not isinstance(failure, SegurError):
                return failure
            if failure.code not in RETRIED or self._retries_left == 0:
                failure.traced = self.made
                raise failure
            self._retries_left -= 1
