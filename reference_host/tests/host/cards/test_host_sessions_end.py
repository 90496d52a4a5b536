"""A session ends whatever happens, and plugins are told afterwards."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import Bench, code_of, eventually
from reference_host.tests.host.cards.signing_in import (
    CPS,
    HOSPITAL,
    OFFICINE,
    SERIAL,
    audited,
    ends,
    proven,
    signed_in,
)
from segur_host import AsyncHost, CheckedAsker, Host
from segur_host.config.model import HostConfig
from segur_sdk.errors import CardError, HostError
from segur_sdk.models.actor import SessionEnd
from segur_sdk.models.notice import Question
from segur_sdk.services.session_provider import Authenticated


@pytest.mark.req("SC.SSI/IE.38")
def test_whoever_signed_in_can_leave(host: Host, script: dict[str, Any]) -> None:
    opened = host.login(CPS).opened
    host.logout()
    assert host.session is None
    assert eventually(lambda: ends(script) == [SessionEnd.LOGOUT])
    [event] = script["ended"]
    assert (event.actor, event.session) == (opened.actor, opened.session)
    assert [(one.session_id, one.reason) for one in script["let_go"]] == [
        (opened.session.session_id, SessionEnd.LOGOUT)
    ]
    assert audited(host, "session.ended") == [{"reason": "logout"}]
    host.login(CPS)


def test_leaving_when_nobody_is_there_changes_nothing(host: Host, script: dict[str, Any]) -> None:
    host.logout()
    host.login(CPS)
    host.logout()
    host.logout()
    assert eventually(lambda: ends(script) == [SessionEnd.LOGOUT])
    assert len(script["let_go"]) == 1


@pytest.mark.req("CPS-06")
@pytest.mark.parametrize("again", [False, True], ids=["taken_out", "another_card"])
def test_the_removal_of_its_card_ends_a_session(
    again: bool, with_card: Host, bench: Bench, script: dict[str, Any]
) -> None:
    opened = with_card.login(CPS).opened
    assert opened.presence is not None
    assert opened.presence.slot == "one"
    (bench.put if again else bench.take)("one")
    assert eventually(lambda: with_card.session is None)
    assert eventually(lambda: ends(script) == [SessionEnd.CARD_REMOVED])
    assert eventually(lambda: [one.reason for one in script["let_go"]] == [SessionEnd.CARD_REMOVED])
    assert audited(with_card, "session.ended") == [{"reason": "card_removed"}]


def test_cards_of_other_slots_come_and_go_without_harm(with_card: Host, bench: Bench, script: dict[str, Any]) -> None:
    told: list[str] = []
    with_card.watch_cards(lambda event: told.append(event.presence.slot))
    opened = with_card.login(CPS).opened
    bench.put("two")
    assert eventually(lambda: told == ["two"])
    bench.take("two")
    assert eventually(lambda: told == ["two", "two"])
    assert with_card.session == opened
    assert script["ended"] == []


def test_a_session_by_no_card_outlives_every_card(with_card: Host, bench: Bench, script: dict[str, Any]) -> None:
    told: list[str] = []
    with_card.watch_cards(lambda event: told.append(event.presence.slot))
    script["start"] = lambda *_: proven(slot="a reader that only the token module knows")
    opened = with_card.login(CPS).opened
    assert opened.presence is None
    bench.take("one")
    assert eventually(lambda: told == ["one"])
    assert with_card.session == opened


@pytest.mark.req("CPS-06")
@pytest.mark.parametrize(
    ("again", "code"), [(False, "card.absent"), (True, "card.swapped")], ids=["taken_out", "another_card"]
)
def test_a_card_that_goes_between_proof_and_opening_opens_nothing(
    again: bool, code: str, with_card: Host, bench: Bench, script: dict[str, Any]
) -> None:
    def start(*_: object) -> Authenticated:
        (bench.put if again else bench.take)("one")
        return proven(slot="one")

    script["start"] = start
    assert code_of(lambda: with_card.login(CPS)) == code
    assert with_card.session is None
    assert audited(with_card, "session.opened") == []


@pytest.mark.req("CPS-06")
def test_a_card_that_goes_while_the_situation_is_asked_ends_the_session_at_once(
    with_card: Host, bench: Bench, script: dict[str, Any]
) -> None:
    def pull(question: Question) -> str:
        bench.take("one")
        return question.choices[0].value

    script["start"] = lambda *_: proven(slot="one", exercices=(OFFICINE, HOSPITAL))
    assert code_of(lambda: with_card.login(CPS, asker=CheckedAsker(pull))) == "card.removed"
    assert with_card.session is None
    assert eventually(lambda: ends(script) == [SessionEnd.CARD_REMOVED])


def test_a_session_ends_when_its_time_is_over(
    host: Host, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    script["start"] = lambda *_: proven(expires_at=until)
    login = host.login(CPS)
    assert signed_in(host) == login.opened
    monkeypatch.setattr(host._clock, "now", lambda: until)
    assert signed_in(host) is None
    assert eventually(lambda: ends(script) == [SessionEnd.EXPIRED])
    script["start"] = lambda *_: proven()
    host.login(CPS)


def test_the_end_of_the_host_ends_its_session(host: Host, script: dict[str, Any]) -> None:
    host.login(CPS)
    host.close()
    assert ends(script) == [SessionEnd.HOST_STOPPED]
    assert [one.reason for one in script["let_go"]] == [SessionEnd.HOST_STOPPED]


def test_a_session_that_ended_leaves_nothing_to_end_for_the_next_start(
    host: Host, script: dict[str, Any], signing: dict[str, Any], open_host: Callable[..., Host], tmp_path: Path
) -> None:
    host.login(CPS)
    host.logout()
    host.close()
    assert list((tmp_path / "data").glob("*.run")) == []
    again = open_host(signing)
    assert audited(again, "session.ended") == [{"reason": "logout"}]
    assert ends(script) == [SessionEnd.LOGOUT]


def test_a_provider_that_cannot_let_go_does_not_keep_a_session(host: Host, script: dict[str, Any]) -> None:
    def fails(*_: object) -> None:
        raise CardError("token.absent")

    script["end"] = fails
    host.login(CPS)
    host.logout()
    assert host.session is None
    assert eventually(lambda: ends(script) == [SessionEnd.LOGOUT])


def test_the_end_is_the_end_even_if_it_cannot_be_noted(
    host: Host, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    host.login(CPS)

    def full(*_: object) -> None:
        raise HostError("storage.full")

    with monkeypatch.context() as patch:
        patch.setattr(host._sessions._records._table, "end", full)
        assert code_of(host.logout) == "storage.full"
    assert host.session is None
    assert [one.reason for one in script["let_go"]] == [SessionEnd.LOGOUT]


def test_the_same_from_an_event_loop(
    bench: Bench,
    devices: dict[str, Any],
    script: dict[str, Any],
    signing: dict[str, Any],
    make_config: Callable[..., HostConfig],
) -> None:
    bench.put("one")
    bench.change(tokens=[{"token": "t", "label": "CPS3v3-1", "serial": SERIAL, "slot": "one"}])
    script["start"] = lambda *_: proven(slot="one")

    async def morning() -> None:
        async with await AsyncHost.start(make_config(signing | devices)) as host:
            told: list[str] = []
            end = host.watch_cards(lambda event: told.append(str(event.change)))
            assert [state.serial for state in await host.tokens()] == [SERIAL]
            login = await host.login(CPS, slot="one")
            assert signed_in(host) == login.opened
            await host.logout()
            assert signed_in(host) is None
            bench.take("one")
            assert await asyncio.to_thread(eventually, lambda: told == ["removed"])
            end()

    asyncio.run(morning())
    assert ends(script) == [SessionEnd.LOGOUT]
