"""Whatever a plugin does in its hook is contained, named, recorded, and harmless to the others."""

import json
import logging
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from segur_host import Host
from segur_host.dispatch.outcome import OutcomeStatus
from segur_sdk.errors import InputError, PluginError, SegurError, ServiceError
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent

NAME = "TCHITCHI"

IMPORTS = """
import sys
from segur_sdk.errors import CardError, IdentityError, PluginError, SegurError, ServiceError
from segur_sdk.hooks.session_login import SessionContribution
"""

ENDS: dict[str, tuple[str, str, str | None]] = {
    "answers": ("return SessionContribution()", "ok", None),
    "declines": ("return None", "declined", None),
    "raises": (f"raise ValueError('{NAME}')", "failed", "plugin.failed"),
    "raises_while_handling": (
        f"try:\n    raise KeyError('{NAME}')\nexcept KeyError as one:\n    raise ValueError('{NAME}') from one",
        "failed",
        "plugin.failed",
    ),
    "exits": (f"sys.exit('{NAME}')", "failed", "plugin.failed"),
    "exits_well": ("sys.exit(0)", "failed", "plugin.failed"),
    "interrupts": ("raise KeyboardInterrupt", "failed", "plugin.failed"),
    "raises_outside_exception": (f"raise BaseException('{NAME}')", "failed", "plugin.failed"),
    "recurses": ("def turn():\n    turn()\nturn()", "failed", "plugin.failed"),
    "asserts": (f"assert not '{NAME}'", "failed", "plugin.failed"),
    "typed": ("raise CardError('card.mute', slot='1')", "failed", "card.mute"),
    "typed_with_a_cause": (
        f"raise ServiceError('service.timed_out', maybe_processed=True) from ValueError('{NAME}')",
        "failed",
        "service.timed_out",
    ),
    "typed_of_its_own": (
        "class Odd(IdentityError):\n    pass\nraise Odd('broken.odd', count=3)",
        "failed",
        "broken.odd",
    ),
    "typed_without_code": (
        f"class Odd(SegurError):\n    def __init__(self):\n        Exception.__init__(self, '{NAME}')\nraise Odd",
        "failed",
        "plugin.failed",
    ),
    "typed_with_an_endless_code": ("raise PluginError('broken.' + 'x' * 500)", "failed", "plugin.failed"),
    "typed_with_objects": (
        "one = PluginError('broken.odd')\none.facts = {'a': ['x', 'y'], 'b': chr(0xD800)}\nraise one",
        "failed",
        "broken.odd",
    ),
    "typed_with_a_hostile_fact": (
        "class Hostile:\n    def __str__(self): raise RuntimeError\n"  # noqa: ISC004 - two halves of one text
        "one = PluginError('broken.odd')\none.facts = {'a': Hostile()}\nraise one",
        "failed",
        "plugin.failed",
    ),
    "typed_with_facts_that_are_none": (
        "one = PluginError('broken.odd')\none.facts = None\nraise one",
        "failed",
        "plugin.failed",
    ),
    "wrong_type": (f"return '{NAME}'", "invalid_result", "plugin.invalid_result"),
    "class_itself": ("return SessionContribution", "invalid_result", "plugin.invalid_result"),
    "dictionary": ("return {'mailboxes': ()}", "invalid_result", "plugin.invalid_result"),
    "coroutine_object": (
        "async def later(): ...\none = later()\none.close()\nreturn one",
        "invalid_result",
        "plugin.invalid_result",
    ),
    "put_together_by_hand": (
        "return SessionContribution.model_construct(mailboxes=3)",
        "invalid_result",
        "plugin.invalid_result",
    ),
    "hollow": (
        "return SessionContribution.model_construct(exercices=({'id': ''},))",
        "invalid_result",
        "plugin.invalid_result",
    ),
    "changed_afterwards": (
        "one = SessionContribution()\none.__dict__['mailboxes'] = 3\nreturn one",
        "invalid_result",
        "plugin.invalid_result",
    ),
    "of_a_derived_type_with_more": (
        "class More(SessionContribution):\n    more: str = 'x'\nreturn More()",
        "invalid_result",
        "plugin.invalid_result",
    ),
    "asks_for_what_it_was_not_granted": ("ctx.http('anywhere')", "not_granted", "plugin.not_granted"),
}


