"""Where the chain is kept: one row per record."""

from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from segur_host.audit.entries import GENESIS, AuditRecord
from segur_host.audit.head import Link
from segur_host.storage.database import Transaction
from segur_host.storage.schema import metadata, tenant_column

audit: Final = sa.Table(
    "audit",
    metadata,
    tenant_column(),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("event", sa.String(120), nullable=False),
    sa.Column("call_id", sa.String(120)),
    sa.Column("plugin", sa.String(120)),
    sa.Column("actor", sa.Text),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

# Built once: each of them runs on the path of a hook call.
_COLUMNS: Final = (
    audit.c.seq,
    audit.c.at,
    audit.c.tenant,
    audit.c.event,
    audit.c.call_id,
    audit.c.plugin,
    audit.c.actor,
    audit.c.facts,
    audit.c.hash,
)
_NAMES: Final = tuple(column.name for column in _COLUMNS)
_TENANT: Final = sa.bindparam("tenant", type_=sa.String)
_END: Final = (
    sa.select(audit.c.seq, audit.c.hash).where(audit.c.tenant == _TENANT).order_by(audit.c.seq.desc()).limit(1)
)
_HASH_AT: Final = sa.select(audit.c.hash).where(audit.c.tenant == _TENANT, audit.c.seq == sa.bindparam("seq"))
_FIRST_FOREIGN: Final = sa.select(sa.func.min(audit.c.seq)).where(audit.c.tenant != _TENANT)
_PAGE: Final = 500


def add(transaction: Transaction, records: Sequence[AuditRecord]) -> None:
    """Add records to the chain."""
    transaction.insert(audit, [{name: getattr(record, name) for name in _NAMES} for record in records])


def end_of(connection: sa.Connection, tenant: str) -> Link:
    """Return the last record of the chain, ``Link()`` when there is none."""
    row = connection.execute(_END, {"tenant": tenant}).first()
    return Link() if row is None else Link(row.seq, row.hash)


def hash_at(connection: sa.Connection, tenant: str, seq: int) -> str | None:
    """Return the hash of one record; that of number 0 is what the chain starts from."""
    if seq == 0:
        return GENESIS
    return connection.execute(_HASH_AT, {"tenant": tenant, "seq": seq}).scalar()


def first_foreign(connection: sa.Connection, tenant: str) -> int | None:
    """Return the lowest number among the records of other tenants."""
    return connection.execute(_FIRST_FOREIGN, {"tenant": tenant}).scalar()


def records_after(connection: sa.Connection, tenant: str, seq: int = 0) -> Iterator[AuditRecord]:
    """Read the chain in order, a page at a time."""
    chosen = sa.select(*_COLUMNS).where(audit.c.tenant == tenant, audit.c.seq > seq).order_by(audit.c.seq)
    for row in connection.execution_options(yield_per=_PAGE).execute(chosen):
        yield AuditRecord(*row)
