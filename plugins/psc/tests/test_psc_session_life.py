"""Leaving, being told that it is over, and what is said at login."""

import json
from datetime import timedelta
from typing import Any

import pytest

from plugins.psc.tests.made_provider import ABSENT, CLIENT, ISSUER, KIT, NOW, SUB, Signer, b64, changed, refusal
from segur_sdk.context import HttpReply
from segur_sdk.errors import InputError, SegurError, ServiceError
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.models.actor import Actor, ActorKind, Session, SessionMeans, Structure

GONE = HttpReply(status=503, headers={}, body=b"")


def test_leaving_everywhere_asks_the_authority_once(bench: Any) -> None:
    tokens = bench.sign_in().tokens
    bench.leave(tokens, everywhere=True)
    (sent,) = bench.provider.to("end_session_endpoint")
    assert sent.form == {"id_token_hint": tokens.id_token.get_secret_value(), "client_id": CLIENT}
    assert bench.provider.to("revocation_endpoint") == []


@pytest.mark.parametrize("status", [200, 204, 302])
def test_any_answer_confirms_when_nothing_is_renewed_afterwards(bench: Any, status: int) -> None:
    tokens = bench.sign_in().tokens
    bench.provider.over = True
    bench.provider.on("end_session_endpoint", HttpReply(status=status, headers={}, body=b""))
    bench.leave(tokens, everywhere=True)
    assert [one.form["grant_type"] for one in bench.provider.to("token_endpoint")][1:] == ["refresh_token"]


@pytest.mark.parametrize(
    ("renewal", "reason", "revoked"),
    [
        pytest.param((), "renewable", "jeton-renouvellement-2", id="still renewed"),
        pytest.param((GONE,), "psc.unavailable", "jeton-renouvellement-1", id="503"),
        pytest.param((refusal("invalid_client", 401),), "psc.client_refused", "jeton-renouvellement-1", id="client"),
        pytest.param((refusal("invalid_request"),), "psc.fault", "jeton-renouvellement-1", id="refused otherwise"),
    ],
)
def test_page_in_answer_confirms_nothing_and_what_is_left_is_revoked(
    bench: Any, renewal: tuple[HttpReply, ...], reason: str, revoked: str
) -> None:
    tokens = bench.sign_in().tokens
    bench.provider.on("end_session_endpoint", HttpReply(status=200, headers={}, body=b"<form>Confirmer</form>"))
    bench.provider.on("token_endpoint", *renewal)
    with pytest.raises(ServiceError) as caught:
        bench.leave(tokens, everywhere=True)
    assert (caught.value.code, caught.value.facts) == ("psc.logout_unconfirmed", {"reason": reason, "status": 200})
    assert [one.form["token"] for one in bench.provider.to("revocation_endpoint")] == [revoked]


def test_answer_about_somebody_else_confirms_no_leaving(bench: Any) -> None:
    tokens = bench.sign_in().tokens
    bench.provider.claims = {"sub": SUB + "x"}
    bench.provider.on("end_session_endpoint", HttpReply(status=200, headers={}, body=b"<form>Confirmer</form>"))
    with pytest.raises(ServiceError) as caught:
        bench.leave(tokens, everywhere=True)
    assert (caught.value.code, caught.value.facts["reason"]) == ("psc.logout_unconfirmed", "psc.session_over")


def test_leaving_everywhere_without_refresh_token_cannot_be_confirmed(bench: Any) -> None:
    tokens = bench.sign_in().tokens.model_copy(update={"refresh_token": None})
    with pytest.raises(ServiceError) as caught:
        bench.leave(tokens, everywhere=True)
    assert caught.value.facts == {"reason": "no_refresh_token", "status": 200}
    assert len(bench.provider.to("end_session_endpoint")) == 1


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        pytest.param(GONE, {"reason": "psc.unavailable", "status": None}, id="503"),
        pytest.param(
            ServiceError("service.timed_out", maybe_processed=True),
            {"reason": "psc.unavailable", "status": None},
            id="no answer",
        ),
        pytest.param(refusal("invalid_request"), {"reason": "status", "status": 400}, id="refused"),
    ],
)
def test_leaving_that_is_not_confirmed_is_said_and_not_tried_again(bench: Any, reply: Any, facts: Any) -> None:
    tokens = bench.sign_in().tokens
    bench.provider.on("end_session_endpoint", reply)
    with pytest.raises(ServiceError) as caught:
        bench.leave(tokens, everywhere=True)
    assert (caught.value.code, caught.value.facts) == ("psc.logout_unconfirmed", facts)
    assert len(bench.provider.to("end_session_endpoint")) == 1
    assert len(bench.provider.to("revocation_endpoint")) == (facts["status"] is not None)


