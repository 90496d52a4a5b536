"""Well-formed answers that are wrong, asked for with the fault `wrong_answer`, and where each applies."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from segur_sandbox.psc.signing import SigningKeys

_HOUR = 3600
_Change = Callable[[dict[str, Any]], dict[str, Any]]


def _with(**members: Any) -> _Change:
    return lambda claims: claims | members


def _without(name: str) -> _Change:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def _later(*names: str, seconds: int) -> _Change:
    return lambda claims: claims | {name: claims[name] + seconds for name in names}


_CLAIMS: Mapping[str, _Change] = {
    "wrong_iss": lambda claims: claims | {"iss": claims["iss"] + "-autre"},
    "wrong_aud": _with(aud="un-autre-logiciel"),
    "several_aud_no_azp": lambda claims: _without("azp")(claims | {"aud": [claims["aud"], "un-autre-logiciel"]}),
    "wrong_azp": _with(azp="un-autre-logiciel"),
    "expired": _later("exp", "iat", "auth_time", seconds=-_HOUR),
    "future_iat": _later("exp", "iat", seconds=_HOUR),
    "no_exp": _without("exp"),
    "no_iat": _without("iat"),
    "wrong_nonce": _with(nonce="un-autre-nonce"),
    "no_nonce": _without("nonce"),
    "no_acr": _without("acr"),
    "wrong_acr": _with(acr="eidas0"),
    "wrong_at_hash": _with(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "no_at_hash": _without("at_hash"),
    "no_sub": _without("sub"),
    "no_national_id": _without("SubjectNameID"),
    "other_national_id": _with(SubjectNameID="899700427885"),
    "exp_not_a_number": _with(exp="demain"),
}
ID_TOKEN_VARIANTS = (
    "bad_signature",
    *_CLAIMS,
    "unknown_kid",
    "no_kid",
    "alg_none",
    "alg_hs256",
    "not_a_jwt",
    "no_id_token",
)
OPERATIONS: Mapping[str, str] = {
    **dict.fromkeys(ID_TOKEN_VARIANTS, "token"),
    "slow_down": "token",
    "other_sub": "userinfo",
    "no_sub_userinfo": "userinfo",
    "other_issuer": "discovery",
    "hostile_token_endpoint": "discovery",
    "hostile_authorization_endpoint": "discovery",
    "hostile_jwks_uri": "discovery",
    "http_endpoints": "discovery",
    "no_token_endpoint": "discovery",
    "no_keys": "certs",
    "channel_failure": "ciba",
    "no_interval": "ciba",
}
"""Variant of `psc` → the operation it applies to, unless the fault names one."""
REDIRECT_VARIANTS = ("wrong_state", "no_state", "callback_wrong_iss", "callback_no_iss", "wrong_code")


def distorted_id_token(variant: str | None, claims: dict[str, Any], keys: SigningKeys) -> str:
    """Return the signed ID token, spoiled as `variant` says (empty: `bad_signature`)."""
    change = _CLAIMS.get(variant or "")
    token = keys.sign(change(claims) if change is not None else claims)
    if variant is None:
        return token
    head, body, signature = token.split(".")
    if variant in ("", "bad_signature"):
        return f"{head}.{body}.{_swapped(signature)}"
    if variant in ("unknown_kid", "no_kid"):
        return keys.sign(claims, kid="inconnu" if variant == "unknown_kid" else None)
    if variant == "alg_none":
        return f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{body}."
    if variant == "alg_hs256":
        return _keyed_with_the_public_key(claims, keys)
    return "ceci n'est pas un jeton" if variant == "not_a_jwt" else token


def distorted_discovery(variant: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return the discovery document, spoiled as `variant` says."""
    if variant == "other_issuer":
        return document | {"issuer": document["issuer"] + "-autre"}
    if variant == "no_token_endpoint":
        return _without("token_endpoint")(document)
    if variant == "http_endpoints":
        return {
            name: value.replace("https://", "http://") if isinstance(value, str) and name != "issuer" else value
            for name, value in document.items()
        }
    endpoint = variant.removeprefix("hostile_")
    if endpoint in document:
        return document | {endpoint: "https://psc.exemple.invalid/attrape"}
    return document


def distorted_redirect(variant: str | None, parameters: dict[str, str]) -> dict[str, str]:
    """Return the parameters of a callback, spoiled as `variant` says (empty: `wrong_state`)."""
    if variant in ("", "wrong_state"):
        return parameters | {"state": "un-autre-etat"}
    if variant == "no_state":
        return _without("state")(parameters)
    if variant == "callback_wrong_iss":
        return parameters | {"iss": parameters["iss"] + "-autre"}
    if variant == "callback_no_iss":
        return _without("iss")(parameters)
    if variant == "wrong_code" and "code" in parameters:
        return parameters | {"code": "un-autre-code"}
    return parameters


def _swapped(signature: str) -> str:
    middle = len(signature) // 2
    return f"{signature[:middle]}{'A' if signature[middle] != 'A' else 'B'}{signature[middle + 1 :]}"


def _keyed_with_the_public_key(claims: dict[str, Any], keys: SigningKeys) -> str:
    # The classic confusion: the verifier's public key, which everybody has, taken for a shared secret.
    signed = f"{_segment({'alg': 'HS256', 'typ': 'JWT', 'kid': keys.kid})}.{_segment(claims)}"
    digest = hmac.new(keys.public_pem, signed.encode("ascii"), hashlib.sha256).digest()
    return f"{signed}.{_encoded(digest)}"


def _segment(content: dict[str, Any]) -> str:
    return _encoded(json.dumps(content).encode("utf-8"))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
