"""A provider that hangs is given up, one that asks is waited for, and what it had unlocked in vain is locked again."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import Bench, code_of, eventually
from reference_host.tests.host.cards.signing_in import CPS, HOSPITAL, OFFICINE, SERIAL, audited, ends, proven
from segur_host import CheckedAsker, Host
from segur_sdk.context import HookContext
from segur_sdk.models.actor import SessionEnd
from segur_sdk.models.notice import Question
from segur_sdk.services.session_provider import Authenticated, SessionRequest


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Lets a plugin that hangs go on; set when the test ends, so that its thread ends too."""
    event = threading.Event()
    yield event
    event.set()


def test_a_provider_that_hangs_is_given_up_and_what_it_proves_later_opens_nothing(
    host: Host, script: dict[str, Any], released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segur_host.sessions.providers.LOGIN_S", 0.2)

    def start(*_: object) -> Authenticated:
        released.wait(60)
        return proven()

    script["start"] = start
    assert code_of(lambda: host.login(CPS)) == "plugin.timed_out"
    assert host.plugins["signing"].hung_calls == 1
    released.set()
    assert eventually(lambda: len(audited(host, "service.start_session")) == 2)
    assert host.session is None
    script["start"] = lambda *_: proven()
    host.login(CPS)


@pytest.mark.parametrize("last", [False, True], ids=["logout", "close"])
def test_a_provider_that_hangs_at_the_end_keeps_nobody(
    last: bool, host: Host, script: dict[str, Any], released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segur_host.sessions.providers.LOGOUT_S", 0.2)
    script["end"] = lambda *_: released.wait(60)
    host.login(CPS)
    (host.close if last else host.logout)()
    assert host.session is None
    assert eventually(lambda: ends(script) == [SessionEnd.HOST_STOPPED if last else SessionEnd.LOGOUT])


def test_the_clock_stops_while_the_pin_is_asked(
    bench: Bench,
    devices: dict[str, Any],
    script: dict[str, Any],
    signing: dict[str, Any],
    open_host: Callable[..., Host],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segur_host.sessions.providers.LOGIN_S", 2.0)
    bench.put("one")
    bench.change(tokens=[{"token": "t", "label": "CPS3v3-1", "serial": SERIAL, "slot": "one"}])
    thinking = threading.Event()

    def start(_request: SessionRequest, ctx: HookContext) -> Authenticated:
        token = ctx.tokens.at("one")
        token.unlock()
        return proven(slot="one")

    def think(question: Question) -> str:
        if not question.secret:
            return question.choices[0].value
        assert question.code == "token.pin"
        thinking.wait(2.5)  # longer than the provider may take
        return "4321"

    script["start"] = start
    host = open_host(signing | devices, asker=CheckedAsker(think))
    assert [state.pin.unlocked for state in host.tokens()] == [False]
    opened = host.login(CPS).opened
    assert [state.pin.unlocked for state in host.tokens()] == [True]
    assert opened.presence is not None
    host.logout()
    assert [state.pin.unlocked for state in host.tokens()] == [False]
    assert [words for _, words in bench.asked("lock")] == [("lock", "t")]


IN_VAIN: dict[str, tuple[bool, dict[str, Any], str]] = {
    "exercice_unknown": (False, {"exercice": "7"}, "session.exercice_unknown"),
    "nobody_to_choose": (False, {}, "input.no_answer"),
    "card_gone": (True, {}, "card.absent"),
}


@pytest.mark.req("CPS-06")
@pytest.mark.parametrize(("pulled", "options", "code"), IN_VAIN.values(), ids=IN_VAIN)
def test_a_token_that_was_unlocked_in_vain_is_locked_again(
    pulled: bool,
    options: dict[str, Any],
    code: str,
    bench: Bench,
    devices: dict[str, Any],
    script: dict[str, Any],
    signing: dict[str, Any],
    open_host: Callable[..., Host],
) -> None:
    bench.put("one")
    bench.change(tokens=[{"token": "t", "label": "CPS3v3-1", "serial": SERIAL, "slot": "one"}])

    def start(_request: SessionRequest, ctx: HookContext) -> Authenticated:
        ctx.tokens.at("one").unlock()
        assert ctx.tokens.at("one").state.pin.unlocked
        if pulled:
            bench.take("one")
        return proven(slot="one", exercices=(OFFICINE, HOSPITAL))

    script["start"] = start
    answers = {"token.pin": "4321"}
    host = open_host(signing | devices, asker=CheckedAsker(lambda question: answers.get(question.code)))
    assert code_of(lambda: host.login(CPS, **options)) == code
    assert [state.pin.unlocked for state in host.tokens()] == [False]
