"""What is noted is in the daybook until an accepted write takes it over; whoever reads sees it before and after."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from segur_host.audit.entries import AuditEntry
from segur_host.audit.findings import Verification
from segur_host.audit.log import AuditLog
from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_host.traces.store import TraceStore
from segur_sdk.context import Clock
from segur_sdk.errors import HostError
from segur_sdk.models.actor import Actor

DAYBOOK = "host.daybook"


@pytest.fixture(scope="module")
def notes() -> Iterator[sa.Table]:
    table = sa.Table("daily_notes", metadata, tenant_column(), sa.Column("text", sa.Text, primary_key=True))
    yield table
    metadata.remove(table)


@pytest.fixture
def note(database: Database, notes: sa.Table) -> Callable[..., None]:
    database.ensure(notes)

    def note(*texts: str, by: Database = database) -> None:
        with by.noting() as transaction:
            transaction.insert(notes, [{"tenant": "default", "text": text} for text in texts])

    return note


@pytest.fixture
def kept(database: Database, notes: sa.Table) -> Callable[..., list[str]]:
    def kept(by: Database = database) -> list[str]:
        with by.reading() as connection:
            return list(connection.execute(sa.select(notes.c.text).order_by(notes.c.text)).scalars())

    return kept


Note = Callable[..., None]
Kept = Callable[..., list[str]]


def size(folder: Path) -> int:
    return (folder / DAYBOOK).stat().st_size


def test_who_reads_sees_what_was_noted_by_whom_ever(
    data_folder: Path, database: Database, note: Note, kept: Kept
) -> None:
    note("a", "b")
    assert size(data_folder) > 0
    with Database(data_folder, "default") as other:
        assert kept(other) == ["a", "b"]
        assert size(data_folder) == 0
        note("c", by=other)
        note("d")
        note("e", by=other)
    assert kept() == ["a", "b", "c", "d", "e"]


def test_an_accepted_write_takes_notes_over_and_one_that_fails_leaves_them(
    data_folder: Path, database: Database, note: Note, kept: Kept
) -> None:
    def fail() -> None:
        with database.accepting():
            raise ZeroDivisionError

    note("a")
    with pytest.raises(ZeroDivisionError):
        fail()
    assert size(data_folder) > 0
    with database.accepting():
        assert kept() == ["a"]
    assert size(data_folder) == 0
    assert kept() == ["a"]


def test_notes_taken_over_twice_are_the_same_notes(data_folder: Path, note: Note, kept: Kept) -> None:
    note("a")
    note("b")
    book = (data_folder / DAYBOOK).read_bytes()
    assert kept() == ["a", "b"]
    # A process killed between its commit and the emptying of the file.
    (data_folder / DAYBOOK).write_bytes(book)
    note("c")
    assert kept() == ["a", "b", "c"]


@pytest.mark.parametrize("left", [1, 3, 4, 20])
def test_an_entry_cut_short_by_a_kill_is_dropped_and_the_next_one_takes_its_place(
    data_folder: Path, note: Note, kept: Kept, left: int
) -> None:
    note("a")
    whole = size(data_folder)
    note("lost")
    with (data_folder / DAYBOOK).open("rb+") as book:
        book.truncate(whole + left)
    note("b")
    assert kept() == ["a", "b"]


def test_a_note_that_finds_no_room_is_refused_whole(
    data_folder: Path, note: Note, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(descriptor: int, content: bytes) -> int:
        return write(descriptor, content[: len(content) // 2])

    note("a")
    before, write = size(data_folder), os.write
    with monkeypatch.context() as filling:
        filling.setattr("segur_host.storage.daybook.os.write", half)
        with pytest.raises(HostError) as raised:
            note("b")
    assert (raised.value.code, raised.value.facts["reason"]) == ("storage.full", errno.errorcode[errno.ENOSPC])
    assert size(data_folder) == before
    note("c")
    assert kept() == ["a", "c"]


def test_nothing_can_be_read_or_changed_in_a_note(database: Database, notes: sa.Table) -> None:
    database.ensure(notes)
    with database.noting() as transaction, pytest.raises(RuntimeError):
        transaction.connection.execute(sa.select(notes))


def test_a_noted_trace_is_found_and_is_nowhere_in_clear(
    data_folder: Path, database: Database, clock: Clock, operator: Actor
) -> None:
    audit, traces = AuditLog(database, clock), TraceStore(database, clock, 30)
    audit.append(AuditEntry(event="test.first"))
    with audit.writing():
        traces.record(None, "test.answer", operator, {"nom": "HOUILLES"}, "call-1")
        audit.append(AuditEntry(event="test.answer", call_id="call-1"))
    assert size(data_folder) > 0
    assert not [path.name for path in data_folder.iterdir() if b"HOUILLES" in path.read_bytes()]
    [trace] = traces.of_call("call-1")
    assert trace.payload == {"nom": "HOUILLES"}
    assert audit.verify() == Verification(ok=True, records=2)


def test_what_is_attached_may_still_be_in_the_daybook(
    data_folder: Path, database: Database, clock: Clock, operator: Actor
) -> None:
    audit, traces = AuditLog(database, clock), TraceStore(database, clock, 30)
    audit.append(AuditEntry(event="test.first"))
    with audit.writing():
        traces.record(None, "test.answer", operator, {}, "call-1")
    assert size(data_folder) > 0
    assert traces.attach("call-1", "ref-1") == 1
    assert len(traces.of_patient("ref-1")) == 1
