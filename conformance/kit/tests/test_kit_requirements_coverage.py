"""Coverage joins checks and marked tests to requirements, and says when what ships is no longer true."""

import json
from pathlib import Path

import attrs
import pytest
from typer.testing import CliRunner

from segur_conformance.requirements import Registry, coverage_command
from segur_conformance.requirements import coverage as covering
from segur_conformance.requirements.commands import application
from segur_conformance.requirements.coverage import (
    Coverage,
    Proofs,
    differences,
    found_coverage,
    kit_checks,
    read_coverage,
    unknown_requirements,
)
from segur_sdk.errors import InputError


@attrs.frozen
class FakeCheck:
    id: str
    requirements: tuple[str, ...]


CHECKS = (FakeCheck("insi.search.several", ("S000-15", "SC.INS/va1.35")), FakeCheck("insi.search.none", ("S000-15",)))
TEST = '@pytest.mark.req("S000-15")\ndef test_a(): ...\n'


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_a.py").write_text(TEST, "utf-8")
    return folder


def covered(**proofs: Proofs) -> Coverage:
    return Coverage(requirements=proofs)


def test_checks_and_tests_are_joined_by_requirement(tests: Path) -> None:
    found = found_coverage(CHECKS, [tests], tests.parent)

    assert found == Coverage(
        requirements={
            "S000-15": Proofs(checks=("insi.search.none", "insi.search.several"), tests=("tests/test_a.py::test_a",)),
            "SC.INS/va1.35": Proofs(checks=("insi.search.several",)),
        }
    )


def test_a_requirement_is_covered_by_those_that_it_follows() -> None:
    found = found_coverage(CHECKS, [], Path())
    registry = Registry.load()

    assert found.of(registry.get("INS/va1.35")).checks == ("insi.search.several",)
    assert found.of(registry.get("LGC.INS.41")).checks == ("insi.search.several",)
    assert not found.of(registry.get("SC.INS/va1.38"))


def test_the_committed_form_is_read_back_the_same(tests: Path) -> None:
    found = found_coverage(CHECKS, [tests], tests.parent)
    (tests / "coverage.json").write_text(found.as_text(), "utf-8")

    assert read_coverage(tests) == found
    assert json.loads(found.as_text())["schema"] == "segur-coverage/1"
    assert found.as_text() == found_coverage(reversed(CHECKS), [tests], tests.parent).as_text()


@pytest.mark.parametrize(
    ("before", "after", "tests", "lines"),
    [
        ({"A": Proofs(checks=("c",))}, {"A": Proofs(checks=("c",))}, True, ()),
        ({}, {"A": Proofs(checks=("c",))}, True, ("A + c",)),
        ({"A": Proofs(checks=("c",))}, {}, True, ("A - c",)),
        ({"A": Proofs(tests=("t",))}, {"A": Proofs(tests=("u",))}, True, ("A + u", "A - t")),
        ({"A": Proofs(tests=("t",))}, {}, False, ()),
        ({"B": Proofs(checks=("c",))}, {"A": Proofs(checks=("c",))}, False, ("A + c", "B - c")),
    ],
    ids=["same", "new check", "gone check", "renamed test", "tests not looked for", "moved check"],
)
def test_differences_are_named_one_by_one(
    before: dict[str, Proofs], after: dict[str, Proofs], tests: bool, lines: tuple[str, ...]
) -> None:
    assert differences(covered(**before), covered(**after), tests=tests) == lines


def test_an_unknown_requirement_is_named_with_what_names_it(tests: Path) -> None:
    (tests / "test_b.py").write_text(TEST.replace("S000-15", "S000-99"), "utf-8")
    found = found_coverage((FakeCheck("insi.a", ("INS/va1.99",)),), [tests], tests.parent)

    assert unknown_requirements(Registry.load(), found) == (
        ("INS/va1.99", "insi.a"),
        ("S000-99", "tests/test_b.py::test_a"),
    )


