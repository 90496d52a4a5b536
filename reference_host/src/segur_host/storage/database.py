"""The host's database: two kinds of commits, one writer, any number of readers.

What the host *accepts* (identities, stores of plugins, traces) is committed with ``accepting()`` and is on the
disk when the block ends. What it *notes* on the way (records of calls) is committed with ``noting()``: it
survives a kill of the process; a power failure may take the last notes, never one in the middle, and the next
accepted commit makes all of them durable, because both go through one write-ahead log.

Only Core constructs and portable types are used above this module, so that the same code runs on PostgreSQL.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import attrs
import sqlalchemy as sa
from sqlalchemy import exc

from segur_host.storage.failures import disk_error
from segur_host.storage.host_key import HostKey, KeyPurpose
from segur_host.storage.private_files import PRIVATE_MODE, make_private_folder
from segur_host.storage.schema import SCHEMA_VERSION, installation
from segur_host.storage.sqlcipher import reading_engine, set_durable, translated, writing_engine
from segur_sdk.errors import HostError

DATABASE_NAME: Final = "host.db"
WRITER_PATIENCE_S: Final = 30.0


@attrs.frozen
class Transaction:
    """A write in progress. Blocks opened meanwhile by the same thread join it."""

    connection: sa.Connection
    durable: bool
    """Its commit waits for the disk."""
    at_end: ExitStack
    """What is called back last, whatever happened."""
    after_commit: list[Callable[[], None]] = attrs.field(factory=list)
    """What is called once the commit succeeded, in order, before any other writer of this process begins."""


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
        self._writer_durable: bool | None = None
        self._turn = threading.RLock()
        self._current = threading.local()
        self._known: frozenset[str] = frozenset()
        try:
            self.ensure(installation)
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
                installation.metadata.create_all(transaction.connection, tables, checkfirst=True)
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
        """Write what a power failure may take: kept across a kill of the process. Errors as ``accepting``."""
        with self._transaction(durable=False) as transaction:
            yield transaction

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Read from one steady snapshot; inside a write of this thread, from that write.

        Raises:
            HostError: ``storage.unreadable``, ``storage.busy``, ``storage.failed``.
        """
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
            transaction = Transaction(self._begin(durable=durable), durable, at_end)
            self._current.transaction = transaction
            try:
                yield transaction
                transaction.connection.commit()
            except BaseException:
                self._roll_back(transaction.connection)
                raise
            finally:
                self._current.transaction = None
            for action in transaction.after_commit:
                action()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=WRITER_PATIENCE_S):
            raise HostError("storage.busy", retryable=True)
        try:
            yield
        finally:
            self._turn.release()

    def _begin(self, *, durable: bool) -> sa.Connection:
        if self._writer is None:
            self._writer = self._writing.connect()
            self._writer_durable = None
        if self._writer_durable is not durable:
            set_durable(self._writer, durable=durable)
            self._writer_durable = durable
        try:
            self._writer.begin()
        except BaseException:
            self._drop_writer()
            raise
        return self._writer

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