def test_leaving_everywhere_without_a_session_of_the_authority_is_said(bench: Any) -> None:
    for tokens in (None, bench.sign_in().tokens.model_copy(update={"id_token": None})):
        with pytest.raises(ServiceError) as caught:
            bench.leave(tokens, everywhere=True)
        assert caught.value.facts == {"reason": "no_id_token"}
    assert bench.provider.to("end_session_endpoint") == []


def test_leaving_here_revokes_this_software_s_tokens_only(bench: Any) -> None:
    tokens = bench.sign_in().tokens
    bench.leave(tokens, everywhere=False)
    (sent,) = bench.provider.to("revocation_endpoint")
    assert sent.form == {"token": "jeton-renouvellement-1", "token_type_hint": "refresh_token", "client_id": CLIENT}
    assert bench.provider.to("end_session_endpoint") == []


@pytest.mark.parametrize(
    "reply", [GONE, refusal("invalid_client", 401), ServiceError("service.unreachable")], ids=["503", "401", "line"]
)
def test_leaving_here_holds_nobody_up(bench: Any, reply: Any) -> None:
    tokens = bench.sign_in().tokens
    bench.provider.on("revocation_endpoint", reply)
    bench.leave(tokens, everywhere=False)
    assert len(bench.provider.to("revocation_endpoint")) == 1


@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param(lambda bench, tokens: tokens.model_copy(update={"refresh_token": None}), id="no token"),
        pytest.param(lambda bench, tokens: None, id="no tokens"),
        pytest.param(lambda bench, tokens: bench.set(revoke_on_leaving=False) or tokens, id="setting"),
    ],
)
def test_nothing_is_revoked_when_there_is_nothing_to_revoke(bench: Any, prepare: Any) -> None:
    tokens = prepare(bench, bench.sign_in().tokens)
    asked = len(bench.provider.sent)
    bench.leave(tokens, everywhere=False)
    assert len(bench.provider.sent) == asked


def test_authority_without_revocation_is_left_in_silence(bench: Any) -> None:
    bench.provider.document = {"revocation_endpoint": ABSENT}
    bench.leave(bench.sign_in().tokens, everywhere=False)
    assert bench.provider.to("revocation_endpoint") == []


T = int(NOW.timestamp())
EVENTS: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}


def logout(bench: Any, header: dict[str, Any] | None = None, signer: Signer | None = None, **changes: Any) -> str:
    claims = {
        "iss": ISSUER, "aud": CLIENT, "iat": T, "exp": T + 120, "jti": "avis-1", "sid": "sid-1", "sub": SUB,
        "events": EVENTS, "typ": "Logout",
    }  # fmt: skip
    by = signer or bench.provider.signer
    token: str = by.jwt(changed(claims, changes), {"typ": "logout+jwt", **(header or {})})
    return token


def ignored(bench: Any, token: str) -> str:
    with pytest.raises(InputError) as caught:
        bench.told(token)
    assert caught.value.code == "psc.logout_token"
    return str(caught.value.facts["reason"])


def test_end_of_a_session_is_told_by_its_name(bench: Any) -> None:
    who = bench.sign_in()
    told = bench.told(logout(bench))
    assert (told.authority_session, told.national_id) == (who.authority_session, KIT)


