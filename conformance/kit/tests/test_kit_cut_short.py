"""Processes of the target that are killed: where, what is told of them, and what is left."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from segur_conformance.targets.reference_host.cut_short import CutShort
from segur_conformance.targets.reference_host.surroundings import Surroundings
from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_sdk.errors import InputError

KEYS = Path("certificates", "keys", "essai")
Asked = Callable[..., Any]


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """Ask a target that makes folders where keys are kept."""
    (tmp_path / KEYS).mkdir(parents=True)

    def act(request: Mapping[str, Any]) -> Any:
        match request["op"]:
            case "make":
                for name in request["names"]:
                    (tmp_path / KEYS / name).mkdir(exist_ok=True)
            case "anew":
                for one in (tmp_path / KEYS).iterdir():
                    one.rmdir()
                return act({"op": "make", "names": request["names"]})
            case "elsewhere":
                (tmp_path / "ailleurs").mkdir(exist_ok=True)
            case "refuse":
                raise InputError("input.usage")
        return sorted(one.name for one in (tmp_path / KEYS).iterdir())

    host = cast("WatchedHost", SimpleNamespace(config=SimpleNamespace(data=tmp_path)))
    words = CutShort(lambda: host, lambda: None, lambda: None, act).ops
    return lambda op, **given: words[op](given)


def answer(value: Any = None, error: str | None = None) -> dict[str, Any]:
    return {"value": value, "error": error}


LOOK = {"op": "look"}


def test_a_request_is_cut_before_each_of_its_changes_and_then_carried_out(asked: Asked) -> None:
    found = asked("cut_everywhere", first=[LOOK], request={"op": "make", "names": ["a", "b", "c"]})

    # What is there already is no change any more: each life is cut at its own second change.
    assert found == [
        [answer([])],
        [answer([])],
        [answer(["a"])],
        [answer(["a", "b"]), answer(["a", "b", "c"])],
    ]


def test_a_request_that_begins_anew_each_time_is_let_further_and_further(asked: Asked) -> None:
    found = asked("cut_everywhere", first=[LOOK], request={"op": "anew", "names": ["a", "b"]})

    *cut, last = found
    assert last[-1] == answer(["a", "b"])
    assert {tuple(life[0]["value"]) for life in cut} == {(), ("a",)}


def test_a_refused_request_ends_the_lives_and_is_told(asked: Asked) -> None:
    assert asked("cut_everywhere", first=[], request={"op": "refuse"}) == [[answer(error="input.usage")]]


def test_changes_that_touch_no_key_are_no_points(asked: Asked) -> None:
    assert asked("cut_everywhere", first=[], request={"op": "elsewhere"}) == [[answer([])]]


def test_each_life_goes_on_where_the_last_was_killed(asked: Asked, capfd: pytest.CaptureFixture[str]) -> None:
    made = [{"op": "make", "names": [name]} for name in "ab"]

    assert asked("lives", lives=[[LOOK, made[0]], [made[0], made[1]]]) == [
        [answer([]), answer(["a"])],
        [answer(["a"]), answer(["a", "b"])],
    ]
    assert capfd.readouterr() == ("", "")


def test_keys_that_are_kept_are_named_as_their_fingerprints_begin(asked: Asked, tmp_path: Path) -> None:
    for name in ("0a1b", "unfinished", "ffff"):
        (tmp_path / KEYS / name).mkdir()
    for name in ("0a1b", "unfinished"):
        (tmp_path / KEYS / name / "key.pem").write_bytes(b"")

    assert asked("keys_kept", use="essai") == ["0A1B"]


def test_variables_are_as_before_once_they_are_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUR_ESSAI_A", "avant")
    monkeypatch.delenv("SEGUR_ESSAI_B", raising=False)
    surroundings = Surroundings()

    for value in ("un", "deux"):
        surroundings.change({"SEGUR_ESSAI_A": value, "SEGUR_ESSAI_B": value})
        assert (os.environ["SEGUR_ESSAI_A"], os.environ["SEGUR_ESSAI_B"]) == (value, value)
    surroundings.restore()

    assert (os.environ["SEGUR_ESSAI_A"], os.environ.get("SEGUR_ESSAI_B")) == ("avant", None)
