"""Commands that look: audit, contracts, doctor, demonstration, and what people read of them."""

import json
import socket
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from segur_host.comptoir.walk import StepReport
from segur_host.dispatch.outcome import Outcome, OutcomeStatus
from segur_host.storage.database import Database
from segur_sdk.errors import ServiceError
from segur_sdk.hooks import HOOKS

Segur = Callable[..., tuple[int, str, str]]
ConfigFile = Callable[..., Path]
Install = Callable[..., str]
ErrorOf = Callable[[str], dict[str, Any]]
LOGIN = json.dumps(
    {
        "actor": {"kind": "operator", "name": "a", "workstation": "p", "structure": {"name": "s"}},
        "session": {"session_id": "1", "means": "local"},
    }
).encode()


def test_audit_verify_says_yes_or_names_the_first_bad_record(
    install: Install, config_file: ConfigFile, segur: Segur, tmp_path: Path
) -> None:
    config = config_file({"alpha": install("alpha")})
    for _ in range(3):
        segur("call", "on_session_login", "--event", "-", "--json", "--config", config, stdin=LOGIN)
    status, out, _ = segur("audit", "verify", "--json", "--config", config)
    whole = json.loads(out)
    assert (status, whole["ok"], whole["records"], whole["first_bad_seq"]) == (0, True, 6, None)
    assert "intact" in segur("audit", "verify", "--config", config)[1]
    with Database(tmp_path / "data", "default") as database, database.accepting() as transaction:
        transaction.connection.exec_driver_sql("UPDATE audit SET event = 'hook.forged' WHERE seq = 3")
    status, out, _ = segur("audit", "verify", "--json", "--config", config)
    broken = json.loads(out)
    assert (status, broken["ok"], broken["first_bad_seq"]) == (1, False, 3)
    assert broken["reason"]
    status, out, _ = segur("audit", "verify", "--config", config)
    assert (status, "3" in out) == (1, True)


def test_hooks_are_told_with_their_schemas(segur: Segur) -> None:
    status, out, _ = segur("hooks", "--json")
    found = json.loads(out)
    assert status == 0
    assert [one["name"] for one in found["hooks"]] == list(HOOKS)
    assert "CardReading" in found["schemas"]
    assert "on_card_read" in segur("hooks")[1]


def rows_of(out: str) -> dict[str, dict[str, Any]]:
    found = json.loads(out)
    assert all(set(one) == {"check", "status", "finding", "action"} for one in found)
    assert all(one["status"] in {"ok", "warning", "problem"} for one in found)
    return {one["check"]: one for one in found}


def test_the_doctor_says_what_is_well_and_what_is_not(install: Install, config_file: ConfigFile, segur: Segur) -> None:
    config = config_file({"alpha": install("alpha")})
    status, out, _ = segur("doctor", "--json", "--config", config)
    rows = rows_of(out)
    assert status == 0
    assert {name: rows[name]["status"] for name in ("configuration", "données", "audit", "module alpha")} == {
        "configuration": "ok",
        "données": "ok",
        "audit": "ok",
        "module alpha": "ok",
    }
    assert (rows["lecteurs"]["status"], rows["module insi"]["status"]) == ("warning", "warning")
    assert rows["lecteurs"]["action"]


DISEASES: dict[str, tuple[str, str]] = {
    "key_not_there": ('[keys.insi-auto]\ncert = "no.pem"\nkey = "no.key"\n', "certificat insi-auto"),
    "plugin_not_installed": ("[plugins.ghost]\nenabled = true\n", "module ghost"),
    "unknown_key": ("[colour]\n", "configuration"),
}


@pytest.mark.parametrize(("more", "check"), DISEASES.values(), ids=DISEASES)
def test_the_doctor_names_each_problem_and_its_mend(
    more: str, check: str, config_file: ConfigFile, segur: Segur
) -> None:
    config = config_file()
    config.write_text(config.read_text() + more)
    status, out, _ = segur("doctor", "--json", "--config", config)
    row = rows_of(out)[check]
    assert status == 1
    assert row["status"] == "problem"
    assert row["action"]


AUTHORITY = """
[[hooks]]
name = "on_session_login"
version = "1.0"
[[keys]]
use = "psc"
[[network]]
purpose = "psc"
trust = "t"
auth = "client"
key = "psc"
[[network]]
purpose = "psc-login"
protocol = "browser"
"""
SECRET = "[network.psc]\nclient = { id = 'lgo', secret = { env = 'SEGUR_PSC' } }\n"
REDIRECT = "[network.psc-login]\nredirect = ['http://127.0.0.1:%d/retour']\n"
REGISTERED: dict[str, tuple[str, bool, str, str]] = {
    "nothing": ("", False, "problem", "warning"),
    "secret": (SECRET, False, "ok", "warning"),
    "all": (SECRET + REDIRECT, False, "ok", "ok"),
    "port_in_use": (SECRET + REDIRECT, True, "ok", "problem"),
}


