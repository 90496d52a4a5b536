"""``segur requirements``: what the commands print, write and refuse."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from segur_conformance.requirements import Registry
from segur_conformance.requirements.commands import application
from segur_sdk.errors import HostError, InputError, PluginError, SegurError

MANIFEST = """
manifest_version = 1
id = "essai"
display_name = "Essai"
description = "Un module d’essai."
license = "Apache-2.0"
maintainers = ["Personne"]
sdk = ">=0.1,<2"
entry = "essai.plugin:Essai"
requirements = ["SC.DMP/CONF.05", "S000-99"]
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("COLUMNS", "300")
    return CliRunner()


@pytest.fixture
def essai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed plugin that must never be imported; returns its manifest."""
    package = tmp_path / "site/essai"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')", "utf-8")
    (package / "segur_plugin.toml").write_text(MANIFEST, "utf-8")
    metadata = tmp_path / "site/essai-2.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: essai\nVersion: 2.1\n", "utf-8")
    (metadata / "entry_points.txt").write_text("[segur.plugins]\nessai = essai:segur_plugin.toml\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return package / "segur_plugin.toml"


@pytest.mark.parametrize(
    ("options", "inside", "outside"),
    [
        ([], "SC.INS/va1.20", None),
        (["--profile", "vitale"], "CARD-06", "SC.DMP/CONF.05"),
        (["--domain", "dmp"], "SC.DMP/CONF.05", "CARD-06"),
        (["--actor", "organisation"], "SC.SSI/GEN.01", "CARD-06"),
        (["--level", "PEUT"], "SC.MSS/CONF.09", "CARD-06"),
        (
            ["--profile", "insi", "--actor", "sdk", "--level", "DOIT", "--domain", "ins"],
            "SC.INS/va1.20",
            "SC.INS/va1.34",
        ),
    ],
    ids=["all", "profile", "domain", "actor", "level", "together"],
)
def test_list_keeps_what_is_asked(run: CliRunner, options: list[str], inside: str, outside: str | None) -> None:
    shown = run.invoke(application, ["list", *options])
    found = json.loads(run.invoke(application, ["list", *options, "--json"]).stdout)

    assert inside in [one["id"] for one in found]
    assert outside not in [one["id"] for one in found]
    assert inside in shown.stdout
    assert f"{len(found)} exigences" in shown.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--profile", "nouveau"],
        ["list", "--level", "doit"],
        ["show"],
        ["matrix", "--format", "pdf"],
        ["matrix", "--json", "--format", "csv"],
        ["coverage", "extra"],
        ["unknown"],
    ],
    ids=["profile", "level", "no id", "format", "two answers", "argument", "command"],
)
def test_a_command_that_is_not_well_written_ends_with_usage(run: CliRunner, arguments: list[str]) -> None:
    result = run.invoke(application, arguments)

    assert result.exit_code == 2
    assert result.stdout == ""


def test_show_tells_everything_of_a_requirement(run: CliRunner) -> None:
    result = run.invoke(application, ["show", "INS/va1.09"])

    for expected in (
        "INS/va1.09 — DOIT",
        "autorisée par le CNDA",
        "reprend : SC.INS/va1.09",
        "arbitrage du brouillon : approuvée",
        "vérifiable : sur déclaration (environnement officiel)",
    ):
        assert expected in result.stdout


def test_show_in_json_adds_what_covers_it(run: CliRunner) -> None:
    value = json.loads(run.invoke(application, ["show", "SC.DP.01", "--json"]).stdout)

    assert value["covered_by"] == {"checks": [], "tests": []}
    assert value["out_of_scope"] is True
    assert value == {**Registry.load().get("SC.DP.01").model_dump(mode="json"), "covered_by": value["covered_by"]}


@pytest.mark.parametrize(
    "name", ["INS/va1.99", "s000-11", "", "[bold]", "x" * 500], ids=["number", "case", "empty", "markup", "long"]
)
def test_an_unknown_requirement_is_a_typed_failure(run: CliRunner, name: str) -> None:
    result = run.invoke(application, ["show", name])

    assert isinstance(result.exception, InputError)
    assert result.exception.code == "input.requirement_unknown"
    assert len(str(result.exception)) < 120


def test_through_segur_an_unknown_requirement_is_one_json_error_and_usage() -> None:
    command = [sys.executable, "-m", "segur_host.cli", "requirements", "show", "NOPE", "--json"]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "NO_COLOR": "1"}
    )

    assert result.returncode == 2
    assert json.loads(result.stdout)["error"]["code"] == "input.requirement_unknown"


def test_matrix_of_chosen_plugins(run: CliRunner, essai: Path) -> None:
    result = run.invoke(application, ["matrix", "--plugin", "essai", "--json"])
    value = json.loads(result.stdout)

    assert value["plugins"] == [{"id": "essai", "version": "2.1"}]
    assert {row["id"] for row in value["rows"] if row["column"] == "plugin"} == {"SC.DMP/CONF.05", "DMP/CONF.05"}
    assert value["unknown"] == [{"plugin": "essai", "requirement": "S000-99"}]
    assert "S000-99" in result.stderr
    assert value["shares"]["plugin"]["count"] == 1


def test_matrix_takes_every_installed_plugin_by_default(run: CliRunner, essai: Path) -> None:
    plugins = [one["id"] for one in json.loads(run.invoke(application, ["matrix", "--json"]).stdout)["plugins"]]

    assert plugins == sorted(plugins)
    assert {"essai", "insi", "vitale"} <= set(plugins)


def test_a_plugin_that_is_not_installed_is_refused(run: CliRunner) -> None:
    result = run.invoke(application, ["matrix", "--plugin", "absent"])

    assert isinstance(result.exception, PluginError)
    assert result.exception.code == "plugin.not_installed"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"id =", "plugin.manifest_unreadable"),
        (b"manifest_version = 7", "plugin.manifest_version"),
        (b"manifest_version = 1", "plugin.manifest_invalid"),
        (MANIFEST.replace('id = "essai"', 'id = "autre"').encode(), "plugin.manifest_mismatch"),
        (None, "plugin.manifest_unreadable"),
    ],
    ids=["not toml", "version", "incomplete", "other id", "no file"],
)
def test_a_broken_manifest_stops_only_its_own_plugin(
    run: CliRunner, essai: Path, content: bytes | None, code: str
) -> None:
    if content is None:
        essai.unlink()
    else:
        essai.write_bytes(content)
    result = run.invoke(application, ["matrix", "--json"])
    value = json.loads(result.stdout)

    assert result.exit_code == 0
    assert value["unreadable"] == [{"plugin": "essai", "code": code}]
    assert "« essai » ignoré" in result.stderr
    assert "insi" in [one["id"] for one in value["plugins"]]
    refused = run.invoke(application, ["matrix", "--plugin", "essai"]).exception
    assert isinstance(refused, SegurError)
    assert refused.code == code


@pytest.mark.parametrize(
    "value", ["essai.inner:segur_plugin.toml", "nowhere:segur_plugin.toml"], ids=["dotted", "absent"]
)
def test_a_package_that_cannot_be_found_without_running_it_is_refused(run: CliRunner, essai: Path, value: str) -> None:
    points = essai.parent.parent / "essai-2.1.dist-info/entry_points.txt"
    points.write_text(f"[segur.plugins]\nessai = {value}\n", "utf-8")
    found = json.loads(run.invoke(application, ["matrix", "--json"]).stdout)

    assert found["unreadable"] == [{"plugin": "essai", "code": "plugin.manifest_unreadable"}]


def test_matrix_shows_domains_and_prints_shares(run: CliRunner, essai: Path) -> None:
    result = run.invoke(application, ["matrix", "--plugin", "essai"])

    assert "Pro Santé Connect" in result.stdout
    assert "Module : 1 (0,1 %)" in result.stdout
    assert "À votre charge : " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (["--out", "m.html"], "<!DOCTYPE html>"),
        (["--out", "m.csv"], "id,statement,"),
        (["--out", "m.json"], '{"schema": "segur-matrix/1"'),
        (["--out", "m.txt"], "<!DOCTYPE html>"),
        (["--out", "m.txt", "--format", "csv"], "id,statement,"),
    ],
    ids=["html", "csv", "json", "unknown suffix", "format wins"],
)
def test_matrix_writes_the_form_asked_and_prints_shares(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], start: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run.invoke(application, ["matrix", *arguments])

    assert (tmp_path / arguments[1]).read_text("utf-8").startswith(start)
    assert shown.stdout.startswith("SDK : ")
    answered = json.loads(run.invoke(application, ["matrix", *arguments, "--json"]).stdout)
    assert answered["file"] == arguments[1]
    assert set(answered["shares"]) == {"sdk", "plugin", "host", "you"}


def test_without_a_file_the_form_alone_is_on_standard_output(run: CliRunner) -> None:
    result = run.invoke(application, ["matrix", "--format", "csv"])

    assert len(list(csv.DictReader(io.StringIO(result.stdout, newline="")))) > 1000
    assert "À votre charge : " in result.stderr


def test_a_file_that_cannot_be_written_is_a_typed_failure_and_leaves_nothing(run: CliRunner, tmp_path: Path) -> None:
    result = run.invoke(application, ["matrix", "--out", str(tmp_path / "none/m.html")])

    assert isinstance(result.exception, HostError)
    assert result.exception.code == "host.file_not_written"
    assert result.exception.facts == {"file": "m.html", "reason": "FileNotFoundError"}
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_replaced_at_once(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("avant cette commande", "utf-8")
    run.invoke(application, ["matrix", "--out", str(tmp_path / "m.csv")])

    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]
    assert "avant cette commande" not in (tmp_path / "m.csv").read_text("utf-8")
