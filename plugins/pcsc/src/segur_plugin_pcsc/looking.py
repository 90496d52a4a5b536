"""What every reader holds, through a context that is made anew when the service was gone."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from threading import Event
from typing import Any, Final

from segur_plugin_pcsc import winscard as pcsc
from segur_plugin_pcsc.diagnosis import SERVICE_GONE, told
from segur_plugin_pcsc.insertions import Insertions
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError

ATR_LENGTHS: Final = range(2, 34)
"""ISO 7816-3. A card that gives anything else is there, but mute."""
MAX_NAME: Final = 120
MOST_READERS: Final = 15
"""Beside the pseudo reader, in one wait of pcsc-lite."""
MOST_KEPT: Final = 64
"""Slots as they were seen: most looks find what the one before found."""
RELISTINGS: Final = 5
LOOK_AGAIN_MS: Final = 10_000
"""What no event tells is seen after this time at most: a reader plugged in between a look and the wait that follows,
and with pcsc-lite another program that begins to hold a card for itself alone."""
LIST_AGAIN_MS: Final = 1_000
"""The same on a system that does not tell when readers come and go."""


class Looker:
    """One thread's view of the readers.

    Args:
        api: gives pyscard's module.
        insertions: numbers what is seen; shared by every looker of a process.
        ignored: readers that are not looked at.
    """

    def __init__(self, api: Callable[[], Any], insertions: Insertions, ignored: Iterable[str]) -> None:
        self._api = api
        self._insertions = insertions
        self._ignored = frozenset(ignored)
        self._context: pcsc.Context | None = None
        self._losses = 0
        self._known: list[tuple[str, int]] = []
        self._tells_of_readers = False

    def look(self) -> tuple[SlotState, ...]:
        """Return the state of every slot.

        Raises:
            CardError: ``card.no_reader_service``.
        """
        try:
            states = self._states()
        except pcsc.WinscardError as failure:
            raise told(failure) from None
        self._insertions.seen(state.name for state in states)
        self._known = [(state.name, (state.counter << 16 | state.flags) & ~pcsc.CHANGED) for state in states]
        return tuple(self._slot(state) for state in states)

    def wait(self, stopped: Event) -> None:
        """Return when something may have changed since the last look, or it is time to look again.

        Raises:
            CardError: ``card.no_reader_service``.
        """
        if self._context is None:
            raise CardError("card.no_reader_service", retryable=True)
        known = list(self._known)
        if self._tells_of_readers and len(known) <= MOST_READERS:
            known.append((pcsc.NOTIFICATION, 0))
            milliseconds = LOOK_AGAIN_MS
        else:
            milliseconds = LIST_AGAIN_MS
        if not known:
            stopped.wait(milliseconds / 1000)
            return
        try:
            self._context.changes(known, milliseconds)
        except pcsc.WinscardError as failure:
            if failure.code in SERVICE_GONE:
                self._gone()
                raise told(failure) from None

    def cancel(self) -> None:
        """End ``wait``, from another thread."""
        if (context := self._context) is not None:
            context.cancel()

    def forget(self) -> None:
        """Give the context up: the service that knew it is gone, or nobody looks any more."""
        context, self._context = self._context, None
        if context is not None:
            context.release()

    def _states(self) -> tuple[pcsc.ReaderState, ...]:
        for _ in range(RELISTINGS):
            fresh = self._context is None
            context = self._context = self._context or self._new_context()
            try:
                return self._read(context)
            except pcsc.WinscardError as failure:
                if failure.code == pcsc.UNKNOWN_READER:
                    # It left after it was listed.
                    continue
                if failure.code in SERVICE_GONE:
                    self._gone()
                if fresh or failure.code not in SERVICE_GONE:
                    raise
        raise pcsc.WinscardError(pcsc.UNKNOWN_READER)

    def _new_context(self) -> pcsc.Context:
        self._losses = self._insertions.losses
        context = pcsc.Context(self._api())
        self._tells_of_readers = context.tells_of_readers
        return context

    def _gone(self) -> None:
        self._insertions.lost(self._losses)
        self.forget()

    def _read(self, context: pcsc.Context) -> tuple[pcsc.ReaderState, ...]:
        names = [name for name in context.readers() if name not in self._ignored and len(name) <= MAX_NAME]
        return context.states(names)

    def _slot(self, state: pcsc.ReaderState) -> SlotState:
        present = bool(state.flags & pcsc.PRESENT)
        return _shown(state, self._insertions.number(state.name, state.counter) if present else 0)


@lru_cache(MOST_KEPT)
def _shown(state: pcsc.ReaderState, insertion: int) -> SlotState:
    present = bool(state.flags & pcsc.PRESENT)
    answers = present and not state.flags & pcsc.MUTE and len(state.atr) in ATR_LENGTHS
    return SlotState(
        slot=state.name,
        present=present,
        atr=state.atr.hex().upper() if answers else None,
        insertion=insertion,
        in_use=present and bool(state.flags & pcsc.EXCLUSIVE),
    )
