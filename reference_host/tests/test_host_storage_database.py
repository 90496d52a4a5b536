import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from segur_host.storage import database as database_module
from segur_host.storage.database import Database
from segur_host.storage.file_lock import FileLock
from segur_host.storage.host_key import HostKey, KeyPurpose
from segur_host.storage.schema import SCHEMA_VERSION, installation, metadata, tenant_column
from segur_sdk.errors import HostError

CANARY = "TCHITCHI-JULIEN-1936"


@pytest.fixture(scope="module")
def notes() -> Iterator[sa.Table]:
    table = sa.Table("notes", metadata, tenant_column(), sa.Column("text", sa.Text, primary_key=True))
    yield table
    metadata.remove(table)


def kept(database: Database, notes: sa.Table) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(sa.select(notes.c.text).order_by(notes.c.text)).scalars())


def refusal(folder: Path) -> HostError:
    with pytest.raises(HostError) as raised:
        Database(folder, "default")
    return raised.value


def damage(path: Path, content: bytes) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(content)


def test_first_start_makes_private_files(data_folder: Path, database: Database) -> None:
    assert data_folder.stat().st_mode & 0o777 == 0o700
    assert len((data_folder / "host.key").read_bytes()) == 32
    for file in data_folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file.name


def test_instance_is_stable(data_folder: Path) -> None:
    with Database(data_folder, "default") as first, Database(data_folder, "default") as second:
        assert first.instance == second.instance
    with Database(data_folder, "default") as again, Database(data_folder, "other") as other:
        assert again.instance == first.instance
        assert other.instance != first.instance


@pytest.mark.parametrize("durable", [True, False], ids=["accepting", "noting"])
def test_what_is_committed_is_kept(data_folder: Path, notes: sa.Table, durable: bool) -> None:
    with Database(data_folder, "default") as database:
        database.ensure(notes)
        with database.accepting() if durable else database.noting() as transaction:
            transaction.insert(notes, [{"tenant": "default", "text": "a"}])
    with Database(data_folder, "default") as database:
        assert kept(database, notes) == ["a"]


