"""Tells plugins of events, after the fact and apart from it: nothing that they do affects the cause."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.dispatch.outcome import HookResult
from segur_host.events.table import EventTable
from segur_sdk.errors import HostError
from segur_sdk.models.base import Event

MAX_TELLINGS: Final = 10
CLOSING_S: Final = 2.0
"""How long the host's end waits for events that are being told; the others are told at its next start."""


class EventTeller:
    """Calls hooks of mode *observe* for the events of a table, from a thread of its own.

    An event stays in the table until every plugin took notice of it. One for which a plugin failed is told again
    with the next event, or at the next start; after ``MAX_TELLINGS`` the audit says that it was given up.

    Args:
        table: the host's events.
        call: calls a hook.
        audit: of the host.
    """

    def __init__(self, table: EventTable, call: Callable[[str, Event], HookResult], audit: AuditLog) -> None:
        self._table = table
        self._call = call
        self._audit = audit
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Tell what an earlier run of the host left untold."""
        if self._table.pending():
            self.wake()

    def wake(self) -> None:
        """Tell what is in the table: something was committed."""
        with self._lock:
            self._idle.clear()
            self._wanted.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="segur-events", daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until everything was told that can be told now; return whether it was."""
        return self._idle.wait(seconds)

    def close(self) -> None:
        """Stop telling; what is left is told at the next start."""
        self._idle.wait(CLOSING_S)
        self._closed.set()
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._closed.is_set():
                return
            # A database that cannot be read now is read again with the next event.
            with suppress(HostError):
                self._tell_all()
            with self._lock:
                if not self._wanted.is_set():
                    self._idle.set()

    def _tell_all(self) -> None:
        for pending in self._table.pending():
            if self._closed.is_set():
                return
            well = self._call(pending.hook, pending.event).all_well
            if self._closed.is_set():
                # Nothing may be written any more: it is told again at the next start.
                return
            if well:
                self._table.forget(pending)
            elif pending.tellings + 1 < MAX_TELLINGS:
                self._table.told_in_vain(pending)
            else:
                self._audit.append(AuditEntry(event="event.given_up", facts={"hook": pending.hook}))
                self._table.forget(pending)