def test_those_who_signed_in_last_are_known_among_very_many(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segur_plugin_psc.authority.MAX_SUBJECTS", 2)
    for subject in ("a", "b", "a", "c"):
        bench.provider.claims = {"sub": subject}
        bench.provider.userinfo["sub"] = subject
        bench.sign_in()
    assert bench.told(logout(bench, sid=ABSENT, sub="a", jti="avis-a")).national_id == KIT
    assert bench.told(logout(bench, sid=ABSENT, sub="c", jti="avis-c")).national_id == KIT
    assert bench.told(logout(bench, sid=ABSENT, sub="b", jti="avis-b")).national_id is None


def test_flood_of_logout_tokens_is_not_remembered_for_ever(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segur_plugin_psc.authority.MAX_LOGOUTS", 2)
    for number in range(2):
        bench.told(logout(bench, jti=f"avis-{number}"))
    assert ignored(bench, logout(bench, jti="avis-2")) == "jti"
    bench.ctx.clock.moment = NOW + timedelta(seconds=420)
    bench.told(logout(bench, jti="avis-2", exp=T + 900))


def test_end_of_all_sessions_of_a_person_needs_that_he_is_known(bench: Any) -> None:
    told = bench.told(logout(bench, sid=ABSENT))
    assert (told.authority_session, told.national_id) == (None, None)
    bench.sign_in()
    told = bench.told(logout(bench, sid=ABSENT, jti="avis-2"))
    assert (told.authority_session, told.national_id) == (None, KIT)
    told = bench.told(logout(bench, sub=ABSENT, jti="avis-3"))
    assert (told.authority_session, told.national_id) == ("sid-1", None)


LOGOUTS: list[Any] = [
    ({"iss": "https://autre.test"}, "iss"),
    ({"iss": ABSENT}, "iss"),
    ({"aud": "autre"}, "aud"),
    ({"aud": ["autre"]}, "aud"),
    ({"aud": ABSENT}, "aud"),
    ({"events": ABSENT}, "events"),
    ({"events": {}}, "events"),
    ({"events": list(EVENTS)}, "events"),
    ({"events": dict.fromkeys(EVENTS, True)}, "events"),
    ({"nonce": "n"}, "nonce"),
    ({"nonce": None}, "nonce"),
    ({"sid": ABSENT, "sub": ABSENT}, "sub"),
    ({"sid": 1}, "sid"),
    ({"sid": ""}, "sid"),
    ({"sub": ["x"]}, "sub"),
    ({"iat": ABSENT}, "iat"),
    ({"iat": T + 301}, "iat"),
    ({"exp": ABSENT}, "exp"),
    ({"exp": T - 300}, "exp"),
    ({"exp": T + 3601}, "exp"),
    ({"jti": ABSENT}, "jti"),
    ({"jti": ""}, "jti"),
    ({"jti": 1}, "jti"),
]


@pytest.mark.parametrize(("changes", "expected"), LOGOUTS, ids=lambda one: str(one)[:40])
def test_logout_token_that_is_none_ends_nothing(bench: Any, changes: dict[str, Any], expected: str) -> None:
    assert ignored(bench, logout(bench, **changes)) == expected
    assert bench.told(logout(bench)).authority_session == "sid-1"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"typ": "JWT"}, "typ"),
        ({"typ": ABSENT}, "typ"),
        ({"alg": "none"}, "alg"),
        ({"alg": "HS256"}, "alg"),
        ({"kid": "inconnu"}, "kid"),
    ],
    ids=str,
)
def test_logout_token_of_another_kind_ends_nothing(bench: Any, header: dict[str, Any], expected: str) -> None:
    assert ignored(bench, logout(bench, header)) == expected
    assert bench.told(logout(bench)).authority_session == "sid-1"


def test_logout_token_that_the_authority_did_not_sign_ends_nothing(bench: Any, other_signer: Signer) -> None:
    assert ignored(bench, logout(bench, {"kid": "clef-1"}, other_signer)) == "signature"
    assert ignored(bench, "x") == "form"
    assert ignored(bench, f"{b64(json.dumps({'alg': 'none'}).encode())}.e30.") == "form"
    assert bench.told(logout(bench)).authority_session == "sid-1"


def test_logout_token_that_is_none_by_its_header_asks_nobody_anything(bench: Any) -> None:
    for header in ({"typ": "JWT"}, {"alg": "none"}, {"kid": ABSENT}, {"crit": ["x"]}):
        ignored(bench, logout(bench, header))
    ignored(bench, "x")
    assert bench.provider.sent == []


