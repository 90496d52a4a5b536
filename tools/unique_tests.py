"""Test file names are unique in the workspace, so that a name in a report says which file it is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.workspace import distributions

if TYPE_CHECKING:
    from collections.abc import Sequence


def repeated(root: Path) -> dict[str, list[str]]:
    """Test file names that occur more than once, with the folders that have them."""
    places: dict[str, list[str]] = {}
    for folder in (*(one.folder / "tests" for one in distributions(root)), root / "tests"):
        for path in sorted(folder.rglob("test_*.py")):
            places.setdefault(path.name, []).append(path.parent.relative_to(root).as_posix())
    return {name: folders for name, folders in places.items() if len(folders) > 1}


def main(arguments: Sequence[str]) -> int:
    """Check one workspace; returns 1 when a name is used twice."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    found = repeated(parser.parse_args(arguments).root.resolve())
    for name, folders in found.items():
        print(f"{name} is in {' and in '.join(folders)}: prefix it with its package")
    print(f"test file names: {'FAILED' if found else 'ok'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
