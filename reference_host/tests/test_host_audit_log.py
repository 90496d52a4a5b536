import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from segur_host.audit import table
from segur_host.audit.continuity import CHECKPOINT_EVERY
from segur_host.audit.entries import AuditEntry
from segur_host.audit.findings import Verification
from segur_host.audit.head import Head, HeadFile, Link
from segur_host.audit.log import AuditLog
from segur_host.clock import SystemClock
from segur_host.storage.database import Database
from segur_sdk.context import Clock
from segur_sdk.errors import ErrorSource, HostError
from segur_sdk.models.actor import Actor


@pytest.fixture
def audit(database: Database, clock: Clock) -> Iterator[AuditLog]:
    log = AuditLog(database, clock)
    yield log
    log.close()


def entry(number: int) -> AuditEntry:
    return AuditEntry(event="test.step", facts={"number": number})


def numbers(log: AuditLog) -> list[int]:
    return [json.loads(record.facts)["number"] for record in log.records() if record.event == "test.step"]


def test_a_record_tells_what_who_and_when(audit: AuditLog, operator: Actor) -> None:
    audit.append(
        AuditEntry(
            event="hook.on_card_read",
            call_id="c-1",
            plugin="vitale",
            actor=operator,
            facts={"status": "ok", "ms": 12, "late": False, "error": None},
        )
    )
    [record] = audit.records()
    assert (record.seq, record.tenant, record.event) == (1, "default", "hook.on_card_read")
    assert (record.at, record.call_id, record.plugin) == ("2026-03-02T08:00:00.000000+00:00", "c-1", "vitale")
    assert json.loads(record.actor or "") == {"kind": "operator", "name": "Comptoir 1"}
    assert json.loads(record.facts) == {"status": "ok", "ms": 12, "late": False, "error": None}


def test_an_audit_never_used_is_whole(audit: AuditLog) -> None:
    assert audit.verify() == Verification(ok=True, records=0)


def test_records_follow_the_clock_and_each_other(audit: AuditLog, set_clock: Callable[[datetime], None]) -> None:
    audit.append(entry(0))
    set_clock(datetime(2026, 3, 2, 7, 0, tzinfo=UTC))  # a clock set back changes dates, not the order
    audit.append_all([entry(1), entry(2)])
    audit.append_all([])
    assert [record.seq for record in audit.records()] == [1, 2, 3]
    assert [record.at[11:13] for record in audit.records()] == ["08", "07", "07"]
    assert [record.seq for record in audit.records(after=2)] == [3]
    assert audit.verify() == Verification(ok=True, records=3)


def test_the_chain_goes_on_after_a_restart(data_folder: Path, clock: Clock) -> None:
    for start in range(3):
        with Database(data_folder, "default") as database:
            log = AuditLog(database, clock)
            log.append(entry(start))
            log.close()
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        assert numbers(log) == [0, 1, 2]
        assert [record.event for record in log.records()] == ["test.step", "audit.closed"] * 3
        assert log.verify() == Verification(ok=True, records=6)


def test_looking_writes_nothing(data_folder: Path, clock: Clock) -> None:
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        log.append(entry(0))
        log.close()
    before = {path.name: path.read_bytes() for path in data_folder.glob("audit.*")}
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        assert log.verify().ok
        assert len(list(log.records())) == 2
        log.close()
    assert {path.name: path.read_bytes() for path in data_folder.glob("audit.*")} == before


def test_checkpoints_are_written_now_and_then_and_at_the_end(data_folder: Path, clock: Clock) -> None:
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        for number in range(0, 2 * CHECKPOINT_EVERY + 50, 10):
            log.append_all([entry(number + step) for step in range(10)])
        assert len((data_folder / "audit.checkpoints").read_bytes().splitlines()) == 3
        log.close()
        assert len((data_folder / "audit.checkpoints").read_bytes().splitlines()) == 4
        assert log.verify().ok


