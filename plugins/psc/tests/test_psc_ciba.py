"""Signing in on the professional's own device: what is asked, what is shown, and how long it is waited for."""

from datetime import timedelta
from typing import Any

import pytest

from plugins.psc.tests.made_provider import CLIENT, KIT, NOW, SUB, json_reply, refusal
from segur_sdk.context import HttpReply
from segur_sdk.errors import ConfigError, InputError, ServiceError

PENDING = refusal("authorization_pending")
SLOW = refusal("slow_down")


def sent_form(bench: Any) -> dict[str, str]:
    (sent,) = bench.provider.to("backchannel_authentication_endpoint")
    form: dict[str, str] = sent.form
    return form


def started(expires_in: Any = 120, **changes: Any) -> HttpReply:
    return json_reply({"auth_req_id": "demande-1", "expires_in": expires_in, "interval": 5, **changes})


@pytest.mark.req("SC.PSC.01", "SC.PSC.08", "S000-82")
def test_request_bears_the_five_parameters_of_pro_sante_connect(bench: Any) -> None:
    who = bench.sign_in(flow="ciba", national_id=KIT, device="CARD")
    assert (who.national_id, who.rpps) == (KIT, "99700366240")
    form = sent_form(bench)
    message = form.pop("binding_message")
    assert len(message) == 2
    assert message.isascii()
    assert message.isdigit()
    assert form == {
        "scope": "openid scope_all",
        "acr_values": "eidas1",
        "login_hint": KIT,
        "channel": "CARD",
        "client_id": CLIENT,
    }
    assert bench.provider.asked == bench.ctx.visits == []
    (poll,) = bench.provider.to("token_endpoint")
    assert poll.form == {
        "grant_type": "urn:openid:params:grant-type:ciba",
        "auth_req_id": "demande-1",
        "client_id": CLIENT,
    }


@pytest.mark.parametrize(
    ("settings", "request_", "channel", "words"),
    [
        ({}, {}, "MOBILE", "e-CPS"),
        ({"device": "CARD"}, {}, "CARD", "lecteur"),
        ({"device": "CARD"}, {"device": "MOBILE"}, "MOBILE", "e-CPS"),
    ],
)
def test_device_is_the_one_asked_for_or_that_of_the_settings(
    bench: Any, settings: dict[str, str], request_: dict[str, str], channel: str, words: str
) -> None:
    bench.set(flow="ciba", **settings)
    bench.sign_in(national_id=KIT, **request_)
    assert sent_form(bench)["channel"] == channel
    assert words in bench.ctx.shown[0].action


def test_number_to_compare_is_shown_before_anybody_is_waited_for(bench: Any) -> None:
    shown_first = []
    bench.ctx.while_waiting = lambda: shown_first.append(len(bench.ctx.shown))
    bench.sign_in(flow="ciba", national_id=KIT)
    (notice,) = bench.ctx.shown
    assert notice.code == "psc.binding_message"
    assert f" {sent_form(bench)['binding_message']}." in notice.text
    assert shown_first == [1]


def test_numbers_to_compare_are_drawn(bench: Any) -> None:
    for _ in range(60):
        bench.sign_in(flow="ciba", national_id=KIT)
    sent = bench.provider.to("backchannel_authentication_endpoint")
    assert len({one.form["binding_message"] for one in sent}) > 20


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("99700366240", KIT),
        (f" {KIT} ", KIT),
    ],
)
def test_identifier_is_asked_when_it_is_not_known(bench: Any, typed: str, hint: str) -> None:
    bench.ctx.typed = typed
    bench.sign_in(flow="ciba")
    assert [one.code for one in bench.ctx.questions] == ["psc.national_id"]
    assert sent_form(bench)["login_hint"] == hint


def test_one_person_is_asked_once_at_a_time(bench: Any) -> None:
    refused = []

    def again() -> None:
        bench.ctx.while_waiting = lambda: None
        refused.append(bench.refusal(flow="ciba", national_id="99700366240").code)

    bench.ctx.while_waiting = again
    bench.sign_in(flow="ciba", national_id=KIT)
    assert refused == ["session.signing_in"]
    assert len(bench.provider.to("backchannel_authentication_endpoint")) == 1


