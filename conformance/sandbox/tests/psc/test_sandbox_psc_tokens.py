"""The token endpoint: what a code is good for, what comes out of it, how long that lasts and whom it is bound to."""

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

Send = Callable[..., httpx.Response]
Claims = Callable[[str], dict[str, Any]]
SECRET_CLIENT = "segur-lps-secret"


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()["error"]


def test_a_token_response_has_the_members_keycloak_gives(signed_in: Callable[..., dict[str, Any]]) -> None:
    tokens = signed_in()
    assert set(tokens) == {
        *("access_token", "expires_in", "refresh_token", "refresh_expires_in", "token_type", "id_token", "scope"),
        *("session_state", "not-before-policy"),
    }
    assert (tokens["expires_in"], tokens["refresh_expires_in"]) == (120, 1800)
    assert (tokens["token_type"], tokens["scope"]) == ("Bearer", "openid scope_all")


def test_the_id_token_says_who_when_for_whom_and_at_which_level(
    signed_in: Callable[..., dict[str, Any]], claims: Claims, psc: dict[str, Any]
) -> None:
    tokens = signed_in()
    said = claims(tokens["id_token"])
    assert said["iss"] == psc["issuer"]
    assert (said["aud"], said["azp"], said["typ"]) == ("segur-lps", "segur-lps", "ID")
    assert (said["acr"], said["nonce"]) == ("eidas1", "an-unguessable-nonce")
    assert said["sub"] == f"f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:{said['SubjectNameID']}"
    assert (said["SubjectNameID"], said["preferred_username"]) == ("899700366240", "899700366240")
    assert (said["given_name"], said["family_name"]) == ("KIT", "DOC0036624")
    assert said["exp"] - said["iat"] == 120
    assert said["sid"] == said["session_state"] == tokens["session_state"]
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert said["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def _verified_by_openssl(token: str, jwk: dict[str, str], folder: Path) -> bool:
    """Check an RS256 signature with openssl; the key is written in DER by hand."""
    head, body, signature = token.split(".")

    def decoded(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    def der(tag: int, content: bytes) -> bytes:
        size = len(content)
        length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
        return bytes([tag]) + length + content

    key = der(0x30, der(0x02, b"\x00" + decoded(jwk["n"])) + der(0x02, decoded(jwk["e"])))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    (folder / "key.der").write_bytes(der(0x30, algorithm + der(0x03, b"\x00" + key)))
    (folder / "signature").write_bytes(decoded(signature))
    command = ["openssl", "dgst", "-sha256", "-verify", folder / "key.der", "-keyform", "DER"]
    done = subprocess.run(
        [*map(str, command), "-signature", str(folder / "signature")],
        input=f"{head}.{body}".encode(),
        capture_output=True,
        check=False,
        timeout=30,
    )
    return done.returncode == 0


@pytest.mark.parametrize("name", ["id_token", "access_token"])
def test_openssl_verifies_the_signature_with_the_published_key(
    signed_in: Callable[..., dict[str, Any]],
    discovery: dict[str, Any],
    http: Callable[..., httpx.Client],
    tmp_path: Path,
    name: str,
) -> None:
    token = signed_in()[name]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    (jwk,) = http().get(discovery["jwks_uri"]).json()["keys"]
    assert (header["alg"], header["typ"], header["kid"]) == ("RS256", "JWT", jwk["kid"])
    assert set(jwk) == {"kty", "n", "e", "kid", "alg", "use"}
    assert _verified_by_openssl(token, jwk, tmp_path)
    assert not _verified_by_openssl(token.replace(".", ".A", 1), jwk, tmp_path)


CODE_REFUSED: dict[str, tuple[dict[str, str | None], str]] = {
    "no-verifier": ({"code_verifier": None}, "invalid_grant"),
    "other-verifier": ({"code_verifier": "another-verifier-of-forty-three-characters-1"}, "invalid_grant"),
    "verifier-not-ascii": ({"code_verifier": "é" * 43}, "invalid_request"),
    "no-redirect": ({"redirect_uri": None}, "invalid_grant"),
    "other-redirect": ({"redirect_uri": "http://127.0.0.1:1/psc/retour"}, "invalid_grant"),
    "unknown-code": ({"code": "inconnu"}, "invalid_grant"),
    "no-code": ({"code": ""}, "invalid_request"),
}


@pytest.mark.parametrize(("changes", "error"), CODE_REFUSED.values(), ids=CODE_REFUSED)
def test_a_code_shown_wrongly_is_refused_and_its_twin_passes(
    get_code: Callable[..., str],
    redeem: Send,
    journal: Callable[..., list[dict[str, Any]]],
    changes: dict[str, str | None],
    error: str,
) -> None:
    shown = {"code": get_code(), **changes}
    assert _refusal(redeem(str(shown.pop("code")), **shown)) == (400, error)
    assert journal()[-1]["reason"].startswith(error)
    assert redeem(get_code()).status_code == 200


def test_a_code_serves_once_and_its_second_use_takes_back_what_it_gave(
    get_code: Callable[..., str], redeem: Send, userinfo: Send, post: Send
) -> None:
    code = get_code()
    tokens = redeem(code).json()
    assert userinfo(tokens["access_token"]).status_code == 200
    assert _refusal(redeem(code)) == (400, "invalid_grant")
    assert userinfo(tokens["access_token"]).status_code == 401
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert _refusal(post("token", renewal)) == (400, "invalid_grant")


def test_a_code_shown_wrongly_does_not_serve_afterwards(get_code: Callable[..., str], redeem: Send) -> None:
    code = get_code()
    assert redeem(code, code_verifier=None).status_code == 400
    assert _refusal(redeem(code)) == (400, "invalid_grant")


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (61, 400)])
def test_a_code_lives_a_minute(
    get_code: Callable[..., str], redeem: Send, advance: Callable[[float], None], seconds: int, status: int
) -> None:
    code = get_code()
    advance(seconds)
    assert redeem(code).status_code == status


