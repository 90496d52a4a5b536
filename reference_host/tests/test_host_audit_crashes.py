"""What a crash, a power failure or a full disk leaves is not taken for tampering."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from segur_host.audit import head as head_module
from segur_host.audit.checkpoints import CheckpointFile
from segur_host.audit.continuity import CHECKPOINT_EVERY
from segur_host.audit.entries import AuditEntry, make_record
from segur_host.audit.findings import Reason, Verification
from segur_host.audit.log import AuditLog
from segur_host.audit.table import add, audit
from segur_host.storage.database import Database
from segur_sdk.context import Clock

COUNT = 5
Fill = Callable[..., None]
Verify = Callable[[], Verification]


def delete(folder: Path, condition: str) -> None:
    with Database(folder, "default") as database, database.accepting() as transaction:
        assert transaction.connection.exec_driver_sql(f"DELETE FROM audit WHERE {condition}").rowcount


def test_a_line_left_unfinished_by_a_crash_is_no_tampering(
    data_folder: Path, clock: Clock, fill: Fill, verify: Verify
) -> None:
    fill()
    with (data_folder / "audit.checkpoints").open("ab") as stream:
        stream.write(b'{"at":"2026')
    assert verify().ok
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        log.append(AuditEntry(event="test.step"))
        log.close()
        assert log.verify() == Verification(ok=True, records=COUNT + 2)


@pytest.mark.parametrize("step", ["head", "line"])
def test_a_crash_in_the_very_first_append_is_no_tampering(
    data_folder: Path, clock: Clock, fill: Fill, verify: Verify, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object) -> int:
        raise KeyboardInterrupt

    with Database(data_folder, "default") as database, monkeypatch.context() as crashing:
        log = AuditLog(database, clock)
        crashing.setattr(CheckpointFile, "add", crash) if step == "line" else crashing.setattr(log, "_chain", crash)
        with pytest.raises(KeyboardInterrupt):
            log.append(AuditEntry(event="test.step"))
    assert (data_folder / "audit.head").exists()
    assert verify() == Verification(ok=True, records=0)
    fill()
    assert verify() == Verification(ok=True, records=COUNT)


def test_a_disk_full_at_a_checkpoint_refuses_no_record(
    data_folder: Path, clock: Clock, fill: Fill, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        log.append(AuditEntry(event="test.step"))
        with monkeypatch.context() as filling:
            filling.setattr(CheckpointFile, "add", full)
            for _ in range(CHECKPOINT_EVERY + 2):
                log.append(AuditEntry(event="test.step"))
        log.append(AuditEntry(event="test.step"))
        assert log.verify() == Verification(ok=True, records=CHECKPOINT_EVERY + 4)
    assert len((data_folder / "audit.checkpoints").read_bytes().splitlines()) == 2


def rebooted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_module, "this_boot", lambda: "another boot")


def test_records_taken_by_a_power_failure_are_counted_and_not_called_tampering(
    data_folder: Path, clock: Clock, fill: Fill, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    delete(data_folder, "seq > 3")
    assert verify().reason is Reason.CUT_TAIL
    rebooted(monkeypatch)
    assert verify() == Verification(ok=True, records=3, lost=2)
    fill(1)
    assert verify() == Verification(ok=True, records=5, lost=2)


def test_a_power_failure_takes_nothing_from_before_a_checkpoint(
    data_folder: Path, clock: Clock, fill: Fill, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        log.append(AuditEntry(event="test.step"))
        log.close()
    delete(data_folder, "seq = 2")
    rebooted(monkeypatch)
    found = verify()
    assert (found.ok, found.first_bad_seq, found.reason) == (False, 2, Reason.CUT_TAIL)


def test_a_head_older_than_the_disk_of_the_chain_is_a_power_failure_too(
    data_folder: Path, clock: Clock, fill: Fill, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(3)
    old = (data_folder / "audit.head").read_bytes()
    fill(2)
    (data_folder / "audit.head").write_bytes(old)
    rebooted(monkeypatch)
    assert verify() == Verification(ok=True, records=5)


def test_a_crash_between_commit_and_head_is_no_tampering(
    data_folder: Path, clock: Clock, fill: Fill, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        monkeypatch.setattr(log, "_confirm", lambda progress: None)
        log.append_all([AuditEntry(event="test.step"), AuditEntry(event="test.step")])
        assert log.verify() == Verification(ok=True, records=COUNT + 2)
    # The very records that were announced, and no others.
    with Database(data_folder, "default") as database, database.accepting() as transaction:
        last = list(AuditLog(database, clock).records())[-2:]
        other = make_record(AuditEntry(event="test.stop"), last[1].seq, last[1].at, "default", last[0].hash)
        transaction.connection.execute(audit.delete().where(audit.c.seq == other.seq))
        add(transaction, [other])
    assert verify().reason is Reason.NOT_COVERED
