"""The types gate reaches every distribution, its tests, and the workspace's own files."""

from __future__ import annotations

from pathlib import Path

from tools.typecheck import targets
from tools.workspace import distributions

ROOT = Path(__file__).parents[2]


def test_every_python_file_of_the_workspace_is_checked() -> None:
    checked = [ROOT / target for target in targets()]
    folders = [one.folder / part for one in distributions(ROOT) for part in ("src", "tests")]
    parts = [folder for folder in folders if any(folder.rglob("*.py"))]
    own = [ROOT / name for name in ("dev.py", "conftest.py", "tools", "tests")]

    assert [path for path in (*parts, *own) if path not in checked] == []
