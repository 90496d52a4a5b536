"""Public API of the SDK against the commit named in ``sdk/api-baseline``, by griffe and ``tools.api_changes``.

The baseline moves on when a version is released, or when a break is meant: change the file in the same commit
and say so in sdk/CHANGELOG.md.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import griffe

from tools.api_changes import changes

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE = "segur_sdk"
SOURCE = "sdk/src"
BASELINE = "sdk/api-baseline"


class BaselineError(Exception):
    """There is nothing to compare with; the message says what to do."""


def baseline(root: Path) -> str:
    """Commit to compare with.

    Raises:
        BaselineError: the file is missing, is no commit id, or names a commit that this clone lacks.
    """
    try:
        commit = (root / BASELINE).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise BaselineError(f"{BASELINE} is missing: write the commit id of the last published API") from None
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise BaselineError(f"{BASELINE} holds no full commit id: {commit[:60]!r}")
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{commit}:{SOURCE}/{PACKAGE}"], cwd=root, capture_output=True, check=False
    )
    if known.returncode:
        raise BaselineError(
            f"{BASELINE} names {commit}, which this clone lacks or which has no {SOURCE}/{PACKAGE}: "
            "git fetch --unshallow, or mend the file"
        )
    return commit


def main(arguments: Sequence[str]) -> int:
    """Compare one workspace with its baseline; returns 1 when the public API was broken or has no baseline."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args(arguments).root.resolve()
    try:
        commit = baseline(root)
    except BaselineError as error:
        print(f"public API: {error}")
        return 1
    new = griffe.load(PACKAGE, search_paths=[root / SOURCE], allow_inspection=False)
    old = griffe.load_git(PACKAGE, ref=commit, repo=root, search_paths=[SOURCE], allow_inspection=False)
    found = [
        re.sub("\x1b\\[[0-9]+m", "", breakage.explain(griffe.ExplanationStyle.ONE_LINE))
        for breakage in griffe.find_breaking_changes(old, new)
    ]
    found += changes(old, new)
    verdict = f"{len(found)} breaking changes, FAILED; {BASELINE} moves on when a break is meant" if found else "ok"
    print(*found, f"public API against {commit[:12]}: {verdict}", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
