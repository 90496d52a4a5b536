"""Every example of the tutorial and of the how-to pages gives what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.examples import ExampleError, Runner, blocks, matches

DOCS = Path(__file__).parents[2] / "docs"
HOW_TO = sorted((DOCS / "how-to").glob("*.md"))


def test_tutorial_embeds_the_host(empty_folder: Runner) -> None:
    page = (DOCS / "tutorial/embed-the-host.md").read_text("utf-8")

    assert empty_folder.run(page) == len([one for one in blocks(page) if one.language in {"python", "console"}])


@pytest.mark.parametrize("page", HOW_TO, ids=[page.stem for page in HOW_TO])
def test_how_to_page_does_what_it_says(page: Path, beside_a_sandbox: Runner) -> None:
    assert beside_a_sandbox.run(page.read_text("utf-8")) > 0


@pytest.mark.parametrize(
    ("page", "said"),
    [
        pytest.param("```python\nprint(1)\n```\n\n```text\n2\n```\n", "line 1: the page says\n2\n", id="python-output"),
        pytest.param("```python\nprint(1)\n```\n", "and this came:\n1", id="python-output-not-said"),
        pytest.param("```console\n$ python -c pass\nmore\n```\n", "line 2: the page says\nmore", id="console-output"),
        pytest.param("```console\n$ python -c 'exit(3)'\n```\n", "ends with 3, not 0", id="exit-code"),
        pytest.param("```console\n$ python -c pass # ends with 1\n```\n", "ends with 0, not 1", id="announced-code"),
    ],
)
def test_example_that_gives_something_else_is_an_error(page: str, said: str, empty_folder: Runner) -> None:
    with pytest.raises(ExampleError, match=re.escape(said)):
        empty_folder.run(page)


def test_example_that_raises_is_an_error(empty_folder: Runner) -> None:
    with pytest.raises(ZeroDivisionError):
        empty_folder.run("```python\n1 / 0\n```\n")


def test_captioned_block_is_a_file(empty_folder: Runner, tmp_path: Path) -> None:
    empty_folder.run("```{code-block} toml\n:caption: some.toml\n\na = 1\n```\n")

    assert (tmp_path / "some.toml").read_text("utf-8") == "a = 1\n"


@pytest.mark.parametrize(
    ("expected", "given", "same"),
    [
        pytest.param("a\n", "a\n\n", True, id="end-of-line"),
        pytest.param("a … c", "a b c", True, id="within-a-line"),
        pytest.param("a … c", "a b\n c", False, id="not-over-lines"),
        pytest.param("…\nb", "a\na\nb", True, id="lines-before"),
        pytest.param("a\n…\nc", "a\nc", True, id="no-line-between"),
        pytest.param("a\n…\nc", "a\nb\nb\nc", True, id="lines-between"),
        pytest.param("a\n…", "a\nb\nb", True, id="lines-after"),
        pytest.param("…", "", True, id="nothing"),
        pytest.param("a.c", "abc", False, id="no-pattern"),
        pytest.param("a", "a\nb", False, id="line-too-many"),
        pytest.param("", "a", False, id="something-for-nothing"),
    ],
)
def test_ellipsis_stands_for_anything(expected: str, given: str, same: bool) -> None:
    assert matches(expected, given) is same