@pytest.mark.parametrize(("more", "busy", "client", "back"), REGISTERED.values(), ids=REGISTERED)
def test_the_doctor_says_whether_an_authority_can_be_reached_and_come_back_from(
    more: str,
    busy: bool,
    client: str,
    back: str,
    install: Install,
    config_file: ConfigFile,
    segur: Segur,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEGUR_PSC", "hunter2")
    with socket.create_server(("127.0.0.1", 0)) as other:
        text = more % other.getsockname()[1] if "%d" in more else more
        if not busy:
            other.close()
        config = config_file({"alpha": install("alpha", tables=AUTHORITY)}, text)
        status, out, _ = segur("doctor", "--json", "--config", config)
    rows = rows_of(out)
    assert (rows["client psc"]["status"], rows["retour psc-login"]["status"]) == (client, back)
    assert status == int("problem" in {client, back})
    assert "hunter2" not in out


PUBLISHED = '[[hooks]]\nname = "on_session_login"\nversion = "1.0"\n[[network]]\npurpose = "crl"\nprotocol = "http"\n'
ADDRESSES: dict[str, tuple[str, str | None]] = {
    "none": ("", None),
    "as_declared": ("[network.crl]\nurl = 'http://127.0.0.1:9/crl'\n", None),
    "of_another_scheme": ("[network.crl]\nurl = 'https://127.0.0.1:9/crl'\n", "problem"),
}


@pytest.mark.parametrize(("more", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_doctor_says_that_an_address_is_of_another_scheme(
    more: str, expected: str | None, install: Install, config_file: ConfigFile, segur: Segur
) -> None:
    config = config_file({"alpha": install("alpha", tables=PUBLISHED)}, more)
    rows = rows_of(segur("doctor", "--json", "--config", config)[1])
    assert rows.get("adresse crl", {}).get("status") == expected


def test_the_doctor_goes_on_after_data_that_cannot_be_read(
    config_file: ConfigFile, segur: Segur, tmp_path: Path
) -> None:
    config = config_file()
    segur("plugins", "list", "--json", "--config", config)
    (tmp_path / "data" / "host.db").write_bytes(b"garbage" * 1000)
    status, out, _ = segur("doctor", "--json", "--config", config)
    assert status == 1
    assert rows_of(out)["données"]["status"] == "problem"


def reports() -> list[StepReport]:
    error = ServiceError("service.unreachable")
    outcome = Outcome("insi", "0.1", OutcomeStatus.FAILED, error=error, duration_ms=1.23456)
    return [
        StepReport("card_read", True, ("Lue.",), (), (), {}, 12.34567),
        StepReport("insi", False, ("Inattendu.",), (), (outcome,), {}, 1.0),
    ]


DEMOS: dict[str, tuple[int, int, str]] = {"as_expected": (1, 0, "ok"), "otherwise": (2, 1, "failed")}


@pytest.mark.parametrize(("steps", "status", "result"), DEMOS.values(), ids=DEMOS)
def test_the_demo_writes_one_line_per_step_and_the_result(
    steps: int,
    status: int,
    result: str,
    segur: Segur,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("segur_host.cli.demo.joined", nullcontext)
    monkeypatch.setattr("segur_host.cli.demo.play", lambda *_: iter(reports()[:steps]))
    found, out, _ = segur("demo", "comptoir", "--sandbox", tmp_path / "sandbox.json", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert found == status
    assert lines[-1] == {"result": result}
    assert all(set(line) == {"step", "status", "outcomes", "duration_ms"} for line in lines[:-1])
    assert lines[0] == {"step": "card_read", "status": "ok", "outcomes": [], "duration_ms": 12.346}
    if steps == 2:
        assert lines[1]["status"] == "unexpected"
        assert lines[1]["outcomes"][0]["error"]["code"] == "service.unreachable"
    found, out, _ = segur("demo", "comptoir", "--sandbox", tmp_path / "sandbox.json")
    assert (found, "card_read" in out, "Lue." in out) == (status, True, True)


SANDBOXES: dict[str, str | None] = {"missing": None, "no_json": "{", "no_object": "[]", "empty": "{}"}


@pytest.mark.parametrize("text", SANDBOXES.values(), ids=SANDBOXES)
def test_a_sandbox_that_cannot_be_joined_is_status_3(
    text: str | None, segur: Segur, tmp_path: Path, error_of: ErrorOf
) -> None:
    path = tmp_path / "sandbox.json"
    if text is not None:
        path.write_text(text)
    status, out, _ = segur("demo", "comptoir", "--sandbox", path, "--json")
    assert status == 3
    assert error_of(out)["code"] == "config.sandbox_unreadable"


def test_people_read_french_tables(install: Install, config_file: ConfigFile, segur: Segur) -> None:
    config = config_file({"alpha": install("alpha"), "broken": install("broken", body="raise ValueError")})
    status, out, _ = segur("plugins", "list", "--config", config)
    assert (status, "alpha" in out, "active" in out) == (0, True, True)
    status, out, _ = segur("call", "on_session_login", "--event", "-", "--config", config, stdin=LOGIN)
    assert (status, "alpha 1.2 : ok" in out, "Un module a échoué" in out) == (1, True, True)
    status, out, _ = segur("doctor", "--config", config)
    assert (status, "Examen" in out) == (0, True)
    status, out, err = segur("call", "on_lunch", "--event", "-", "--config", config, stdin=b"{}")
    assert (status, out) == (2, "")
    assert "Ce moment n’existe pas" in err


def test_help_is_no_misuse(segur: Segur) -> None:
    status, out, _ = segur("--help")
    assert (status, "identify" in out) == (0, True)
