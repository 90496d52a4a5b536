"""Several people on one workstation: whose call it is, whose account, how long a session lasts."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any

import pytest

from segur_host import AsyncHost, CheckedAsker, Host
from segur_host.broker.cancelling import Cancellation
from segur_host.operators.rights import NATIONAL, Role
from segur_host.sessions.sessions import Login, SessionChange
from segur_host.verbs.sessions import session_as_json
from segur_sdk.errors import InputError, SegurError, ServiceError
from segur_sdk.hooks.session_login import Exercice, SessionLoginEvent
from segur_sdk.models.actor import ActorKind, SessionEnd, SessionMeans
from segur_sdk.models.notice import Question
from segur_sdk.services.session_provider import Authenticated, EndedElsewhere

PSC = SessionMeans.PSC
LOCAL = SessionMeans.LOCAL
CODE = "un-code-assez-long"
CALLING = """
[[hooks]]
name = "on_session_login"
version = "1.0"

[[network]]
purpose = "api"
trust = "t"
auth = "none"
"""
PEOPLE = {"Nadège": "10000000001", "Ahmed": "10000000002"}

Hosts = Callable[..., Host]


class Clock:
    """Moved by tests."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant


class Answers:
    """Answers by question code."""

    def __init__(self, **answers: str) -> None:
        self._answers = {code.replace("__", "."): answer for code, answer in answers.items()}

    def ask(self, question: Question) -> str:
        if question.code not in self._answers:
            raise InputError("input.no_answer", question=question.code)
        return self._answers[question.code]


def signed_in(host: Host, script: dict[str, Any], name: str, **more: Any) -> Login:
    script["start"] = lambda *_: Authenticated(name=name, rpps=PEOPLE[name], national_id=f"8{PEOPLE[name]}", **more)
    return host.login(PSC)


def refusal(call: Callable[[], object]) -> SegurError:
    with pytest.raises(SegurError) as raised:
        call()
    return raised.value


def test_a_call_that_names_no_session_is_refused_when_several_are_open(host: Hosts, script: dict[str, Any]) -> None:
    opened = host()
    one, other = (signed_in(opened, script, name).opened for name in PEOPLE)
    assert opened.sessions == (one, other)
    for call in (lambda: opened.session, lambda: opened.invalidate_ins("ref"), opened.logout):
        refused = refusal(call)
        assert (refused.code, refused.facts["sessions"]) == ("session.unnamed", 2)
    with opened.acting(one.id):
        assert opened.session == one
        with opened.acting(other.id):
            assert opened.session == other
        opened.logout()
    assert opened.session == other


def test_a_session_that_is_over_is_neither_acted_in_nor_left(host: Hosts, script: dict[str, Any]) -> None:
    opened = host()
    first = signed_in(opened, script, "Nadège").opened
    signed_in(opened, script, "Ahmed")
    opened.logout(first.id)
    with opened.acting(first.id):
        assert refusal(lambda: opened.session).code == "session.unknown"
    for named in (first.id, "never opened"):
        assert refusal(partial(opened.logout, named)).code == "session.unknown"


