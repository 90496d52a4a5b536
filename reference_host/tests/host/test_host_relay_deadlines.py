"""A call that outlives its deadline is given up: the others go on, and nothing it still does has an effect."""

import json
import sys
import textwrap
import threading
from collections.abc import Callable
from typing import Any

import pytest

from segur_host import CheckedAsker, Host
from segur_host.dispatch.deadline import CallDeadline
from segur_host.dispatch.relay import Relay, Step
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.models.notice import Question

HANG = """
import threading
from segur_plugin_gate import GATES
"""


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Events by which a test holds plugins: they set ``reached`` and ``left``, and go on when ``open`` is set."""
    module = type(sys)("segur_plugin_gate")
    events = {"reached": threading.Event(), "open": threading.Event(), "left": threading.Event()}
    module.GATES = events  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "segur_plugin_gate", module)
    return events


def eventually(holds: Callable[[], bool]) -> bool:
    waiting = threading.Event()
    return any(holds() or waiting.wait(0.02) for _ in range(500))


def test_the_others_answer_and_the_late_answer_is_recorded_and_dropped(
    install: Callable[..., str],
    open_host: Callable[..., Host],
    login: SessionLoginEvent,
    patience: Callable[[float], None],
    gates: dict[str, Any],
) -> None:
    patience(0.2)
    body = (
        "from segur_sdk.hooks.session_login import SessionContribution\n"
        "ctx.audit.note('began')\nGATES['open'].wait()\nreturn SessionContribution(mailboxes=('late',))"
    )
    host = open_host(
        {
            "alpha": install("alpha"),
            "hung": install("hung", preamble=HANG, body=body),
            "zulu": install("zulu"),
        }
    )
    result = host.call("on_session_login", login)
    assert [(one.plugin, str(one.status)) for one in result.outcomes] == [
        ("alpha", "ok"),
        ("hung", "timed_out"),
        ("zulu", "ok"),
    ]
    assert [value.mailboxes for value in result.value] == [("alpha",), ("zulu",)]
    gates["open"].set()

    def told() -> list[tuple[str, str | None, dict[str, Any]]]:
        return [(one.event, one.plugin, json.loads(one.facts)) for one in host.audit.records()]

    assert eventually(lambda: len(told()) == 5)
    assert [(event, facts.get("status"), facts.get("late")) for event, plugin, facts in told() if plugin == "hung"] == [
        ("hook.on_session_login", "timed_out", False),
        ("hung.began", None, None),
        ("hook.on_session_login", "ok", True),
    ]
    assert host.audit.verify().ok


LATE = {
    "audit": "ctx.audit.note('late')",
    "audit_taken_before": "notes.note('late')",
    "store": "ctx.store",
    "store_put": "store.put('a', b'late')",
    "store_get": "store.get('a')",
    "store_delete": "store.delete('a')",
    "cards": "ctx.cards",
    "cards_open": "cards.open(None)",
    "cards_confirm": "cards.confirm(None)",
    "keys": "keys.certificate('k')",
    "http": "ctx.http('p')",
    "service": "from segur_sdk.services import InsLookup\nctx.service(InsLookup)",
    "ask": "ctx.ask(None)",
}
EVERYTHING = """
uses = ["InsLookup"]
cards = true
prompts = true
"""
EVERY_TABLE = """
[[hooks]]
name = "on_session_login"
version = "1.0"
[[keys]]
use = "k"
[[network]]
purpose = "p"
trust = "t"
auth = "none"
[data]
stores = ["x"]
retention_days = 1
"""


@pytest.mark.parametrize("when", ["given_up", "returned"])
@pytest.mark.parametrize("act", LATE.values(), ids=LATE)
def test_nothing_is_lent_once_the_call_is_over(
    act: str,
    when: str,
    install: Callable[..., str],
    open_host: Callable[..., Host],
    login: SessionLoginEvent,
    patience: Callable[[float], None],
    gates: dict[str, Any],
) -> None:
    patience(0.1 if when == "given_up" else 5)
    act = textwrap.indent(act, " " * 8)
    # Who is given up before he took anything is refused then: on a loaded machine that may be so.
    body = (
        "from segur_sdk.errors import PluginError\n"
        "def act(take):\n"
        "    try:\n"
        "        notes, store, cards, keys = take()\n"
        f"        GATES['open'].wait()\n{act}\n"
        "    except PluginError as failure:\n        GATES['code'] = failure.code\n"
        "    finally:\n        GATES['left'].set()\n"
    )
    if when == "given_up":
        body += "act(lambda: (ctx.audit, ctx.store, ctx.cards, ctx.keys))"
    else:
        body += (
            "taken = (ctx.audit, ctx.store, ctx.cards, ctx.keys)\n"
            "threading.Thread(target=act, args=(lambda: taken,), daemon=True).start()"
        )
    sha256 = install("hung", preamble=HANG, body=body, top=EVERYTHING, tables=EVERY_TABLE)
    host = open_host({"hung": sha256})
    [outcome] = host.call("on_session_login", login).outcomes
    assert str(outcome.status) == ("timed_out" if when == "given_up" else "declined")
    gates["open"].set()
    assert gates["left"].wait(10)
    assert gates.get("code") == "plugin.call_over"


def test_a_plugin_that_hangs_too_often_is_suspended_for_all_to_see(
    install: Callable[..., str],
    open_host: Callable[..., Host],
    login: SessionLoginEvent,
    patience: Callable[[float], None],
    gates: dict[str, Any],
) -> None:
    patience(0.05)
    hung = install("hung", preamble=HANG, body="GATES['open'].wait()")
    host = open_host({"hung": hung, "zulu": install("zulu")}, limits={"suspend_after": 2})
    told = [[str(one.status) for one in host.call("on_session_login", login).outcomes] for _ in range(3)]
    assert told == [["timed_out", "ok"], ["timed_out", "ok"], ["suspended", "ok"]]
    entry = host.plugins["hung"]
    assert (str(entry.state), entry.hung_calls) == ("suspended", 2)
    assert entry.reason is not None
    assert (entry.reason.code, entry.last_error and entry.last_error.code) == ("plugin.suspended", "plugin.timed_out")
    suspended = [one for one in host.audit.records() if one.event == "plugin.suspended"]
    assert [(one.plugin, json.loads(one.facts)) for one in suspended] == [("hung", {"hung_calls": 2})]
    gates["open"].set()


def test_first_a_hung_plugin_stops_the_chain(
    install: Callable[..., str],
    open_host: Callable[..., Host],
    patience: Callable[[float], None],
    gates: dict[str, Any],
) -> None:
    patience(0.05)
    hung = install("hung", preamble=HANG, hook="on_prescription_scanned", body="GATES['open'].wait()")
    host = open_host({"hung": hung, "zulu": install("zulu", hook="on_prescription_scanned", body="return None")})
    event = '{"symbology": "qr", "payload": "x", "origin": "typed"}'
    result = host.call("on_prescription_scanned", event)
    assert [(one.plugin, str(one.status)) for one in result.outcomes] == [("hung", "timed_out")]
    gates["open"].set()


def test_the_clock_stops_while_a_person_is_asked(
    install: Callable[..., str],
    open_host: Callable[..., Host],
    login: SessionLoginEvent,
    patience: Callable[[float], None],
) -> None:
    patience(0.3)
    body = (
        "from segur_sdk.models.notice import Question\n"
        "from segur_sdk.hooks.session_login import SessionContribution\n"
        "before = ctx.deadline.remaining()\n"
        "answer = ctx.ask(Question(code='a.b', text='?', pattern='.*'))\n"
        "return SessionContribution(mailboxes=(answer, str(before - ctx.deadline.remaining() < 0.3)))"
    )

    def slowly(question: Question) -> str:
        threading.Event().wait(0.8)
        return question.code

    host = open_host({"alpha": install("alpha", body=body, top="prompts = true")}, asker=CheckedAsker(slowly))
    result = host.call("on_session_login", login)
    assert [value.mailboxes for value in result.value] == [("a.b", "True")]


def test_a_question_that_nobody_answers_ends_too(
    install: Callable[..., str],
    open_host: Callable[..., Host],
    login: SessionLoginEvent,
    gates: dict[str, Any],
) -> None:
    body = "from segur_sdk.models.notice import Question\nctx.ask(Question(code='a.b', text='?', pattern='.*'))"

    def never(_: Question) -> str:
        gates["open"].wait()
        return "late"

    sha256 = install("alpha", body=body, top="prompts = true")
    host = open_host({"alpha": sha256}, asker=CheckedAsker(never), limits={"ask_timeout_s": 0.1})
    [outcome] = host.call("on_session_login", login).outcomes
    assert outcome.error is not None
    assert (str(outcome.status), outcome.error.code) == ("failed", "input.no_answer")
    assert outcome.error.facts["reason"] == "timed_out"
    gates["open"].set()


def test_an_interrupted_caller_leaves_the_call_without_effect(
    install: Callable[..., str],
    open_host: Callable[..., Host],
    login: SessionLoginEvent,
    gates: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = (
        "from segur_sdk.errors import PluginError\nGATES['reached'].set()\nGATES['open'].wait()\n"
        "try:\n    ctx.audit.note('late')\nexcept PluginError as failure:\n    GATES['code'] = failure.code\n"
        "GATES['left'].set()"
    )
    host = open_host({"alpha": install("alpha", preamble=HANG, body=body)})

    def interrupted(*_: object) -> bool:
        assert gates["reached"].wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr("segur_host.dispatch.relay._Chain.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        host.call("on_session_login", login)
    gates["open"].set()
    assert gates["left"].wait(10)
    assert gates["code"] == "plugin.call_over"


def test_a_late_answer_after_the_host_closed_is_recorded_nowhere(
    install: Callable[..., str],
    make_config: Callable[..., Any],
    login: SessionLoginEvent,
    patience: Callable[[float], None],
    gates: dict[str, Any],
) -> None:
    patience(0.05)
    body = "GATES['open'].wait()\nGATES['left'].set()"
    config = make_config({"hung": install("hung", preamble=HANG, body=body)})
    before = {thread for thread in threading.enumerate() if thread.name == "segur-call"}
    with Host(config) as host:
        host.call("on_session_login", login)
    gates["open"].set()
    assert gates["left"].wait(10)
    assert eventually(lambda: not {one for one in threading.enumerate() if one.name == "segur-call"} - before)
    with Host(config) as host:
        events = [record.event for record in host.audit.records()]
        assert host.audit.verify().ok
    assert events == ["hook.on_session_login", "audit.closed"]


def test_idle_threads_end_with_their_host(
    install: Callable[..., str], make_config: Callable[..., Any], login: SessionLoginEvent
) -> None:
    config = make_config({"alpha": install("alpha")})
    before = {thread for thread in threading.enumerate() if thread.name == "segur-call"}
    with Host(config) as host:
        host.call("on_session_login", login)
        assert {one for one in threading.enumerate() if one.name == "segur-call"} - before
    assert eventually(lambda: not {one for one in threading.enumerate() if one.name == "segur-call"} - before)


def test_calls_from_many_threads_do_not_mix(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    body = (
        "from segur_sdk.hooks.session_login import SessionContribution\n"
        "return SessionContribution(mailboxes=(event.session.session_id, ctx.call_id))"
    )
    host = open_host({plugin: install(plugin, body=body) for plugin in ("aa", "bb")})
    results: dict[str, Any] = {}

    def call(number: int) -> None:
        mine = login.model_copy(update={"session": login.session.model_copy(update={"session_id": f"s-{number}"})})
        results[f"s-{number}"] = host.call("on_session_login", mine)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12
    for session, result in results.items():
        assert {value.mailboxes for value in result.value} == {(session, result.call_id)}
    assert host.audit.verify().ok


def test_a_step_that_ends_at_its_deadline_blames_nobody_else() -> None:
    """However close answers come to their deadline, each step is told to have timed out at most for itself."""
    relay = Relay()
    late: list[str] = []

    def run(number: int) -> Callable[[CallDeadline], str]:
        def wait(deadline: CallDeadline) -> str:
            threading.Event().wait(deadline.remaining() if number % 2 else 0)
            return str(number)

        return wait

    steps = [Step(run(number), 0.01, late.append) for number in range(40)]
    results = relay.run(steps, stops_after=lambda _: False, timed_out=lambda index: f"timed out {index}")
    relay.close()
    assert len(results) == 40
    for number, result in enumerate(results):
        assert result in ({str(number), f"timed out {number}"} if number % 2 else {str(number)})
