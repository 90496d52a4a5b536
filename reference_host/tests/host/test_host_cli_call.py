"""``segur call``, and what every command has in common when it fails: status and JSON as outsiders rely on them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Segur = Callable[..., tuple[int, str, str]]
ConfigFile = Callable[..., Path]
Install = Callable[..., str]
ErrorOf = Callable[[str], dict[str, Any]]

ERROR_KEYS = {"code", "source", "message", "cause", "action", "retryable"}
LOGIN = json.dumps(
    {
        "actor": {"kind": "operator", "name": "a", "workstation": "p", "structure": {"name": "s"}},
        "session": {"session_id": "1", "means": "local"},
    }
).encode()


def test_call_tells_the_value_and_every_outcome(install: Install, config_file: ConfigFile, segur: Segur) -> None:
    config = config_file({"alpha": install("alpha"), "broken": install("broken", body="raise ValueError")})
    status, out, _ = segur("call", "on_session_login", "--event", "-", "--json", "--config", config, stdin=LOGIN)
    found = json.loads(out)
    assert status == 1
    assert set(found) == {"hook", "value", "outcomes"}
    assert (found["hook"], [one["mailboxes"] for one in found["value"]]) == ("on_session_login", [["alpha"]])
    alpha, broken = found["outcomes"]
    assert {name: alpha[name] for name in ("plugin", "version", "status", "error")} == {
        "plugin": "alpha",
        "version": "1.2",
        "status": "ok",
        "error": None,
    }
    assert alpha["duration_ms"] >= 0
    assert set(alpha) == set(broken)
    assert broken["status"] == "failed"
    assert set(broken["error"]) == ERROR_KEYS
    assert broken["error"]["code"] == "plugin.failed"


ALL_WELL: dict[str, str] = {"answered": "return SessionContribution()", "declined": "return None"}


@pytest.mark.parametrize("body", ALL_WELL.values(), ids=ALL_WELL)
def test_call_is_done_when_every_plugin_answered_or_declined(
    body: str, install: Install, config_file: ConfigFile, segur: Segur
) -> None:
    preamble = "from segur_sdk.hooks.session_login import SessionContribution"
    config = config_file({"alpha": install("alpha", preamble=preamble, body=body)})
    status, _, _ = segur("call", "on_session_login", "--event", "-", "--json", "--config", config, stdin=LOGIN)
    assert status == 0


def test_call_takes_a_recorded_card(install: Install, config_file: ConfigFile, segur: Segur, tmp_path: Path) -> None:
    body = (
        "from segur_sdk.errors import CardError\n"
        "with ctx.cards.open(event.card) as channel:\n"
        "    answer = channel.transmit(bytes.fromhex('00A4'))\n"
        "raise CardError('card.unreadable', answer=answer.hex(), length=len(channel.atr))"
    )
    config = config_file({"reading": install("reading", hook="on_card_read", body=body, top="cards = true")})
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"card": {"atr": "3b6500002063cb6800", "apdus": [["00a4", "6A82"]]}}))
    status, out, _ = segur("call", "on_card_read", "--event", event, "--json", "--config", config)
    [outcome] = json.loads(out)["outcomes"]
    assert status == 1
    assert outcome["error"]["code"] == "card.unreadable"
    assert "answer = 6a82, length = 9" in outcome["error"]["cause"]
    assert json.loads(out)["value"] is None


MISUSES: dict[str, tuple[list[str], bytes, int, str]] = {
    "unknown_hook": (["call", "on_lunch", "--event", "-"], b"{}", 2, "input.hook_unknown"),
    "deciding_hook": (["call", "before_dmp_send", "--event", "-"], b"{}", 2, "input.hook_decides"),
    "call_no_json": (["call", "on_session_login", "--event", "-"], b"{", 2, "input.event"),
    "call_nothing": (["call", "on_session_login", "--event", "-"], b"", 2, "input.event"),
    "call_not_utf8": (["call", "on_session_login", "--event", "-"], b"\xff", 2, "input.json"),
    "call_too_large": (["call", "on_session_login", "--event", "-"], b" " * 1_048_577, 2, "input.json"),
    "call_too_deep": (["call", "on_session_login", "--event", "-"], b"[" * 100_000, 2, "input.event"),
    "call_no_file": (["call", "on_session_login", "--event", "/nowhere"], b"", 2, "input.file"),
    "call_a_folder": (["call", "on_session_login", "--event", "/"], b"", 2, "input.file"),
    "call_no_reader": (
        ["call", "on_card_read", "--event", "-"],
        b'{"card": {"slot": "one"}}',
        1,
        "card.reader_unavailable",
    ),
    "identify_no_json": (["identify", "--input", "-"], b"{", 2, "input.identify"),
    "identify_nobody": (["identify", "--input", "-"], b"{}", 2, "input.identify"),
    "identify_two_people": (
        ["identify", "--input", "-"],
        b'{"identity_ref": "a", "card": {"slot": "one"}}',
        2,
        "input.identify",
    ),
    "identify_unknown": (["identify", "--input", "-"], b'{"identity_ref": "a"}', 1, "identity.unknown"),
    "identify_not_utf8": (["identify", "--input", "-"], b"\xff", 2, "input.json"),
    "identify_too_deep": (["identify", "--input", "-"], b"[" * 100_000, 2, "input.identify"),
    "enable_unknown": (["plugins", "enable", "ghost"], b"", 1, "plugin.not_installed"),
    "unknown_option": (["plugins", "list", "--colour"], b"", 2, "input.usage"),
    "missing_option": (["call", "on_card_read"], b"", 2, "input.usage"),
    "unknown_command": (["lunch"], b"", 2, "input.usage"),
}


@pytest.mark.parametrize(("arguments", "stdin", "status", "code"), MISUSES.values(), ids=MISUSES)
def test_a_failure_is_one_json_object_with_its_status(
    arguments: list[str], stdin: bytes, status: int, code: str, config_file: ConfigFile, segur: Segur, error_of: ErrorOf
) -> None:
    configured = [] if code == "input.usage" else ["--config", str(config_file())]
    # ``enable`` writes for people only; its failure is JSON all the same when asked for.
    wanted = [] if arguments[:2] == ["plugins", "enable"] else ["--json"]
    found, out, err = segur(*arguments, *wanted, *configured, stdin=stdin)
    assert found == status
    assert "Traceback" not in out + err
    if wanted:
        assert error_of(out)["code"] == code
    else:
        assert out == ""
        assert code in err


CONFIGURATIONS: dict[str, tuple[str | None, str]] = {
    "missing": (None, "config.file_missing"),
    "no_toml": ("version = ", "config.unreadable"),
    "unknown_key": ("version = 1\ncolour = 'TCHITCHI'", "config.invalid"),
}
COMMANDS: dict[str, list[str]] = {
    "list": ["plugins", "list"],
    "call": ["call", "on_session_login", "--event", "-"],
    "identify": ["identify", "--input", "-"],
    "audit": ["audit", "verify"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("text", "code"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_configuration_that_cannot_be_used_is_status_3(
    text: str | None, code: str, command: list[str], segur: Segur, tmp_path: Path, error_of: ErrorOf
) -> None:
    path = tmp_path / "segur.toml"
    if text is not None:
        path.write_text(text)
    status, out, err = segur(*command, "--json", "--config", path, stdin=b'{"identity_ref": "a"}')
    assert status == 3
    assert error_of(out)["code"] == code
    assert "TCHITCHI" not in out + err


def test_the_configuration_may_be_named_by_the_environment(
    config_file: ConfigFile, segur: Segur, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert segur("plugins", "list", "--json")[0] == 3
    path = config_file()
    assert segur("plugins", "list", "--json")[0] == 0
    path.rename(tmp_path / "other.toml")
    monkeypatch.setenv("SEGUR_CONFIG", str(tmp_path / "other.toml"))
    assert segur("plugins", "list", "--json")[0] == 0
