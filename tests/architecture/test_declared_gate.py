"""The gate on declared dependencies refuses an import without declaration, and a declaration without import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import declared

MakeWorkspace = Callable[[dict[str, str]], Path]

CAT = "plugins/cat"
MODULE = f"{CAT}/src/segur_plugin_cat/plugin.py"
PROJECT = '[project]\nname = "segur-plugin-cat"\nversion = "1.0"\ndependencies = [{dependencies}]\n'


@pytest.mark.parametrize(
    ("dependencies", "statement", "finding"),
    [
        pytest.param("", "import httpx", "DEP003 'httpx' imported but it is a transitive dependency", id="undeclared"),
        pytest.param("", "import no_such_module", "DEP001 'no_such_module' imported but missing", id="unknown"),
        pytest.param('"httpx"', "", "DEP002 'httpx' defined as a dependency but not used", id="unused"),
    ],
)
def test_a_difference_is_refused_by_name(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str], dependencies: str, statement: str, finding: str
) -> None:
    files = {f"{CAT}/pyproject.toml": PROJECT.format(dependencies=dependencies), MODULE: f"{statement}\n"}

    status = declared.main(["--root", str(make_workspace(files))])

    assert status == 1
    assert finding in capsys.readouterr().out


def test_declared_and_imported_passes(make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"{CAT}/pyproject.toml": PROJECT.format(dependencies='"httpx"'), MODULE: "import httpx\n"}

    assert declared.main(["--root", str(make_workspace(files))]) == 0, capsys.readouterr().out
