"""Signing in through the browser: what is asked, what comes back, and whom it brings."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from plugins.psc.tests.made_provider import ABSENT, CLIENT, ISSUER, KIT, NOW, REDIRECT, json_reply, refusal
from segur_sdk.context import HttpReply
from segur_sdk.errors import ConfigError, HostError, InputError, SegurError, ServiceError


@pytest.mark.req("S000-83", "EX PSC 19")
def test_professional_is_the_one_that_the_authority_names(bench: Any) -> None:
    who = bench.sign_in()
    assert (who.name, who.rpps, who.national_id, who.profession) == ("KIT DOC0036624", "99700366240", KIT, "10")
    assert who.authority_session == "sid-1"
    assert who.expires_at == NOW - timedelta(seconds=2) + timedelta(hours=4)
    assert who.tokens.access_token.get_secret_value() == bench.provider.access_token()
    assert who.tokens.access_expires_at == NOW + timedelta(seconds=120)
    assert who.tokens.refresh_token.get_secret_value() == "jeton-renouvellement-1"
    assert who.tokens.refresh_expires_at == NOW + timedelta(minutes=30)
    assert who.tokens.id_token is not None
    assert (who.slot, who.token_serial) == (None, None)


@pytest.mark.req("SC.PSC.01", "SC.PSC.08", "EX PSC 16")
def test_request_asks_for_a_code_of_level_eidas1(bench: Any) -> None:
    bench.sign_in()
    (asked,) = bench.provider.asked
    fixed = {name: asked.pop(name) for name in list(asked) if name not in {"state", "nonce", "code_challenge"}}
    assert fixed == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": REDIRECT,
        "scope": "openid scope_all",
        "acr_values": "eidas1",
        "code_challenge_method": "S256",
    }
    assert all(len(value) == 43 for value in asked.values())


def test_what_is_drawn_for_a_login_never_serves_again(bench: Any) -> None:
    for _ in range(20):
        bench.sign_in()
    drawn = [one[name] for one in bench.provider.asked for name in ("state", "nonce", "code_challenge")]
    verifiers = [one.form["code_verifier"] for one in bench.provider.to("token_endpoint")]
    assert len(set(drawn + verifiers)) == 80


def test_hint_of_the_structure_s_own_identity_provider_is_sent_when_set(bench: Any) -> None:
    bench.set(identity_provider="OKTA_chu")
    bench.sign_in()
    assert bench.provider.asked[0]["kc_idp_hint"] == "OKTA_chu"


def test_code_is_exchanged_once_by_the_software_itself(bench: Any) -> None:
    bench.sign_in()
    (sent,) = bench.provider.to("token_endpoint")
    assert sent.form["grant_type"] == "authorization_code"
    assert sent.form["redirect_uri"] == REDIRECT
    assert bench.ctx.questions == bench.ctx.shown == bench.ctx.waits == []


def test_host_is_told_which_answer_is_awaited(bench: Any) -> None:
    bench.sign_in()
    assert [one.awaited for one in bench.ctx.visits] == [bench.provider.asked[0]["state"]]


CALLBACKS = [
    pytest.param({"state": ABSENT}, InputError, "psc.state", id="no state"),
    pytest.param({"state": ""}, InputError, "psc.state", id="empty state"),
    pytest.param({"state": "x" * 43}, InputError, "psc.state", id="other state"),
    pytest.param({"state": "é" * 43}, InputError, "psc.state", id="state that is no ASCII"),
    pytest.param({"iss": "https://autre.test/auth"}, ServiceError, "psc.issuer", id="other issuer"),
    pytest.param({"iss": ISSUER + "/"}, ServiceError, "psc.issuer", id="issuer and a slash"),
    pytest.param({"iss": ABSENT}, ServiceError, "psc.issuer", id="no issuer though it was announced"),
    pytest.param({"code": ABSENT}, InputError, "psc.callback", id="no code"),
    pytest.param({"code": ""}, InputError, "psc.callback", id="empty code"),
    pytest.param({"code": "c\n"}, InputError, "psc.callback", id="code with a line feed"),
    pytest.param({"error": "access_denied"}, InputError, "psc.callback", id="code and error"),
    pytest.param({"code": ABSENT, "error": "access_denied"}, ServiceError, "psc.refused", id="refused"),
    pytest.param({"code": ABSENT, "error": "server_error"}, ServiceError, "psc.unavailable", id="server error"),
    pytest.param(
        {"code": ABSENT, "error": "temporarily_unavailable"}, ServiceError, "psc.unavailable", id="unavailable"
    ),
    pytest.param({"code": ABSENT, "error": "unauthorized_client"}, ConfigError, "psc.client_refused", id="client"),
    pytest.param({"code": ABSENT, "error": "invalid_scope"}, ServiceError, "psc.fault", id="scope"),
    pytest.param({"code": ABSENT, "error": "n'importe quoi"}, ServiceError, "psc.fault", id="unknown error"),
    pytest.param({"code": ABSENT, "error": "access_denied", "state": "x"}, InputError, "psc.state", id="forged error"),
]


@pytest.mark.parametrize(("changes", "kind", "code"), CALLBACKS)
def test_answer_of_the_browser_is_judged_before_anything_is_asked(
    bench: Any, changes: dict[str, Any], kind: type[Exception], code: str
) -> None:
    bench.provider.callback = changes
    failure = bench.refusal()
    assert (type(failure), failure.code) == (kind, code)
    assert bench.provider.to("token_endpoint") == []
    bench.provider.callback = {}
    assert bench.sign_in().national_id == KIT


@pytest.mark.parametrize("name", ["state", "code", "iss", "inconnu"])
def test_parameter_that_comes_twice_is_refused(bench: Any, name: str) -> None:
    bench.provider.callback = {"inconnu": "1"}
    bench.sign_in()
    visit = bench.provider.visit

    def doubled(path: str) -> str:
        return f"{visit(path)}&{urlencode({name: 'x'})}"

    bench.ctx.provider = _With(bench.provider, doubled)
    failure = bench.refusal()
    assert (failure.code, failure.facts["reason"]) == ("psc.callback", "twice")


class _With:
    """An authority with another page."""

    def __init__(self, provider: Any, visit: Any) -> None:
        self._provider, self.visit = provider, visit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        pytest.param("x=" + "a" * 1_048_576, "too_long", id="1 MB"),
        pytest.param("&".join(f"p{number}=1" for number in range(21)), "too_long", id="many"),
        pytest.param("state", "form", id="no equals sign"),
        pytest.param("=x", "form", id="no name"),
        pytest.param("a=1&&b=2", "form", id="empty parameter"),
        pytest.param("state=%", "form", id="cut percent"),
        pytest.param("state=%zz", "form", id="no hexadecimal"),
        pytest.param("state=%ff", "form", id="no UTF-8"),
        pytest.param("state=a b", "form", id="space"),
        pytest.param("state=a\r\nx", "form", id="line feed"),
    ],
)
def test_query_that_is_none_is_refused(bench: Any, query: str, reason: str) -> None:
    bench.provider.raw_callback = query
    failure = bench.refusal()
    assert (failure.code, failure.facts) == ("psc.callback", {"reason": reason})


def test_answer_to_an_earlier_login_is_refused(bench: Any) -> None:
    bench.sign_in()
    earlier = bench.provider.asked[0]
    bench.provider.raw_callback = urlencode({"state": earlier["state"], "code": "code-2", "iss": ISSUER})
    assert bench.refusal().code == "psc.state"


def test_code_that_served_already_is_refused(bench: Any) -> None:
    bench.sign_in()
    (first,) = bench.provider.to("token_endpoint")
    bench.provider.callback = {"code": first.form["code"]}
    failure = bench.refusal()
    assert (type(failure), failure.code) == (ServiceError, "psc.grant_refused")


def test_code_of_another_login_is_refused(bench: Any) -> None:
    """PKCE ties the code to the software that asked; were it not there, the nonce would."""
    bench.ctx.provider.callback = {"code": ABSENT, "error": "access_denied"}
    bench.refusal()
    (stolen,) = bench.provider.codes
    bench.provider.callback = {"code": stolen}
    assert bench.refusal().code == "psc.grant_refused"


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        pytest.param(refusal("invalid_client", 401), ConfigError, "psc.client_refused", id="client"),
        pytest.param(HttpReply(status=401, headers={}, body=b""), ConfigError, "psc.client_refused", id="bare 401"),
        pytest.param(refusal("invalid_grant"), ServiceError, "psc.grant_refused", id="grant"),
        pytest.param(refusal("invalid_request"), ServiceError, "psc.fault", id="request"),
        pytest.param(refusal("server_error", 500), ServiceError, "psc.unavailable", id="500"),
        pytest.param(HttpReply(status=503, headers={}, body=b"<html>"), ServiceError, "psc.unavailable", id="503"),
        pytest.param(HttpReply(status=429, headers={}, body=b""), ServiceError, "psc.unavailable", id="429"),
        pytest.param(
            HttpReply(status=302, headers={"location": "x"}, body=b""), ServiceError, "psc.unavailable", id="302"
        ),
        pytest.param(json_reply([]), ServiceError, "psc.answer_unreadable", id="no object"),
        pytest.param(json_reply({}, media_type="text/html"), ServiceError, "psc.answer_unreadable", id="no JSON"),
        pytest.param(ServiceError("service.timed_out", retryable=True), ServiceError, "psc.unavailable", id="time"),
        pytest.param(ServiceError("service.answer_lost"), ServiceError, "psc.unavailable", id="lost"),
        pytest.param(
            ServiceError("service.server_certificate"), ServiceError, "service.server_certificate", id="certificate"
        ),
    ],
)
def test_refusal_at_the_token_endpoint_names_its_cause(
    bench: Any, reply: Any, kind: type[Exception], code: str
) -> None:
    bench.provider.on("token_endpoint", reply)
    failure = bench.refusal()
    assert (type(failure), failure.code) == (kind, code)
    assert failure.retryable == (code in {"psc.unavailable", "psc.answer_unreadable"})
    assert len(bench.provider.to("token_endpoint")) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"token_type": "mac"}, "token_type"),
        ({"token_type": ABSENT}, "token_type"),
        ({"access_token": ABSENT}, "access_token"),
        ({"access_token": ""}, "access_token"),
        ({"access_token": "a b"}, "access_token"),
        ({"access_token": "a" * 16_385}, "access_token"),
        ({"refresh_token": 1}, "refresh_token"),
        ({"id_token": ["x"]}, "id_token"),
        ({"expires_in": ABSENT}, "expires_in"),
        ({"expires_in": "120"}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": -1}, "expires_in"),
        ({"expires_in": 10**12}, "expires_in"),
        ({"refresh_expires_in": "1800"}, "refresh_expires_in"),
    ],
    ids=str,
)
def test_grant_that_is_not_one_is_refused(bench: Any, changes: dict[str, Any], reason: str) -> None:
    bench.provider.answer = changes
    failure = bench.refusal()
    assert (failure.code, failure.facts["reason"]) == ("psc.answer_unreadable", reason)


def test_grant_without_refresh_token_is_one(bench: Any) -> None:
    bench.provider.answer = {"refresh_token": ABSENT, "refresh_expires_in": ABSENT, "token_type": "bearer"}
    tokens = bench.sign_in().tokens
    assert (tokens.refresh_token, tokens.refresh_expires_at) == (None, None)


@pytest.mark.parametrize("told", [ABSENT, 0])
def test_refresh_token_without_end_lasts_as_the_settings_say(bench: Any, told: Any) -> None:
    bench.set(session_idle_s=600)
    bench.provider.answer = {"refresh_expires_in": told}
    assert bench.sign_in().tokens.refresh_expires_at == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("auth_time", "end"),
    [
        pytest.param(ABSENT, timedelta(hours=4), id="not told"),
        pytest.param(-3600, timedelta(hours=3), id="an hour ago, in another software"),
        pytest.param(-4 * 3600, timedelta(hours=4), id="too long ago to be true"),
        pytest.param(30, timedelta(hours=4), id="clocks differ"),
    ],
)
def test_session_ends_when_the_authority_s_does(bench: Any, auth_time: Any, end: timedelta) -> None:
    told = auth_time if auth_time is ABSENT else int(NOW.timestamp()) + auth_time
    bench.provider.claims = {"auth_time": told}
    assert bench.sign_in().expires_at == NOW + end


@pytest.mark.parametrize(
    "failure",
    [
        InputError("input.no_answer"),
        InputError("input.cancelled"),
        HostError("browser.unavailable"),
        HostError("browser.port_in_use"),
    ],
    ids=str,
)
def test_browser_that_brings_nothing_ends_the_login(bench: Any, failure: SegurError) -> None:
    bench.ctx.gives_up = failure
    assert bench.refusal() is failure
    assert bench.provider.to("token_endpoint") == []


def test_somebody_else_than_the_one_who_was_meant_is_refused(bench: Any) -> None:
    for meant in (KIT, KIT[1:]):
        assert bench.sign_in(national_id=meant).national_id == KIT
    assert bench.refusal(national_id="899700427885").code == "psc.other_person"
    assert bench.refusal(national_id="99700366241").code == "psc.national_id"


def test_grant_without_id_token_proves_nobody(bench: Any) -> None:
    bench.provider.answer = {"id_token": ABSENT}
    failure = bench.refusal()
    assert (failure.code, failure.facts) == ("psc.id_token", {"reason": "missing"})
