"""The wheels gate refuses what would fail a user, and passes what works."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.wheel_content import problems_of_wheel
from tools.wheels import GateError, build, install_alone
from tools.workspace import Distribution, distributions

MakeWorkspace = Callable[[dict[str, str]], Path]

CAT = "plugins/cat"
SOURCE = f"{CAT}/src/segur_plugin_cat"
PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "segur-plugin-cat"
version = "1.0"
license = "Apache-2.0"
license-files = ["LICENSE"]
"""
CLOCK_HOOK = """\
import time
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Clock(BuildHookInterface):
    def initialize(self, version, build_data):
        Path(self.root, "src/segur_plugin_cat/built.py").write_text(f"AT = {time.time_ns()}")
"""

INFO = "segur_plugin_cat-1.0.dist-info"
METADATA = "Metadata-Version: 2.4\nName: segur-plugin-cat\nVersion: 1.0\n"
CONTENT = {
    "segur_plugin_cat/__init__.py": "",
    "segur_plugin_cat/py.typed": "",
    "segur_plugin_cat/segur_plugin.toml": "",
    f"{INFO}/METADATA": f"{METADATA}License-Expression: Apache-2.0\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/RECORD": "",
    f"{INFO}/licenses/LICENSE": "Apache License",
    f"{INFO}/entry_points.txt": "[segur.plugins]\ncat = segur_plugin_cat:segur_plugin.toml\n",
}


def cat(workspace: Path) -> Distribution:
    return next(one for one in distributions(workspace) if one.path == CAT)


def write_wheel(folder: Path, content: dict[str, str]) -> Path:
    wheel = folder / "segur_plugin_cat-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return wheel


def test_a_complete_wheel_has_no_problem(make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    assert problems_of_wheel(write_wheel(tmp_path, CONTENT), cat(make_workspace({}))) == []


@pytest.mark.parametrize(
    "name",
    [
        "segur_plugin_cat/__init__.py",
        "segur_plugin_cat/py.typed",
        "segur_plugin_cat/segur_plugin.toml",
        f"{INFO}/licenses/LICENSE",
    ],
)
def test_a_wheel_without_a_required_file_is_refused(make_workspace: MakeWorkspace, tmp_path: Path, name: str) -> None:
    wheel = write_wheel(tmp_path, {path: text for path, text in CONTENT.items() if path != name})

    problems = problems_of_wheel(wheel, cat(make_workspace({})))

    assert len(problems) == 1
    assert name.rpartition("/")[2] in problems[0]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        pytest.param({"tests/test_a.py": ""}, "installs more than its package: tests", id="stray-package"),
        pytest.param({f"{INFO}/METADATA": f"{METADATA}License-Expression: MIT\n"}, "license is MIT", id="license"),
        pytest.param({f"{INFO}/METADATA": METADATA}, "license is None", id="no-license"),
    ],
)
def test_a_wheel_with_wrong_content_is_refused(
    make_workspace: MakeWorkspace, tmp_path: Path, changed: dict[str, str], problem: str
) -> None:
    problems = problems_of_wheel(write_wheel(tmp_path, CONTENT | changed), cat(make_workspace({})))

    assert len(problems) == 1
    assert problem in problems[0]


def test_a_sound_distribution_builds_alike_and_works_alone(make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    entry = '[project.scripts]\ncat = "segur_plugin_cat.say:main"\n'
    files = {
        f"{CAT}/pyproject.toml": PROJECT + entry,
        f"{SOURCE}/say.py": 'def main():\n    print("usage: cat")\n',
        f"{SOURCE}/__main__.py": "raise SystemExit(1)\n",
    }
    one = cat(make_workspace(files))

    report = install_alone(one, build(one, tmp_path), tmp_path / "requirements/constraints.txt", tmp_path)

    assert report == "2 modules import, cat --help answers"


def test_a_build_that_differs_each_time_is_refused(make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    hook = "[tool.hatch.build.targets.wheel.hooks.custom]\n"
    workspace = make_workspace({f"{CAT}/pyproject.toml": PROJECT + hook, f"{CAT}/hatch_build.py": CLOCK_HOOK})

    with pytest.raises(GateError, match=r"two builds of segur_plugin_cat-1\.0.* differ"):
        build(cat(workspace), tmp_path)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        pytest.param({"segur_plugin_cat/a.py": "import segur_sdk\n"}, "cat.a lacks segur_sdk", id="sibling"),
        pytest.param({"segur_plugin_cat/a.py": "import pytest\n"}, "cat.a lacks pytest", id="third-party"),
        pytest.param({"segur_plugin_cat/a.py": "1 / 0\n"}, "ZeroDivisionError", id="broken-module"),
        pytest.param(
            {f"{INFO}/entry_points.txt": "[console_scripts]\ncat = segur_plugin_cat.no:main\n"},
            "cat --help does not answer",
            id="command",
        ),
        pytest.param(
            {f"{INFO}/entry_points.txt": "[pytest11]\ncat = segur_plugin_cat.no\n"},
            "No module named 'segur_plugin_cat.no'",
            id="entry-point",
        ),
    ],
)
def test_a_wheel_that_needs_what_it_does_not_declare_is_refused(
    make_workspace: MakeWorkspace, tmp_path: Path, changed: dict[str, str], problem: str
) -> None:
    one = cat(make_workspace({}))
    wheel = write_wheel(tmp_path, CONTENT | changed)

    with pytest.raises(GateError) as refused:
        install_alone(one, wheel, tmp_path / "requirements/constraints.txt", tmp_path)

    assert problem in str(refused.value)
