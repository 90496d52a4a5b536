"""A session opens after a provider proved who it is; from then on every call is made on his behalf."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from reference_host.tests.host.cards.bench import code_of
from reference_host.tests.host.cards.signing_in import CPS, HOSPITAL, OFFICINE, RPPS, SERIAL, audited, proven
from segur_host import Host
from segur_sdk.context import HookContext
from segur_sdk.errors import CardError
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.models.actor import ActorKind, SessionMeans, Structure
from segur_sdk.models.notice import Question
from segur_sdk.services.session_provider import Authenticated, SessionRequest


def test_a_session_bears_who_was_proven(host: Host, script: dict[str, Any]) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    script["start"] = lambda *_: proven(expires_at=until, exercices=(OFFICINE,))
    login = host.login(CPS)
    actor, session = login.opened.actor, login.opened.session
    assert (actor.kind, actor.name, actor.rpps, actor.exercice) == (ActorKind.PROFESSIONAL, "Nadège Test", RPPS, "1")
    assert (actor.structure.finess, actor.workstation) == ("0B0152872", "poste-1")
    assert (session.means, session.token_serial, session.expires_at) == (CPS, SERIAL, until.isoformat())
    assert login.opened.exercices == (OFFICINE,)
    assert [one.mailboxes for one in login.contributions.value] == [("Nadège Test", "True")]
    assert host.session == login.opened
    assert audited(host, "session.opened") == [{"means": "cps"}]


def test_the_provider_is_asked_for_what_was_given(host: Host, script: dict[str, Any]) -> None:
    host.login(CPS, slot="one", token_serial="42")
    assert script["requests"] == [SessionRequest(means=CPS, slot="one", token_serial="42")]


REFUSED: dict[str, tuple[Callable[[Host], Any], str]] = {
    "means_nobody_provides": (lambda host: host.login(SessionMeans.PSC), "plugin.session_means"),
    "empty_slot_name": (lambda host: host.login(CPS, slot=""), "input.session"),
    "means_unknown": (lambda host: host.login(cast("SessionMeans", "badge")), "input.session"),
    "exercice_unknown": (lambda host: host.login(CPS, exercice="7"), "session.exercice_unknown"),
}


@pytest.mark.parametrize(("act", "code"), REFUSED.values(), ids=REFUSED)
def test_what_opens_no_session_is_said(act: Callable[[Host], Any], code: str, host: Host) -> None:
    assert code_of(lambda: act(host)) == code
    assert host.session is None
    host.login(CPS)


def test_a_means_without_its_plugin_is_said(open_host: Callable[..., Host]) -> None:
    assert code_of(lambda: open_host().login(CPS)) == "plugin.session_means"


def _raises(_request: SessionRequest, _ctx: HookContext) -> Authenticated:
    raise CardError("token.pin_wrong", tries_left=2)


def _breaks(_request: SessionRequest, _ctx: HookContext) -> Authenticated:
    raise ValueError("TCHITCHI")


ANSWERS: dict[str, tuple[Callable[..., Any], str]] = {
    "own_error": (_raises, "token.pin_wrong"),
    "its_own_bug": (_breaks, "plugin.failed"),
    "nothing": (lambda *_: None, "plugin.invalid_result"),
    "something_else": (lambda *_: "in", "plugin.invalid_result"),
    "put_together_by_hand": (lambda *_: Authenticated.model_construct(name=""), "plugin.invalid_result"),
}


@pytest.mark.parametrize(("start", "code"), ANSWERS.values(), ids=ANSWERS)
def test_a_provider_that_proves_nobody_opens_nothing(
    start: Callable[..., Any], code: str, host: Host, script: dict[str, Any]
) -> None:
    script["start"] = start
    assert code_of(lambda: host.login(CPS)) == code
    assert host.session is None
    assert audited(host, "session.opened") == []
    script["start"] = lambda *_: proven()
    host.login(CPS)


def test_a_second_login_is_refused_and_the_first_goes_on(host: Host, script: dict[str, Any]) -> None:
    first = host.login(CPS)
    assert code_of(lambda: host.login(CPS)) == "session.already_open"
    assert host.session == first.opened
    assert host.sessions == (first.opened,)


def test_nobody_signs_in_while_somebody_is_about_to(host: Host, script: dict[str, Any]) -> None:
    asked, answered = threading.Event(), threading.Event()

    def start(*_: object) -> Authenticated:
        asked.set()
        answered.wait(20)
        return proven()

    script["start"] = start
    first = threading.Thread(target=lambda: host.login(CPS))
    first.start()
    assert asked.wait(20)
    assert code_of(lambda: host.login(CPS)) == "session.signing_in"
    answered.set()
    first.join()
    assert host.session is not None


class Desk:
    """Whoever sits there, who knows what is sent: what else he was asked, and what he answers by code of question."""

    def __init__(self, **answers: str) -> None:
        self.questions: list[Question] = []
        self._answers = {code.replace("_", "."): answer for code, answer in answers.items()}

    def ask(self, question: Question) -> str:
        if question.code == "session.acknowledge":
            return "oui"
        self.questions.append(question)
        return self._answers[question.code]

    def choices(self) -> list[list[str]]:
        return [[choice.value for choice in question.choices] for question in self.questions]


SITUATIONS: dict[str, tuple[tuple[Exercice, ...], str | None, str | None, int]] = {
    "none": ((), None, None, 0),
    "only_one": ((OFFICINE,), None, "1", 0),
    "chosen_before": ((OFFICINE, HOSPITAL), "2", "2", 0),
    "chosen_now": ((OFFICINE, HOSPITAL), None, "2", 1),
}


@pytest.mark.parametrize(("exercices", "named", "chosen", "questions"), SITUATIONS.values(), ids=SITUATIONS)
def test_a_situation_is_asked_only_when_there_are_several(
    exercices: tuple[Exercice, ...],
    named: str | None,
    chosen: str | None,
    questions: int,
    host: Host,
    script: dict[str, Any],
) -> None:
    script["start"] = lambda *_: proven(exercices=exercices)
    desk = Desk(session_exercice="2")
    assert host.login(CPS, exercice=named, asker=desk).opened.actor.exercice == chosen
    assert len(desk.questions) == questions


@pytest.mark.req("CPS-04")
def test_who_signs_in_acts_in_the_structure_of_his_situation(host: Host, script: dict[str, Any]) -> None:
    there = Structure(name="HOPITAL GENERIQUE", finess="0B0307377")
    hospital = HOSPITAL.model_copy(update={"structure": there})
    script["start"] = lambda *_: proven(exercices=(OFFICINE, hospital))
    assert host.login(CPS, exercice="2").opened.actor.structure == there
    host.logout()
    # A situation that names none is one of the installation's.
    assert host.login(CPS, exercice="1").opened.actor.structure.finess == "0B0152872"


def test_an_answer_that_is_no_situation_opens_nothing(host: Host, script: dict[str, Any]) -> None:
    script["start"] = lambda *_: proven(exercices=(OFFICINE, HOSPITAL))
    assert code_of(lambda: host.login(CPS, asker=Desk(session_exercice="7"))) == "input.no_answer"
    assert code_of(lambda: host.login(CPS)) == "input.nobody_to_ask"
    assert host.session is None


def test_the_last_choice_comes_first_for_that_card_and_for_no_other(
    host: Host, script: dict[str, Any], open_host: Callable[..., Host], signing: dict[str, Any]
) -> None:
    def sign_in(at: Host, serial: str | None, answer: str) -> list[list[str]]:
        script["start"] = lambda *_: proven(exercices=(OFFICINE, HOSPITAL), token_serial=serial)
        desk = Desk(session_exercice=answer)
        at.login(CPS, asker=desk)
        at.logout()
        return desk.choices()

    assert sign_in(host, SERIAL, "2") == [["1", "2"]]
    assert sign_in(host, SERIAL, "1") == [["2", "1"]]
    assert sign_in(host, "another", "1") == [["1", "2"]]
    assert sign_in(host, None, "2") == [["1", "2"]]
    assert sign_in(host, None, "2") == [["1", "2"]]
    assert sign_in(host, SERIAL, "2") == [["1", "2"]]
    host.close()
    assert sign_in(open_host(signing), SERIAL, "1") == [["2", "1"]]


WHO = """
from segur_sdk.hooks.session_login import SessionContribution
session = ctx.session.session_id if ctx.session else None
return SessionContribution(mailboxes=(ctx.actor.name, str(ctx.actor.rpps), str(session)))
"""


def test_every_call_is_made_on_behalf_of_whoever_signed_in(
    install: Callable[..., str],
    signing: dict[str, Any],
    script: dict[str, Any],
    open_host: Callable[..., Host],
    login: Any,
) -> None:
    script["start"] = lambda *_: proven()
    host = open_host({"alpha": install("alpha", body=WHO), **signing})

    def told() -> tuple[str, ...]:
        [outcome] = [one for one in host.call("on_session_login", login).outcomes if one.plugin == "alpha"]
        mailboxes: tuple[str, ...] = getattr(outcome.value, "mailboxes", ())
        return mailboxes

    assert told() == ("Comptoir 1", "None", "None")
    opened = host.login(CPS).opened
    assert told() == ("Nadège Test", RPPS, opened.session.session_id)
    host.logout()
    assert told() == ("Comptoir 1", "None", "None")
