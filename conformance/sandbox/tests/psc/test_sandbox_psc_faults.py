"""Wrong answers on demand: each variant spoils what it says, once, and the next answer is right again."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from segur_sandbox.psc.variants import ID_TOKEN_VARIANTS, OPERATIONS, REDIRECT_VARIANTS

Send = Callable[..., httpx.Response]
Claims = dict[str, Any]
Said = Callable[[Claims, Claims], bool]
"""Whether the spoilt claims differ from the right ones as they should."""


@pytest.fixture
def arm(control: Callable[..., tuple[int, Any]]) -> Callable[..., None]:
    """Arm a fault that hits once."""

    def order(variant: str, service: str = "psc", **others: object) -> None:
        fault = {"service": service, "fault": "wrong_answer", "variant": variant, "count": 1, **others}
        assert control("POST", "/faults", fault)[0] == 200

    return order


CLAIMS: dict[str, Said] = {
    "wrong_iss": lambda said, right: said["iss"] != right["iss"],
    "wrong_aud": lambda said, right: said["aud"] != right["aud"],
    "several_aud_no_azp": lambda said, right: (
        right["aud"] in said["aud"] and len(said["aud"]) > 1 and "azp" not in said
    ),
    "wrong_azp": lambda said, right: said["azp"] != right["azp"],
    "expired": lambda said, right: said["exp"] <= right["exp"] - 3590,
    "future_iat": lambda said, right: said["iat"] >= right["iat"] + 3590,
    "no_exp": lambda said, _: "exp" not in said,
    "no_iat": lambda said, _: "iat" not in said,
    "wrong_nonce": lambda said, right: said["nonce"] != right["nonce"],
    "no_nonce": lambda said, _: "nonce" not in said,
    "no_acr": lambda said, _: "acr" not in said,
    "wrong_acr": lambda said, _: said["acr"] != "eidas1",
    "wrong_at_hash": lambda said, _: said["at_hash"] == "A" * 22,
    "no_at_hash": lambda said, _: "at_hash" not in said,
    "no_sub": lambda said, _: "sub" not in said,
    "no_national_id": lambda said, _: "SubjectNameID" not in said,
    "other_national_id": lambda said, right: said["SubjectNameID"] != right["SubjectNameID"],
    "exp_not_a_number": lambda said, _: isinstance(said["exp"], str),
}


def _verifies(token: str, keys: dict[str, Any]) -> bool:
    try:
        jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"])  # type: ignore[arg-type]
    except (JoseError, ValueError):
        return False
    return True


@pytest.fixture
def keys(discovery: dict[str, Any], http: Callable[..., httpx.Client]) -> dict[str, Any]:
    """The published keys."""
    found: dict[str, Any] = http().get(discovery["jwks_uri"]).json()
    return found


@pytest.mark.parametrize(("variant", "differs"), CLAIMS.items(), ids=CLAIMS)
def test_a_wrong_claim_is_well_signed(
    arm: Callable[..., None],
    signed_in: Callable[..., dict[str, Any]],
    claims: Callable[[str], Claims],
    keys: dict[str, Any],
    variant: str,
    differs: Said,
) -> None:
    right = claims(signed_in()["id_token"])
    assert not differs(right, right)
    arm(variant)
    spoilt = signed_in()["id_token"]
    assert differs(claims(spoilt), right)
    assert _verifies(spoilt, keys)
    assert not differs(claims(signed_in()["id_token"]), right)


def _header(token: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "=="))
    return content


SIGNATURES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "bad_signature": lambda header: header["alg"] == "RS256",
    "unknown_kid": lambda header: header["kid"] == "inconnu",
    "no_kid": lambda header: "kid" not in header,
    "alg_none": lambda header: header["alg"] == "none",
    "alg_hs256": lambda header: header["alg"] == "HS256",
}


@pytest.mark.parametrize(("variant", "expected"), SIGNATURES.items(), ids=SIGNATURES)
def test_a_wrong_signature_is_what_it_says(
    arm: Callable[..., None],
    signed_in: Callable[..., dict[str, Any]],
    claims: Callable[[str], Claims],
    keys: dict[str, Any],
    variant: str,
    expected: Callable[[dict[str, Any]], bool],
) -> None:
    arm(variant)
    spoilt = signed_in()["id_token"]
    assert expected(_header(spoilt))
    assert claims(spoilt)["SubjectNameID"] == "899700366240"
    # Without kid, a lenient reader tries the only key there is, and finds the signature good.
    assert _verifies(spoilt, keys) is (variant == "no_kid")
    assert _verifies(signed_in()["id_token"], keys)


def test_the_hs256_token_takes_the_public_key_for_a_secret(
    arm: Callable[..., None], signed_in: Callable[..., dict[str, Any]], keys: dict[str, Any]
) -> None:
    arm("alg_hs256")
    signed, _, signature = signed_in()["id_token"].rpartition(".")
    public = RSAKey.import_key(keys["keys"][0]).public_key
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    expected = hmac.new(pem, signed.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == expected


def test_an_id_token_may_be_absent_or_no_jwt(
    arm: Callable[..., None], signed_in: Callable[..., dict[str, Any]]
) -> None:
    arm("no_id_token")
    assert "id_token" not in signed_in()
    arm("not_a_jwt")
    assert "." not in signed_in()["id_token"]
    assert signed_in()["id_token"].count(".") == 2


def test_every_variant_of_the_id_token_is_tried_here() -> None:
    assert {*CLAIMS, *SIGNATURES, "no_id_token", "not_a_jwt"} == set(ID_TOKEN_VARIANTS)


ANSWERS: dict[str, Callable[[dict[str, Any], str], bool]] = {
    "other_issuer": lambda told, issuer: told["issuer"] != issuer,
    "hostile_token_endpoint": lambda told, _: told["token_endpoint"].startswith("https://psc.exemple.invalid/"),
    "hostile_authorization_endpoint": lambda told, _: told["authorization_endpoint"].startswith("https://psc.exemple"),
    "hostile_jwks_uri": lambda told, _: told["jwks_uri"].startswith("https://psc.exemple.invalid/"),
    "http_endpoints": lambda told, issuer: told["issuer"] == issuer and told["token_endpoint"].startswith("http://"),
    "no_token_endpoint": lambda told, _: "token_endpoint" not in told,
}


@pytest.mark.parametrize(("variant", "spoilt"), ANSWERS.items(), ids=ANSWERS)
def test_a_discovery_document_may_be_hostile(
    arm: Callable[..., None],
    http: Callable[..., httpx.Client],
    psc: dict[str, Any],
    variant: str,
    spoilt: Callable[[dict[str, Any], str], bool],
) -> None:
    arm(variant)
    assert spoilt(http().get(psc["discovery"]).json(), psc["issuer"])
    assert not spoilt(http().get(psc["discovery"]).json(), psc["issuer"])


@pytest.mark.parametrize("variant", ["other_sub", "no_sub_userinfo"])
def test_userinfo_may_be_of_somebody_else(
    arm: Callable[..., None], signed_in: Callable[..., dict[str, Any]], userinfo: Send, variant: str
) -> None:
    arm(variant)
    token = signed_in()["access_token"]
    right = "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700366240"
    assert userinfo(token).json().get("sub") != right
    assert userinfo(token).json()["sub"] == right


def test_keys_may_be_missing_and_a_client_slowed_down(
    arm: Callable[..., None],
    http: Callable[..., httpx.Client],
    discovery: dict[str, Any],
    post: Send,
    answer_next: Callable[..., None],
    advance: Callable[[float], None],
    journal: Callable[..., list[dict[str, Any]]],
) -> None:
    arm("no_keys")
    assert http().get(discovery["jwks_uri"]).json() == {"keys": []}
    request = {
        "scope": "openid scope_all",
        "acr_values": "eidas1",
        "login_hint": "899700366240",
        "binding_message": "00",
        "channel": "CARD",
    }
    arm("channel_failure")
    failed = post("backchannel_authentication", request)
    assert (failed.status_code, failed.json()["error"]) == (503, "server_error")
    arm("no_interval")
    sent = post("backchannel_authentication", request).json()
    assert set(sent) == {"auth_req_id", "expires_in"}
    form = {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": sent["auth_req_id"]}
    arm("slow_down")
    assert post("token", form).json()["error"] == "slow_down"
    assert journal()[-1]["unexpected"] is False
    advance(10)
    assert post("token", form).json()["error"] == "authorization_pending"


@pytest.mark.parametrize("variant", REDIRECT_VARIANTS)
def test_a_callback_may_be_wrong(
    arm: Callable[..., None],
    authorize: Send,
    answer_next: Callable[..., None],
    callback: Callable[[httpx.Response], dict[str, str]],
    redeem: Send,
    psc: dict[str, Any],
    variant: str,
) -> None:
    arm(variant, "psc-login")
    answer_next()
    told = callback(authorize())
    seen = {
        "state": told.get("state") == "an-unguessable-state",
        "iss": told.get("iss") == psc["issuer"],
        "code": redeem(told["code"]).status_code == 200,
    }
    spoilt = "state" if "state" in variant else "iss" if "iss" in variant else "code"
    assert seen == {name: name != spoilt for name in seen}
    answer_next()
    right = callback(authorize())
    assert (right["state"], right["iss"]) == ("an-unguessable-state", psc["issuer"])


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("operation", ["token", "token:refresh_token"])
def test_an_operation_may_be_down_with_any_gateways_status(
    control: Callable[..., tuple[int, Any]],
    signed_in: Callable[..., dict[str, Any]],
    post: Send,
    status: int,
    operation: str,
) -> None:
    tokens = signed_in()
    fault = {"service": "psc", "fault": "error5xx", "operation": operation, "status": status, "count": 1}
    assert control("POST", "/faults", fault)[0] == 200
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert post("token", form).status_code == status
    assert post("token", form).status_code == 200


def test_a_fault_of_one_grant_spares_the_others(
    control: Callable[..., tuple[int, Any]], signed_in: Callable[..., dict[str, Any]]
) -> None:
    fault = {"service": "psc", "fault": "error5xx", "operation": "token:refresh_token"}
    assert control("POST", "/faults", fault)[0] == 200
    assert signed_in()["token_type"] == "Bearer"


FAULTS_REFUSED: dict[str, dict[str, object]] = {
    "unknown-variant": {"service": "psc", "fault": "wrong_answer", "variant": "other_person"},
    "callback-variant": {"service": "psc", "fault": "wrong_answer", "variant": "wrong_state"},
    "service-variant": {"service": "psc-api", "fault": "wrong_answer"},
    "status-elsewhere": {"service": "psc", "fault": "delay", "status": 502},
    "status-not-an-error": {"service": "psc", "fault": "error5xx", "status": 404},
    "status-of-a-card": {"service": "cards", "fault": "error5xx", "status": 502},
}


@pytest.mark.parametrize("fault", FAULTS_REFUSED.values(), ids=FAULTS_REFUSED)
def test_a_fault_that_cannot_be_is_refused(control: Callable[..., tuple[int, Any]], fault: dict[str, object]) -> None:
    assert control("POST", "/faults", fault)[0] == 400
    assert control("POST", "/faults", {"service": "psc", "fault": "error5xx", "status": 504})[0] == 200


@pytest.mark.parametrize("variant", OPERATIONS)
def test_a_variant_waits_for_its_operation(
    arm: Callable[..., None],
    http: Callable[..., httpx.Client],
    psc: dict[str, Any],
    journal: Callable[..., list[dict[str, Any]]],
    variant: str,
) -> None:
    arm(variant)
    http().get(f"{psc['issuer']}/inconnue")
    assert journal()[-1]["fault"] is None
