"""The walk `segur demo comptoir` and the tester's first cases, as somebody types them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_sandbox.running import RunningSandbox

STEPS = [
    "signed_in",
    "card_read",
    "beneficiary_chosen",
    "insi",
    "document",
    "qualified",
    "no_document",
    "refused",
    "patient_absent",
    "differs",
    "several",
    "none",
    "insi_down",
    "card_swapped",
    "test_card_in_production",
    "interview_fed",
    "opposed",
    "dmp_down",
    "act_held",
    "act_released",
    "signed_out",
]
CLOSED_STDIN = subprocess.DEVNULL


def segur(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "segur_host.cli", *arguments]
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        stdin=CLOSED_STDIN,
        timeout=100,
        env=os.environ | environment,
    )


def walked(sandbox: RunningSandbox) -> tuple[int, list[dict[str, Any]]]:
    done = segur("demo", "comptoir", "--json", "--sandbox", str(sandbox.path))
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.req("S000-11", "S000-18", "S000-20", "S000-21", "S000-23", "S000-34", "S000-35", "SC.DMP/HISTO.03")
def test_the_walk_goes_as_it_should(segur_sandbox: RunningSandbox) -> None:
    status, lines = walked(segur_sandbox)
    assert status == 0
    assert [line["step"] for line in lines[:-1]] == STEPS
    assert {line["status"] for line in lines[:-1]} == {"ok"}
    assert all(set(line) == {"step", "status", "outcomes", "duration_ms"} for line in lines[:-1])
    assert lines[-1] == {"result": "ok"}
    assert len([one for one in segur_sandbox.dmp_now()["entries"] if not one["signature"]]) == 3
    operations = {call["operation"] for call in segur_sandbox.exchanges("insi") if call["operation"]}
    assert operations == {"rechercherInsAvecTraitsIdentite", "rechercherInsAvecCarteVitale"}


def test_the_walk_can_be_walked_again_on_the_same_sandbox(segur_sandbox: RunningSandbox) -> None:
    assert [walked(segur_sandbox)[0] for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    ("service", "fault", "limits", "step"),
    [
        pytest.param("insi", "error5xx", {}, "insi", id="insi answers 503"),
        pytest.param("insi", "garbage", {"count": 1}, "insi", id="one answer is garbage"),
        pytest.param("insi", "wrong_answer", {"count": 1}, "insi", id="one answer is somebody else"),
        pytest.param("insi", "expired_certificate", {}, "insi", id="insi's own certificate is expired"),
        pytest.param("insi", "error5xx", {"operation": "rechercherInsAvecTraitsIdentite"}, "no_document", id="traits"),
        pytest.param("dmp", "error5xx", {}, "interview_fed", id="dmp answers 503"),
        pytest.param("psc", "error5xx", {}, "signed_in", id="psc answers 503"),
        pytest.param("psc", "error5xx", {"operation": "logout"}, "signed_out", id="psc does not end its session"),
    ],
)
def test_a_fault_put_into_the_sandbox_changes_the_matching_step(
    segur_sandbox: RunningSandbox, service: str, fault: str, limits: dict[str, Any], step: str
) -> None:
    segur_sandbox.fault(service, fault, **limits)
    status, lines = walked(segur_sandbox)
    assert status == 1
    assert lines[-1] == {"result": "failed"}
    assert next(line["step"] for line in lines[:-1] if line["status"] == "unexpected") == step


def test_the_walk_tells_its_story_in_french(segur_sandbox: RunningSandbox) -> None:
    done = segur("demo", "comptoir", "--sandbox", str(segur_sandbox.path), COLUMNS="200")
    assert done.returncode == 0
    for sentence in ("aucun n’est choisi d’office", "Identité qualifiée", "Tout s’est passé comme prévu"):
        assert sentence in done.stdout


def test_a_walk_without_its_sandbox_says_so(tmp_path: Path) -> None:
    done = segur("demo", "comptoir", "--json", "--sandbox", str(tmp_path / "sandbox.json"))
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "config.sandbox_unreadable"


SUPPLIED: list[tuple[str, str, dict[str, Any]]] = [
    ("TEST_2.04_cas2.xml", "ecetinsi", {"cr": "00", "history": 2, "oid": ".8"}),
    ("TEST_2.05.xml", "nia", {"cr": "00", "history": 0, "oid": ".9"}),
    ("TEST_2.08_cas1.xml", "corse", {"cr": "00", "history": 0, "oid": ".8"}),
    ("TEST_2.08_cas2.xml", "hermann", {"cr": "00", "history": 1, "oid": ".8"}),
]
TRAITS = {
    "ecetinsi": ("ECETINSI", "PIERRE-ALAIN", "M", "2009-07-14", "63220"),
    "nia": ("PROVISOIRE", "MATRICULE", "M", "2009-07-01", "63220"),
    "corse": ("CORSE", "ANTHONY", "M", "1980-03-02", "2B020"),
    "hermann": ("HERMANN", "GATIEN", "M", "1981-03-24", "63220"),
}


@pytest.fixture
def supplied_reply() -> Callable[[str], Path]:
    """Find an official reply file of the approval tests."""
    assets = os.environ.get("SEGUR_ASSETS")
    if not assets:
        pytest.skip("SEGUR_ASSETS is not set: the official INSi files are not at hand")
    return lambda name: Path(assets) / "insi" / "replies" / name


@pytest.mark.parametrize(("file", "who", "expected"), SUPPLIED, ids=[row[0] for row in SUPPLIED])
def test_a_supplied_reply_is_injected_and_shown_as_such(
    segur_sandbox: RunningSandbox,
    supplied_reply: Callable[[str], Path],
    tmp_path: Path,
    file: str,
    who: str,
    expected: dict[str, Any],
) -> None:
    put = segur("sandbox", "replay", "insi", str(supplied_reply(file)), "--sandbox", str(segur_sandbox.path))
    assert put.returncode == 0, put.stderr
    name, given, sex, born, place = TRAITS[who]
    request = tmp_path / "person.json"
    traits = {
        "nom_naissance": name,
        "premier_prenom": given,
        "prenoms_naissance": [given],
        "sexe": sex,
        "date_naissance": born,
        "lieu_naissance": place,
    }
    request.write_text(json.dumps({"subject": {"kind": "traits", "traits": search_of(traits)}}), "utf-8")
    done = segur("call", "qualify_identity", "--event", str(request), "--config", str(segur_sandbox.config), "--json")
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)["value"]
    assert value["cr"] == expected["cr"]
    assert len(value["individual"]["history"]) == expected["history"]
    assert value["individual"]["matricule"]["oid"].endswith(expected["oid"])
    (exchange,) = segur_sandbox.exchanges("insi")
    assert exchange["injected"] is True


def search_of(traits: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in traits.items() if name != "premier_prenom"}
