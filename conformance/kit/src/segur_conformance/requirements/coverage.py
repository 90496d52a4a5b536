"""Which proof covers which requirement, and whether what the kit ships says it truly."""

import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, Protocol

from segur_conformance.requirements.loading import data_folder
from segur_conformance.requirements.marks import marked_tests
from segur_conformance.requirements.model import Requirement
from segur_conformance.requirements.registry import Registry
from segur_sdk.models.base import Value

COVERAGE_FILE: Final = "coverage.json"
SCHEMA: Final = "segur-coverage/1"


class RequiringCheck(Protocol):
    """What coverage needs to know of a check of the kit."""

    @property
    def id(self) -> str:
        """Stable id of the check."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """Ids that it covers."""


class Proofs(Value):
    """What covers one requirement."""

    checks: tuple[str, ...] = ()
    """Ids of checks of the kit."""
    tests: tuple[str, ...] = ()
    """``path::test`` in the workspace."""

    def __bool__(self) -> bool:
        return bool(self.checks or self.tests)


class Coverage(Value):
    """Proofs of every requirement that has one."""

    requirements: Mapping[str, Proofs]

    def of(self, requirement: Requirement) -> Proofs:
        """Return what covers a requirement, by its own number or by one that it follows."""
        found = [self.requirements.get(name, Proofs()) for name in (requirement.id, *requirement.follows)]
        return Proofs(
            checks=tuple(sorted({check for one in found for check in one.checks})),
            tests=tuple(sorted({test for one in found for test in one.tests})),
        )

    def as_text(self) -> str:
        """Return the committed form."""
        rows = {name: self.requirements[name].model_dump(mode="json") for name in sorted(self.requirements)}
        return json.dumps({"schema": SCHEMA, "requirements": rows}, ensure_ascii=False, indent=1) + "\n"


def kit_checks() -> tuple[RequiringCheck, ...]:
    """Return every check of the kit. They are imported here, because most commands need none."""
    found: tuple[RequiringCheck, ...] = import_module("segur_conformance.checks").all_checks()
    return found


def found_coverage(checks: Iterable[RequiringCheck], tests: Iterable[Path], root: Path) -> Coverage:
    """Return what checks and marked tests cover.

    Args:
        checks: checks of the kit.
        tests: folders of tests.
        root: folder that the names of tests are relative to.

    Raises:
        InputError: as ``marked_tests``.
    """
    by_check: dict[str, set[str]] = {}
    by_test: dict[str, set[str]] = {}
    for check in checks:
        for requirement in check.requirements:
            by_check.setdefault(requirement, set()).add(check.id)
    for requirement, test in marked_tests(tests, root):
        by_test.setdefault(requirement, set()).add(test)
    return Coverage(
        requirements={
            name: Proofs(checks=tuple(sorted(by_check.get(name, ()))), tests=tuple(sorted(by_test.get(name, ()))))
            for name in by_check.keys() | by_test.keys()
        }
    )


def read_coverage(folder: Traversable | None = None) -> Coverage:
    """Return the coverage that ships with the kit."""
    content: dict[str, Any] = json.loads(((folder or data_folder()) / COVERAGE_FILE).read_text("utf-8"))
    return Coverage.model_validate({"requirements": content["requirements"]})


def differences(committed: Coverage, found: Coverage, *, tests: bool) -> tuple[str, ...]:
    """Return what the committed coverage says otherwise, one line each: ``ID + proof`` is missing from it.

    Args:
        committed: what ships with the kit.
        found: what is true.
        tests: whether tests were looked for; otherwise checks alone are compared.
    """
    lines = []
    for name in sorted(committed.requirements.keys() | found.requirements.keys()):
        before, after = (_proofs(one.requirements.get(name, Proofs()), tests=tests) for one in (committed, found))
        lines += [f"{name} + {proof}" for proof in sorted(after - before)]
        lines += [f"{name} - {proof}" for proof in sorted(before - after)]
    return tuple(lines)


def _proofs(one: Proofs, *, tests: bool) -> frozenset[str]:
    return frozenset(one.checks) | (frozenset(one.tests) if tests else frozenset())


def unknown_requirements(registry: Registry, coverage: Coverage) -> tuple[tuple[str, str], ...]:
    """Return (id, first proof that names it) for every id that the registry does not know."""
    return tuple(
        (name, (*coverage.requirements[name].checks, *coverage.requirements[name].tests)[0])
        for name in registry.unknown(coverage.requirements)
    )
