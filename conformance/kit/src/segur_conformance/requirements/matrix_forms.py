"""The matrix as CSV and as JSON."""

import csv
import io
import json
from typing import Any

from segur_conformance.requirements.matrix import SCHEMA, Matrix, Row

_FIELDS = (
    "id",
    "statement",
    "level",
    "domain",
    "wave",
    "state",
    "arbitration",
    "actor",
    "verifiable",
    "column",
    "plugins",
    "why",
    "checks",
    "tests",
    "counted",
)


def row_as_json(row: Row) -> dict[str, Any]:
    """Return one row, flat."""
    one = row.requirement
    values: dict[str, Any] = {
        **one.model_dump(mode="json", include={"id", "statement", "level", "domain", "wave", "state", "arbitration"}),
        **one.model_dump(mode="json", include={"actor", "verifiable"}),
        **row.model_dump(mode="json", exclude={"requirement"}),
        "counted": one.counted,
    }
    return {name: values[name] for name in _FIELDS}


def shares_as_json(matrix: Matrix) -> dict[str, Any]:
    """Return the share of each column."""
    return {str(column): share.model_dump(mode="json") for column, share in matrix.shares.items()}


def matrix_as_json(matrix: Matrix, unreadable: tuple[tuple[str, str], ...]) -> str:
    """Return the whole matrix as one JSON value.

    Args:
        matrix: the matrix.
        unreadable: (plugin, error code) of installed plugins whose manifest cannot be used.
    """
    value = {
        "schema": SCHEMA,
        "plugins": [{"id": one.id, "version": one.version} for one in matrix.plugins],
        "unreadable": [{"plugin": plugin, "code": code} for plugin, code in unreadable],
        "unknown": [{"plugin": plugin, "requirement": name} for plugin, name in matrix.unknown],
        "shares": shares_as_json(matrix),
        "rows": [row_as_json(row) for row in matrix.rows],
    }
    return json.dumps(value, ensure_ascii=False) + "\n"


def matrix_as_csv(matrix: Matrix) -> str:
    """Return the rows as CSV (RFC 4180, comma, header line); lists are separated by spaces."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _FIELDS)
    writer.writeheader()
    for row in matrix.rows:
        values = row_as_json(row)
        writer.writerow({**values, "plugins": " ".join(values["plugins"])})
    return text.getvalue()
