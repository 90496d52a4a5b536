"""Cards that hold sessions: which insertion proved who it is, and that it is still there."""

import threading
from collections.abc import Callable, Mapping
from typing import Final

from segur_host.broker.card_watch import CardChange, CardEvent
from segur_host.devices import Devices
from segur_sdk.errors import CardError
from segur_sdk.models.actor import SessionEnd
from segur_sdk.models.card import CardPresence

_GONE: Final = frozenset({"card.absent", "card.reader_unavailable"})
"""What a reader says out of which a card was pulled, and one that was unplugged with its card."""


class HoldingCards:
    """The readers as sessions see them.

    Args:
        devices: readers and tokens.
        removed: called with each insertion that ended, from a thread of the host, once a session is held by one.
    """

    def __init__(self, devices: Devices, removed: Callable[[CardPresence], None]) -> None:
        self._devices = devices
        self._removed = removed
        self._lock = threading.Lock()
        self._unsubscribe: Callable[[], None] | None = None

    def present(self) -> Mapping[str, CardPresence]:
        """Return the insertions that are there before somebody proves who he is, by slot."""
        return {slot: one for seen in self._devices.cards.look() for slot, one in (seen or {}).items()}

    def proven(self, slot: str | None, there: Mapping[str, CardPresence]) -> CardPresence | None:
        """Return the insertion that proved who it is, if the host sees its reader.

        Raises:
            CardError: ``card.swapped``: whose card it is that sits there now was not proven; those of a reader.
        """
        if slot is None:
            return None
        try:
            presence = self._devices.cards.presence(slot)
        except CardError as failure:
            if failure.code == "card.reader_unavailable":
                # A token module may name readers that no driver of cards knows.
                return None
            raise
        if there.get(slot) != presence:
            raise CardError("card.swapped", slot=slot)
        return presence

    def is_there(self, presence: CardPresence) -> bool:
        """Tell whether an insertion is still there; that it ends is told from now on."""
        with self._lock:
            if self._unsubscribe is None:
                self._unsubscribe = self._devices.watch.subscribe(self._changed)
        try:
            return self._devices.cards.presence(presence.slot) == presence
        except CardError:
            return False

    def how_lost(self, presence: CardPresence | None) -> SessionEnd:
        """Tell a token that was pulled from one whose PIN was forgotten where it sits, or of which no reader tells."""
        if presence is None:
            return SessionEnd.TOKEN_LOST
        try:
            gone = self._devices.cards.presence(presence.slot) != presence
        except CardError as failure:
            gone = failure.code in _GONE
        return SessionEnd.CARD_REMOVED if gone else SessionEnd.TOKEN_LOST

    def close(self) -> None:
        """Tell nothing any more."""
        if self._unsubscribe is not None:
            self._unsubscribe()

    def _changed(self, event: CardEvent) -> None:
        if event.change is CardChange.REMOVED:
            self._removed(event.presence)
