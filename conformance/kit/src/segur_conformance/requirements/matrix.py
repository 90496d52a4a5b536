"""Who covers each requirement with a given set of plugins: SDK, plugin, host, or the editor."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from segur_conformance.requirements.coverage import Coverage
from segur_conformance.requirements.installed import InstalledPlugin
from segur_conformance.requirements.model import Actor, Arbitration, Requirement
from segur_conformance.requirements.registry import Registry
from segur_sdk.models.base import Value

SCHEMA: Final = "segur-matrix/1"


class Column(StrEnum):
    """Who covers it."""

    SDK = "sdk"
    PLUGIN = "plugin"
    HOST = "host"
    YOU = "you"
    """Left to the editor of the software."""


class Why(StrEnum):
    """Why a requirement is left to the editor."""

    OPERATOR = "operator"
    ORGANISATION = "organisation"
    OUT_OF_SCOPE = "out_of_scope"
    NO_PLUGIN = "no_plugin"
    """No plugin of the set declares it."""
    NOT_PROVEN = "not_proven"
    """It falls to the SDK or the host, and no test or check shows yet that they do it."""


class Row(Value):
    """One requirement and who covers it."""

    requirement: Requirement
    column: Column
    plugins: tuple[str, ...] = ()
    """Plugins of the set that declare it."""
    why: Why | None = None
    checks: int
    tests: int


class Share(Value):
    """Part of the counted requirements that a column covers."""

    count: int
    percent: float


class Matrix(Value):
    """The whole table for one set of plugins."""

    plugins: tuple[InstalledPlugin, ...]
    rows: tuple[Row, ...]
    unknown: tuple[tuple[str, str], ...]
    """(plugin, id) of what manifests name and the registry does not know."""

    @property
    def shares(self) -> dict[Column, Share]:
        """Share of each column. A requirement counts once, under its first number, unless it was given up."""
        counted = Counter(row.column for row in self.rows if row.requirement.counted)
        total = counted.total() or 1
        return {
            column: Share(count=counted[column], percent=round(100 * counted[column] / total, 1)) for column in Column
        }


def build_matrix(registry: Registry, coverage: Coverage, plugins: Sequence[InstalledPlugin]) -> Matrix:
    """Say who covers each requirement.

    A plugin covers what its manifest declares. The SDK and the host cover what falls to them and what a check or a
    test proves: what nobody proves is left to the editor, and said.
    """
    return Matrix(
        plugins=tuple(plugins),
        rows=tuple(_row(one, coverage, plugins) for one in registry.each() if registry.sources[one.source].for_editors),
        unknown=tuple((plugin.id, name) for plugin in plugins for name in registry.unknown(plugin.requirements)),
    )


def _row(requirement: Requirement, coverage: Coverage, plugins: Sequence[InstalledPlugin]) -> Row:
    names = {requirement.id, *requirement.follows}
    declaring = tuple(one.id for one in plugins if names & set(one.requirements))
    proofs = coverage.of(requirement)
    column, why = _column(requirement, declared=bool(declaring), proven=bool(proofs))
    return Row(
        requirement=requirement,
        column=column,
        why=why,
        plugins=declaring,
        checks=len(proofs.checks),
        tests=len(proofs.tests),
    )


def _column(requirement: Requirement, *, declared: bool, proven: bool) -> tuple[Column, Why | None]:
    if requirement.actor is Actor.OPERATOR:
        return Column.YOU, Why.OPERATOR
    if requirement.actor is Actor.ORGANISATION:
        return Column.YOU, Why.ORGANISATION
    if requirement.out_of_scope:
        return Column.YOU, Why.OUT_OF_SCOPE
    if declared:
        return Column.PLUGIN, None
    if requirement.actor is Actor.PLUGIN:
        return Column.YOU, Why.NO_PLUGIN
    if not proven:
        return Column.YOU, Why.NOT_PROVEN
    return (Column.SDK if requirement.actor is Actor.SDK else Column.HOST), None


def obsolete(row: Row) -> bool:
    """Whether the draft gave the requirement up."""
    return row.requirement.arbitration is Arbitration.OBSOLETE
