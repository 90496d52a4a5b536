"""mypy --strict on everything, tests included: ``python dev.py types``.

mypy needs every ``src`` folder on its path and has no pattern for that, so they are found here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.workspace import distributions

ROOT = Path(__file__).resolve().parent.parent
OWN = ("dev.py", "conftest.py", "tools", "tests", "docs")


def targets() -> list[str]:
    """Files and folders to check, those that hold Python only."""
    folders = [one.folder / part for one in distributions(ROOT) for part in ("src", "tests")]
    candidates = [*folders, *(ROOT / name for name in OWN)]
    return [str(path.relative_to(ROOT)) for path in candidates if path.is_file() or any(path.rglob("*.py"))]


def main() -> int:
    """Run mypy; returns its exit status."""
    path = os.pathsep.join(str(one.folder / "src") for one in distributions(ROOT))
    return subprocess.run(
        [sys.executable, "-m", "mypy", *targets()], cwd=ROOT, env={**os.environ, "MYPYPATH": path}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