@pytest.mark.parametrize("last_word", [refusal("access_denied"), refusal("expired_token")], ids=["refused", "expired"])
def test_who_was_asked_in_vain_can_be_asked_again(bench: Any, last_word: HttpReply) -> None:
    bench.provider.on("token_endpoint", last_word)
    bench.refusal(flow="ciba", national_id=KIT)
    assert bench.sign_in(flow="ciba", national_id=KIT).national_id == KIT


@pytest.mark.parametrize("typed", ["99700366241", "8123", "é", "8 99700366240", "0123", "-1"])
def test_identifier_that_is_none_goes_nowhere(bench: Any, typed: str) -> None:
    bench.ctx.typed = typed
    failure = bench.refusal(flow="ciba")
    assert (type(failure), failure.code, dict(failure.facts)) == (InputError, "psc.national_id", {})
    assert bench.provider.to("backchannel_authentication_endpoint") == []


@pytest.mark.parametrize("hint", ["500000001815646/CPAT00045", "ANS20231122132732"])
def test_somebody_without_rpps_signs_in_by_his_own_identifier(bench: Any, hint: str) -> None:
    bench.provider.userinfo["SubjectNameID"] = hint
    bench.provider.claims = {"SubjectNameID": hint}
    who = bench.sign_in(flow="ciba", national_id=hint)
    assert sent_form(bench)["login_hint"] == hint
    assert (who.national_id, who.rpps) == (hint, None)


def test_somebody_else_s_device_does_not_answer_for_him(bench: Any) -> None:
    assert bench.refusal(flow="ciba", national_id="899700427885").code == "psc.other_person"


def test_polls_keep_the_interval_and_slow_down_when_told(bench: Any) -> None:
    bench.provider.on("backchannel_authentication_endpoint", started(interval=2))
    bench.provider.on("token_endpoint", PENDING, SLOW, PENDING, SLOW, PENDING)
    bench.sign_in(flow="ciba", national_id=KIT)
    assert bench.ctx.waits == [2, 2, 7, 7, 12, 12]
    assert len(bench.provider.to("token_endpoint")) == 6


def test_interval_that_is_not_told_is_that_of_the_standard(bench: Any) -> None:
    bench.provider.on("backchannel_authentication_endpoint", json_reply({"auth_req_id": "x", "expires_in": 60}))
    bench.provider.on("token_endpoint", PENDING)
    bench.sign_in(flow="ciba", national_id=KIT)
    assert bench.ctx.waits == [5, 5]


def test_nobody_is_waited_for_beyond_the_end(bench: Any) -> None:
    bench.provider.on("backchannel_authentication_endpoint", started(12))
    bench.provider.on("token_endpoint", *[PENDING] * 9)
    failure = bench.refusal(flow="ciba", national_id=KIT)
    assert (type(failure), failure.code) == (ServiceError, "psc.expired")
    assert bench.ctx.waits == [5, 5, 2]
    assert len(bench.provider.to("token_endpoint")) == 2


def test_authority_that_never_ends_is_not_waited_for_for_ever(bench: Any) -> None:
    bench.provider.on("backchannel_authentication_endpoint", started(86_400, interval=60))
    bench.provider.on("token_endpoint", *[PENDING] * 30)
    assert bench.refusal(flow="ciba", national_id=KIT).code == "psc.expired"
    assert sum(bench.ctx.waits) == 600


def test_clock_that_is_set_back_does_not_lengthen_the_wait(bench: Any) -> None:
    def back() -> None:
        bench.ctx.clock.moment = NOW - timedelta(days=1)

    bench.ctx.while_waiting = back
    bench.provider.on("backchannel_authentication_endpoint", started(20))
    bench.provider.on("token_endpoint", *[PENDING] * 9)
    assert bench.refusal(flow="ciba", national_id=KIT).code == "psc.expired"
    assert sum(bench.ctx.waits) == 20


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        pytest.param(refusal("access_denied"), ServiceError, "psc.refused", id="refused"),
        pytest.param(refusal("access_denied", 403), ServiceError, "psc.refused", id="refused, 403"),
        pytest.param(refusal("expired_token"), ServiceError, "psc.expired", id="expired"),
        pytest.param(
            refusal("invalid_grant", 400, "Invalid Auth Req ID"), ServiceError, "psc.grant_refused", id="gone"
        ),
        pytest.param(refusal("invalid_client", 401), ConfigError, "psc.client_refused", id="client"),
        pytest.param(refusal("unknown", 400), ServiceError, "psc.fault", id="other"),
        pytest.param(HttpReply(status=502, headers={}, body=b""), ServiceError, "psc.unavailable", id="502"),
        pytest.param(HttpReply(status=504, headers={}, body=b""), ServiceError, "psc.unavailable", id="504"),
        pytest.param(HttpReply(status=400, headers={}, body=b""), ServiceError, "psc.unavailable", id="no body"),
    ],
)
def test_nothing_is_asked_after_the_last_word(bench: Any, reply: HttpReply, kind: type[Exception], code: str) -> None:
    bench.provider.on("token_endpoint", PENDING, reply, PENDING)
    failure = bench.refusal(flow="ciba", national_id=KIT)
    assert (type(failure), failure.code) == (kind, code)
    assert len(bench.provider.to("token_endpoint")) == 2
    assert len(bench.ctx.waits) == 2


