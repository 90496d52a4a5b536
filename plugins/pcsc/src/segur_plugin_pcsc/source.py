"""Driver ``pcsc``: card readers through the system's PC/SC service."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final

from segur_plugin_pcsc import winscard as pcsc
from segur_plugin_pcsc.card import ConnectedCard, Patience, take
from segur_plugin_pcsc.diagnosis import SERVICE_GONE, told
from segur_plugin_pcsc.insertions import DEFAULT_SOCKET, Insertions
from segur_plugin_pcsc.looking import Looker
from segur_plugin_pcsc.watching import Watcher
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError

SHORTEST_COMMAND: Final = 4


class PcscCardSource:
    """Implements ``CardSource``; the arguments are those of ``PcscSettings``.

    Args:
        socket: of pcsc-lite's daemon; empty for the system's own.
        ignore: names of readers left to others.
        shared: use a card within a transaction when another program is connected to it too.
        wait_s: how long to wait for another program's transaction, in seconds.
    """

    def __init__(
        self, socket: str = "", ignore: Sequence[str] = (), *, shared: bool = True, wait_s: float = 2.0
    ) -> None:
        self._socket = socket
        self._ignored = frozenset(ignore)
        self._shared = shared
        self._wait_s = wait_s
        self._insertions = Insertions(Path(socket or os.environ.get(pcsc.SOCKET_VARIABLE) or DEFAULT_SOCKET))
        self._looking = Lock()
        self._looker = self._new_looker()
        self._watchers: list[Watcher] = []
        self._contexts: dict[str, pcsc.Context] = {}
        self._cards: dict[str, ConnectedCard] = {}
        self._patience = Patience()

    def slots(self) -> tuple[SlotState, ...]:
        """Return every slot with what sits in it; nothing when no reader is plugged in.

        Raises:
            CardError: ``card.no_reader_service``; the ``reason`` is ``pyscard_missing``, ``pyscard_unusable``,
                ``other_socket``, ``not_running``, ``stopped`` or ``access_refused``.
        """
        with self._looking:
            return self._looker.look()

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever ``slots`` would answer something else, begin to fail, or fail no more."""
        self._watchers.append(Watcher(self._new_looker(), changed))

    def connect(self, slot: str) -> bytes:
        """Take the card of ``slot`` for the caller alone and return its ATR.

        Raises:
            CardError: ``card.no_reader_service``, ``card.reader_unavailable``, ``card.reader_in_use``,
                ``card.absent``, ``card.mute``, ``card.removed``.
        """
        if slot in self._ignored:
            raise CardError("card.reader_unavailable")
        held = self._cards.get(slot)
        if held is not None and not held.is_lost:
            raise CardError("card.reader_in_use", retryable=True, slot=slot)
        try:
            card = self._taken(slot)
        except pcsc.WinscardError as failure:
            # A name that PC/SC does not know is whatever somebody typed: it is not repeated.
            raise told(failure, None if failure.code == pcsc.UNKNOWN_READER else slot) from None
        self._cards[slot] = card
        return card.atr

    def transmit(self, slot: str, command: bytes) -> bytes:
        """Send a command APDU to the card that the caller holds.

        Raises:
            CardError: ``card.closed`` when it holds none, ``card.protocol`` for what is no command, ``card.removed``,
                ``card.mute``, ``card.reader_unavailable``, ``card.no_reader_service``.
        """
        card = self._cards.get(slot)
        if card is None:
            raise CardError("card.closed")
        if len(command) < SHORTEST_COMMAND:
            raise CardError("card.protocol", reason="command_too_short", length=len(command))
        return card.transmit(command)

    def disconnect(self, slot: str) -> None:
        """Reset the card and let others use it; nothing happens when none is held."""
        card = self._cards.pop(slot, None)
        if card is not None:
            card.close()

    def close(self) -> None:
        """End every watch and let go of every card."""
        while self._watchers:
            self._watchers.pop().close()
        for slot in tuple(self._cards):
            self.disconnect(slot)
        self._patience.close()
        while self._contexts:
            self._contexts.popitem()[1].release()
        with self._looking:
            self._looker.forget()

    def _new_looker(self) -> Looker:
        return Looker(self._api, self._insertions, self._ignored)

    def _api(self) -> Any:
        return pcsc.load(self._socket)

    def _taken(self, slot: str) -> ConnectedCard:
        kept = self._contexts.pop(slot, None)
        if kept is not None:
            try:
                return self._taken_through(kept, slot)
            except pcsc.WinscardError as failure:
                if failure.code not in SERVICE_GONE:
                    raise
        # The service was stopped, and perhaps started again, since it was last used.
        return self._taken_through(pcsc.Context(self._api()), slot)

    def _taken_through(self, context: pcsc.Context, slot: str) -> ConnectedCard:
        def late(card: ConnectedCard | None) -> None:
            if card is not None:
                card.give_back()
            context.release()

        try:
            card = self._patience.within(self._wait_s, lambda: take(context, slot, shared=self._shared), late)
        except TimeoutError:
            raise self._kept_waiting(slot) from None
        except pcsc.WinscardError as failure:
            if failure.code in SERVICE_GONE:
                context.release()
            else:
                self._contexts[slot] = context
            raise
        self._contexts[slot] = context
        return card

    def _kept_waiting(self, slot: str) -> CardError:
        """Tell another program that does not end its transaction from a card that does not start."""
        with pcsc.Context(self._api()) as context:
            (state,) = context.states([slot])
        if state.flags & (pcsc.EXCLUSIVE | pcsc.IN_USE):
            return CardError("card.reader_in_use", retryable=True, slot=slot)
        return CardError("card.mute", retryable=True, slot=slot)
