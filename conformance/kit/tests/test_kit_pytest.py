"""``pytest --segur-plan PLAN``: each check is a test, by its id, and ends as one."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.metadata import distribution
from pathlib import Path

import pytest

CONFTEST = """\
import sys
from types import ModuleType
from segur_conformance import checks as every
from segur_conformance.checks.check import CheckSet, PLUGIN_KINDS
from segur_conformance.outcomes import CheckBlocked, CheckEnded, CheckFailed, CheckOutcome

checks = CheckSet()
def add(name, **options):
    return checks(f"fictif.{name}", "CARD-01", "S000-11", purpose="But.", steps=("une",), expected="mieux",
                  mend="corriger ceci", film="filmer", **options)

@add("a.passe")
def passing(bench):
    assert bench.start().identify(say="x").value == {"say": "x"}

@add("a.echoue")
def failing(bench):
    raise CheckFailed("n’a pas répondu")

@add("a.erreur")
def broken(bench):
    raise ZeroDivisionError("kit")

@add("b.fichier", asset="insi/x.xsd")
def asset(bench):
    pass

@add("b.bloque")
def blocked(bench):
    raise CheckBlocked("op:mark")

@add("b.sans-objet", kinds=PLUGIN_KINDS)
def unconcerned(bench):
    pass

@add("juge.fin", judges_the_run=True)
def judge(bench):
    pass

module = ModuleType("segur_conformance.checks.fictif")
module.CHECKS = tuple(checks.checks)
sys.modules[module.__name__] = module
every.PROFILES["fictif"] = "Essais"
"""


@pytest.fixture
def author(plan: Path, tmp_path: Path) -> Path:
    """The folder of an author: a plan, a conftest that brings the profile, a test of their own."""
    (tmp_path / "conftest.py").write_text(CONFTEST, "utf-8")
    (tmp_path / "test_own.py").write_text("def test_own():\n    assert True\n", "utf-8")
    return tmp_path


def outcomes(folder: Path, *arguments: str) -> tuple[int, dict[str, str], str]:
    """Run pytest in a folder: its status, how each test ended, and everything it wrote."""
    environment = {name: value for name, value in os.environ.items() if name != "SEGUR_ASSETS"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junitxml=found.xml", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found = {}
    if (folder / "found.xml").exists():
        for case in ET.parse(folder / "found.xml").iter("testcase"):
            tags = [one.tag for one in case if one.tag != "properties"]
            found[str(case.get("name"))] = tags[0] if tags else "passed"
    return done.returncode, found, done.stdout + done.stderr


EXPECTED = {
    "test_own": "passed",
    "fictif.a.passe": "passed",
    "fictif.a.echoue": "failure",
    "fictif.a.erreur": "failure",
    "fictif.b.fichier": "skipped",
    "fictif.b.bloque": "failure",
    "fictif.b.sans-objet": "skipped",
    "fictif.juge.fin": "passed",
}


def test_each_check_of_the_plan_is_a_test_that_ends_as_the_check(author: Path) -> None:
    status, found, told = outcomes(author, "--segur-plan", "plan.toml", "-ra")

    assert (status, found) == (1, EXPECTED), told
    assert list(found)[-1] == "fictif.juge.fin"
    assert "échec : n’a pas répondu" in told
    assert "Pour corriger : corriger ceci" in told
    assert "Exigences : CARD-01, S000-11" in told
    assert "Le fichier officiel « insi/x.xsd » n’a pas été fourni." in told
    assert "Traceback" not in told
    properties = [one.get("value") for one in ET.parse(author / "found.xml").iter("property")]
    assert set(properties) == {"CARD-01", "S000-11"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("-k", "passe"), {"fictif.a.passe": "passed"}, id="keyword"),
        pytest.param(("-m", "not segur_check"), {"test_own": "passed"}, id="without-checks"),
        pytest.param(("-m", "segur_check", "-k", "juge"), {"fictif.juge.fin": "passed"}, id="marker"),
        pytest.param(
            ("-k", "fichier", "--segur-require-assets"), {"fictif.b.fichier": "failure"}, id="assets-required"
        ),
        pytest.param(("-k", "fichier", "--segur-assets", "assets"), {"fictif.b.fichier": "passed"}, id="assets-given"),
    ],
)
def test_options_of_pytest_and_of_the_kit_choose(
    author: Path, arguments: tuple[str, ...], expected: dict[str, str]
) -> None:
    (author / "assets/insi").mkdir(parents=True)
    (author / "assets/insi/x.xsd").touch()

    status, found, told = outcomes(author, "--segur-plan", "plan.toml", *arguments)

    assert found == expected, told
    assert status == int("failure" in expected.values())


def test_plan_that_means_nothing_is_wrong_usage(author: Path) -> None:
    (author / "plan.toml").write_text("plan = 7\n")

    status, _, told = outcomes(author, "--segur-plan", "plan.toml")

    assert status == pytest.ExitCode.USAGE_ERROR
    assert "config.plan_invalid" in told
    assert "Traceback" not in told


def test_product_that_is_missing_fails_its_checks_with_a_sentence(author: Path) -> None:
    text = (author / "plan.toml").read_text("utf-8")
    (author / "plan.toml").write_text(text[: text.index("target =")] + 'target = "no-such-program"\n', "utf-8")

    status, found, told = outcomes(author, "--segur-plan", "plan.toml", "-k", "passe")

    assert (status, found) == (1, {"fictif.a.passe": "failure"})
    assert "config.plan_command" in told


def test_without_a_plan_nothing_is_added_nor_loaded(author: Path) -> None:
    (author / "conftest.py").unlink()
    (author / "test_own.py").write_text(
        "import sys\ndef test_own():\n    assert 'segur_conformance.checks' not in sys.modules\n", "utf-8"
    )

    status, found, told = outcomes(author)

    assert (status, found) == (0, {"test_own": "passed"}), told


def test_plugin_of_pytest_comes_with_the_kit() -> None:
    names = {(one.group, one.value) for one in distribution("segur-conformance").entry_points}

    assert ("pytest11", "segur_conformance.pytest_plugin") in names
