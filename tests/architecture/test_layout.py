"""Every distribution has the same shape, and no tracked file says what it should not."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tools.workspace import Distribution, distributions, workspace_requirements

ROOT = Path(__file__).parents[2]
FOUND = distributions(ROOT)
PLUGINS = [one for one in FOUND if one.kind == "plugin"]

MAXIMUM_LINES = 400
VAGUE_NAMES = {"common", "helper", "helpers", "util", "utils"}
UNWANTED_TEXT = {
    "address of a package registry": re.compile(
        r"pypi\.(org|python)|files\.pythonhosted|registry\.npmjs|deb\.debian\.org|(?<!-emit)-index-url\b"
    ),
    "absolute path of one machine": re.compile(r"(?<![\w.])/work\b(?!-)"),
}


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def names_of(found: list[Distribution] | tuple[Distribution, ...]) -> list[str]:
    return [one.name for one in found]


def requirement_on_sdk(one: Distribution) -> list[str]:
    return [line for line in one.dependencies if re.match(r"segur-sdk\b(?!-)", line)]


def test_every_folder_with_a_pyproject_is_a_known_distribution() -> None:
    known = {one.folder / "pyproject.toml" for one in FOUND} | {ROOT / "pyproject.toml"}

    assert {path for path in tracked_files() if path.name == "pyproject.toml"} == known


def test_every_kind_of_distribution_is_there() -> None:
    assert {one.kind for one in FOUND} == {"sdk", "host", "sandbox", "testing", "kit", "plugin"}


@pytest.mark.parametrize("one", FOUND, ids=names_of(FOUND))
def test_distribution_has_the_common_shape(one: Distribution) -> None:
    required = ["README.md", "CHANGELOG.md", "LICENSE", f"src/{one.package}/__init__.py", f"src/{one.package}/py.typed"]

    assert [name for name in required if not (one.folder / name).is_file()] == []
    assert sorted(path.name for path in (one.folder / "src").iterdir() if path.suffix != ".egg-info") == [one.package]


@pytest.mark.parametrize("one", FOUND, ids=names_of(FOUND))
def test_distribution_has_tests_of_its_own(one: Distribution) -> None:
    assert list((one.folder / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("one", FOUND, ids=names_of(FOUND))
def test_distribution_is_under_the_apache_license(one: Distribution) -> None:
    assert one.license == "Apache-2.0"
    assert (one.folder / "LICENSE").read_text(encoding="utf-8") == (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("one", FOUND, ids=names_of(FOUND))
def test_distribution_is_built_by_hatchling_alone(one: Distribution) -> None:
    build = tomllib.loads((one.folder / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]

    assert build["build-backend"] == "hatchling.build"
    assert [line.partition(">")[0] for line in build["requires"]] == ["hatchling"]


@pytest.mark.parametrize("one", FOUND, ids=names_of(FOUND))
def test_no_distribution_requires_an_exact_version(one: Distribution) -> None:
    assert [line for line in one.dependencies if "==" in line] == []


@pytest.mark.parametrize("one", PLUGINS, ids=names_of(PLUGINS))
def test_plugin_requires_a_range_of_the_sdk(one: Distribution) -> None:
    assert one.name == f"segur-plugin-{one.folder.name}"
    assert len(requirement_on_sdk(one)) == 1
    assert re.fullmatch(r"segur-sdk(\[[a-z0-9,-]+\])?>=\d+\.\d+,<2", requirement_on_sdk(one)[0])


def test_workspace_requirements_list_every_distribution() -> None:
    written = (ROOT / "requirements/workspace.txt").read_text(encoding="utf-8")

    assert written == workspace_requirements(FOUND), "run python dev.py lock"


def test_no_module_is_longer_than_one_concept() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in tracked_files()
        if path.suffix == ".py"
    }

    assert {name: lines for name, lines in lengths.items() if lines > MAXIMUM_LINES} == {}


def test_no_module_has_a_vague_name() -> None:
    modules = [path for path in tracked_files() if path.suffix == ".py"]

    assert [path for path in modules if VAGUE_NAMES & {path.stem, path.parent.name}] == []


@pytest.mark.parametrize("pattern", UNWANTED_TEXT.values(), ids=UNWANTED_TEXT.keys())
def test_no_tracked_file_has(pattern: re.Pattern[str]) -> None:
    own = Path(__file__).name
    found = []
    for path in tracked_files():
        if path.name != own:
            text = path.read_bytes().decode("utf-8", errors="replace")
            found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in pattern.finditer(text)]

    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "https://" + "pypi" + ".org/simple",
        "https://files" + ".pythonhosted.org/x",
        "--extra-index" + "-url x",
        "cd /" + "work/main",
        "cd /" + "work",
    ],
)
def test_unwanted_text_is_recognised(text: str) -> None:
    assert any(pattern.search(text) for pattern in UNWANTED_TEXT.values())
