"""Tokens that are unlocked: where each one is held, and that it is lost when it is not unlocked any more.

A PIN that was verified is forgotten with the process of its driver, and with a card that leaves. Of cards in readers
the readers tell; whether a token is still unlocked after its driver's process ended, or while it sits in no reader that
the host knows, is found out by asking its driver.
"""

import threading
from collections.abc import Callable
from typing import Final

import attrs

from segur_host.drivers.tokens import TokensInChild
from segur_sdk.errors import CardError

LOOK_S: Final = 2.0
"""How often a token is looked for of whose removal nobody tells."""


@attrs.frozen(eq=False)
class Held:
    """Where a token is held since its PIN was sent there."""

    driver: TokensInChild
    token: str
    """By which the driver knows it."""


class UnlockedTokens:
    """Tokens whose PIN was sent to a driver and that nobody locked since. Every method may be called from any thread.

    Args:
        lost: called with the serial number of each one that is found to be locked or gone, from a thread of this
            object; it is forgotten here by then.
    """

    def __init__(self, lost: Callable[[str], None]) -> None:
        self._lost = lost
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}
        self._doubted: set[str] = set()
        self._followed: set[str] = set()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def serials(self) -> tuple[str, ...]:
        """Serial numbers of all of them."""
        return tuple(self._held)

    def get(self, serial: str) -> Held | None:
        """Return where a token is held, if it is one of them."""
        return self._held.get(serial)

    def add(self, serial: str, held: Held) -> None:
        """Keep where a token is held from now on."""
        with self._lock:
            self._held[serial] = held

    def remove(self, serial: str) -> Held | None:
        """Forget a token and return where it was held."""
        with self._lock:
            self._doubted.discard(serial)
            self._followed.discard(serial)
            return self._held.pop(serial, None)

    def doubt(self, serial: str) -> None:
        """Find out soon whether a token is still unlocked; nothing happens when it is not one of these."""
        self._ask_for(self._doubted, (serial,))

    def doubt_all_of(self, driver: TokensInChild) -> None:
        """Do so for every token that a driver held: its process ended."""
        held_there = tuple(serial for serial, held in self._held.copy().items() if held.driver is driver)
        self._ask_for(self._doubted, held_there)

    def follow(self, serial: str) -> None:
        """Find out again and again, for as long as it is one of these."""
        self._ask_for(self._followed, (serial,))

    def close(self) -> None:
        """Find out nothing any more."""
        self._closed = True
        self._wake.set()

    def _ask_for(self, which: set[str], serials: tuple[str, ...]) -> None:
        with self._lock:
            known = [serial for serial in serials if serial in self._held]
            which.update(known)
            if not known or self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="segur-tokens", daemon=True)
                self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(LOOK_S if self._followed else None)
            self._wake.clear()
            if self._closed:
                return
            with self._lock:
                asked_for = [(serial, self._held[serial]) for serial in self._doubted | self._followed]
                self._doubted.clear()
            for serial, held in asked_for:
                if not _still_unlocked(serial, held) and self._forget(serial, held):
                    self._lost(serial)

    def _forget(self, serial: str, held: Held) -> bool:
        """Forget a token, unless it was unlocked anew meanwhile."""
        return self._held.get(serial) is held and self.remove(serial) is held


def _still_unlocked(serial: str, held: Held) -> bool:
    try:
        states = held.driver.tokens()
    except CardError as failure:
        # A driver that is busy has not ended. Any other failure leaves nothing that could be used.
        return failure.code in {"card.busy", "card.reader_in_use"}
    return any(state.serial == serial and state.pin.unlocked for state in states)
