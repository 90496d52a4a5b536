"""Declared dependencies against imports, distribution by distribution, by deptry."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.workspace import distributions

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Check one workspace; returns 1 when a distribution imports what it does not declare, or the reverse."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args(arguments).root.resolve()
    deptry = Path(sys.executable).with_name("deptry")
    failed = []
    for one in distributions(root):
        result = subprocess.run(
            [str(deptry), "--no-ansi", "src"], cwd=one.folder, capture_output=True, text=True, check=False
        )
        if result.returncode:
            sys.stdout.write(f"{one.name}:\n{result.stdout}{result.stderr}")
            failed.append(one.name)
    print(f"declared dependencies: {', '.join(failed) + ' FAILED' if failed else 'ok'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