def test_a_record_joins_the_write_of_its_cause(database: Database, audit: AuditLog) -> None:
    audit.append(entry(0))

    def fail_after_recording() -> None:
        with database.accepting():
            audit.append(entry(1))
            audit.append_all([entry(2), entry(3)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_recording()
    assert numbers(audit) == [0]
    assert audit.verify().ok
    with database.accepting():
        audit.append(entry(4))
        audit.append_all([entry(5), entry(6)])
    assert numbers(audit) == [0, 4, 5, 6]
    assert audit.verify() == Verification(ok=True, records=4)


def test_threads_make_one_chain(audit: AuditLog) -> None:
    def write(name: int) -> None:
        for number in range(20):
            audit.append(entry(100 * name + number))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        assert audit.verify().ok
    for thread in threads:
        thread.join()
    assert sorted(numbers(audit)) == [100 * name + number for name in range(4) for number in range(20)]
    assert audit.verify() == Verification(ok=True, records=80)


def test_a_record_that_arrives_during_a_verification_does_not_disturb_it(
    audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit.append(entry(0))
    arriving = threading.Thread(target=audit.append, args=(entry(1),))
    end_of = table.end_of

    def end_then_another(connection: sa.Connection, tenant: str) -> Link:
        end = end_of(connection, tenant)
        if not arriving.ident:
            arriving.start()
            arriving.join(0.3)  # long enough for it to end here, if nothing held it up
        return end

    monkeypatch.setattr(table, "end_of", end_then_another)
    assert audit.verify() == Verification(ok=True, records=1)
    arriving.join()
    assert audit.verify() == Verification(ok=True, records=2)


def test_a_record_of_another_process_waits_until_the_head_tells_of_the_one_before(
    database: Database, clock: Clock, audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit.append(entry(0))
    with Database(database.folder, "default") as other:
        beside = threading.Thread(target=AuditLog(other, clock).append, args=(entry(2),))
        write = HeadFile.write

        def late_write(file: HeadFile, head: Head, *, durable: bool = False) -> None:
            if not beside.ident and head.pending is None:
                beside.start()
                beside.join(0.3)  # long enough for it to end here, if nothing held it up
            write(file, head, durable=durable)

        monkeypatch.setattr(HeadFile, "write", late_write)
        audit.append(entry(1))
        beside.join()
    assert numbers(audit) == [0, 1, 2]
    assert audit.verify() == Verification(ok=True, records=3)


APPEND = """
import sys
from pathlib import Path
from segur_host.audit.entries import AuditEntry
from segur_host.audit.log import AuditLog
from segur_host.clock import SystemClock
from segur_host.storage.database import Database
folder, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
log = AuditLog(Database(folder, "default"), SystemClock())
for number in range(first, first + count, 2):
    log.append_all([AuditEntry(event="test.step", facts={"number": number + half}) for half in range(2)])
    print(number, flush=True)
log.close()
"""


def appending(folder: Path, first: int, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", APPEND, str(folder), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_make_one_chain(data_folder: Path) -> None:
    writing = [appending(data_folder, 1000 * name, 60) for name in range(3)]
    for process in writing:
        process.communicate(timeout=60)
        assert process.returncode == 0
    with Database(data_folder, "default") as database:
        log = AuditLog(database, SystemClock())
        assert log.verify() == Verification(ok=True, records=3 * 60 + 3)
        assert sorted(numbers(log)) == [1000 * name + number for name in range(3) for number in range(60)]


@pytest.mark.parametrize("lines_before_the_kill", [0, 1, 37, 150])
def test_confirmed_records_survive_a_kill_and_the_audit_is_whole(
    data_folder: Path, clock: Clock, lines_before_the_kill: int
) -> None:
    Database(data_folder, "default").close()
    with appending(data_folder, 0, 1_000_000) as writing:
        assert writing.stdout is not None
        said = [int(writing.stdout.readline()) for _ in range(lines_before_the_kill)]
        os.kill(writing.pid, signal.SIGKILL)
        said += [int(line) for line in writing.stdout.read().splitlines()]
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        found = numbers(log)
        # What came after the last confirmation came whole or not at all.
        assert len(found) in (2 * len(said), 2 * len(said) + 2)
        assert found == list(range(len(found)))
        assert log.verify() == Verification(ok=True, records=len(found))
        log.append(entry(0))
        assert log.verify() == Verification(ok=True, records=len(found) + 1)


def test_a_process_killed_beside_others_leaves_their_chain_whole(data_folder: Path, clock: Clock) -> None:
    with appending(data_folder, 0, 200) as lasting, appending(data_folder, 10_000, 1_000_000) as killed:
        assert killed.stdout is not None
        for _ in range(20):
            killed.stdout.readline()
        os.kill(killed.pid, signal.SIGKILL)
        lasting.communicate(timeout=60)
        assert lasting.returncode == 0
    with Database(data_folder, "default") as database:
        log = AuditLog(database, clock)
        assert log.verify().ok
        assert [number for number in numbers(log) if number < 10_000] == list(range(200))


def test_the_audit_of_another_tenant_is_left_alone(data_folder: Path, clock: Clock) -> None:
    with Database(data_folder, "default") as database:
        AuditLog(database, clock).append(entry(0))
    with Database(data_folder, "other") as database:
        with pytest.raises(HostError) as raised:
            AuditLog(database, clock).append(entry(1))
        assert raised.value.code == "audit.other_tenant"
    with Database(data_folder, "default") as database:
        assert AuditLog(database, clock).verify() == Verification(ok=True, records=1)


def test_a_head_that_cannot_be_written_is_told(data_folder: Path, clock: Clock) -> None:
    with Database(data_folder, "default") as database:
        (data_folder / "audit.head").mkdir()
        with pytest.raises(HostError) as raised:
            AuditLog(database, clock).append(entry(0))
        assert raised.value.code == "audit.files_unusable"


REFUSED = {
    "event_in_capitals": ({"event": "Hook.call"}, "event"),
    "event_without_dot": ({"event": "hook"}, "event"),
    "event_with_space": ({"event": "hook.on card"}, "event"),
    "event_too_long": ({"event": "hook." + "x" * 120}, "event"),
    "event_no_text": ({"event": 7}, "event"),
    "call_id_too_long": ({"call_id": "c" * 121}, "call_id"),
    "call_id_empty": ({"call_id": ""}, "call_id"),
    "text_too_long": ({"facts": {"status": "x" * 121}}, "facts.status"),
    "text_of_two_lines": ({"facts": {"status": "a\nb"}}, "facts.status"),
    "list": ({"facts": {"status": ["a"]}}, "facts.status"),
    "table": ({"facts": {"status": {"a": 1}}}, "facts.status"),
    "bytes": ({"facts": {"status": b"a"}}, "facts.status"),
    "float": ({"facts": {"ms": 1.5}}, "facts.ms"),
    "huge_integer": ({"facts": {"ms": 2**63}}, "facts.ms"),
    "name_in_capitals": ({"facts": {"TCHITCHI": 1}}, "facts"),
    "name_too_long": ({"facts": {"n" * 41: 1}}, "facts"),
    "name_no_text": ({"facts": {7: 1}}, "facts"),
    "too_many": ({"facts": {f"f{number}": 1 for number in range(33)}}, "facts"),
}


@pytest.mark.parametrize(("fields", "field"), REFUSED.values(), ids=REFUSED.keys())
def test_a_record_holds_codes_counts_and_flags_only(fields: dict[str, object], field: str) -> None:
    whole: dict[str, object] = {"event": "test.step", **fields}
    with pytest.raises(HostError) as raised:
        AuditEntry(**whole)  # type: ignore[arg-type]
    assert (raised.value.code, raised.value.facts["field"]) == ("audit.entry_refused", field)
    assert raised.value.source is ErrorSource.HOST
    assert "TCHITCHI" not in str(raised.value)


def test_a_refused_record_of_a_plugin_is_the_plugins_failure() -> None:
    with pytest.raises(HostError) as raised:
        AuditEntry(event="insi.answered", plugin="insi", facts={"text": "x" * 121})
    assert raised.value.source is ErrorSource.PLUGIN


@pytest.mark.parametrize(
    "fact", ["", "x" * 120, "Lecteur (1) – é", 0, -(2**63), 2**63 - 1, True, None], ids=lambda fact: repr(fact)[:12]
)
def test_what_a_record_may_hold_comes_back(audit: AuditLog, fact: str | int | bool | None) -> None:
    facts = {"fact": fact}
    audit.append(AuditEntry(event="test.step", facts=facts))
    facts["fact"] = "changed afterwards"
    [record] = audit.records()
    assert json.loads(record.facts) == {"fact": fact}
    assert audit.verify().ok
