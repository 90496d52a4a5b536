"""The lock files agree with each other, hold hashes for everything, and changes are told."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lock import changes, pins, without_hashes
from tools.workspace import NATIVE_EXTRAS, distributions

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"

LOCK = """\
# Written by: python dev.py lock
attrs==26.1.0 \\
    --hash=sha256:00 \\
    --hash=sha256:11
soupsieve==2.10 ; python_full_version < '3.11.5' \\
    --hash=sha256:22
soupsieve==4.1.2 ; python_full_version >= '3.11.5' \\
    --hash=sha256:33
"""


def locked_text() -> str:
    """Everything that is locked, what has to be compiled included."""
    return "".join((REQUIREMENTS / name).read_text(encoding="utf-8") for name in ("lock.txt", "native.txt"))


def test_constraints_are_the_lock_without_hashes() -> None:
    locked = locked_text()

    assert (REQUIREMENTS / "constraints.txt").read_text(encoding="utf-8") == without_hashes(locked)


@pytest.mark.parametrize(
    ("name", "least"), [("lock.txt", 10), ("bootstrap.txt", 10), ("native.txt", 0), ("fuzz.txt", 0)]
)
def test_every_locked_package_has_a_hash(name: str, least: int) -> None:
    blocks = re.split(r"\n(?=\S)", (REQUIREMENTS / name).read_text(encoding="utf-8").strip())[1:]

    assert len(blocks) > least
    assert [
        block for block in blocks if not re.match(r"[a-z0-9-]+==\S+ .*\\\n    --hash=sha256:[0-9a-f]{64}", block)
    ] == []


def declared() -> list[tuple[str, Requirement]]:
    lines = []
    for one in distributions(ROOT):
        project = tomllib.loads((one.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        groups = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
        lines += [(one.name, Requirement(line)) for group in groups for line in group]
    return [(name, requirement) for name, requirement in lines if not requirement.name.startswith("segur-")]


def test_the_lock_satisfies_every_declared_requirement() -> None:
    locked = pins(locked_text())
    unsatisfied = [
        f"{name}: {requirement}"
        for name, requirement in declared()
        if not all(
            version and requirement.specifier.contains(version)
            for version in locked.get(canonicalize_name(requirement.name), "").split(", ")
        )
    ]

    assert unsatisfied == [], "run python dev.py lock"


def test_only_the_extras_said_to_be_native_are_compiled() -> None:
    native = {
        Requirement(line).name
        for one in distributions(ROOT)
        for extra in NATIVE_EXTRAS & set(one.extras)
        for line in tomllib.loads((one.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"][
            "optional-dependencies"
        ][extra]
    }

    assert set(pins((REQUIREMENTS / "native.txt").read_text(encoding="utf-8"))) == native
    assert native.isdisjoint(pins((REQUIREMENTS / "lock.txt").read_text(encoding="utf-8")))


def test_no_distribution_of_the_workspace_is_locked() -> None:
    assert [name for name in pins((REQUIREMENTS / "lock.txt").read_text(encoding="utf-8")) if "segur" in name] == []


def test_lxml_has_one_set_of_stubs() -> None:
    locked = pins((REQUIREMENTS / "lock.txt").read_text(encoding="utf-8"))

    assert "types-lxml" in locked
    assert "lxml-stubs" not in locked


def test_pins_join_versions_that_markers_choose_between() -> None:
    assert pins(LOCK) == {"attrs": "26.1.0", "soupsieve": "2.10, 4.1.2"}


def test_without_hashes_keeps_versions_and_markers() -> None:
    assert without_hashes(LOCK).splitlines() == [
        "# Written by: python dev.py lock",
        "attrs==26.1.0",
        "soupsieve==2.10 ; python_full_version < '3.11.5'",
        "soupsieve==4.1.2 ; python_full_version >= '3.11.5'",
    ]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param({"a": "1"}, {"a": "1"}, [], id="same"),
        pytest.param({}, {"a": "1"}, ["+ a 1"], id="added"),
        pytest.param({"a": "1"}, {}, ["- a 1"], id="removed"),
        pytest.param({"a": "1"}, {"a": "2"}, ["  a 1 -> 2"], id="moved"),
        pytest.param({"c": "1", "a": "1"}, {"b": "1", "a": "2"}, ["  a 1 -> 2", "+ b 1", "- c 1"], id="all-sorted"),
    ],
)
def test_changes_are_told(before: dict[str, str], after: dict[str, str], lines: list[str]) -> None:
    assert changes(before, after) == lines
