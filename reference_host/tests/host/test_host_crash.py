"""An unforeseen failure: a report that can be sent to anybody, and no traceback."""

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from segur_host.crash import describe, write_report
from segur_host.messages import as_json, explain
from segur_sdk.errors import CardError, UserMessage

NAME = "TCHITCHI"
Segur = Callable[..., tuple[int, str, str]]


def break_down(name: str) -> None:
    patient = {"nom": name}
    try:
        raise KeyError(patient["nom"])
    except KeyError as failure:
        raise RuntimeError(f"cannot read {patient}") from failure


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make ``segur plugins list`` fail in an unforeseen way; return where reports go."""

    def carried_out(*_: object) -> Any:
        break_down(NAME)

    reports = tmp_path / "reports"
    reports.mkdir()
    monkeypatch.setattr("segur_host.cli.plugins.carried_out", carried_out)
    monkeypatch.setattr("segur_host.crash.tempfile.mkstemp", partial(tempfile.mkstemp, dir=reports))
    return reports


@pytest.mark.parametrize("as_data", [True, False], ids=["json", "people"])
def test_what_nobody_foresaw_is_status_4_and_a_report_without_values(as_data: bool, broken: Path, segur: Segur) -> None:
    status, out, err = segur("plugins", "list", *(["--json"] if as_data else []))
    [report] = broken.iterdir()
    assert status == 4
    assert "Traceback" not in out + err
    assert NAME not in out + err + report.read_text()
    told = json.loads(report.read_text())
    assert [one["type"] for one in told["chain"]] == ["RuntimeError", "KeyError"]
    assert any("break_down" in frame for frame in told["chain"][0]["frames"])
    assert str(broken.parent) not in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600
    if as_data:
        error = json.loads(out)["error"]
        assert set(error) == {"code", "source", "message", "cause", "action", "retryable"}
        assert (error["code"], error["source"]) == ("host.unexpected", "host")
        assert report.name in error["cause"]
    else:
        assert (out, report.name in err.replace("\n", "")) == ("", True)


def test_a_report_that_cannot_be_written_ends_no_worse(
    broken: Path, segur: Segur, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segur_host.crash.tempfile.mkstemp", partial(tempfile.mkstemp, dir=broken / "nowhere"))
    status, out, err = segur("plugins", "list", "--json")
    assert status == 4
    assert json.loads(out)["error"]["code"] == "host.unexpected"
    assert "Traceback" not in err
    assert NAME not in out + err


def test_a_chain_of_failures_is_told_by_type_and_code_only() -> None:
    failure: BaseException = CardError("card.mute", slot="one")
    for _ in range(30):
        following = RuntimeError(NAME)
        following.__cause__ = failure
        failure = following
    assert len(describe(failure)["chain"]) == 10
    typed = describe(CardError("card.mute", slot=NAME))["chain"]
    assert typed == [{"type": "CardError", "code": "card.mute", "frames": []}]


def test_failures_that_cause_each_other_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segur_host.crash.tempfile.mkstemp", partial(tempfile.mkstemp, dir=tmp_path))
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert write_report(one).code == "host.unexpected"


def test_a_code_is_explained_by_the_sdk_then_by_its_plugin_then_not_at_all() -> None:
    own = {
        "card.mute": UserMessage(message="x", cause="x", action="x"),
        "alpha.tired": UserMessage(message="Fatigué.", cause="Il est tard.", action="Dormez."),
    }
    assert explain(CardError("card.mute"), own).message == "La carte ne répond pas."
    assert explain(CardError("alpha.tired"), own).message == "Fatigué."
    assert explain(CardError("alpha.tired", user_message_key="card.mute")).message == "La carte ne répond pas."
    assert explain(CardError("alpha.tired")).message == "Une erreur est survenue."


def test_facts_stand_behind_the_cause() -> None:
    told = as_json(CardError("card.mute", slot="one", count=0, empty="", nothing=None))
    assert told["cause"].endswith("[slot = one, count = 0]")
    assert told["retryable"] is False
