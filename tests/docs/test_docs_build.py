"""The documentation builds without a warning, and its pages load nothing from another host."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs.build import remote_assets

DOCS = Path(__file__).parents[2] / "docs"


def run_build(script: Path, output: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), str(output)], capture_output=True, text=True, timeout=110, check=False
    )


def test_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    done = run_build(DOCS / "build.py", tmp_path / "out")

    assert done.stderr == ""
    assert done.returncode == 0
    assert Path(done.stdout.strip()) == tmp_path / "out/index.html"
    pages = [tmp_path / "out" / page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")]
    assert [page for page in pages if not page.exists()] == []


@pytest.mark.parametrize(
    ("page", "said"),
    [
        pytest.param("# Page\n\n[nowhere](missing.md)\n", "missing.md", id="link-to-no-page"),
        pytest.param("# Page\n\n[nowhere](#nothing)\n", "nothing", id="link-to-no-section"),
        pytest.param("# Page\n\n![x](https://example.org/x.png)\n", "loaded from another host", id="remote-image"),
        pytest.param("# Page\n\n<script src='//example.org/x.js'></script>\n", "another host", id="remote-script"),
    ],
)
def test_bad_page_fails_the_build(page: str, said: str, tmp_path: Path) -> None:
    for name in ("conf.py", "build.py"):
        (tmp_path / name).write_text((DOCS / name).read_text("utf-8"), "utf-8")
    (tmp_path / "index.md").write_text(page, "utf-8")

    done = run_build(tmp_path / "build.py", tmp_path / "out")

    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        pytest.param("a.html", "<img src='https://h/x.png'>", ["https://h/x.png"], id="image"),
        pytest.param("a.html", "<img srcset='x.png 1x, //h/y.png 2x'>", ["//h/y.png"], id="image-set"),
        pytest.param("a.html", "<link rel='stylesheet' href='http://h/x.css'>", ["http://h/x.css"], id="style-sheet"),
        pytest.param("a.html", "<style>@import url(https://h/x.css);</style>", ["https://h/x.css"], id="style-import"),
        pytest.param("a.html", "<p style=\"background: url('//h/x')\">", ["//h/x"], id="style-attribute"),
        pytest.param("a.css", "@font-face { src: url(https://h/f.woff2) }", ["https://h/f.woff2"], id="font"),
        pytest.param("a.html", "<a href='https://h'>h</a><link rel='canonical' href='https://h'>", [], id="links"),
        pytest.param("a.html", "<img src='x.png'><script src='_static/x.js'></script>", [], id="own-files"),
        pytest.param("a.css", "a { background: url(data:image/png;base64,AA//BB) }", [], id="data"),
    ],
)
def test_remote_asset_is_told(name: str, content: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, "utf-8")

    assert [one.partition(": ")[2] for one in remote_assets(tmp_path)] == found