def test_what_fails_leaves_nothing(database: Database, notes: sa.Table) -> None:
    database.ensure(notes)
    told: list[str] = []

    def write_and_fail() -> None:
        with database.accepting() as transaction:
            transaction.after_commit.append(lambda: told.append("committed"))
            transaction.at_end.callback(told.append, "ended")
            transaction.connection.execute(notes.insert(), {"tenant": "default", "text": "a"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert kept(database, notes) == []
    assert told == ["ended"]
    assert database.current is None


def test_a_write_within_a_write_stands_or_falls_with_it(database: Database, notes: sa.Table) -> None:
    database.ensure(notes)

    def write_within_and_fail() -> None:
        with database.accepting():
            with database.noting() as inner:
                inner.insert(notes, [{"tenant": "default", "text": "a"}])
            assert kept(database, notes) == ["a"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_within_and_fail()
    assert kept(database, notes) == []


def test_who_reads_only_what_is_accepted_leaves_notes_where_they_are(database: Database, notes: sa.Table) -> None:
    database.ensure(notes)
    with database.accepting() as transaction:
        transaction.insert(notes, [{"tenant": "default", "text": "a"}])
    with database.noting() as transaction:
        transaction.insert(notes, [{"tenant": "default", "text": "b"}])
    with database.reading_accepted() as connection:
        assert list(connection.execute(sa.select(notes.c.text)).scalars()) == ["a"]
    # Within an accepted write, which took the notes over, it is that write that is read.
    with database.accepting(), database.reading_accepted() as connection:
        assert len(list(connection.execute(sa.select(notes.c.text)))) == 2
    assert kept(database, notes) == ["a", "b"]


def test_what_is_accepted_cannot_join_a_note(database: Database) -> None:
    with pytest.raises(RuntimeError), database.noting(), database.accepting():
        pytest.fail("joined")


def test_callbacks_run_in_order_after_the_commit(database: Database, notes: sa.Table) -> None:
    database.ensure(notes)
    seen: list[tuple[str, int]] = []
    with Database(database.folder, "default") as other:

        def look(moment: str) -> None:
            seen.append((moment, len(kept(other, notes))))

        with database.accepting() as transaction:
            transaction.connection.execute(notes.insert(), {"tenant": "default", "text": "a"})
            transaction.at_end.callback(look, "end")
            transaction.after_commit.append(lambda: look("first"))
            transaction.after_commit.append(lambda: look("second"))
            look("before")
    assert seen == [("before", 0), ("first", 1), ("second", 1), ("end", 1)]


def test_threads_write_one_after_the_other(database: Database, notes: sa.Table) -> None:
    database.ensure(notes)

    def write(name: int) -> None:
        for number in range(10):
            with database.accepting() as transaction:
                count = transaction.connection.execute(sa.select(sa.func.count()).select_from(notes)).scalar()
                transaction.connection.execute(
                    notes.insert(), {"tenant": "default", "text": f"{count:03}-{name}-{number}"}
                )

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Each saw what all before it had written.
    assert [int(text[:3]) for text in kept(database, notes)] == list(range(40))


def test_nothing_on_the_disk_is_in_clear(data_folder: Path, notes: sa.Table) -> None:
    with Database(data_folder, "default") as database:
        database.ensure(notes)
        with database.accepting() as transaction:
            transaction.connection.execute(notes.insert(), {"tenant": "default", "text": CANARY})
        names = {path.name for path in data_folder.iterdir()}
        assert "host.db-wal" in names
        for path in data_folder.iterdir():
            content = path.read_bytes()
            assert CANARY.encode() not in content, path.name
            assert b"SQLite format 3" not in content, path.name
            assert b"CREATE TABLE" not in content, path.name


def test_derived_keys_differ_and_are_stable(database: Database) -> None:
    keys = {purpose: database.key.derive(purpose) for purpose in KeyPurpose}
    assert len(set(keys.values())) == len(KeyPurpose)
    assert all(len(key) == 32 for key in keys.values())
    secret = (database.folder / "host.key").read_bytes()
    assert secret not in keys.values()
    assert HostKey(secret).derive(KeyPurpose.SEAL) == keys[KeyPurpose.SEAL]
    assert secret.hex() not in repr(database.key)


def test_a_database_without_its_key_is_refused(data_folder: Path) -> None:
    Database(data_folder, "default").close()
    (data_folder / "host.key").unlink()
    assert refusal(data_folder).code == "storage.key_missing"
    assert not (data_folder / "host.key").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_may_read_is_refused(data_folder: Path, mode: int) -> None:
    Database(data_folder, "default").close()
    (data_folder / "host.key").chmod(mode)
    assert refusal(data_folder).code == "storage.key_permissions"


@pytest.mark.parametrize("content", [b"", b"k" * 31, b"k" * 33], ids=["empty", "short", "long"])
def test_a_key_of_another_size_is_refused(data_folder: Path, content: bytes) -> None:
    Database(data_folder, "default").close()
    (data_folder / "host.key").write_bytes(content)
    assert refusal(data_folder).code == "storage.key_unreadable"


def test_a_wrong_key_is_told(data_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Database(data_folder, "default").close()
    (data_folder / "host.key").write_bytes(b"w" * 32)
    error = refusal(data_folder)
    assert error.code == "storage.unreadable"
    assert error.__cause__ is None
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


@pytest.mark.parametrize("size", [100, 4096, 20_000])
def test_a_damaged_database_is_told(data_folder: Path, size: int) -> None:
    Database(data_folder, "default").close()
    damage(data_folder / "host.db", b"\x5a" * size)
    assert refusal(data_folder).code == "storage.unreadable"


def test_a_changed_page_is_told(data_folder: Path, notes: sa.Table) -> None:
    with Database(data_folder, "default") as database:
        database.ensure(notes)
        with database.accepting() as transaction:
            rows = [{"tenant": "default", "text": f"{number:04}" + "x" * 500} for number in range(100)]
            transaction.connection.execute(notes.insert(), rows)
    path = data_folder / "host.db"
    content = bytearray(path.read_bytes())
    content[-2000] ^= 1
    damage(path, bytes(content))
    with Database(data_folder, "default") as database, pytest.raises(HostError) as raised:
        kept(database, notes)
    assert raised.value.code == "storage.unreadable"


def test_a_newer_schema_is_refused(data_folder: Path) -> None:
    with Database(data_folder, "default") as database, database.accepting() as transaction:
        transaction.connection.execute(installation.update(), {"schema_version": SCHEMA_VERSION + 1})
    error = refusal(data_folder)
    assert (error.code, error.facts["found"]) == ("storage.newer_schema", SCHEMA_VERSION + 1)


def test_a_write_that_another_process_holds_up_is_told_and_may_be_tried_again(
    data_folder: Path, notes: sa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "LOCK_PATIENCE_S", 0.02)
    with Database(data_folder, "default") as holding, Database(data_folder, "default") as waiting:
        waiting.ensure(notes)
        with holding.noting():
            assert kept(waiting, notes) == []  # readers wait for nobody
            with pytest.raises(HostError) as raised, waiting.noting():
                pytest.fail("two writers")
        assert (raised.value.code, raised.value.retryable) == ("storage.busy", True)
        with waiting.accepting() as transaction:
            transaction.connection.execute(notes.insert(), {"tenant": "default", "text": "a"})
        assert kept(holding, notes) == ["a"]


def test_a_write_that_another_thread_holds_up_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "WRITER_PATIENCE_S", 0.02)
    codes: list[str] = []

    def write() -> None:
        try:
            with database.noting():
                codes.append("two writers")
        except HostError as failure:
            codes.append(failure.code)

    with database.noting():
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert codes == ["storage.busy"]


def test_a_file_lock_is_held_by_one_and_taken_several_times_by_it(tmp_path: Path) -> None:
    first, second = (FileLock(tmp_path / "lock", patience_s=0.02) for _ in range(2))
    with first, first:
        with pytest.raises(HostError) as raised, second:
            pytest.fail("two holders")
        assert (raised.value.code, raised.value.retryable) == ("storage.busy", True)
    with second:
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    first.close()
    second.close()


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostError) as raised:
        FileLock(tmp_path / "none" / "lock").acquire()
    assert raised.value.code == "storage.not_writable"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path / "file" / "data").code == "storage.not_writable"


def test_errors_repeat_no_values(database: Database, notes: sa.Table) -> None:
    database.ensure(notes)
    twice = [{"tenant": "default", "text": CANARY}] * 2
    with pytest.raises(HostError) as raised, database.accepting() as transaction:
        transaction.connection.execute(notes.insert(), twice)
    assert raised.value.code == "storage.conflict"
    assert CANARY not in str(raised.value)
    assert raised.value.__suppress_context__
    assert kept(database, notes) == []


def test_two_first_starts_agree_on_the_key(data_folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from segur_host.storage.database import Database\n"
        "with Database(Path(sys.argv[1]), 'default') as database: print(database.instance)"
    )
    command = [sys.executable, "-c", script, str(data_folder)]
    starting = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[0].strip() for process in starting]
    assert [process.returncode for process in starting] == [0] * 4
    assert len(set(said)) == 1
    assert {path.name for path in data_folder.iterdir()} == {"host.key", "host.db", "host.lock"}