def test_flood_of_made_up_keys_has_them_asked_for_once_in_a_while(bench: Any, other_signer: Signer) -> None:
    def asked() -> int:
        return len(bench.provider.to("jwks_uri"))

    bench.told(logout(bench, jti="avis-0"))
    assert asked() == 1
    for number in range(20):
        assert ignored(bench, logout(bench, {"kid": f"inconnu-{number}"})) == "kid"
    assert asked() == 2
    bench.provider.signer = other_signer
    bench.ctx.clock.moment = NOW + timedelta(seconds=29)
    assert ignored(bench, logout(bench)) == "kid"
    bench.ctx.clock.moment = NOW + timedelta(seconds=30)
    assert bench.told(logout(bench)).authority_session == "sid-1"
    assert asked() == 3


def test_new_key_is_found_at_once(bench: Any, other_signer: Signer) -> None:
    bench.told(logout(bench, jti="avis-0"))
    bench.provider.signer = other_signer
    assert bench.told(logout(bench)).authority_session == "sid-1"


def test_flood_of_made_up_keys_hinders_nobody_from_signing_in(bench: Any, other_signer: Signer) -> None:
    ignored(bench, logout(bench, {"kid": "inconnu"}))
    bench.provider.signer = other_signer
    assert bench.sign_in().national_id == KIT


def test_keys_that_could_not_be_had_are_asked_for_again(bench: Any, other_signer: Signer) -> None:
    bench.told(logout(bench, jti="avis-0"))
    bench.provider.signer = other_signer
    bench.provider.on("jwks_uri", GONE)
    with pytest.raises(SegurError) as caught:
        bench.told(logout(bench))
    assert (caught.value.code, caught.value.retryable) == ("psc.unavailable", True)
    assert bench.told(logout(bench)).authority_session == "sid-1"


def test_id_token_is_no_logout_token_and_the_reverse(bench: Any) -> None:
    assert ignored(bench, bench.sign_in().tokens.id_token.get_secret_value()) == "typ"
    bench.provider.make_token = lambda claims: logout(bench)
    assert bench.refusal().facts == {"reason": "typ"}


def test_logout_token_acts_once_in_its_life(bench: Any) -> None:
    token = logout(bench)
    bench.told(token)
    for later in (0, 60, 419):
        bench.ctx.clock.moment = NOW + timedelta(seconds=later)
        assert ignored(bench, token) == "jti"
    bench.ctx.clock.moment = NOW + timedelta(seconds=420)
    assert ignored(bench, token) == "exp"
    assert bench.told(logout(bench, jti="avis-2", exp=T + 900)).authority_session == "sid-1"


def login(bench: Any, rpps: str | None, exercice: str | None = "x", means: SessionMeans = SessionMeans.PSC) -> Any:
    actor = Actor(
        kind=ActorKind.PROFESSIONAL,
        name="KIT DOC0036624",
        rpps=rpps,
        exercice=exercice,
        structure=Structure(name="Officine"),
        workstation="poste 1",
    )
    event = SessionLoginEvent(actor=actor, session=Session(session_id="s-1", means=means), occurred_at=NOW)
    return bench.plugin.on_session_login(event, bench.ctx)


@pytest.mark.req("R17")
@pytest.mark.parametrize(
    ("rpps", "exercice", "codes"),
    [
        ("99700366240", "x", []),
        ("99700366241", "x", ["psc.rpps_check"]),
        (None, "x", ["psc.no_rpps"]),
        ("99700366240", None, ["psc.no_exercice"]),
        (None, None, ["psc.no_rpps", "psc.no_exercice"]),
    ],
)
def test_professional_is_told_what_his_session_lacks(
    bench: Any, rpps: str | None, exercice: str | None, codes: list[str]
) -> None:
    assert [one.code for one in login(bench, rpps, exercice).warnings] == codes
    assert bench.provider.sent == []


@pytest.mark.parametrize("means", [SessionMeans.CPS, SessionMeans.LOCAL])
def test_session_of_another_means_is_of_no_interest(bench: Any, means: SessionMeans) -> None:
    assert login(bench, None, means=means) is None