def test_each_thread_and_each_task_acts_in_its_own_session(host: Hosts, script: dict[str, Any]) -> None:
    opened = host()
    sessions = [signed_in(opened, script, name).opened for name in PEOPLE]
    found: dict[str, object] = {}

    def look(name: str, session_id: str) -> None:
        with opened.acting(session_id):
            found[name] = opened.session

    threads = [threading.Thread(target=look, args=(str(one), session.id)) for one, session in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(map(found.get, "01")) == sessions

    async def in_tasks() -> list[object]:
        twin = AsyncHost(opened)

        async def current(session_id: str) -> object:
            with twin.acting(session_id):
                await asyncio.sleep(0)
                return await asyncio.to_thread(lambda: opened.session)

        return list(await asyncio.gather(*(current(one.id) for one in sessions)))

    assert asyncio.run(in_tasks()) == sessions


def test_one_person_has_one_session(host: Hosts, script: dict[str, Any], issued: Any) -> None:
    opened = host()
    first = signed_in(opened, script, "Nadège").opened
    tokens = issued("second")
    assert refusal(lambda: signed_in(opened, script, "Nadège", tokens=tokens)).code == "session.already_open"
    assert opened.session == first
    # What the authority gave for the one that did not open is given back.
    assert [one.tokens for one in script["let_go"]] == [tokens]


def test_one_person_who_signs_in_twice_at_once_has_one_session(
    host: Hosts, script: dict[str, Any], issued: Any
) -> None:
    opened = host()
    exercices = tuple(Exercice(id=one, label=one) for one in ("centre", "gare"))
    given: list[Any] = [issued("first"), issued("second")]
    authority = iter(given)
    script["start"] = lambda *_: Authenticated(
        name="Nadège", rpps=PEOPLE["Nadège"], exercices=exercices, tokens=next(authority)
    )
    # Both are asked where they work: by then, neither has a session.
    both_asked = threading.Barrier(2, timeout=20)
    asker = CheckedAsker(lambda _: "gare" if both_asked.wait() >= 0 else None)
    found: list[str] = []

    def sign_in() -> None:
        try:
            found.append(opened.login(PSC, asker=asker).opened.id)
        except InputError as failure:
            found.append(failure.code)

    threads = [threading.Thread(target=sign_in) for _ in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (session,) = opened.sessions
    assert sorted(found) == sorted(["session.already_open", session.id])
    (given_back,) = script["let_go"]
    assert given_back.tokens in given
    assert [one.event for one in opened.audit.records()].count("session.opened") == 1


def test_nobody_gets_a_session_of_a_host_that_stopped_while_he_was_asked(host: Hosts, script: dict[str, Any]) -> None:
    opened = host()
    script["start"] = lambda *_: Authenticated(
        name="Nadège", exercices=tuple(Exercice(id=one, label=one) for one in ("centre", "gare"))
    )

    def answered_too_late(_: Question) -> str:
        opened._sessions.end_all()
        return "gare"

    assert refusal(lambda: opened.login(PSC, asker=CheckedAsker(answered_too_late))).code == "host.closed"
    assert opened.sessions == ()
    assert "session.opened" not in {one.event for one in opened.audit.records()}


def test_nobody_gets_a_session_that_he_gave_up_while_the_authority_answered(
    host: Hosts, script: dict[str, Any], proven: Callable[..., Authenticated]
) -> None:
    opened, given_up, answer = host(), Cancellation(), proven("t0k")

    def answer_too_late(*_: object) -> Authenticated:
        given_up.cancel()
        return answer

    script["start"] = answer_too_late
    assert refusal(lambda: opened.login(PSC, cancellation=given_up)).code == "input.cancelled"
    assert opened.sessions == ()
    assert [one.tokens for one in script["let_go"]] == [answer.tokens]


def test_a_listener_that_hangs_or_raises_holds_up_nobody(
    host: Hosts, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", lambda failed: shown.put(failed.exc_type.__name__))
    release, heard = threading.Event(), SimpleQueue[tuple[str, SessionEnd | None]]()
    opened = host()

    def raises(_: SessionChange) -> None:
        raise ValueError("no")

    def hangs(_: SessionChange) -> None:
        release.wait(20)

    def hears(told: SessionChange) -> None:
        heard.put((told.opened.id, told.ended))

    for listener in (hangs, raises, hears):
        opened.watch_sessions(listener)
    session = signed_in(opened, script, "Nadège").opened
    opened.logout()
    assert [heard.get(timeout=20) for _ in range(2)] == [(session.id, None), (session.id, SessionEnd.LOGOUT)]
    assert [shown.get(timeout=20) for _ in range(2)] == ["ValueError"] * 2
    # The host stops, though one has still not come back from what he was told first.
    opened.close()
    release.set()


@pytest.mark.parametrize(
    ("elsewhere", "ended"),
    [
        ({"authority_session": "sid-1"}, 1),
        ({"authority_session": "sid-3"}, 0),
        ({"national_id": "810000000001"}, 1),
        ({"national_id": "810000000009"}, 0),
        ({}, 0),
    ],
    ids=["sid", "other sid", "person", "other person", "nobody"],
)
def test_what_the_authority_ends_ends_here(
    host: Hosts, script: dict[str, Any], elsewhere: dict[str, str], ended: int
) -> None:
    opened = host()
    signed_in(opened, script, "Nadège", authority_session="sid-1")
    kept = signed_in(opened, script, "Ahmed", authority_session="sid-2").opened
    script["elsewhere"] = lambda *_: EndedElsewhere(**elsewhere)
    assert opened.ended_elsewhere(PSC, "a logout token") == ended
    assert len(opened.sessions) == 2 - ended
    assert kept in opened.sessions


def test_what_the_provider_does_not_believe_ends_nothing(host: Hosts, script: dict[str, Any]) -> None:
    opened = host()
    signed_in(opened, script, "Nadège", authority_session="sid-1")

    def disbelieve(*_: object) -> EndedElsewhere:
        raise InputError("authority.logout_token")

    script["elsewhere"] = disbelieve
    assert refusal(lambda: opened.ended_elsewhere(PSC, "forged")).code == "authority.logout_token"
    assert len(opened.sessions) == 1


@pytest.mark.parametrize(("everywhere", "told"), [(True, "service.unreachable"), (False, None)])
def test_who_leaves_everywhere_hears_that_the_authority_did_not_confirm_it(
    host: Hosts, script: dict[str, Any], everywhere: bool, told: str | None
) -> None:
    opened = host()
    signed_in(opened, script, "Nadège")

    def unreachable(*_: object) -> None:
        raise ServiceError("service.unreachable")

    script["end"] = unreachable
    if told is None:
        opened.logout(everywhere=everywhere)
    else:
        assert refusal(lambda: opened.logout(everywhere=everywhere)).code == told
    assert opened.session is None
    assert [one.everywhere for one in script["let_go"]] == [everywhere]


@pytest.mark.req("SC.SSI/IE.39")
def test_a_session_that_nobody_uses_ends(host: Hosts, script: dict[str, Any]) -> None:
    clock = Clock()
    opened = host(clock=clock, sessions={"idle_minutes": 30})
    session = signed_in(opened, script, "Nadège").opened
    told = session_as_json(opened, session)["expires_at"]
    assert told == (clock.instant + timedelta(minutes=30)).isoformat()
    clock.instant += timedelta(minutes=29)
    opened.call("on_session_login", _login_event(opened))
    assert opened.session_until(session) == clock.instant + timedelta(minutes=30)
    clock.instant += timedelta(minutes=29)
    still = len(opened.sessions)
    # Looking at it is not using it.
    clock.instant += timedelta(minutes=1)
    assert (still, len(opened.sessions)) == (1, 0)
    assert [one.reason for one in script["let_go"]] == [SessionEnd.EXPIRED]


@pytest.mark.parametrize(("allowed_h", "hours"), [(None, 12), (4, 4), (48, 12)])
def test_no_session_lasts_longer_than_configured(
    host: Hosts, script: dict[str, Any], allowed_h: int | None, hours: int
) -> None:
    clock = Clock()
    opened = host(clock=clock, sessions={"idle_minutes": 1440, "max_hours": 12})
    more = {} if allowed_h is None else {"expires_at": clock.instant + timedelta(hours=allowed_h)}
    login = signed_in(opened, script, "Nadège", **more)
    assert login.opened.session.expires_at == (clock.instant + timedelta(hours=hours)).isoformat()
    clock.instant += timedelta(hours=hours)
    assert opened.sessions == ()


def test_a_session_whose_tokens_can_no_longer_be_renewed_ends(host: Hosts, script: dict[str, Any], issued: Any) -> None:
    clock = Clock()
    clock.instant = datetime.now(UTC)
    opened = host(clock=clock)
    tokens = issued("t0k")
    session = signed_in(opened, script, "Nadège", tokens=tokens).opened
    assert opened.session_until(session) == tokens.refresh_expires_at
    clock.instant += timedelta(minutes=31)
    assert opened.session is None


@pytest.mark.req("S000-87")
def test_somebody_signs_in_by_his_code_with_reduced_rights_that_are_said(host: Hosts, script: dict[str, Any]) -> None:
    opened = host()
    opened.operators.add("Nadège", Role.PREPARATEUR, PEOPLE["Nadège"], CODE)
    login = opened.login(LOCAL, operator="Nadège", asker=Answers(operator__code=CODE, session__acknowledge="oui"))
    actor, session = login.opened.actor, login.opened.session
    assert (actor.kind, actor.name, actor.rpps) == (ActorKind.OPERATOR, "Nadège", PEOPLE["Nadège"])
    assert session.means is LOCAL
    assert not session.rights & {"dmp.read", "mail.personal", "mail.organisation"}
    assert [one.code for one in login.notices] == ["session.local"]
    opened.logout()
    assert opened.session is None
    # No plugin authenticated him, and none is told to let go.
    assert script["let_go"] == []


@pytest.mark.parametrize(("operator", "code"), [("Nadège", "un-faux-code"), ("Personne", CODE)])
def test_a_wrong_code_opens_nothing(host: Hosts, script: dict[str, Any], operator: str, code: str) -> None:
    opened = host()
    opened.operators.add("Nadège", Role.PREPARATEUR, None, CODE)
    refused = refusal(lambda: opened.login(LOCAL, operator=operator, asker=Answers(operator__code=code)))
    assert refused.code == "operator.refused"
    assert opened.session is None


@pytest.mark.req("PD-07", "S000-90")
def test_one_person_has_one_account_whichever_means_he_signs_in_by(host: Hosts, script: dict[str, Any]) -> None:
    opened = host(sessions={"accounts": "host"}, asker=Answers(operator__code=CODE, session__acknowledge="oui"))
    account = opened.operators.add("Nadège", Role.TITULAIRE, PEOPLE["Nadège"], CODE)
    found = []
    for login in (opened.login(LOCAL, operator="Nadège"), None):
        operator = (login or signed_in(opened, script, "Nadège")).opened.operator
        assert operator is not None
        found.append(operator.id)
        opened.logout()
    assert found == [account.id] * 2
    assert refusal(lambda: signed_in(opened, script, "Ahmed")).code == "session.not_linked"
    assert opened.session is None


@pytest.mark.req("PD-06")
@pytest.mark.parametrize("accounts", ["host", "software"])
@pytest.mark.parametrize(("answer", "national"), [("oui", True), ("non", False)])
def test_no_national_call_for_who_did_not_acknowledge(
    host: Hosts, script: dict[str, Any], install: Callable[..., str], accounts: str, answer: str, national: bool
) -> None:
    calling = install(
        "calling",
        body="from segur_sdk.hooks.session_login import SessionContribution\n"
        "ctx.http('api')\n"
        "return SessionContribution()",
        tables=CALLING,
    )
    opened = host(
        beside={"calling": calling}, sessions={"accounts": accounts}, asker=Answers(session__acknowledge=answer)
    )
    if accounts == "host":
        opened.operators.add("Nadège", Role.TITULAIRE, PEOPLE["Nadège"])
    login = signed_in(opened, script, "Nadège")
    assert (NATIONAL in login.opened.session.rights) is national
    assert [one.code for one in login.notices] == ([] if national else ["session.not_acknowledged"])
    (called,) = (one for one in login.contributions.outcomes if one.plugin == "calling")
    assert called.error is not None
    # Who agreed gets as far as the network, for which this installation names no trust.
    assert called.error.code == ("config.trust_missing" if national else "session.not_acknowledged")


def _login_event(host: Host) -> Any:

    opened = host.session
    assert opened is not None
    return SessionLoginEvent(actor=opened.actor, session=opened.session)
