"""Everything that knows that the database is SQLite, encrypted by SQLCipher.

The whole file is encrypted, its indexes and its write-ahead log too, with a raw 256-bit key: deriving one from a
passphrase would cost 150 ms at each connection and add nothing to 32 random bytes.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc, pool
from sqlcipher3 import dbapi2

from segur_sdk.errors import HostError

BUSY_TIMEOUT_MS: Final = 10_000
_READERS: Final = 4
LOGGING_NAME: Final = "segur"

_IOERR_WRITE: Final = 10 | (3 << 8)
_IOERR_SHMSIZE: Final = 10 | (19 << 8)
_PRIMARY: Final = {
    5: "storage.busy",
    6: "storage.busy",
    3: "storage.not_writable",
    8: "storage.not_writable",
    14: "storage.not_writable",
    11: "storage.unreadable",
    26: "storage.unreadable",
    13: "storage.full",
    19: "storage.conflict",
}
"""Primary result codes of SQLite: BUSY, LOCKED, PERM, READONLY, CANTOPEN, CORRUPT, NOTADB, FULL, CONSTRAINT."""


def writing_engine(path: Path, key: bytes) -> sa.Engine:
    """Return the engine of the one connection that writes; its transactions hold the file from their start."""
    return _engine(path, key, "BEGIN IMMEDIATE", poolclass=pool.StaticPool)


def reading_engine(path: Path, key: bytes) -> sa.Engine:
    """Return the engine of the connections that read, each from a steady snapshot."""
    return _engine(path, key, "BEGIN", poolclass=pool.QueuePool, pool_size=_READERS, max_overflow=_READERS)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the database raises into ``HostError``; neither SQL nor values appear in it.

    Raises:
        HostError: ``storage.full``, ``storage.busy``, ``storage.unreadable``, ``storage.not_writable``,
            ``storage.conflict``, ``storage.failed``.
    """
    try:
        yield
    except exc.DBAPIError as failure:
        raise _translate(failure.orig) from None
    except exc.TimeoutError:
        raise HostError("storage.busy", retryable=True) from None
    except dbapi2.Error as failure:
        raise _translate(failure) from None


def _translate(failure: BaseException | None) -> HostError:
    number = int(getattr(failure, "sqlite_errorcode", 0))
    reason = str(getattr(failure, "sqlite_errorname", type(failure).__name__))
    code = _PRIMARY.get(number & 0xFF, "storage.failed")
    return HostError(code, retryable=code == "storage.busy", reason=reason)


def _above_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _engine(path: Path, key: bytes, begin: str, **options: Any) -> sa.Engine:
    def connect() -> Any:
        # Isolation is ours (see ``begin``), and a connection serves one thread at a time by our own locks.
        connection = dbapi2.connect(str(path), isolation_level=None, check_same_thread=False)
        # First of all: the library would write to standard error what it thinks of a wrong key.
        connection.execute("PRAGMA cipher_log_level=NONE")
        connection.execute(f"PRAGMA key=\"x'{key.hex()}'\"")
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        # A commit is on the disk when it returns.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        return connection

    engine = sa.create_engine(
        "sqlite+pysqlite://",
        module=dbapi2,
        creator=connect,
        hide_parameters=True,
        logging_name=LOGGING_NAME,
        **options,
    )
    # At DEBUG the engine would write every row that it fetches: patients among them.
    logging.getLogger(f"sqlalchemy.engine.Engine.{LOGGING_NAME}").addFilter(_above_debug)

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # Straight to the driver: a whole SQLAlchemy execution would be a tenth of the cost of an audit record.
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(begin)

    return engine
