"""The distributions of the workspace, found by their folders: a new plugin is one folder and no list to edit.

Only the standard library is imported, because dev.py reads this before any environment exists.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KINDS = {
    "sdk": "sdk",
    "reference_host": "host",
    "conformance/sandbox": "sandbox",
    "conformance/testing": "testing",
    "conformance/kit": "kit",
    "plugins/*": "plugin",
}
"""Glob of distribution folders, in the order of the import graph, and what kind each is."""

NATIVE_EXTRAS = frozenset({"pcsc"})
"""Extras that are compiled when they are installed: requirements/native.txt has what they need, for the environments
that cannot do without."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installable package of the workspace.

    Attributes:
        folder: Absolute folder of its pyproject.toml.
        path: The same, relative to the workspace and with slashes.
        kind: A value of ``KINDS``: decides what it may import.
        name: Distribution name.
        version: Its version.
        dependencies: Its run-time requirements as written.
        extras: Names of its extras, sorted.
        license: SPDX expression, empty when none is declared.
    """

    folder: Path
    path: str
    kind: str
    name: str
    version: str
    dependencies: tuple[str, ...]
    extras: tuple[str, ...]
    license: str

    @property
    def package(self) -> str:
        """Name of the one package that it installs."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> Path:
        """Folder of that package."""
        return self.folder / "src" / self.package


def distributions(root: Path) -> tuple[Distribution, ...]:
    """Every distribution of the workspace at ``root``, in the order of ``KINDS``, then by folder name."""
    return tuple(
        _read(root, manifest.parent, kind)
        for pattern, kind in KINDS.items()
        for manifest in sorted(root.glob(f"{pattern}/pyproject.toml"))
    )


def _read(root: Path, folder: Path, kind: str) -> Distribution:
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Distribution(
        folder=folder,
        path=folder.relative_to(root).as_posix(),
        kind=kind,
        name=project["name"],
        version=project["version"],
        dependencies=tuple(project.get("dependencies", ())),
        extras=tuple(sorted(project.get("optional-dependencies", {}))),
        license=str(project.get("license", "")),
    )


def workspace_requirements(found: Sequence[Distribution]) -> str:
    """Content of requirements/workspace.txt: every distribution editable, with all extras that need no compiler."""
    lines = ["# Written by: python dev.py lock"]
    for distribution in found:
        extras = [extra for extra in distribution.extras if extra not in NATIVE_EXTRAS]
        lines.append(f"-e ./{distribution.path}{'[' + ','.join(extras) + ']' if extras else ''}")
    return "\n".join(lines) + "\n"
