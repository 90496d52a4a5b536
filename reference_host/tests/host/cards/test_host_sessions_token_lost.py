"""Whatever befalls the process of a token driver, nobody stays signed in by a code that it forgot."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import Bench, code_of, eventually, is_running
from reference_host.tests.host.cards.signing_in import CPS, HOSPITAL, OFFICINE, SERIAL, audited, ends, proven
from segur_host import CheckedAsker, Host
from segur_host.broker import unlocked
from segur_sdk.context import HookContext
from segur_sdk.errors import CardError
from segur_sdk.models.actor import SessionEnd
from segur_sdk.models.notice import Question
from segur_sdk.services.session_provider import Authenticated, SessionRequest

PIN = "4321"
TOKEN = {"token": "t", "label": f"CPS3v3-{SERIAL}", "serial": SERIAL, "slot": "one"}
ELSEWHERE = TOKEN | {"slot": "a reader that only the token module knows"}
Desk = Callable[[Question], str]


def by_code(request: SessionRequest, ctx: HookContext) -> Authenticated:
    """Prove who it is as the plugin of professionals' cards does: by the code of his token."""
    token = ctx.tokens.of_serial(SERIAL)
    token.unlock()
    return proven(slot=token.state.slot, exercices=(OFFICINE, HOSPITAL))


@pytest.fixture
def by_token(with_card: Host, bench: Bench, script: dict[str, Any]) -> Host:
    """A host that lets in whoever knows the code of the token in slot ``one``."""
    bench.change(tokens=[TOKEN], pin=PIN)
    script["start"] = by_code
    return with_card


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def answers(question: Question) -> str:
    return PIN if question.code == "token.pin" else "1"


def sign_in(host: Host, desk: Desk = answers) -> None:
    host.login(CPS, asker=CheckedAsker(desk))


def kill(bench: Bench) -> None:
    """Kill the process that was asked last."""
    pid = bench.asked("tokens")[-1][0]
    os.kill(pid, 9)
    assert eventually(lambda: not is_running(pid))


@pytest.mark.req("CPS-06")
def test_a_session_ends_with_the_process_that_its_code_was_verified_in(
    by_token: Host, bench: Bench, script: dict[str, Any]
) -> None:
    sign_in(by_token)
    kill(bench)
    assert eventually(lambda: ends(script) == [SessionEnd.TOKEN_LOST])
    assert by_token.session is None
    assert audited(by_token, "session.ended") == [{"reason": "token_lost"}]
    sign_in(by_token)
    assert [words[2] for _, words in bench.asked("unlock")] == [PIN, PIN]
    assert by_token.session is not None


@pytest.mark.req("CPS-06")
def test_a_card_that_was_pulled_is_said_to_be_pulled_whatever_its_driver_does(
    by_token: Host, bench: Bench, script: dict[str, Any]
) -> None:
    sign_in(by_token)
    bench.take("one")
    kill(bench)
    assert eventually(lambda: ends(script) == [SessionEnd.CARD_REMOVED])


def test_a_process_that_is_killed_while_it_hangs_ends_the_session_and_the_call(
    by_token: Host, bench: Bench, script: dict[str, Any], aside: ThreadPoolExecutor
) -> None:
    sign_in(by_token)
    looks = len(bench.asked("tokens"))
    bench.change(token_order="hang")
    waiting = aside.submit(by_token.tokens)
    assert eventually(lambda: len(bench.asked("tokens")) > looks)
    bench.change(token_order=None)
    kill(bench)
    assert isinstance(waiting.exception(), CardError)
    assert eventually(lambda: ends(script) == [SessionEnd.TOKEN_LOST])
    sign_in(by_token)


def test_a_process_that_is_killed_before_the_code_is_sent_is_started_again_for_it(
    by_token: Host, bench: Bench, script: dict[str, Any]
) -> None:
    def killing(question: Question) -> str:
        if question.code == "token.pin":
            kill(bench)
        return answers(question)

    sign_in(by_token, killing)
    assert by_token.session is not None
    assert ends(script) == []


def test_a_process_that_is_killed_after_the_code_and_before_the_session_opens_none(
    by_token: Host, bench: Bench, script: dict[str, Any]
) -> None:
    def killing(question: Question) -> str:
        if question.code == "session.exercice":
            kill(bench)
            assert eventually(lambda: not by_token._devices.tokens.is_unlocked(SERIAL))
        return answers(question)

    # It is lost before there is a session, and then when it is about to open.
    assert code_of(lambda: sign_in(by_token, killing)) == "card.driver_stopped"
    assert by_token.session is None
    assert eventually(lambda: ends(script) == [SessionEnd.TOKEN_LOST])
    sign_in(by_token)


@pytest.mark.req("CPS-06")
def test_a_session_by_a_token_in_no_known_reader_ends_when_that_leaves(
    by_token: Host, bench: Bench, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unlocked, "LOOK_S", 0.02)
    bench.change(tokens=[ELSEWHERE])
    sign_in(by_token)
    assert by_token.session is not None
    assert by_token.session.presence is None
    bench.change(tokens=[])
    assert eventually(lambda: ends(script) == [SessionEnd.TOKEN_LOST])
    assert by_token.session is None
