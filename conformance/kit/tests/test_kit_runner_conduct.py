"""From a plan to its report: outcomes and verdicts, what interrupts, what is taken up, what no disk takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_conformance.checks.check import PLUGIN_KINDS
from segur_conformance.console import JsonTold
from segur_conformance.outcomes import CheckEnded, CheckFailed, CheckOutcome, NotApplicable, Verdict
from segur_conformance.reports.report import Finding, Report, ReportedCheck
from segur_conformance.runner import doctor
from segur_conformance.runner.bench import Bench, expect_equal
from segur_conformance.runner.conduct import Order, conduct
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import ConfigError, InputError

pytestmark = pytest.mark.usefixtures("shared_services")
REPORTS = ("report.json", "report.html", "junit.xml")
Run = Callable[[Bench], None]
AddCheck = Callable[..., Callable[[Run], Run]]


def carried_out(plan: Path, out: Path, **options: Any) -> Report:
    return conduct(Order(plan, out, **options), JsonTold())


def passing(bench: Bench) -> None:
    answer = bench.start().identify(say="hello")
    expect_equal(answer.value, {"say": "hello"}, "écho")


def ends_with(outcome: CheckOutcome, reason: str) -> Callable[[Bench], None]:
    def run(_: Bench) -> None:
        ended = CheckEnded(reason)
        ended.outcome = outcome
        raise ended

    return run


def refused(_: Bench) -> None:
    raise CheckFailed("refusé")


def unconcerned(_: Bench) -> None:
    raise NotApplicable("rien à faire")


def broken(_: Bench) -> None:
    raise ZeroDivisionError("kit")


def leaving(bench: Bench) -> None:
    bench.start().identify(say="goodbye")


# --- outcomes and verdicts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "options", "outcome", "reason", "verdict"),
    [
        pytest.param(passing, {}, "pass", "", "pass", id="pass"),
        pytest.param(refused, {}, "fail", "refusé", "fail", id="fail"),
        pytest.param(broken, {}, "error", "ZeroDivisionError: kit", "fail", id="error"),
        pytest.param(unconcerned, {}, "not_applicable", "rien à faire", "pass", id="not-applicable"),
        pytest.param(passing, {"kinds": PLUGIN_KINDS}, "not_applicable", "kind:host", "pass", id="other-kind"),
        pytest.param(passing, {"asset": "insi/x.xsd"}, "blocked", "asset:insi/x.xsd", "pass_incomplete", id="asset"),
        pytest.param(ends_with(CheckOutcome.BLOCKED, "op:mark"), {}, "blocked", "op:mark", "fail", id="blocked"),
        pytest.param(ends_with(CheckOutcome.WAITING, "appel"), {}, "waiting", "appel", "fail", id="waiting"),
        pytest.param(ends_with(CheckOutcome.REVIEW, "vidéo"), {}, "review", "vidéo", "fail", id="review"),
        pytest.param(ends_with(CheckOutcome.FAIL, "a\ud800b"), {}, "fail", "a?b", "fail", id="reason-is-no-text"),
    ],
)
def test_outcome_of_a_check_decides_the_verdict(
    plan: Path,
    tmp_path: Path,
    add_check: AddCheck,
    run: Callable[[Bench], None],
    options: dict[str, Any],
    outcome: str,
    reason: str,
    verdict: str,
) -> None:
    add_check("essai", "CARD-01", "R20", **options)(run)

    report = carried_out(plan, tmp_path / "out")

    [found] = report.checks
    assert (found.id, found.outcome, found.reason) == ("fictif.essai", outcome, reason)
    assert found.requirements == ("CARD-01", "R20")
    assert report.verdict == verdict
    assert {str(one): number for one, number in report.counts.items() if number} == {outcome: 1}
    assert report.missing_assets == (("insi/x.xsd",) if reason.startswith("asset:") else ())
    assert json.loads((tmp_path / "out/report.json").read_text("utf-8")) == report.model_dump(
        mode="json", by_alias=True
    )


def test_report_has_the_promised_shape(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    add_check("essai")(passing)

    carried_out(plan, tmp_path / "out")

    content = json.loads((tmp_path / "out/report.json").read_text("utf-8"))
    assert content["schema"] == "segur-report/1"
    assert {"verdict", "missing_assets", "counts", "checks"} <= content.keys()
    [check] = content["checks"]
    assert list(check) == ["id", "outcome", "requirements", "reason", "evidence", "duration_ms"]
    assert content["counts"] == {
        "pass": 1, "fail": 0, "error": 0, "blocked": 0, "not_applicable": 0, "waiting": 0, "review": 0
    }  # fmt: skip
    [evidence] = check["evidence"]
    lines = [json.loads(line) for line in (tmp_path / "out" / evidence).read_text("utf-8").splitlines()]
    assert [line["direction"] for line in lines] == ["request", "answer"]


def test_target_that_leaves_fails_its_check_and_no_other(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    add_check("parti")(leaving)
    add_check("reste")(passing)

    report = carried_out(plan, tmp_path / "out")

    assert [one.outcome for one in report.checks] == ["fail", "pass"]
    assert "3" in report.checks[0].reason


def test_services_that_are_gone_end_each_check_and_not_the_run(
    plan: Path, tmp_path: Path, add_check: AddCheck, services: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise ConnectionRefusedError

    add_check("un")(passing)
    add_check("deux")(passing)
    monkeypatch.setattr(services, "_call", gone)

    report = carried_out(plan, tmp_path / "out")

    assert [one.outcome for one in report.checks] == ["error", "error"]
    assert all("ConnectionRefusedError" in one.reason for one in report.checks)


def test_checks_that_judge_the_run_come_last(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    add_check("juge", judges_the_run=True)(passing)
    add_check("essai")(passing)

    report = carried_out(plan, tmp_path / "out")

    assert [one.id for one in report.checks] == ["fictif.essai", "fictif.juge"]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        pytest.param("fictif.lire.un", ["fictif.lire.un"], id="one"),
        pytest.param("fictif.lire", ["fictif.lire.un", "fictif.lire.deux"], id="group"),
        pytest.param("fictif", ["fictif.lire.un", "fictif.lire.deux", "fictif.lireautre.un"], id="profile"),
    ],
)
def test_only_names_one_check_or_the_beginning_of_several(
    plan: Path, tmp_path: Path, add_check: AddCheck, only: str, expected: list[str]
) -> None:
    for name in ("lire.un", "lire.deux", "lireautre.un"):
        add_check(name)(passing)

    report = carried_out(plan, tmp_path / "out", only=only)

    assert [one.id for one in report.checks] == expected
    assert report.plan.only == only


@pytest.mark.parametrize("only", ["fictif.li", "un", "", "vitale.reading"])
def test_only_that_names_nothing_is_refused_before_anything_is_made(
    plan: Path, tmp_path: Path, add_check: AddCheck, only: str
) -> None:
    add_check("lire.un")(passing)

    with pytest.raises(InputError, match=r"input\.check_unknown"):
        carried_out(plan, tmp_path / "out", only=only)

    assert not (tmp_path / "out").exists()


# --- the folder -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "resume", "reason"),
    [
        pytest.param("file", False, "FileExistsError", id="a-file"),
        pytest.param("full", False, "not_empty", id="not-empty"),
        pytest.param("full", True, "no_progress", id="nothing-to-resume"),
    ],
)
def test_folder_that_is_in_use_is_refused(
    plan: Path, tmp_path: Path, add_check: AddCheck, made: str, resume: bool, reason: str
) -> None:
    add_check("essai")(passing)
    out = tmp_path / "out"
    if made == "file":
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "mine.txt").write_text("mine")

    with pytest.raises(InputError, match=rf"input\.report_folder \(reason={reason}\)"):
        carried_out(plan, out, resume=resume)

    assert out.is_file() or [one.name for one in out.iterdir()] == ["mine.txt"]


def test_empty_folder_is_taken_also_to_resume(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    add_check("essai")(passing)
    (tmp_path / "out").mkdir()

    assert carried_out(plan, tmp_path / "out", resume=True).verdict is Verdict.PASS


def test_machine_that_the_doctor_finds_unfit_runs_nothing(
    plan: Path, tmp_path: Path, add_check: AddCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_check("essai")(passing)
    problem = Finding(check="disque", status="problem", finding="plein")
    monkeypatch.setattr(doctor, "examined", lambda *_: iter([problem]))

    with pytest.raises(ConfigError, match=r"config\.not_ready \(checks=disque\)"):
        carried_out(plan, tmp_path / "out")

    assert not list((tmp_path / "out").iterdir())


def test_told_is_what_the_report_says(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    told: list[ReportedCheck] = []

    class Listener(JsonTold):
        def ended(self, result: ReportedCheck) -> None:
            told.append(result)

    add_check("un")(passing)
    add_check("deux")(refused)

    assert conduct(Order(plan, tmp_path / "out"), Listener()).checks == tuple(told)