def test_a_code_of_one_client_is_not_for_another(
    get_code: Callable[..., str], redeem: Send, secret_of: Callable[[str], str]
) -> None:
    other = (SECRET_CLIENT, secret_of(SECRET_CLIENT))
    stolen = redeem(get_code(), role=None, auth=other, client_id=None)
    assert _refusal(stolen) == (400, "invalid_grant")
    own = get_code(client_id=SECRET_CLIENT)
    assert redeem(own, role=None, auth=other, client_id=None).status_code == 200


@pytest.mark.parametrize("method", ["S256", "plain", None], ids=["S256", "plain", "no-pkce"])
def test_pkce_binds_when_a_challenge_was_sent(get_code: Callable[..., str], redeem: Send, method: str | None) -> None:
    plain = "a-verifier-of-forty-three-characters-or-more-1"
    if method == "S256":
        assert redeem(get_code()).status_code == 200
    elif method == "plain":
        code = get_code(code_challenge=plain, code_challenge_method=None)
        assert redeem(code).status_code == 200
    else:
        without = {"code_challenge": None, "code_challenge_method": None}
        assert redeem(get_code(**without), code_verifier=None).status_code == 200
        assert _refusal(redeem(get_code(**without))) == (400, "invalid_grant")


BODIES = {
    "json": (b'{"grant_type":"authorization_code"}', "application/json"),
    "twice": (b"grant_type=refresh_token&grant_type=refresh_token&client_id=segur-lps", None),
    "not-utf8": (b"grant_type=%FF&client_id=segur-lps", None),
    "not-ascii": (b"grant_type=\xff&client_id=segur-lps", None),
    "not-a-form": (b"grant_type", None),
    "no-grant-type": (b"client_id=segur-lps", None),
}


