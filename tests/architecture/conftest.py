"""A tiny workspace of the same shape as this one, for putting the gates of tools/ to the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FOLDERS = {
    "sdk": "segur-sdk",
    "reference_host": "segur-host",
    "conformance/sandbox": "segur-sandbox",
    "conformance/testing": "segur-testing",
    "conformance/kit": "segur-conformance",
    "plugins/cat": "segur-plugin-cat",
    "plugins/dog": "segur-plugin-dog",
}

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "1.0"
license = "Apache-2.0"
license-files = ["LICENSE"]
requires-python = ">=3.11"
[tool.hatch.build.targets.wheel]
packages = ["src/{package}"]
"""


def write_workspace(folder: Path, files: dict[str, str]) -> Path:
    plain: dict[str, str] = {"requirements/constraints.txt": ""}
    for path, name in FOLDERS.items():
        package = name.replace("-", "_")
        plain[f"{path}/pyproject.toml"] = PYPROJECT.format(name=name, package=package)
        plain[f"{path}/LICENSE"] = "Apache License"
        plain[f"{path}/src/{package}/__init__.py"] = ""
        plain[f"{path}/src/{package}/py.typed"] = ""
    for path, text in (plain | files).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write a workspace with these extra files, in place of the plain ones of the same name."""
    return lambda files: write_workspace(tmp_path, files)


@pytest.fixture(scope="module")
def make_workspaces(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, dict[str, str]]], dict[str, Path]]:
    """Write several such workspaces, by name."""
    return lambda named: {name: write_workspace(tmp_path_factory.mktemp("ws"), files) for name, files in named.items()}
