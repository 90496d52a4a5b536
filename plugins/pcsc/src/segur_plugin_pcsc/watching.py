"""A thread that tells when the readers, or what they hold, changed, and that nothing ends but its owner."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from segur_plugin_pcsc.looking import Looker
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError

AGAIN_S: Final = 0.5
"""Pause before the service is asked for again while it is away."""
CALM_S: Final = 0.05
"""Pause after a change of what no slot shows, so that a reader that keeps changing its mind costs nothing."""
CANCEL_S: Final = 0.05
_LOG: Final = logging.getLogger(__name__)


class Watcher:
    """Watches until it is closed.

    Args:
        looker: its own; nobody else uses it.
        changed: called from the watcher's thread.
    """

    def __init__(self, looker: Looker, changed: Callable[[], None]) -> None:
        self._looker = looker
        self._changed = changed
        self._stopped = Event()
        self._told = self._look()
        self._thread = Thread(target=self._run, name="segur-pcsc-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the watch."""
        self._stopped.set()
        while self._thread.is_alive():
            # A cancellation that comes before the wait is lost.
            self._looker.cancel()
            self._thread.join(CANCEL_S)
        self._looker.forget()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._once()
            except Exception as failure:  # noqa: BLE001 - whatever it was, readers must go on being watched
                _LOG.error("watching readers failed (%s); trying again", type(failure).__name__)
                self._stopped.wait(AGAIN_S)

    def _once(self) -> None:
        try:
            self._looker.wait(self._stopped)
        except CardError:
            self._stopped.wait(AGAIN_S)
        found = self._look()
        if self._stopped.is_set():
            return
        if found == self._told:
            self._stopped.wait(CALM_S)
            return
        self._told = found
        self._changed()

    def _look(self) -> tuple[SlotState, ...] | str:
        """Return what the slots hold, or the code of what keeps them from being seen."""
        try:
            return self._looker.look()
        except CardError as failure:
            return failure.code
