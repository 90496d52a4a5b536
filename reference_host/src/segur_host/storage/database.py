"""The host's database: two kinds of writes, one writer, any number of readers.

What the host *accepts* (identities, stores of plugins, traces) is committed with ``accepting()`` and is on the
disk when the block ends. What it *notes* on the way (records of calls) is written with ``noting()`` into the
daybook beside the database: it survives a kill of the process; a power failure may take the last notes, never one
in the middle. The next accepted write takes all notes over and makes them durable; whoever reads sees them.

Only Core constructs and portable types are used above this module, so that the same code runs on PostgreSQL.
"""

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import attrs
import sqlalchemy as sa
from sqlalchemy import exc

from segur_host.storage.daybook import DAYBOOK_NAME, Daybook, Rows
from segur_host.storage.failures import disk_error
from segur_host.storage.file_lock import FileLock
from segur_host.storage.host_key import HostKey, KeyPurpose
from segur_host.storage.insertion import insert_rows, take_rows
from segur_host.storage.private_files import PRIVATE_MODE, make_private_folder
from segur_host.storage.schema import SCHEMA_VERSION, installation, metadata
from segur_host.storage.sqlcipher import reading_engine, translated, writing_engine
from segur_sdk.errors import HostError

DATABASE_NAME: Final = "host.db"
LOCK_NAME: Final = "host.lock"
WRITER_PATIENCE_S: Final = 30.0
LOCK_PATIENCE_S: Final = 10.0


@attrs.frozen
class Transaction:
    """A write in progress. Blocks opened meanwhile by the same thread join it."""

    accepted: sa.Connection | None
    """Of an accepted write; a noted one has none."""
    at_end: ExitStack
    """What is called back last, whatever happened."""
    noted: list[tuple[str, Rows]] = attrs.field(factory=list)
    """Rows of a noted write so far."""
    after_commit: list[Callable[[], None]] = attrs.field(factory=list)
    """What is called once the commit succeeded, in order, before any other writer begins."""

    @property
    def durable(self) -> bool:
        """Whether it is on the disk when it ends."""
        return self.accepted is not None

    @property
    def connection(self) -> sa.Connection:
        """The connection of an accepted write: nothing can be read or changed in one that only notes."""
        if self.accepted is None:
            raise RuntimeError("what is only noted is not in the database yet")
        return self.accepted

    def insert(self, table: sa.Table, rows: Rows) -> None:
        """Add rows, whole ones, to a table whose columns hold plain texts and numbers."""
        if self.accepted is None:
            self.noted.append((table.name, rows))
        else:
            insert_rows(self.accepted, table, rows)


