"""Whoever can write the database, and even holds the key of the file, is seen by the next verification."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from segur_host.audit.continuity import CHECKPOINT_EVERY
from segur_host.audit.entries import AuditEntry, AuditRecord, make_record
from segur_host.audit.findings import Reason, Verification
from segur_host.audit.log import AuditLog
from segur_host.audit.table import add, audit, records_after
from segur_host.storage.database import Database
from segur_sdk.context import Clock

COUNT = 5
Tamper = Callable[[Path], None]
Fill = Callable[..., None]
Verify = Callable[[], Verification]


def sql(*statements: str) -> Tamper:
    def tamper(folder: Path) -> None:
        with Database(folder, "default") as database, database.accepting() as transaction:
            for statement in statements:
                assert transaction.connection.exec_driver_sql(statement).rowcount

    return tamper


def chain(folder: Path, change: Callable[[list[AuditRecord]], list[AuditRecord]]) -> None:
    """Replace the whole chain by another."""
    with Database(folder, "default") as database, database.accepting() as transaction:
        changed = change(list(records_after(transaction.connection, "default")))
        transaction.connection.execute(audit.delete())
        if changed:
            add(transaction, list(changed))


def forged(seq: int, previous: str) -> AuditRecord:
    return make_record(AuditEntry(event="forged.record"), seq, "2026-03-02T09:00:00.000000+00:00", "default", previous)


def relinked(records: list[AuditRecord]) -> list[AuditRecord]:
    """Give records numbers and hashes that agree with each other."""
    previous = "0" * 64
    done = []
    for seq, record in enumerate(records, 1):
        entry = AuditEntry(event=record.event, call_id=record.call_id, plugin=record.plugin)
        done.append(make_record(entry, seq, record.at, record.tenant, previous))
        previous = done[-1].hash
    return done


def write(name: str, content: bytes) -> Tamper:
    return lambda folder: void(folder.joinpath(name).write_bytes(content))


def remove(name: str) -> Tamper:
    return lambda folder: folder.joinpath(name).unlink()


def edit(name: str, change: Callable[[bytes], bytes]) -> Tamper:
    return lambda folder: void(folder.joinpath(name).write_bytes(change(folder.joinpath(name).read_bytes())))


def entries(change: Callable[[list[bytes]], list[bytes]]) -> Tamper:
    """Change the entries of the daybook, each with its length before it."""

    def changed(content: bytes) -> bytes:
        found = []
        while content:
            end = 4 + int.from_bytes(content[:4], "big")
            found.append(content[:end])
            content = content[end:]
        assert len(found) == COUNT - 1
        return b"".join(change(found))

    return edit("host.daybook", changed)


def void(_: object) -> None:
    """Drop a result."""


def both(*tampers: Tamper) -> Tamper:
    def tamper(folder: Path) -> None:
        for one in tampers:
            one(folder)

    return tamper


def test_an_untouched_audit_is_whole(data_folder: Path, fill: Fill, verify: Verify) -> None:
    fill()
    assert verify() == Verification(ok=True, records=COUNT)


CHANGED = {
    "at": ("at", "'2026-03-02T08:00:00.000001+00:00'"),
    "event": ("event", "'test.stop'"),
    "call_id": ("call_id", "'c-9'"),
    "call_id_dropped": ("call_id", "NULL"),
    "plugin": ("plugin", "'vitale'"),
    "plugin_dropped": ("plugin", "NULL"),
    "actor": ("actor", """'{"kind":"operator","name":"Comptoir 2"}'"""),
    "actor_dropped": ("actor", "NULL"),
    "facts": ("facts", """'{"number":9}'"""),
    "facts_respaced": ("facts", "replace(facts, ':', ': ')"),
    "facts_as_bytes": ("facts", "x'00ff'"),
    "hash": ("hash", f"'{'a' * 64}'"),
    "hash_no_hash": ("hash", "'none'"),
}


@pytest.mark.parametrize("seq", [1, 3, COUNT], ids=["first", "middle", "last"])
@pytest.mark.parametrize(("column", "value"), CHANGED.values(), ids=CHANGED.keys())
def test_every_changed_field_is_seen_at_its_record(
    data_folder: Path, fill: Fill, verify: Verify, seq: int, column: str, value: str
) -> None:
    fill()
    sql(f"UPDATE audit SET {column} = {value} WHERE seq = {seq}")(data_folder)
    assert verify() == Verification(ok=False, records=COUNT, first_bad_seq=seq, reason=Reason.RECORD_CHANGED)


def test_every_column_has_its_tampering() -> None:
    assert {column for column, _ in CHANGED.values()} | {"tenant", "seq"} == {column.name for column in audit.columns}


OTHERWISE: dict[str, tuple[Tamper, int, int | None, Reason]] = {
    "tenant_of_a_record": (sql("UPDATE audit SET tenant = 'x' WHERE seq = 3"), 4, 3, Reason.WRONG_TENANT),
    "tenant_of_the_last": (sql("UPDATE audit SET tenant = 'x' WHERE seq = 5"), 4, 5, Reason.WRONG_TENANT),
    "tenant_of_all": (sql("UPDATE audit SET tenant = 'x'"), 0, 1, Reason.WRONG_TENANT),
    "renumbered": (sql("UPDATE audit SET seq = 20 WHERE seq = 3"), 5, 3, Reason.OUT_OF_SEQUENCE),
    "renumbered_last": (sql("UPDATE audit SET seq = 6 WHERE seq = 5"), 5, 5, Reason.OUT_OF_SEQUENCE),
    "swapped": (
        sql(
            "UPDATE audit SET seq = -3 WHERE seq = 3",
            "UPDATE audit SET seq = 3 WHERE seq = 4",
            "UPDATE audit SET seq = 4 WHERE seq = -3",
        ),
        5,
        3,
        Reason.RECORD_CHANGED,
    ),
    "gap": (sql("DELETE FROM audit WHERE seq = 3"), 4, 3, Reason.OUT_OF_SEQUENCE),
    "first_cut": (sql("DELETE FROM audit WHERE seq = 1"), 4, 1, Reason.OUT_OF_SEQUENCE),
    "last_cut": (sql("DELETE FROM audit WHERE seq = 5"), 4, 5, Reason.CUT_TAIL),
    "tail_cut": (sql("DELETE FROM audit WHERE seq > 2"), 2, 3, Reason.CUT_TAIL),
    "emptied": (sql("DELETE FROM audit"), 0, 1, Reason.CUT_TAIL),
    "gap_closed": (
        lambda folder: chain(folder, lambda records: relinked(records[:2] + records[3:])),
        4,
        5,
        Reason.CUT_TAIL,
    ),
    "inserted_and_relinked": (
        lambda folder: chain(
            folder, lambda records: relinked([*records[:2], forged(3, records[1].hash), *records[2:]])
        ),
        6,
        5,
        Reason.REWRITTEN,
    ),
    "all_rewritten": (lambda folder: chain(folder, relinked), 5, 5, Reason.REWRITTEN),
    "last_rewritten": (
        lambda folder: chain(folder, lambda records: [*records[:4], forged(5, records[3].hash)]),
        5,
        5,
        Reason.REWRITTEN,
    ),
    "appended": (
        lambda folder: chain(folder, lambda records: [*records, forged(6, records[4].hash)]),
        6,
        6,
        Reason.NOT_COVERED,
    ),
    "database_removed": (
        both(sql("UPDATE audit SET seq = seq"), remove("host.db"), lambda folder: Database(folder, "default").close()),
        0,
        1,
        Reason.CUT_TAIL,
    ),
    # The first record is in the database, each later one still in an entry of the daybook.
    "daybook_removed": (remove("host.daybook"), 1, 2, Reason.CUT_TAIL),
    "daybook_emptied": (write("host.daybook", b""), 1, 2, Reason.CUT_TAIL),
    "daybook_garbage": (write("host.daybook", b"\xff" * 1000), 1, 2, Reason.CUT_TAIL),
    "daybook_zeros": (write("host.daybook", bytes(1000)), 1, 2, Reason.CUT_TAIL),
    "daybook_byte_changed": (entries(lambda one: [one[0], one[1][:-1] + b"\0", *one[2:]]), 2, 3, Reason.CUT_TAIL),
    "daybook_entry_cut_short": (edit("host.daybook", lambda content: content[:-1]), 4, 5, Reason.CUT_TAIL),
    "daybook_first_entry_cut": (entries(lambda one: one[1:]), 4, 2, Reason.OUT_OF_SEQUENCE),
    "daybook_middle_entry_cut": (entries(lambda one: [one[0], *one[2:]]), 4, 3, Reason.OUT_OF_SEQUENCE),
    "daybook_last_entry_cut": (entries(lambda one: one[:-1]), 4, 5, Reason.CUT_TAIL),
    "daybook_and_head_removed": (both(remove("host.daybook"), remove("audit.head")), 1, None, Reason.HEAD_MISSING),
    "head_missing": (remove("audit.head"), 5, None, Reason.HEAD_MISSING),
    "head_emptied": (write("audit.head", b""), 5, None, Reason.HEAD_MISSING),
    "head_garbage": (write("audit.head", b"\xff" * 1024), 5, None, Reason.HEAD_REPLACED),
    "head_shortened": (edit("audit.head", lambda content: content[:-1]), 5, None, Reason.HEAD_REPLACED),
    "head_lengthened": (edit("audit.head", lambda content: content + b" "), 5, None, Reason.HEAD_REPLACED),
    "head_count": (edit("audit.head", lambda content: content.replace(b"[5,", b"[4,")), 5, None, Reason.HEAD_REPLACED),
    "head_unsigned": (
        edit("audit.head", lambda content: content.split(b"\n")[0].ljust(1024)),
        5,
        None,
        Reason.HEAD_REPLACED,
    ),
    "head_and_tail": (
        both(sql("DELETE FROM audit WHERE seq > 2"), remove("audit.head")),
        2,
        None,
        Reason.HEAD_MISSING,
    ),
    "head_and_all_records": (both(sql("DELETE FROM audit"), remove("audit.head")), 0, None, Reason.HEAD_MISSING),
    "checkpoints_missing": (remove("audit.checkpoints"), 5, None, Reason.CHECKPOINTS_CUT),
    "checkpoints_emptied": (write("audit.checkpoints", b""), 5, None, Reason.CHECKPOINTS_CUT),
    "checkpoints_garbage": (write("audit.checkpoints", b"\xff\n"), 5, None, Reason.CHECKPOINTS_REPLACED),
    "checkpoints_changed": (
        edit("audit.checkpoints", lambda content: content.replace(b"2026", b"2025")),
        5,
        None,
        Reason.CHECKPOINTS_REPLACED,
    ),
    "checkpoints_repeated": (
        edit("audit.checkpoints", lambda content: 2 * content),
        5,
        None,
        Reason.CHECKPOINTS_REPLACED,
    ),
}


@pytest.mark.parametrize(("tamper", "records", "seq", "reason"), OTHERWISE.values(), ids=OTHERWISE.keys())
def test_every_other_tampering_is_seen(
    data_folder: Path, fill: Fill, verify: Verify, tamper: Tamper, records: int, seq: int | None, reason: Reason
) -> None:
    fill()
    tamper(data_folder)
    assert verify() == Verification(ok=False, records=records, first_bad_seq=seq, reason=reason)


@pytest.mark.parametrize(("tamper", "seq"), [(case[0], case[2]) for case in OTHERWISE.values()], ids=OTHERWISE.keys())
def test_new_records_do_not_heal_a_tampered_audit(
    data_folder: Path, fill: Fill, verify: Verify, tamper: Tamper, seq: int | None
) -> None:
    fill()
    tamper(data_folder)
    for _ in range(2):
        fill()
        found = verify()
        assert not found.ok
        assert found.first_bad_seq == seq or found.first_bad_seq is None or seq is None


def test_records_cut_under_a_running_host_are_seen(data_folder: Path, clock: Clock) -> None:
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        for _ in range(COUNT):
            log.append(AuditEntry(event="test.step"))
        sql("DELETE FROM audit WHERE seq > 3")(data_folder)
        log.append(AuditEntry(event="test.step"))
        found = log.verify()
    assert (found.ok, found.first_bad_seq, found.reason) == (False, 4, Reason.OUT_OF_SEQUENCE)


def test_a_head_of_another_installation_is_seen(data_folder: Path, tmp_path: Path, fill: Fill, verify: Verify) -> None:
    fill()
    fill(folder=tmp_path / "other")
    shutil.copy(tmp_path / "other" / "audit.head", data_folder / "audit.head")
    assert verify().reason is Reason.HEAD_REPLACED


def test_an_older_head_of_this_installation_is_seen(data_folder: Path, fill: Fill, verify: Verify) -> None:
    fill(3)
    old = (data_folder / "audit.head").read_bytes()
    fill(2)
    (data_folder / "audit.head").write_bytes(old)
    found = verify()
    assert (found.ok, found.first_bad_seq, found.reason) == (False, 4, Reason.NOT_COVERED)


def test_head_and_chain_put_back_together_are_seen_by_a_later_checkpoint(
    data_folder: Path, fill: Fill, verify: Verify
) -> None:
    fill(3)
    old = (data_folder / "audit.head").read_bytes()
    fill(CHECKPOINT_EVERY + 1)
    sql("DELETE FROM audit WHERE seq > 3")(data_folder)
    (data_folder / "audit.head").write_bytes(old)
    found = verify()
    assert (found.ok, found.first_bad_seq, found.reason) == (False, 4, Reason.CUT_TAIL)


def test_a_chain_rewritten_with_its_head_put_back_is_seen_by_a_checkpoint(
    data_folder: Path, clock: Clock, fill: Fill, verify: Verify
) -> None:
    fill()
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        log.append(AuditEntry(event="test.step"))
        log.close()
    chain(data_folder, relinked)
    found = verify()
    assert (found.ok, found.first_bad_seq, found.reason) == (False, COUNT + 2, Reason.REWRITTEN)


def test_a_broken_audit_says_so_in_its_next_record(data_folder: Path, clock: Clock, fill: Fill, verify: Verify) -> None:
    fill()
    sql("DELETE FROM audit WHERE seq > 3")(data_folder)
    fill(1)
    with Database(data_folder, "default") as database:
        added = list(AuditLog(database, clock).records(after=3))
    assert [record.event for record in added] == ["audit.break_found", "test.step"]
    assert added[0].facts == '{"lost":2,"reason":"cut_tail","seq":4}'
