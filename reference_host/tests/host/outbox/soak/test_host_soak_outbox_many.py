"""Ten thousand documents: each costs what the first cost, in memory and in work of the database."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from segur_host import Host
from segur_host.outbox.intents import IntentState
from segur_host.storage.database import Database
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.senders import SendAttempt

DOCUMENTS = 10_000
EVERY = 1_000
STEPS = 100
PAGE = 4096
MORE_WORK = 1.3
MORE_MEMORY = 24_000_000
"""Bytes by which the process may grow from the second thousand to the last."""


class Work:
    """Counts what SQLite does, in steps of its machine, and the memory of this process."""

    def __init__(self, database: Database) -> None:
        self._steps = 0
        self._met: set[int] = set()
        self.marks: list[tuple[int, int]] = []
        for engine in (database._reading, database._writing):
            sa.event.listen(engine, "before_cursor_execute", self._before)

    def mark(self) -> None:
        """Note the work since the last mark, and the memory now."""
        gc.collect()
        self.marks.append((self._steps, int(Path("/proc/self/statm").read_text().split()[1]) * PAGE))
        self._steps = 0

    def _before(self, connection: Any, *_: Any) -> None:
        raw = connection.connection.dbapi_connection
        if id(raw) not in self._met:
            self._met.add(id(raw))
            raw.set_progress_handler(self._count, STEPS)

    def _count(self) -> int:
        self._steps += STEPS
        return 0


@pytest.mark.timeout(3600)
def test_soak_outbox_ten_thousand_documents_take_constant_memory_and_linear_work(
    sending_host: Callable[..., Host],
    qualified: Callable[[Host], SealedIdentity],
    draft_of: Callable[..., DmpDraft],
    service: Any,
    say: Callable[[str], None],
) -> None:
    host = sending_host(consents={"informed_by_team": True})
    identity = qualified(host)
    work = Work(host.outbox._sending.database)
    for number in range(1, DOCUMENTS + 1):
        host.send(draft_of(identity, document_ref=f"document-{number}"))
        if number % EVERY == 0:
            work.mark()

    def arrived(_attempt: SendAttempt) -> None:
        if len(service.receptions) % EVERY == 0:
            work.mark()

    service.after = arrived
    host.outbox.run()
    assert len(service.taken) == DOCUMENTS
    assert sum(one.state is IntentState.SENT for one in host.outbox.standings(settled=True)) == DOCUMENTS
    thousands = DOCUMENTS // EVERY
    for name, marks in (("let in", work.marks[:thousands]), ("sent", work.marks[thousands:])):
        first, last = marks[1], marks[-1]
        say(f"{name}: {first[0]} steps of SQLite in the second thousand, {last[0]} in the last")
        say(f"{name}: {first[1]} bytes in memory after the second thousand, {last[1]} after the last")
        assert last[0] < MORE_WORK * first[0]
        assert last[1] - first[1] < MORE_MEMORY
