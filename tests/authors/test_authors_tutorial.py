"""The tutorial for authors does what it says, in an environment where its package is installed."""

from pathlib import Path

import pytest

from docs.examples import blocks
from tests.authors.environment import Author

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorial/your-first-plugin.md"

FOLLOW = """
import sys
sys.path.append({root!r})
from pathlib import Path
from docs.examples import Runner

runner = Runner(Path.cwd())
try:
    print(runner.run({page!r}))
finally:
    runner.close()
"""


@pytest.mark.timeout(300)  # many programs start, one after the other
def test_tutorial_makes_a_first_plugin(tmp_path: Path) -> None:
    author = Author.beginning(tmp_path / "environment")
    folder = tmp_path / "work"
    folder.mkdir()
    page = PAGE.read_text("utf-8")
    done = author.run(["python", "-c", FOLLOW.format(root=str(ROOT), page=page)], folder)

    runnable = [one for one in blocks(page) if one.caption or one.language in {"python", "console"}]
    assert done.returncode == 0, done.stdout
    assert done.stdout == f"{len(runnable)}\n"
