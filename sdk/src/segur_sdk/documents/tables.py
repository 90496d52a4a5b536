"""Tables of this package: rows of a TOML file, each checked by its model."""

import tomllib
from importlib.resources import files
from typing import TypeVar

from segur_sdk.models.base import Value

Row = TypeVar("Row", bound=Value)


def rows_of(table: str, name: str, model: type[Row]) -> tuple[Row, ...]:
    """Return the rows ``[[name]]`` of a table that stands beside this module, in their order."""
    text = (files("segur_sdk.documents") / table).read_text("utf-8")
    return tuple(model.model_validate(row) for row in tomllib.loads(text)[name])