class Database:
    """The encrypted database of one data folder, for one tenant. Every method may be called from any thread.

    Args:
        folder: the data folder; made when missing.
        tenant: whose data these are.

    Raises:
        HostError: ``storage.key_missing``, ``storage.key_permissions``, ``storage.key_unreadable``,
            ``storage.unreadable`` (wrong key, or damaged), ``storage.newer_schema``, ``storage.full``,
            ``storage.not_writable``, ``storage.busy``, ``storage.failed``.
    """

    def __init__(self, folder: Path, tenant: str) -> None:
        self.folder: Final = folder
        self.tenant: Final = tenant
        path = folder / DATABASE_NAME
        # In this order: whoever makes a database makes its key first.
        existed = path.exists()
        try:
            make_private_folder(folder)
        except OSError as failure:
            raise disk_error(failure, "storage.not_writable", folder.name) from None
        self.key: Final = HostKey.of(folder, database_exists=existed)
        try:
            # Made here and not by SQLite, which would ask for a wider mode.
            path.touch(PRIVATE_MODE)
        except OSError as failure:
            raise disk_error(failure, "storage.not_writable", DATABASE_NAME) from None
        secret = self.key.derive(KeyPurpose.DATABASE)
        self._writing = writing_engine(path, secret)
        self._reading = reading_engine(path, secret)
        self._writer: sa.Connection | None = None
        self._daybook = Daybook(folder, self.key.derive(KeyPurpose.DAYBOOK))
        self._lock = FileLock(folder / LOCK_NAME, LOCK_PATIENCE_S)
        self._turn = threading.RLock()
        self._current = threading.local()
        self._known: frozenset[str] = frozenset()
        try:
            # One process at a time: while another turns a new file to its journal, SQLite does not wait but refuses.
            with self._exclusive():
                # Every table that this process knows, in one write: a first start does not wait for each.
                self.ensure(*metadata.tables.values())
                self.instance: Final = self._installation()
        except HostError:
            self.close()
            raise

    def ensure(self, *tables: sa.Table) -> None:
        """Make the tables that are missing; nothing is written when all are there."""
        names = {table.name for table in tables}
        if names <= self._known:
            return
        with self.reading() as connection:
            missing = names - set(sa.inspect(connection).get_table_names())
        if missing:
            with self.accepting() as transaction:
                metadata.create_all(transaction.connection, tables, checkfirst=True)
        self._known |= names

    @contextmanager
    def accepting(self) -> Iterator[Transaction]:
        """Write what must not be lost: on the disk when the block ends, or not at all.

        Raises:
            HostError: ``storage.full``, ``storage.busy``, ``storage.conflict``, ``storage.unreadable``,
                ``storage.failed``; then nothing of the block was kept.
        """
        with self._transaction(durable=True) as transaction:
            yield transaction

    @contextmanager
    def noting(self) -> Iterator[Transaction]:
        """Write what a power failure may take: kept across a kill of the process. Errors as ``accepting``.

        Rows are only added, by ``Transaction.insert``, and each has a primary key of its own: one that is taken over
        twice, because a process was killed in between, is the same row.
        """
        with self._transaction(durable=False) as transaction:
            yield transaction

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Keep every process from writing while the block runs; gives whether all that was noted can be read."""
        lock = FileLock(self.folder / LOCK_NAME, LOCK_PATIENCE_S)
        try:
            with lock:
                yield self._daybook.is_empty
        finally:
            lock.close()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Read from one steady snapshot; inside a write of this thread, from that write.

        Raises:
            HostError: ``storage.unreadable``, ``storage.busy``, ``storage.failed``.
        """
        if self.current is None and not self._daybook.is_empty:
            with self.accepting():
                """The beginning of an accepted write takes the notes over."""
        with self.reading_accepted() as connection:
            yield connection

    @contextmanager
    def reading_accepted(self) -> Iterator[sa.Connection]:
        """Read what is only ever accepted: as ``reading``, but notes stay where they are, and no disk is waited for."""
        current = self.current
        with translated():
            if current is not None:
                yield current.connection
                return
            with self._reading.connect() as connection:
                yield connection

    @property
    def current(self) -> Transaction | None:
        """The write that this thread is in, if any."""
        return getattr(self._current, "transaction", None)

    def close(self) -> None:
        """Close every connection."""
        with self._turn:
            self._drop_writer()
            self._daybook.close()
            self._lock.close()
            self._writing.dispose()
            self._reading.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[Transaction]:
        current = self.current
        if current is not None:
            if durable and not current.durable:
                raise RuntimeError("what is accepted cannot join a write that is only noted")
            yield current
            return
        with self._exclusive(), ExitStack() as at_end, translated():
            transaction = self._begin(at_end) if durable else Transaction(None, at_end)
            self._current.transaction = transaction
            try:
                yield transaction
                self._commit(transaction)
            except BaseException:
                if transaction.accepted is not None:
                    self._roll_back(transaction.accepted)
                raise
            finally:
                self._current.transaction = None
            for action in transaction.after_commit:
                action()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Let no other thread write, nor any other process."""
        if not self._turn.acquire(timeout=WRITER_PATIENCE_S):
            raise HostError("storage.busy", retryable=True)
        try:
            with self._lock:
                yield
        finally:
            self._turn.release()

    def _begin(self, at_end: ExitStack) -> Transaction:
        if self._writer is None:
            self._writer = self._writing.connect()
        try:
            self._writer.begin()
            transaction = Transaction(self._writer, at_end)
            if not self._daybook.is_empty:
                self._take_over(transaction)
        except BaseException:
            self._drop_writer()
            raise
        return transaction

    def _take_over(self, transaction: Transaction) -> None:
        """Put what was noted into the database; the file is emptied once that is committed."""
        taken: defaultdict[str, list[Mapping[str, object]]] = defaultdict(list)
        for entry in self._daybook.entries():
            for table, rows in entry:
                taken[table].extend(rows)
        self._make_missing(transaction.connection, taken.keys())
        for table, rows in taken.items():
            take_rows(transaction.connection, table, rows)
        transaction.after_commit.append(self._daybook.clear)

    def _make_missing(self, connection: sa.Connection, names: Collection[str]) -> None:
        """Make the tables of notes that outlived the database: somebody removed it."""
        missing = set(names).difference(sa.inspect(connection).get_table_names())
        tables = [metadata.tables[name] for name in missing if name in metadata.tables]
        metadata.create_all(connection, tables, checkfirst=False)

    def _commit(self, transaction: Transaction) -> None:
        if transaction.accepted is not None:
            transaction.accepted.commit()
        elif transaction.noted:
            try:
                self._daybook.add(transaction.noted)
            except OSError as failure:
                raise disk_error(failure, "storage.not_writable", DAYBOOK_NAME) from None

    def _roll_back(self, connection: sa.Connection) -> None:
        try:
            connection.rollback()
        except exc.DBAPIError:
            # The connection is in an unknown state; closing it undoes what it began.
            self._drop_writer()

    def _drop_writer(self) -> None:
        if self._writer is not None:
            with suppress(exc.DBAPIError):
                self._writer.invalidate()
                self._writer.close()
            self._writer = None

    def _installation(self) -> str:
        with self.reading() as connection:
            newest = connection.execute(sa.select(sa.func.max(installation.c.schema_version))).scalar()
            if newest is not None and newest > SCHEMA_VERSION:
                raise HostError("storage.newer_schema", found=newest, known=SCHEMA_VERSION)
            instance = connection.execute(_instance_of(self.tenant)).scalar()
        if instance is not None:
            return instance
        with self.accepting() as transaction:
            # Asked again inside the write: another process may have started at the same time.
            instance = transaction.connection.execute(_instance_of(self.tenant)).scalar()
            if instance is None:
                instance = str(uuid.uuid4())
                transaction.connection.execute(
                    installation.insert(),
                    {"tenant": self.tenant, "instance": instance, "schema_version": SCHEMA_VERSION},
                )
        return instance


def _instance_of(tenant: str) -> sa.Select[str]:
    return sa.select(installation.c.instance).where(installation.c.tenant == tenant)