def test_an_opening_waits_for_that_of_another_process(data_folder: Path) -> None:
    Database(data_folder, "default").close()
    opened: list[Database] = []
    with FileLock(data_folder / "host.lock"):
        opening = threading.Thread(target=lambda: opened.append(Database(data_folder, "default")))
        opening.start()
        opening.join(0.2)  # long enough for it to end here, if nothing held it up
        assert not opened
    opening.join()
    opened[0].close()


ACCEPT = """
import sys
from pathlib import Path
import sqlalchemy as sa
from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
notes = sa.Table("notes", metadata, tenant_column(), sa.Column("text", sa.Text, primary_key=True))
database = Database(Path(sys.argv[1]), "default")
database.ensure(notes)
number = 0
while True:
    with database.accepting() as transaction:
        rows = [{"tenant": "default", "text": f"{number:06}-{half}"} for half in "ab"]
        transaction.connection.execute(notes.insert(), rows)
    print(number, flush=True)
    number += 1
"""


def test_what_was_accepted_survives_a_kill_whole(data_folder: Path, notes: sa.Table) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ACCEPT, str(data_folder)], stdout=subprocess.PIPE, text=True
    ) as writing:
        assert writing.stdout is not None
        for _ in range(50):
            writing.stdout.readline()
        os.kill(writing.pid, signal.SIGKILL)
        confirmed = 50 + len(writing.stdout.read().splitlines())
    with Database(data_folder, "default") as database:
        texts = kept(database, notes)
    assert len(texts) in (2 * confirmed, 2 * confirmed + 2)
    assert texts == [f"{number:06}-{half}" for number in range(len(texts) // 2) for half in "ab"]
