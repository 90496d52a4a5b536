"""``segur conformance``: what goes to which stream, and with which status it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from segur_conformance import console as telling
from segur_conformance.checks import all_checks, checks_of
from segur_conformance.cli import app
from segur_conformance.outcomes import CheckFailed, CheckOutcome
from segur_conformance.reports.report import Finding, ReportedCheck
from segur_conformance.runner import conduct, doctor
from segur_conformance.runner.bench import Bench
from segur_host.cli import application
from segur_host.cli.failing import run

Run = Callable[[Bench], None]
AddCheck = Callable[..., Callable[[Run], Run]]
REPORTS = ("report.json", "report.html", "junit.xml")
VITALE = 'plan = 1\nprofiles = ["vitale"]\n[product]\nkind = "plugin"\ntarget = "vitale"\n'


def passing(_: Any) -> None:
    return None


def failing(_: Any) -> None:
    raise CheckFailed("n’a pas <répondu>")


def segur(*arguments: object) -> int:
    return run(app, [str(one) for one in arguments])


@pytest.mark.usefixtures("shared_services")
@pytest.mark.parametrize(
    ("run_check", "asset", "options", "status", "verdict"),
    [
        pytest.param(passing, None, [], 0, "pass", id="pass"),
        pytest.param(failing, None, [], 1, "fail", id="fail"),
        pytest.param(passing, "insi/x.xsd", [], 0, "pass_incomplete", id="asset-missing"),
        pytest.param(passing, "insi/x.xsd", ["--require-assets"], 5, "pass_incomplete", id="asset-required"),
        pytest.param(passing, None, ["--certified"], 5, "not_certifiable", id="certified-here"),
        pytest.param(failing, None, ["--certified", "--only", "fictif"], 5, "not_certifiable", id="certified-filter"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_status_is_that_of_the_verdict(
    plan: Path,
    tmp_path: Path,
    add_check: AddCheck,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    run_check: Callable[[Any], None],
    asset: str | None,
    options: list[str],
    status: int,
    verdict: str,
    as_json: bool,
) -> None:
    monkeypatch.delenv("SEGUR_ASSETS", raising=False)
    add_check("essai", asset=asset)(run_check)

    ended = segur("run", plan, "--out", tmp_path / "out", *options, *(["--json"] if as_json else []))

    told = capfd.readouterr()
    report = json.loads((tmp_path / "out/report.json").read_text("utf-8"))
    assert (ended, report["verdict"]) == (status, verdict)
    assert all((tmp_path / "out" / name).is_file() for name in REPORTS)
    if as_json:
        assert json.loads(told.out) == report
        assert told.err == ""
    else:
        assert "fictif.essai" in told.err
        assert "report.html" in told.out


@pytest.mark.usefixtures("shared_services")
def test_reasons_against_certifying_are_told(
    plan: Path, tmp_path: Path, add_check: AddCheck, capfd: pytest.CaptureFixture[str]
) -> None:
    add_check("essai")(passing)

    segur("run", plan, "--out", tmp_path / "out", "--certified", "--only", "fictif.essai", "--json")

    reasons = json.loads(capfd.readouterr().out)["reasons"]
    assert "Une partie seulement des contrôles était demandée (--only)." in reasons
    assert any("segur-conformance : installation de développement" in one for one in reasons)


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        pytest.param(["run", "{tmp}/none.toml", "--out", "{tmp}/out"], 3, "config.plan_unreadable", id="no-plan"),
        pytest.param(["run", "{broken}", "--out", "{tmp}/out"], 3, "config.plan_unreadable", id="broken-plan"),
        pytest.param(["run", "{profile}", "--out", "{tmp}/out"], 3, "config.plan_profile", id="unknown-profile"),
        pytest.param(["run", "{missing}", "--out", "{tmp}/out"], 3, "config.plan_target", id="missing-target"),
        pytest.param(["run", "{plan}", "--out", "{tmp}"], 2, "input.report_folder", id="folder-in-use"),
        pytest.param(["run", "{plan}", "--out", "{tmp}", "--resume"], 2, "input.report_folder", id="nothing-to-resume"),
        pytest.param(
            ["run", "{plan}", "--out", "{tmp}/o", "--only", "x"], 2, "input.check_unknown", id="unknown-check"
        ),
        pytest.param(["run", "{plan}"], 2, "input.usage", id="no-folder"),
        pytest.param(["run", "{plan}", "--out", "{tmp}/o", "--fast"], 2, "input.usage", id="unknown-option"),
        pytest.param(["list", "--profile", "x"], 2, "input.profile_unknown", id="list-unknown-profile"),
    ],
)
def test_bad_input_has_its_status_and_its_code(
    plan: Path,
    tmp_path: Path,
    add_check: AddCheck,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    code: str,
) -> None:
    add_check("essai")(passing)
    texts = {
        "broken": "plan = ",
        "profile": VITALE.replace("vitale", "x", 1),
        "missing": VITALE.replace('"vitale"\n', '"personne"\n'),
    }
    places = {"tmp": tmp_path, "plan": plan}
    for name, text in texts.items():
        places[name] = tmp_path / f"{name}.toml"
        places[name].write_text(text, "utf-8")

    ended = segur(*(one.format(**places) for one in arguments), "--json")

    told = capfd.readouterr()
    assert (ended, json.loads(told.out)["error"]["code"]) == (status, code)
    assert "Traceback" not in told.err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("shared_services")
def test_interrupted_run_says_how_to_go_on(
    plan: Path, tmp_path: Path, add_check: AddCheck, capfd: pytest.CaptureFixture[str]
) -> None:
    @add_check("essai")
    def stopped(_: Any) -> None:
        signal.raise_signal(signal.SIGTERM)

    ended = segur("run", plan, "--out", tmp_path / "out")

    assert ended == 130
    assert "--resume" in capfd.readouterr().err
    assert not [name for name in REPORTS if (tmp_path / "out" / name).exists()]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.usefixtures("shared_services")
def test_certified_run_does_not_build_on_an_ordinary_one(
    plan: Path, tmp_path: Path, add_check: AddCheck, capfd: pytest.CaptureFixture[str]
) -> None:
    @add_check("essai")
    def stopped_once(_: Any) -> None:
        if not (tmp_path / "again").exists():
            (tmp_path / "again").touch()
            raise KeyboardInterrupt

    assert segur("run", plan, "--out", tmp_path / "out") == 130
    assert segur("run", plan, "--out", tmp_path / "out", "--resume", "--certified", "--json") == 5

    reasons = json.loads(capfd.readouterr().out)["reasons"]
    assert "La reprise (--resume) porte sur une exécution commencée hors du mode certifié." in reasons


def test_services_that_do_not_start_are_a_typed_failure(
    plan: Path,
    tmp_path: Path,
    add_check: AddCheck,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def down(_: Path, *, pcsc: bool) -> None:
        raise RuntimeError("down")

    add_check("essai")(passing)
    monkeypatch.setattr(conduct, "running", down)

    assert segur("run", plan, "--out", tmp_path / "out", "--json") == 1
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "host.sandbox_down"
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("status", "ended"), [("ok", 0), ("warning", 0), ("problem", 1)])
def test_doctor_lists_what_it_finds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    status: Any,
    ended: int,
) -> None:
    finding = Finding(check="disque", status=status, finding="10 Mio libres", action="Libérez de la place.")
    monkeypatch.setattr(doctor, "diagnosis", lambda *_: iter([finding]))

    assert segur("doctor", tmp_path / "plan.toml", "--json") == ended
    assert json.loads(capfd.readouterr().out) == [
        {"check": "disque", "status": status, "finding": "10 Mio libres", "action": "Libérez de la place."}
    ]
    assert segur("doctor", tmp_path / "plan.toml") == ended
    assert "10 Mio libres" in capfd.readouterr().out


def test_list_shows_every_check_or_those_of_a_profile(capfd: pytest.CaptureFixture[str]) -> None:
    assert segur("list", "--json") == 0
    every = json.loads(capfd.readouterr().out)
    assert segur("list", "--profile", "vitale", "--json") == 0
    some = json.loads(capfd.readouterr().out)
    assert segur("list", "--profile", "vitale") == 0

    assert [one["id"] for one in every] == [one.id for one in all_checks()]
    assert [one["id"] for one in some] == [one.id for one in checks_of("vitale")]
    assert list(some[0]) == [
        "id", "profile", "requirements", "purpose", "steps", "expected", "mend", "film", "kinds", "asset"
    ]  # fmt: skip
    assert "vitale" in capfd.readouterr().out


def test_segur_knows_the_kits_commands() -> None:
    groups = {one.name: one.typer_instance for one in application().registered_groups}

    assert groups["conformance"] is app


def test_bar_shows_the_check_that_goes_on_and_what_is_to_be_mended() -> None:
    console = Console(force_terminal=True, width=100, record=True, color_system=None)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console.file = nowhere
        with telling.told_on(console) as told:
            assert isinstance(told, telling.BarTold)
            check = checks_of("vitale")[0]
            told.begins([check], 0)
            told.begun(check)
            told.ended(ReportedCheck(id=check.id, outcome=CheckOutcome.FAIL, requirements=("X",), reason="non [b]"))

    shown = console.export_text()
    assert f"✗ {check.id} échec : non [b]" in shown
    assert "1/1" in shown


def test_lines_show_what_each_check_cost() -> None:
    console = Console(width=100, record=True, force_terminal=False)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console.file = nowhere
        with telling.told_on(console) as told:
            told.examined(
                [Finding(check="x", status="ok", finding="bien"), Finding(check="y", status="warning", finding="mal")]
            )
            told.begins(checks_of("vitale")[:2], 1)
            told.ended(ReportedCheck(id="a.b.c", outcome=CheckOutcome.PASS, requirements=("X",), duration_ms=12.34))

    assert console.export_text().splitlines() == [
        "y : mal",
        "2 contrôles, dont 1 repris",
        "[2/2] ✓ a.b.c (12 ms) réussi",
    ]


# --- the command as its users type it -----------------------------------------------------------------------


@pytest.fixture
def vitale_plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(VITALE, "utf-8")
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "segur_host.cli", "conformance", *map(str, arguments)]


def test_check_of_a_real_plugin_passes_through_the_command(vitale_plan: Path, tmp_path: Path) -> None:
    only = ("--only", "vitale.reading.absent-card")

    done = subprocess.run(
        command("run", vitale_plan, "--out", tmp_path / "out", *only, "--json"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["verdict"], report["product"]["id"]) == ("pass", "vitale")
    [check] = report["checks"]
    evidence = (tmp_path / "out" / check["evidence"][0]).read_text("utf-8")
    assert "on_card_read" in evidence


def test_kit_runs_with_the_network_cut(vitale_plan: Path, tmp_path: Path) -> None:
    cut = ["unshare", "--map-root-user", "--net"]
    only = ("--only", "vitale.reading.absent-card")

    done = subprocess.run(
        [*cut, *command("run", vitale_plan, "--out", tmp_path / "out", *only, "--json")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "pass"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_run_that_is_ended_from_outside_is_taken_up_where_it_was(
    vitale_plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    out, temporary = tmp_path / "out", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    arguments = ("run", vitale_plan, "--out", out, "--only", "vitale.supplied")
    progress = out / "progress.jsonl"
    with (tmp_path / "told").open("w") as told, subprocess.Popen(command(*arguments), stderr=told) as process:
        while process.poll() is None and not (progress.exists() and progress.read_bytes().count(b"\n") > 1):
            time.sleep(0.01)
        process.send_signal(how)
        status = process.wait(60)

    # The services end with the run, even where nobody is left to stop them.
    while list(temporary.glob("segur-run-*/sandbox/sandbox.json")):
        time.sleep(0.05)
    assert status == (-9 if how is signal.SIGKILL else 130)
    assert not [name for name in REPORTS if (out / name).exists()]
    resumed = subprocess.run(command(*arguments, "--resume"), capture_output=True, text=True, check=False)
    assert resumed.returncode == 0, resumed.stderr
    assert "repris" in resumed.stderr
    assert json.loads((out / "report.json").read_text("utf-8"))["verdict"] == "pass"


def test_file_that_may_not_grow_is_a_typed_failure(vitale_plan: Path, tmp_path: Path) -> None:
    """The operating system itself refuses: a limit on the size of files stands for a full disk."""
    script = (
        "import resource, sys\n"
        "from segur_conformance.runner import conduct, folder\n"
        "keep = folder.ReportFolder.publish\n"
        "def publish(self, reports):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "    keep(self, reports)\n"
        "folder.ReportFolder.publish = publish\n"
        "from segur_host.cli import main\n"
        "main()\n"
    )
    arguments = command(
        "run", vitale_plan, "--out", tmp_path / "out", "--only", "vitale.reading.absent-card", "--json"
    )[3:]

    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "host.report_disk"
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["evidence", "progress.jsonl"]
