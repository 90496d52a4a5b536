"""Every way in which an ID token can be wrong; each case is good before it is spoiled."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from plugins.psc.tests.made_provider import ABSENT, ADDRESS, CLIENT, KIT, NOW, Signer, at_hash, b64, json_reply
from segur_sdk.errors import ServiceError

T = int(NOW.timestamp())
LEEWAY = 300
NONE = b64(b'{"alg":"none"}')
RS256 = b64(b'{"alg":"RS256","kid":"clef-1"}')


def reason(bench: Any) -> str:
    failure = bench.refusal()
    assert type(failure) is ServiceError
    assert failure.code == "psc.id_token"
    assert not failure.retryable
    return str(failure.facts["reason"])


CLAIMS = [
    ({"iss": ABSENT}, "iss"),
    ({"iss": f"{ADDRESS}/auth/realms/autre"}, "iss"),
    ({"iss": f"{ADDRESS}/auth/realms/esante-wallet/"}, "iss"),
    ({"aud": ABSENT}, "aud"),
    ({"aud": "autre"}, "aud"),
    ({"aud": []}, "aud"),
    ({"aud": ["autre"]}, "aud"),
    ({"aud": {CLIENT: 1}}, "aud"),
    ({"aud": [CLIENT, 1]}, "aud"),
    ({"aud": f"{CLIENT} autre"}, "aud"),
    ({"azp": "autre"}, "azp"),
    ({"azp": 1}, "azp"),
    ({"aud": [CLIENT, "autre"], "azp": ABSENT}, "azp"),
    ({"aud": [CLIENT, "autre"], "azp": "autre"}, "azp"),
    ({"typ": "Bearer"}, "typ"),
    ({"typ": "Refresh"}, "typ"),
    ({"exp": ABSENT}, "exp"),
    ({"exp": T - LEEWAY}, "exp"),
    ({"exp": str(T + 60)}, "exp"),
    ({"exp": True}, "exp"),
    ({"exp": -1}, "exp"),
    ({"exp": 10**30}, "exp"),
    ({"iat": ABSENT}, "iat"),
    ({"iat": T + LEEWAY + 1}, "iat"),
    ({"iat": "maintenant"}, "iat"),
    ({"nbf": T + LEEWAY + 1}, "nbf"),
    ({"nbf": "x"}, "nbf"),
    ({"auth_time": T + LEEWAY + 1}, "auth_time"),
    ({"auth_time": None}, "auth_time"),
    ({"nonce": ABSENT}, "nonce"),
    ({"nonce": "autre"}, "nonce"),
    ({"nonce": 7}, "nonce"),
    ({"nonce": ""}, "nonce"),
    ({"acr": ABSENT}, "acr"),
    ({"acr": "eidas2"}, "acr"),
    ({"acr": "EIDAS1"}, "acr"),
    ({"acr": ["eidas1"]}, "acr"),
    ({"acr": "0"}, "acr"),
    ({"at_hash": at_hash("autre")}, "at_hash"),
    ({"at_hash": ""}, "at_hash"),
    ({"at_hash": None}, "at_hash"),
    ({"sub": ABSENT}, "sub"),
    ({"sub": ""}, "sub"),
    ({"sub": "s" * 256}, "sub"),
    ({"sub": 1}, "sub"),
    ({"sub": "é"}, "sub"),
    ({"sid": ""}, "sid"),
    ({"sid": 1}, "sid"),
    ({"sid": "s" * 201}, "sid"),
]


@pytest.mark.req("EX PSC 16")
@pytest.mark.parametrize(("changes", "expected"), CLAIMS, ids=lambda one: str(one)[:40])
def test_claim_that_is_not_what_it_must_be_is_refused(bench: Any, changes: dict[str, Any], expected: str) -> None:
    assert bench.sign_in().national_id == KIT
    bench.provider.claims = changes
    assert reason(bench) == expected
    assert len(bench.provider.to("userinfo_endpoint")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "autre"]},
        {"azp": ABSENT},
        {"typ": ABSENT},
        {"at_hash": ABSENT},
        {"exp": T - LEEWAY + 1},
        {"exp": T + 0.5},
        {"iat": T + LEEWAY},
        {"nbf": T + LEEWAY},
        {"auth_time": ABSENT},
        {"SubjectNameID": ABSENT},
        {"inconnu": {"x": [1]}},
    ],
    ids=str,
)
def test_claim_within_what_is_allowed_is_accepted(bench: Any, changes: dict[str, Any]) -> None:
    bench.provider.claims = changes
    assert bench.sign_in().national_id == KIT


def test_session_of_an_older_keycloak_is_named_by_session_state(bench: Any) -> None:
    bench.provider.claims = {"sid": ABSENT, "session_state": "s-9"}
    assert bench.sign_in().authority_session == "s-9"
    bench.provider.claims = {"sid": ABSENT}
    assert bench.sign_in().authority_session is None


def test_leeway_is_that_of_the_settings(bench: Any) -> None:
    bench.provider.claims = {"iat": T + 11}
    bench.set(leeway_s=11)
    bench.sign_in()
    bench.set(leeway_s=10)
    assert reason(bench) == "iat"


HEADERS: list[Any] = [
    pytest.param({"alg": "none"}, "alg", id="none"),
    pytest.param({"alg": "None"}, "alg", id="None"),
    pytest.param({"alg": "HS256"}, "alg", id="HS256"),
    pytest.param({"alg": "RS512"}, "alg", id="algorithm that is not accepted"),
    pytest.param({"alg": ABSENT}, "alg", id="no algorithm"),
    pytest.param({"alg": ["RS256"]}, "alg", id="list of algorithms"),
    pytest.param({"typ": "logout+jwt"}, "typ", id="logout token"),
    pytest.param({"typ": "at+jwt"}, "typ", id="access token"),
    pytest.param({"typ": 1}, "header", id="typ that is no text"),
    pytest.param({"kid": ABSENT}, "kid", id="no kid"),
    pytest.param({"kid": "inconnu"}, "kid", id="unknown kid"),
    pytest.param({"kid": ["clef-1"]}, "kid", id="kid that is no text"),
    pytest.param({"crit": ["exp"], "exp": 1}, "header", id="critical header that is unknown"),
    pytest.param({"crit": ["b64"], "b64": False}, "header", id="payload that is not encoded"),
    pytest.param({"x": "x" * 600}, "form", id="endless header"),
]


@pytest.mark.parametrize(("changes", "expected"), HEADERS)
def test_header_that_is_not_what_it_must_be_is_refused(bench: Any, changes: dict[str, Any], expected: str) -> None:
    assert bench.sign_in().national_id == KIT
    bench.provider.header = changes
    assert reason(bench) == expected


@pytest.mark.parametrize("changes", [{"typ": ABSENT}, {"typ": "jwt"}, {"typ": "application/JWT"}], ids=str)
def test_type_of_an_id_token_may_be_left_out(bench: Any, changes: dict[str, Any]) -> None:
    bench.provider.header = changes
    bench.sign_in()


Spoil = Callable[[Signer, Signer, dict[str, Any]], str]


def _unsigned(signer: Signer, other: Signer, claims: dict[str, Any]) -> str:
    return f"{NONE}.{b64(json.dumps(claims).encode())}."


def _changed_after(signer: Signer, other: Signer, claims: dict[str, Any]) -> str:
    head, _, signature = signer.jwt(claims).split(".")
    return f"{head}.{b64(json.dumps({**claims, 'acr': 'eidas1 '}).encode())}.{signature}"


def _twice(signer: Signer, other: Signer, claims: dict[str, Any]) -> str:
    payload = json.dumps(claims)[:-1] + ',"acr":"eidas1"}'
    said = f"{RS256}.{b64(payload.encode())}"
    return f"{said}.{b64(signer.sign(said.encode()))}"


def _flipped(signer: Signer, other: Signer, claims: dict[str, Any]) -> str:
    head, payload, signature = signer.jwt(claims).split(".")
    return f"{head}.{payload}.{'B' if signature[0] != 'B' else 'C'}{signature[1:]}"


SPOILED: list[Any] = [
    pytest.param(lambda s, o, c: o.jwt(c, {"kid": s.kid}), "signature", id="other key of that name"),
    pytest.param(
        lambda s, o, c: o.jwt(c, {"kid": s.kid, "jwk": o.jwk(), "x5u": "https://autre.test"}),
        "signature",
        id="key in the header",
    ),
    pytest.param(lambda s, o, c: s.confused(c, {"alg": "HS256"}), "alg", id="public key as a secret"),
    pytest.param(lambda s, o, c: s.confused(c, {"alg": "RS256"}), "signature", id="secret behind RS256"),
    pytest.param(_unsigned, "form", id="unsigned"),
    pytest.param(lambda s, o, c: _unsigned(s, o, c) + "AAAA", "alg", id="algorithm none, signed"),
    pytest.param(_changed_after, "signature", id="changed after it was signed"),
    pytest.param(_flipped, "signature", id="one character of the signature"),
    pytest.param(lambda s, o, c: s.jwt(c).rsplit(".", 1)[0] + ".AAAA", "signature", id="short signature"),
    pytest.param(lambda s, o, c: s.jwt([c]), "claims", id="claims that are a list"),
    pytest.param(_twice, "claims", id="claim that stands twice"),
    pytest.param(lambda s, o, c: s.jwt(c) + "=", "form", id="padding"),
    pytest.param(lambda s, o, c: "A" + s.jwt(c), "form", id="header that is no JSON"),
    pytest.param(lambda s, o, c: s.jwt(c) + ".x.y", "form", id="five parts"),
    pytest.param(lambda s, o, c: "..", "form", id="nothing"),
    pytest.param(lambda s, o, c: "A.A.A", "form", id="no bytes"),
    pytest.param(lambda s, o, c: s.jwt({**c, "x": json.loads("[" * 20 + "]" * 20)}), "claims", id="too deep"),
]


@pytest.mark.parametrize(("spoil", "expected"), SPOILED)
def test_token_that_the_authority_did_not_sign_is_refused(
    bench: Any, signer: Signer, other_signer: Signer, spoil: Spoil, expected: str
) -> None:
    assert bench.sign_in().national_id == KIT
    bench.provider.make_token = lambda claims: spoil(signer, other_signer, claims)
    assert reason(bench) == expected


def test_endless_token_is_no_grant(bench: Any, signer: Signer) -> None:
    bench.provider.make_token = lambda claims: signer.jwt({**claims, "x": "x" * 11_000})
    assert bench.sign_in().national_id == KIT
    bench.provider.make_token = lambda claims: signer.jwt({**claims, "x": "x" * 13_000})
    failure = bench.refusal()
    assert (failure.code, failure.facts["reason"]) == ("psc.answer_unreadable", "id_token")


def test_unknown_key_is_asked_for_anew_once(bench: Any, other_signer: Signer) -> None:
    bench.sign_in()
    assert len(bench.provider.to("jwks_uri")) == 1
    bench.provider.signer = other_signer
    assert bench.sign_in().national_id == KIT
    assert len(bench.provider.to("jwks_uri")) == 2
    bench.sign_in()
    assert len(bench.provider.to("jwks_uri")) == 2
    bench.provider.header = {"kid": "inconnu"}
    assert reason(bench) == "kid"
    assert len(bench.provider.to("jwks_uri")) == 3


def test_key_that_was_withdrawn_is_of_no_use_after_an_hour(bench: Any, other_signer: Signer) -> None:
    bench.sign_in()
    bench.provider.keys = [other_signer.jwk()]
    bench.ctx.clock.moment = NOW.replace(hour=NOW.hour + 1)
    assert reason(bench) == "kid"


def _small() -> dict[str, Any]:
    return Signer("clef-1", rsa.generate_private_key(public_exponent=65537, key_size=1024)).jwk()


KEYS: list[Any] = [
    pytest.param(lambda s: [s.jwk(use="enc")], id="for encryption"),
    pytest.param(lambda s: [s.jwk(alg="RS512")], id="for another algorithm"),
    pytest.param(lambda s: [s.jwk(kty="oct", k="AAAA")], id="a secret"),
    pytest.param(lambda s: [s.jwk(kty=ABSENT)], id="no kind"),
    pytest.param(lambda s: [s.jwk(n=ABSENT)], id="no modulus"),
    pytest.param(lambda s: [s.jwk(n=1)], id="modulus that is no text"),
    pytest.param(lambda s: [s.jwk(n="é")], id="modulus that is no base64url"),
    pytest.param(lambda s: [s.jwk(n="")], id="empty modulus"),
    pytest.param(lambda s: [s.jwk(), s.jwk()], id="two of that name"),
    pytest.param(lambda s: [_small()], id="1024 bits"),
    pytest.param(lambda s: [{}], id="empty key"),
]


@pytest.mark.parametrize("keys", KEYS)
def test_key_that_cannot_be_used_is_none(
    bench: Any, signer: Signer, keys: Callable[[Signer], list[dict[str, Any]]]
) -> None:
    bench.provider.keys = keys(signer)
    assert reason(bench) == "kid"
    bench.provider.keys = [signer.jwk(x5c=["MII"], alg="RS256", d="!")]
    bench.sign_in()


@pytest.mark.parametrize("document", [{}, {"keys": []}, {"keys": {}}, {"keys": [1]}, {"keys": [{}] * 33}], ids=str)
def test_set_of_keys_that_is_none_is_an_unreadable_answer(bench: Any, document: Mapping[str, Any]) -> None:
    bench.provider.on("jwks_uri", json_reply(document))
    failure = bench.refusal()
    assert (failure.code, failure.facts["reason"]) == ("psc.answer_unreadable", "keys")
    bench.sign_in()


def test_signature_on_a_curve_is_accepted_when_set(bench: Any, curve_signer: Signer) -> None:
    bench.provider.signer = curve_signer
    bench.provider.header = {"alg": "ES256"}
    assert reason(bench) == "alg"
    bench.set(algorithms=["RS256", "ES256"])
    assert bench.sign_in().national_id == KIT
    bench.provider.keys = [curve_signer.jwk(crv="P-384")]
    bench.ctx.clock.moment = NOW.replace(hour=NOW.hour + 1)
    assert reason(bench) == "kid"