@pytest.fixture
def run(tests: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """A kit of two checks, whose data folder holds nothing but a true coverage."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "coverage.json").write_text(found_coverage(CHECKS, [tests], tmp_path).as_text(), "utf-8")
    monkeypatch.setattr(covering, "kit_checks", lambda: CHECKS)
    monkeypatch.setattr(covering, "data_folder", lambda: shipped)
    monkeypatch.setattr(coverage_command, "data_folder", lambda: shipped)
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def test_a_true_coverage_passes_the_check(run: CliRunner) -> None:
    result = run.invoke(application, ["coverage", "--check", "--tests", "tests", "--json"])

    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["result"] == "ok"
    assert {
        "id": "S000-15",
        "checks": ["insi.search.none", "insi.search.several"],
        "tests": ["tests/test_a.py::test_a"],
    } in (answer["requirements"])
    assert "SC.INS/va1.20" in answer["unproven"]
    assert not {"S000-15", "INS/va1.20", "SC.INS/va1.16", "S000-86"} & set(answer["unproven"])


def test_a_stale_coverage_fails_the_check_until_it_is_written(run: CliRunner, tests: Path) -> None:
    (tests / "test_c.py").write_text(TEST.replace("S000-15", "S000-16"), "utf-8")
    asked = ["coverage", "--check", "--tests", "tests"]
    stale = run.invoke(application, asked)

    assert stale.exit_code == 1
    assert "Couverture périmée : S000-16 + tests/test_c.py::test_a" in stale.stderr
    assert json.loads(run.invoke(application, [*asked, "--json"]).stdout)["differences"] == [
        "S000-16 + tests/test_c.py::test_a"
    ]
    assert run.invoke(application, ["coverage", "--write", "--tests", "tests"]).exit_code == 0
    assert run.invoke(application, asked).exit_code == 0


def test_many_differences_are_cut_short_and_counted(run: CliRunner, tests: Path) -> None:
    names = [f"S000-{number:02d}" for number in range(20, 45)]
    (tests / "test_c.py").write_text(
        f"@pytest.mark.req(*{names})\ndef test_c(): ...\n".replace("*[", "").replace("])", ")")
    )
    stale = run.invoke(application, ["coverage", "--check", "--tests", "tests"])

    assert stale.stderr.count("Couverture périmée") == 20
    assert "et 5 autres différences" in stale.stderr


def test_without_tests_only_checks_are_compared(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.invoke(application, ["coverage", "--check"]).exit_code == 0

    monkeypatch.setattr(covering, "kit_checks", lambda: CHECKS[:1])
    stale = run.invoke(application, ["coverage", "--check", "--json"])

    assert stale.exit_code == 1
    assert json.loads(stale.stdout)["differences"] == ["S000-15 - insi.search.none"]


def test_an_unknown_requirement_fails_and_is_never_written(
    run: CliRunner, tests: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (tmp_path / "shipped/coverage.json").read_bytes()
    (tests / "test_c.py").write_text(TEST.replace("S000-15", "S000-99"), "utf-8")
    result = run.invoke(application, ["coverage", "--write", "--tests", "tests"])

    assert result.exit_code == 1
    assert "Inconnue du registre : S000-99 (tests/test_c.py::test_a)" in result.stderr
    assert (tmp_path / "shipped/coverage.json").read_bytes() == before
    assert json.loads(run.invoke(application, ["coverage", "--tests", "tests", "--json"]).stdout)["result"] == "unknown"


def test_nothing_is_written_without_looking_at_tests(run: CliRunner, tmp_path: Path) -> None:
    before = (tmp_path / "shipped/coverage.json").read_bytes()
    result = run.invoke(application, ["coverage", "--write"])

    assert result.exit_code == 2
    assert (tmp_path / "shipped/coverage.json").read_bytes() == before


def test_a_broken_test_file_is_a_typed_failure(run: CliRunner, tests: Path) -> None:
    (tests / "test_c.py").write_text("def", "utf-8")
    result = run.invoke(application, ["coverage", "--tests", "tests"])

    assert isinstance(result.exception, InputError)
    assert result.exception.code == "input.tests_unreadable"


def test_every_check_of_the_kit_names_requirements_of_the_registry() -> None:
    registry = Registry.load()

    assert {
        one.id: registry.unknown(one.requirements) for one in kit_checks() if registry.unknown(one.requirements)
    } == {}


def test_the_coverage_that_ships_is_true() -> None:
    result = CliRunner().invoke(application, ["coverage", "--check", "--json"])

    assert json.loads(result.stdout)["differences"] == []
    assert result.exit_code == 0
