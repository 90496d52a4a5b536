"""Inserts on the path of a hook call: compiled once and handed to the driver as they are.

Going through the expression language at each of them would double its price.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import sqlalchemy as sa


def insert_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Add rows to a table.

    Args:
        connection: in a transaction.
        table: whose columns are plain texts and numbers: no type of theirs converts values.
        rows: a value for every column.
    """
    sql, order = _insert(table, connection.dialect)
    if order is None:
        connection.exec_driver_sql(sql, [dict(row) for row in rows])
    else:
        connection.exec_driver_sql(sql, [tuple(row[name] for name in order) for row in rows])


def take_rows(connection: sa.Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Add rows that may be there already: those stay as they are.

    Args:
        connection: in a transaction.
        table: its name.
        rows: all with the same columns.
    """
    target = sa.table(table, *map(sa.column, rows[0]))
    connection.execute(target.insert().prefix_with("OR IGNORE", dialect="sqlite"), list(rows))


@cache
def _insert(table: sa.Table, dialect: sa.Dialect) -> tuple[str, tuple[str, ...] | None]:
    """Return the insert in a dialect's words, and the order of its parameters if they go by place."""
    compiled = table.insert().compile(dialect=dialect)
    order = getattr(compiled, "positiontup", None)
    return str(compiled), tuple(order) if order else None
