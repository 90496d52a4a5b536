"""With CI=true a skip or an xfail fails the run: the root conftest.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[2] / "conftest.py"

PASSING = "def test_passes():\n    assert True\n"
EVADING = {
    "skip": 'import pytest\ndef test_evades():\n    pytest.skip("no reader")\n',
    "skipif": 'import pytest\n@pytest.mark.skipif(True, reason="no reader")\ndef test_evades():\n    assert True\n',
    "skip_in_fixture": (
        'import pytest\n@pytest.fixture\ndef reader():\n    pytest.skip("no reader")\n'
        "def test_evades(reader):\n    assert True\n"
    ),
    "xfail": 'import pytest\n@pytest.mark.xfail(reason="no reader")\ndef test_evades():\n    assert False\n',
    "xfail_not_run": (
        'import pytest\n@pytest.mark.xfail(run=False, reason="no reader")\ndef test_evades():\n    assert False\n'
    ),
    "imperative_xfail": 'import pytest\ndef test_evades():\n    pytest.xfail("no reader")\n',
    "module_skip": 'import pytest\npytest.skip("no reader", allow_module_level=True)\n',
    "importorskip": 'import pytest\npytest.importorskip("no_such_reader", reason="no reader")\n',
}


def run_pytest(folder: Path, ci: str | None, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "CI"))}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--continue-on-collection-errors", str(folder)],
        env=environment | ({"CI": ci} if ci is not None else {}),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def ci_run(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    return run_pytest(tmp_path_factory.mktemp("ci"), "true", EVADING | {"passing": PASSING})


def test_a_run_that_evades_fails_under_ci(ci_run: subprocess.CompletedProcess[str]) -> None:
    assert ci_run.returncode == 1
    assert "= 3 failed, 1 passed, 5 errors in" in ci_run.stdout


@pytest.mark.parametrize("name", EVADING)
def test_each_way_of_evading_is_refused_by_name(ci_run: subprocess.CompletedProcess[str], name: str) -> None:
    summary = ci_run.stdout.partition("short test summary info")[2].splitlines()
    lines = [line for line in summary if f"test_{name}.py" in line]

    assert len(lines) == 1
    assert lines[0].startswith(("FAILED", "ERROR"))
    assert "CI=true accepts no skip and no xfail" in lines[0]


@pytest.mark.parametrize("ci", [None, "false"], ids=["unset", "false"])
def test_elsewhere_evading_tests_only_show(tmp_path: Path, ci: str | None) -> None:
    result = run_pytest(tmp_path, ci, EVADING | {"passing": PASSING})

    assert result.returncode == 0, result.stdout
    assert "1 passed, 5 skipped, 3 xfailed" in result.stdout


def test_a_run_without_evasion_passes_under_ci(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, "true", {"passing": PASSING}).returncode == 0