@pytest.mark.parametrize(("body", "status", "code"), ENDS.values(), ids=ENDS)
def test_every_end_of_a_plugin_has_its_status_and_the_others_answer(
    body: str,
    status: str,
    code: str | None,
    install: Callable[..., str],
    open_host: Callable[..., Host],
    login: SessionLoginEvent,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    broken = install("broken", body=body, preamble=IMPORTS)
    host = open_host({"broken": broken, "alpha": install("alpha"), "zulu": install("zulu")})
    result = host.call("on_session_login", login)
    told = {one.plugin: (str(one.status), one.error.code if one.error else None) for one in result.outcomes}
    assert told == {"alpha": ("ok", None), "broken": (status, code), "zulu": ("ok", None)}
    assert result.all_well is (code is None)
    audited = {
        record.plugin: json.loads(record.facts) for record in host.audit.records() if record.event.startswith("hook.")
    }
    assert (audited["broken"]["status"], audited["broken"]["error"]) == (status, code)
    [outcome] = [one for one in result.outcomes if one.plugin == "broken"]
    last = host.plugins["broken"].last_error
    assert (last.code if last else None) == code
    seen = [repr(outcome), str(outcome.error), json.dumps([json.loads(one.facts) for one in host.audit.records()])]
    if outcome.error is not None:
        try:
            raise outcome.error
        except SegurError as failure:
            seen.append("".join(traceback.format_exception(failure)))
    out, err = capfd.readouterr()
    assert NAME not in "".join([*seen, caplog.text, out, err])


def test_a_derived_result_leaves_as_the_type_of_the_contract(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    body = (
        "class Mine(SessionContribution):\n    def model_dump(self, **_):\n        return 3\n"
        "return Mine(mailboxes=('a',))"
    )
    [value] = open_host({"alpha": install("alpha", body=body, preamble=IMPORTS)}).call("on_session_login", login).value
    assert type(value) is SessionContribution
    assert value.model_dump(mode="json")["mailboxes"] == ["a"]


def test_a_typed_failure_keeps_what_it_tells_and_loses_where_it_comes_from(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    body = (
        "one = ServiceError('service.answer_lost', maybe_processed=True, retryable=True,"
        " user_message_key='alpha.lost', tries=2, kind='k' * 500, line='a' + chr(10))\n"
        f"raise one from ValueError('{NAME}')"
    )
    host = open_host({"alpha": install("alpha", body=body, preamble=IMPORTS)})
    error = host.call("on_session_login", login).outcomes[0].error
    assert isinstance(error, ServiceError)
    assert (error.maybe_processed, error.retryable, error.user_message_key) == (True, True, "alpha.lost")
    assert dict(error.facts) == {"tries": 2, "kind": "k" * 200, "line": "a?"}
    assert (error.__cause__, error.__context__, error.__traceback__) == (None, None, None)


def test_what_a_plugin_prints_never_mixes_with_the_answer(
    install: Callable[..., str],
    config_file: Callable[..., Path],
    segur_process: Callable[..., "subprocess.CompletedProcess[str]"],
    tmp_path: Path,
) -> None:
    noise = "import os, sys, subprocess\nprint('loud-1')\nos.write(1, b'loud-2')\nsys.stdout.write('loud-3')\n"
    body = noise + "subprocess.run(['echo', 'loud-4'])\nreturn None"
    config = config_file({"loud": install("loud", preamble=noise, body=body)})
    event = tmp_path / "event.json"
    actor = {"kind": "operator", "name": "a", "workstation": "p", "structure": {"name": "s"}}
    event.write_text(json.dumps({"actor": actor, "session": {"session_id": "1", "means": "local"}}))
    called = segur_process("call", "on_session_login", "--event", event, "--json", "--config", config)
    assert called.returncode == 0
    assert json.loads(called.stdout)["outcomes"][0]["status"] == "declined"
    assert all(f"loud-{number}" in called.stderr for number in (1, 2, 3, 4))
    examined = segur_process("doctor", "--json", "--config", config)
    assert "module loud" in {row["check"] for row in json.loads(examined.stdout)}


CALLS: dict[str, tuple[str, Any, str]] = {
    "unknown_hook": ("on_lunch", "{}", "input.hook_unknown"),
    "deciding_hook": ("before_dmp_send", "{}", "input.hook_decides"),
    "no_json": ("on_session_login", "{", "input.event"),
    "other_event": ("on_session_login", '{"symbology": "qr"}', "input.event"),
    "no_object": ("on_session_login", "[]", "input.event"),
}


@pytest.mark.parametrize(("hook", "event", "code"), CALLS.values(), ids=CALLS)
def test_a_call_that_makes_no_sense_is_refused(
    hook: str, event: str, code: str, open_host: Callable[..., Host]
) -> None:
    with pytest.raises(InputError) as raised:
        open_host().call(hook, event)
    assert raised.value.code == code
    # What was refused may be a patient's: it stands nowhere behind the error either.
    assert raised.value.__context__ is None


def test_an_event_of_another_hook_is_refused(open_host: Callable[..., Host], login: SessionLoginEvent) -> None:
    with pytest.raises(InputError) as raised:
        open_host().call("on_card_read", login)
    assert raised.value.code == "input.event"


def test_records_of_a_plugin_stand_before_its_outcome(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    body = "ctx.audit.note('step', count=1)\nctx.audit.note('step', count=2)\nraise ValueError"
    host = open_host({"alpha": install("alpha", body=body)})
    result = host.call("on_session_login", login)
    records = [(one.event, one.plugin, json.loads(one.facts)) for one in host.audit.records()]
    assert [event for event, _, _ in records] == ["alpha.step", "alpha.step", "hook.on_session_login"]
    assert [facts.get("count") for _, _, facts in records] == [1, 2, None]
    assert {one.call_id for one in host.audit.records()} == {result.call_id}


NOTES = {
    "name_in_capitals": "ctx.audit.note('Step')",
    "no_name": "ctx.audit.note('')",
    "long_text": "ctx.audit.note('step', text='x' * 500)",
    "list": "ctx.audit.note('step', items=[1])",
    "two_lines": "ctx.audit.note('step', text='a\\nb')",
}


@pytest.mark.parametrize("note", NOTES.values(), ids=NOTES)
def test_a_note_that_is_no_record_is_refused(
    note: str, install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    host = open_host({"alpha": install("alpha", body=note)})
    [outcome] = host.call("on_session_login", login).outcomes
    assert isinstance(outcome.error, SegurError)
    assert outcome.error.code == "audit.entry_refused"
    assert host.audit.verify().ok


def test_an_outcome_that_cannot_be_recorded_is_not_passed_over(
    install: Callable[..., str],
    open_host: Callable[..., Host],
    login: SessionLoginEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = open_host({"alpha": install("alpha")})

    def full(_: object) -> None:
        raise PluginError("storage.full")

    monkeypatch.setattr(host.audit, "append_all", full)
    with pytest.raises(SegurError) as raised:
        host.call("on_session_login", login)
    assert raised.value.code == "storage.full"
    monkeypatch.undo()


def test_outcomes_are_values(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    [outcome] = open_host({"alpha": install("alpha")}).call("on_session_login", login).outcomes
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        outcome.status = OutcomeStatus.FAILED  # type: ignore[misc]
