"""What ``segur plugins new`` makes passes lint, types and its own tests at once, whatever hook it answers."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from segur_sdk.hooks import HOOKS
from tests.authors.made import Made

pytestmark = pytest.mark.timeout(300)  # whole tools run over seven packages

STEPS = {"ruff check .", "ruff format --check .", "mypy src tests", "pytest", "segur conformance run conformance.toml"}


def content(package: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((package / name).read_text("utf-8"))


def test_a_package_is_made_for_every_hook(made: Made) -> None:
    hooks = {
        use["name"]
        for package in made.packages
        for manifest in package.glob("src/*/segur_plugin.toml")
        if len(found := tomllib.loads(manifest.read_text("utf-8"))["hooks"]) == 1
        for use in found
    }

    assert hooks == set(HOOKS)


def test_made_packages_pass_lint(made: Made) -> None:
    assert made.run("ruff", "check", "--no-cache", ".") == ""
    assert made.run("ruff", "format", "--no-cache", "--check", ".") == ""


def test_made_packages_pass_types(made: Made) -> None:
    folders = [str(package / part) for package in made.packages for part in ("src", "tests")]
    sources = ":".join(str(package / "src") for package in made.packages)
    config = str(made.packages[0] / "pyproject.toml")

    assert (
        made.run("mypy", "--cache-dir", os.devnull, "--config-file", config, *folders, MYPYPATH=sources, PYTHONPATH="")
        == ""
    )


def test_made_packages_pass_their_tests(made: Made) -> None:
    config = made.packages[0] / "pyproject.toml"
    folders = [str(package / "tests") for package in made.packages]

    assert made.run("pytest", "-q", "-p", "no:cacheprovider", "-c", str(config), *folders) == ""


def test_settings_of_the_tools_are_the_same_in_every_package(made: Made) -> None:
    tools = [content(package, "pyproject.toml")["tool"] for package in made.packages]
    for one in tools:
        del one["hatch"], one["ruff"]["lint"]["isort"]

    assert [one for one in tools if one != tools[0]] == []


def test_plan_of_conformance_names_the_plugin(made: Made) -> None:
    for package in made.packages:
        plan = content(package, "conformance.toml")
        (plugin,) = content(package, "pyproject.toml")["project"]["entry-points"]["segur.plugins"]

        assert plan == {"plan": 1, "profiles": ["package"], "product": {"kind": "plugin", "target": plugin}}


def test_tox_and_ci_take_the_same_steps(made: Made) -> None:
    for package in made.packages:
        tox = (package / "tox.ini").read_text("utf-8")
        ci = (package / ".github/workflows/ci.yml").read_text("utf-8")

        assert {step for step in STEPS if step in tox} == STEPS
        assert {step for step in STEPS if f"- run: {step}" in ci} == STEPS


def test_nothing_of_the_template_is_left_over(made: Made) -> None:
    files = [path for package in made.packages for path in package.rglob("*") if path.is_file()]
    texts = [path.read_text("utf-8") for path in files if path.suffix != ".pyc"]

    assert [text for text in texts if re.search(r"(?<!\$)\{\{", text)] == []