@pytest.mark.parametrize(("body", "media_type"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_form_is_refused(
    discovery: dict[str, Any], http: Callable[..., httpx.Client], body: bytes, media_type: str | None
) -> None:
    def send(content: bytes, kind: str) -> tuple[int, str]:
        headers = {"content-type": kind}
        return _refusal(http("org-auth").post(discovery["token_endpoint"], content=content, headers=headers))

    form = "application/x-www-form-urlencoded"
    assert send(body, media_type or form) == (400, "invalid_request")
    # The twin is well-formed: it goes as far as the refresh token, which is nobody's.
    assert send(b"grant_type=refresh_token&refresh_token=x&client_id=segur-lps", form) == (400, "invalid_grant")


@pytest.mark.parametrize("grant_type", ["password", "client_credentials", "implicit", "urn:autre"])
def test_grants_that_are_announced_but_useless_are_refused(post: Send, grant_type: str) -> None:
    form = {"grant_type": grant_type, "username": "a", "password": "b"}
    assert _refusal(post("token", form)) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(("seconds", "status"), [(115, 200), (121, 401)])
def test_an_access_token_lives_two_minutes(
    signed_in: Callable[..., dict[str, Any]],
    userinfo: Send,
    advance: Callable[[float], None],
    seconds: int,
    status: int,
) -> None:
    token = signed_in()["access_token"]
    advance(seconds)
    assert userinfo(token).status_code == status


@pytest.mark.parametrize("role", ["insi-auto", None], ids=["another-certificate", "no-certificate"])
def test_a_bound_token_is_refused_on_another_connection(
    signed_in: Callable[..., dict[str, Any]],
    userinfo: Send,
    journal: Callable[..., list[dict[str, Any]]],
    role: str | None,
) -> None:
    token = signed_in()["access_token"]
    stolen = userinfo(token, role)
    assert _refusal(stolen) == (401, "invalid_token")
    assert 'error="invalid_token"' in stolen.headers["www-authenticate"]
    assert journal()[-1]["unexpected"] is True
    assert userinfo(token).status_code == 200


def test_a_token_of_a_client_with_a_secret_is_bound_to_nothing(
    get_code: Callable[..., str], redeem: Send, userinfo: Send, claims: Claims, secret_of: Callable[[str], str]
) -> None:
    auth = (SECRET_CLIENT, secret_of(SECRET_CLIENT))
    tokens = redeem(get_code(client_id=SECRET_CLIENT), role="org-auth", auth=auth, client_id=None).json()
    assert "cnf" not in claims(tokens["access_token"])
    assert userinfo(tokens["access_token"], None).status_code == 200


@pytest.mark.parametrize("form", ["rfc", "hex"])
def test_the_certificate_is_named_as_the_standard_says_or_as_the_examples_do(
    descriptor: dict[str, Any],
    signed_in: Callable[..., dict[str, Any]],
    claims: Claims,
    settings: Callable[..., None],
    userinfo: Send,
    openssl: Callable[..., str],
    form: str,
) -> None:
    settings(cnf=form)
    token = signed_in()["access_token"]
    certificate = descriptor["certificates"]["org-auth"]["cert"]
    shown = openssl("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256")
    digest = shown.partition("=")[2].strip().replace(":", "").lower()
    content = bytes.fromhex(digest) if form == "rfc" else digest.encode()
    expected = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    assert claims(token)["cnf"] == {"x5t#S256": expected}
    assert userinfo(token).status_code == 200
    assert userinfo(token, "insi-auto").status_code == 401


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Basic YTpi", "Bearer inconnu"], ids=["none", "bare", "basic", "unknown"]
)
def test_userinfo_needs_a_token(
    discovery: dict[str, Any], http: Callable[..., httpx.Client], header: str | None, userinfo: Send, signed_in: Any
) -> None:
    headers = {"authorization": header} if header is not None else {}
    answer = http("org-auth").get(discovery["userinfo_endpoint"], headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert userinfo(signed_in()["access_token"]).status_code == 200


def test_an_id_or_refresh_token_is_no_access_token(signed_in: Callable[..., dict[str, Any]], userinfo: Send) -> None:
    tokens = signed_in()
    assert [userinfo(tokens[name]).status_code for name in ("id_token", "refresh_token", "access_token")] == [
        401,
        401,
        200,
    ]


@pytest.mark.parametrize("retire", [False, True], ids=["kept", "retired"])
def test_keys_rotate_on_demand(
    discovery: dict[str, Any],
    http: Callable[..., httpx.Client],
    control: Callable[..., tuple[int, Any]],
    signed_in: Callable[..., dict[str, Any]],
    retire: bool,
) -> None:
    def published() -> list[str]:
        return [key["kid"] for key in http().get(discovery["jwks_uri"]).json()["keys"]]

    (old,) = published()
    new = control("POST", "/psc/keys", {"retire": retire})[1]["kid"]
    assert published() == ([new] if retire else [old, new])
    header = json.loads(base64.urlsafe_b64decode(signed_in()["id_token"].split(".")[0] + "=="))
    assert header["kid"] == new
    control("POST", "/reset")
    assert published() == [old]
