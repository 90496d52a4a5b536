"""Tables of the host's database: one metadata, and the row that says which schema a file has."""

from typing import Final

import sqlalchemy as sa

SCHEMA_VERSION: Final = 1
"""Grows with each change of a table; a file with a greater one is refused."""

metadata: Final = sa.MetaData()

installation: Final = sa.Table(
    "installation",
    metadata,
    sa.Column("tenant", sa.String(64), primary_key=True),
    sa.Column("instance", sa.String(36), nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
)
"""One row per tenant: the UUID of this installation, stable, and the version of the schema."""


def tenant_column() -> sa.Column[str]:
    """Return the column that every table has, as first part of its primary key."""
    return sa.Column("tenant", sa.String(64), primary_key=True)
