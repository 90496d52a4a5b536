"""Tells of cards that come and go: each insertion and each removal once, whatever happens to the readers meanwhile."""

import threading
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import attrs

from segur_host.broker.cards import CardBroker
from segur_host.listening import Listeners
from segur_sdk.models.card import CardPresence

FIRST_RETRY_S: Final = 0.2
LAST_RETRY_S: Final = 1.0
GONE_S: Final = 3.0
"""How long a driver may be unable to tell what is in its readers before their cards count as removed: what a card
allows, such as a session, must not outlive it because nobody can see it any more."""


class CardChange(StrEnum):
    """What happened to a slot."""

    INSERTED = "inserted"
    REMOVED = "removed"


@attrs.frozen
class CardEvent:
    """A card came or went."""

    change: CardChange
    presence: CardPresence
    """The insertion that began or ended."""


Seen = tuple[Mapping[str, CardPresence] | None, ...]
"""Insertions by slot, for each driver; nothing for one that could not tell."""


class CardWatch:
    """Watches the readers from the first subscription on.

    While a driver cannot tell what is in its readers, the system's card service being down, nothing is told of them for
    ``GONE_S`` seconds; then their cards count as removed, and as inserted once it can tell again. A service that is
    back earlier has lost every connection: a card that stayed in its reader counts as removed and inserted then.

    Args:
        cards: whose readers.
    """

    def __init__(self, cards: CardBroker) -> None:
        self._cards = cards
        self._lock = threading.Lock()
        self._listeners: Listeners[CardEvent] = Listeners("segur-cards-listener")
        self._changed = threading.Event()
        self._closed = False
        self._watching = False

    def subscribe(self, listener: Callable[[CardEvent], None]) -> Callable[[], None]:
        """Call ``listener`` for each change from now on, in order, from a thread of its own; what it returns ends that.

        A card that is there already is no change. A listener that raises or hangs concerns nobody else.
        """
        end = self._listeners.subscribe(listener)
        with self._lock:
            if not self._watching:
                self._watching = True
                self._cards.watch(self._changed.set)
                found = self._cards.look()
                threading.Thread(target=self._run, args=(found,), name="segur-cards", daemon=True).start()
        return end

    def close(self) -> None:
        """Tell nothing any more."""
        self._closed = True
        self._changed.set()
        self._listeners.close()

    def _run(self, found: Seen) -> None:
        known = [seen or {} for seen in found]
        blind_since = [None if seen is not None else time.monotonic() for seen in found]
        retry = FIRST_RETRY_S
        while True:
            changed = self._changed.wait(retry if None in found else None)
            self._changed.clear()
            if self._closed:
                return
            retry = FIRST_RETRY_S if changed else min(LAST_RETRY_S, retry * 2)
            found = self._cards.look()
            now = time.monotonic()
            for place, seen in enumerate(found):
                since = blind_since[place]
                blind_since[place] = None if seen is not None else now if since is None else since
                if seen is None and (since is None or now - since < GONE_S):
                    continue
                self._tell(known[place], seen or {})
                known[place] = seen or {}

    def _tell(self, was: Mapping[str, CardPresence], now: Mapping[str, CardPresence]) -> None:
        changes = [CardEvent(CardChange.REMOVED, one) for slot, one in was.items() if now.get(slot) != one]
        changes += [CardEvent(CardChange.INSERTED, one) for slot, one in now.items() if was.get(slot) != one]
        for change in changes:
            self._listeners.tell(change)