@pytest.mark.req("R16")
@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        pytest.param(refusal("unknown_user_id"), InputError, "psc.unknown_person", id="standard"),
        pytest.param(refusal("invalid_user"), InputError, "psc.unknown_person", id="short"),
        pytest.param(refusal("invalid_request", 400, "invalid_user"), InputError, "psc.unknown_person", id="Keycloak"),
        pytest.param(refusal("invalid_request"), ServiceError, "psc.fault", id="other request"),
        pytest.param(refusal("invalid_binding_message"), ServiceError, "psc.fault", id="message"),
        pytest.param(refusal("invalid_scope"), ServiceError, "psc.fault", id="scope"),
        pytest.param(refusal("access_denied", 403), ServiceError, "psc.refused", id="denied"),
        pytest.param(
            refusal("invalid_grant", 401, "Client not allowed OIDC CIBA Grant"),
            ConfigError,
            "psc.client_refused",
            id="way that is not open",
        ),
        pytest.param(refusal("unauthorized_client"), ConfigError, "psc.client_refused", id="standard, not open"),
        pytest.param(refusal("invalid_client", 401), ConfigError, "psc.client_refused", id="client"),
        pytest.param(refusal("server_error", 503), ServiceError, "psc.unavailable", id="channel"),
    ],
)
def test_refusal_of_the_request_names_its_cause_in_both_dialects(
    bench: Any, reply: HttpReply, kind: type[Exception], code: str
) -> None:
    bench.provider.on("backchannel_authentication_endpoint", reply)
    failure = bench.refusal(flow="ciba", national_id=KIT)
    assert (type(failure), failure.code) == (kind, code)
    assert bench.ctx.shown == bench.ctx.waits == bench.provider.to("token_endpoint") == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"auth_req_id": None}, "auth_req_id"),
        ({"auth_req_id": "a b"}, "auth_req_id"),
        ({"auth_req_id": ""}, "auth_req_id"),
        ({"expires_in": "120"}, "expires_in"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": None}, "expires_in"),
        ({"interval": 0}, "interval"),
        ({"interval": -5}, "interval"),
        ({"interval": 61}, "interval"),
        ({"interval": 0.5}, "interval"),
    ],
    ids=str,
)
def test_answer_to_the_request_that_is_none_is_refused(bench: Any, changes: dict[str, Any], reason: str) -> None:
    bench.provider.on("backchannel_authentication_endpoint", started(**changes))
    failure = bench.refusal(flow="ciba", national_id=KIT)
    assert (failure.code, failure.facts["reason"]) == ("psc.answer_unreadable", reason)
    assert bench.ctx.waits == []


def test_who_gives_up_is_waited_for_no_more(bench: Any) -> None:
    bench.ctx.gives_up = InputError("input.cancelled")
    assert bench.refusal(flow="ciba", national_id=KIT).code == "input.cancelled"
    assert bench.provider.to("token_endpoint") == []


def test_nobody_who_answers_the_question_ends_the_login(bench: Any) -> None:
    bench.ctx.typed = ""
    assert bench.refusal(flow="ciba").code == "input.no_answer"
    assert bench.provider.to("backchannel_authentication_endpoint") == []


def test_device_s_answer_is_proven_like_any_other(bench: Any) -> None:
    bench.provider.claims = {"acr": "eidas2"}
    failure = bench.refusal(flow="ciba", national_id=KIT)
    assert (failure.code, failure.facts) == ("psc.id_token", {"reason": "acr"})
    bench.provider.claims = {"sub": SUB + "x"}
    assert bench.refusal(flow="ciba", national_id=KIT).facts == {"reason": "sub"}
