"""Tokens of a session: given by its provider, kept by the host alone, given back at its end."""

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from segur_host import Host
from segur_host.broker.keys import KeyRing
from segur_host.crash import describe
from segur_host.dispatch.outcome import HookResult
from segur_host.storage.database import Database
from segur_sdk.context import HookContext
from segur_sdk.errors import SegurError, ServiceError
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent
from segur_sdk.models.actor import SessionEnd, SessionMeans
from segur_sdk.models.session_tokens import SessionTokens
from segur_sdk.services.session_provider import Authenticated, SessionToRenew

PSC = SessionMeans.PSC
Hosts = Callable[..., Host]
Script = dict[str, Any]
Proven = Callable[..., Authenticated]
Issued = Callable[..., SessionTokens]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens by which services would be asked: no connection is opened."""
    tokens: list[str] = []

    def request(client: Any, *_: object, **__: object) -> None:
        tokens.append(client._credentials())

    monkeypatch.setattr("segur_host.broker.http.BoundClient.request", request)
    monkeypatch.setattr(KeyRing, "ssl_context", lambda *_: None)
    return tokens


def use(ctx: HookContext) -> Iterator[str]:
    """Call a service in the name of the session, and tell how that failed."""
    try:
        ctx.http("api").request("GET")
    except SegurError as failure:
        yield failure.code


def told(host: Host) -> tuple[str, ...]:
    """Call a service in the name of the session that is open; return the error."""
    assert host.session is not None
    event = SessionLoginEvent(actor=host.session.actor, session=host.session.session)
    return codes(host.call("on_session_login", event))


def codes(result: HookResult) -> tuple[str, ...]:
    [outcome] = result.outcomes
    assert isinstance(outcome.value, SessionContribution), outcome.error
    return outcome.value.mailboxes


@pytest.mark.parametrize("last", [False, True], ids=["logout", "close"])
def test_the_provider_gets_back_what_it_gave(last: bool, host: Hosts, script: Script, proven: Proven) -> None:
    script["start"] = lambda *_: proven("gold")
    opened = host()
    opened.login(PSC)
    (opened.close if last else opened.logout)()
    [request] = script["let_go"]
    assert request.reason is (SessionEnd.HOST_STOPPED if last else SessionEnd.LOGOUT)
    assert request.tokens is not None
    assert request.tokens.id_token.get_secret_value() == "gold-id"


def test_a_service_is_called_with_the_token_of_the_session(
    host: Hosts, script: Script, proven: Proven, asked: list[str]
) -> None:
    script |= {"start": lambda *_: proven("gold"), "use": use}
    opened = host()
    opened.login(PSC)
    assert asked == ["Bearer gold-access"]


def test_a_token_about_to_end_is_renewed_by_its_provider_before_use(
    host: Hosts, script: Script, proven: Proven, issued: Issued, asked: list[str]
) -> None:
    given: list[SessionToRenew] = []

    def renew(request: SessionToRenew, ctx: HookContext) -> SessionTokens:
        given.append(request)
        assert ctx.session is None
        assert list(use(ctx)) == ["service.session_needed"]
        return issued("fresh")

    script |= {"start": lambda *_: proven("old", lasts=-1), "use": use, "renew": renew}
    opened = host()
    session = opened.login(PSC).opened.session
    assert told(opened) == ()
    assert asked == ["Bearer fresh-access"] * 2
    assert [one.session_id for one in given] == [session.session_id]
    refresh = given[0].tokens.refresh_token
    assert refresh is not None
    assert refresh.get_secret_value() == "old-refresh"
    assert "service.renew_session" in [one.event for one in opened.audit.records()]


def test_a_renewal_refused_for_good_ends_the_session(
    host: Hosts, script: Script, proven: Proven, asked: list[str]
) -> None:
    def renew(*_: object) -> SessionTokens:
        raise ServiceError("authority.session_over")

    script |= {"start": lambda *_: proven("old", lasts=-1), "use": use, "renew": renew}
    opened = host()
    assert codes(opened.login(PSC).contributions) == ("authority.session_over",)
    assert opened.session is None
    [request] = script["let_go"]
    assert request.reason is SessionEnd.REFUSED
    assert asked == []


def test_an_authority_that_is_down_ends_nothing(host: Hosts, script: Script, proven: Proven, asked: list[str]) -> None:
    def renew(*_: object) -> SessionTokens:
        raise ServiceError("service.unreachable", retryable=True)

    script |= {"start": lambda *_: proven("old", lasts=-1), "use": use, "renew": renew}
    opened = host()
    opened.login(PSC)
    assert told(opened) == ("service.unreachable",)
    assert opened.session is not None


def test_a_session_without_tokens_calls_nothing_that_needs_one(host: Hosts, script: Script, asked: list[str]) -> None:
    script |= {"start": lambda *_: Authenticated(name="Nadège Test"), "use": use}
    opened = host()
    opened.login(PSC)
    assert told(opened) == ("service.session_needed",)
    opened.logout()
    assert script["let_go"][0].tokens is None


def rendered(canary: str) -> set[bytes]:
    """Return the forms in which a token could be found again."""
    raw = canary.encode()
    return {raw, raw.hex().encode(), raw.upper(), base64.b64encode(raw), quote(canary, safe="").encode()}


def contents(host: Host) -> bytes:
    """Return every row of the host's database, in clear."""
    with Database(host.config.data, host.config.tenant) as database, database.reading() as connection:
        tables = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        rows = [connection.execute(sa.text(f'SELECT * FROM "{table}"')).all() for table in tables]
    assert len(tables) > 3
    return repr(rows).encode()


def test_no_token_is_found_anywhere(
    host: Hosts,
    script: Script,
    proven: Proven,
    issued: Issued,
    asked: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    crashes: list[str] = []

    def renew(request: SessionToRenew, ctx: HookContext) -> SessionTokens:
        ctx.audit.note("renewing", token=str(request.tokens.access_token))
        try:
            raise LookupError(request.tokens.access_token.get_secret_value())
        except LookupError as failure:
            crashes.append(str(describe(failure)))
        return issued("canary-second")

    def use_and_fail(ctx: HookContext) -> None:
        ctx.http("api").request("GET")
        raise ValueError(asked[-1])

    script |= {"start": lambda *_: proven("canary-first", lasts=-1), "renew": renew, "use": use_and_fail}
    opened = host()
    login = opened.login(PSC)
    assert asked == ["Bearer canary-second-access"]
    shown = repr((opened, login, vars(opened), opened.session)) + repr(login.contributions.outcomes) + str(crashes)
    shown += repr([vars(one) for one in vars(opened).values() if hasattr(one, "__dict__")])
    opened.logout()
    outside = capfd.readouterr()
    places = [shown.encode(), contents(opened), caplog.text.encode(), outside.out.encode(), outside.err.encode()]
    places += [file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file()]
    for mark in ("canary-first", "canary-second"):
        for kind in ("access", "refresh", "id"):
            for form in rendered(f"{mark}-{kind}"):
                assert not any(form in place for place in places), form
