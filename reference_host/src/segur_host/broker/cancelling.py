"""How a person gives up what he began: a login in his browser, an answer on his telephone."""

import threading

from segur_sdk.errors import InputError


class Cancellation:
    """Handed to the verb that begins something; cancelled from any other thread, once and for ever."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Give it up: whoever waits for a person stops at once."""
        self._cancelled.set()

    def wait(self, seconds: float = 0) -> None:
        """Wait at most so long.

        Raises:
            InputError: ``input.cancelled``.
        """
        if self._cancelled.wait(seconds):
            raise InputError("input.cancelled")
