"""The authority between a target and the services: what it passes on is right, and only what it is told is wrong."""

from __future__ import annotations

import base64
import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from segur_conformance.authority.between import AuthorityBetween, Wrong, authority_between
from segur_conformance.authority.listener import Shown, outdate
from segur_conformance.authority.seals import claims_of, sealed_with_public_key, signer, unsigned, with_other_claims
from segur_sandbox.running import RunningSandbox

CLAIMS = {"iss": "https://autorite.exemple", "sub": "é", "exp": 4_000_000_000}
REALM = "/auth/realms/esante-wallet"
TOKEN = f"{REALM}/protocol/openid-connect/token"


def key_set(kid: str) -> KeySet:
    return KeySet.import_key_set({"keys": [signer(kid).jwk]})


def test_seal_is_right_for_a_library_that_nobody_here_wrote() -> None:
    read = jwt.decode(signer("clef-1").sign(CLAIMS), key_set("clef-1"), algorithms=["RS256"])

    assert (read.claims, read.header["kid"]) == (CLAIMS, "clef-1")
    assert signer("clef-1") is signer("clef-1")


@pytest.mark.parametrize("key", ["clef-2", "clef-1"], ids=["stranger", "changed"])
def test_wrong_seal_is_wrong_for_it_too(key: str) -> None:
    token = signer(key).sign(CLAIMS, kid="clef-1")
    token = with_other_claims(token, sub="autre") if key == "clef-1" else token

    assert claims_of(token)["sub"] == ("autre" if key == "clef-1" else "é")
    with pytest.raises(BadSignatureError):
        jwt.decode(token, key_set("clef-1"), algorithms=["RS256"])


def test_known_ruses_are_those_that_they_are_called() -> None:
    by = signer("clef-1")

    header, _, seal = unsigned(CLAIMS).split(".")
    assert (json.loads(base64.urlsafe_b64decode(f"{header}=="))["alg"], seal) == ("none", "")
    signed, _, seal = sealed_with_public_key(CLAIMS, by).rpartition(".")
    shared = hmac.digest(by.public_pem, signed.encode("ascii"), "sha256")
    assert base64.urlsafe_b64decode(f"{seal}=") == shared


@pytest.fixture
def authority(services: RunningSandbox) -> Iterator[AuthorityBetween]:
    services.reset()
    with authority_between(services) as found:
        yield found


def said(services: RunningSandbox, url: str, form: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    """Be a client with the certificate of the structure."""
    parts, role = urlsplit(url), services.descriptor["certificates"]["org-auth"]
    context = ssl.create_default_context(cafile=services.descriptor["ca"])
    context.load_cert_chain(role["cert"], role["key"])
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, context=context, timeout=20)
    body = None if form is None else urlencode(form)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    connection.request("GET" if form is None else "POST", f"{parts.path}?{parts.query}", body, headers)
    answer = connection.getresponse()
    told = (answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return told


def document(services: RunningSandbox, authority: AuthorityBetween) -> dict[str, Any]:
    url = f"{authority.issuer}/.well-known/wallet-openid-configuration"
    found: dict[str, Any] = json.loads(said(services, url)[2])
    return found


def id_token(services: RunningSandbox, authority: AuthorityBetween) -> str:
    """Sign in as software does, and return the ID token."""
    told, client = document(services, authority), services.descriptor["services"]["psc"]["clients"][0]
    services.answer_psc("medecin")
    asked = {
        "response_type": "code",
        "client_id": client["client_id"],
        "redirect_uri": client["redirect_uris"][0],
        "scope": "openid scope_all",
        "acr_values": "eidas1",
        "state": "etat",
        "nonce": "nonce",
    }
    status, headers, _ = said(services, f"{told['authorization_endpoint']}?{urlencode(asked)}")
    back = dict(parse_qsl(urlsplit(headers["location"]).query))
    assert (status, back["iss"], back["state"]) == (302, authority.issuer, "etat")
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": asked["redirect_uri"]}
    status, _, body = said(services, told["token_endpoint"], form | {"client_id": client["client_id"]})
    assert status == 200
    token: str = json.loads(body)["id_token"]
    return token


def test_document_is_in_its_own_name(services: RunningSandbox, authority: AuthorityBetween) -> None:
    told, own = document(services, authority), authority.tables

    assert told["issuer"] == authority.issuer == own["psc"]["url"] + REALM
    assert told["token_endpoint"] == own["psc"]["url"] + TOKEN
    assert told["authorization_endpoint"] == f"{own['psc-login']['url']}/auth"
    beneath = services.descriptor["services"]["psc"]["issuer"].removesuffix(REALM)
    assert beneath not in json.dumps(told)


def test_id_token_is_signed_again_in_its_own_name(services: RunningSandbox, authority: AuthorityBetween) -> None:
    token = id_token(services, authority)
    keys = KeySet.import_key_set(json.loads(said(services, document(services, authority)["jwks_uri"])[2]))
    claims = jwt.decode(token, keys, algorithms=["RS256"]).claims

    assert (claims["iss"], claims["nonce"], claims["acr"]) == (authority.issuer, "nonce", "eidas1")
    assert authority.issued == [claims]
    assert authority.heard == ["discovery", "token:authorization_code", "discovery", "certs"]


def test_only_what_is_told_is_wrong(services: RunningSandbox, authority: AuthorityBetween) -> None:
    authority.wrong = Wrong(claims=lambda claims: claims | {"acr": "eidas0"})
    wrong = jwt.decode(id_token(services, authority), key_set("clef-du-kit"), algorithms=["RS256"]).claims
    authority.wrong = Wrong()
    right = jwt.decode(id_token(services, authority), key_set("clef-du-kit"), algorithms=["RS256"]).claims

    assert {name for name in right if right[name] != wrong[name]} <= {
        "acr",
        "iat",
        "exp",
        "jti",
        "auth_time",
        "sid",
    } | {
        "session_state",
        "at_hash",
    }
    assert (wrong["acr"], right["acr"]) == ("eidas0", "eidas1")


def test_session_is_ended_by_the_token_that_it_gave(services: RunningSandbox, authority: AuthorityBetween) -> None:
    token = id_token(services, authority)
    assert len(services.psc_now()["sessions"]) == 1
    said(services, document(services, authority)["end_session_endpoint"], {"id_token_hint": token})

    assert services.psc_now()["sessions"] == []


def test_polls_are_answered_as_told_before_the_services_are_asked(
    services: RunningSandbox, authority: AuthorityBetween
) -> None:
    authority.polls = [{"error": "slow_down"}]
    form = {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": "x", "client_id": "segur-lps"}
    answers = [json.loads(said(services, authority.tables["psc"]["url"] + TOKEN, form)[2])["error"] for _ in range(2)]

    assert answers == ["slow_down", "invalid_grant"]
    assert authority.polled == 2


@pytest.mark.parametrize(
    ("server", "client", "spoken"),
    [(False, False, "TLSv1.3"), (True, True, "TLSv1.1"), (True, False, None), (False, True, None)],
    ids=["both-of-today", "both-outdated", "server-outdated", "client-outdated"],
)
def test_outdated_server_speaks_with_outdated_clients_only(
    services: RunningSandbox, server: bool, client: bool, spoken: str | None
) -> None:
    role = services.descriptor["certificates"]["org-auth"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if client:
        outdate(context)
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    found = None
    with authority_between(services, Shown(Path(role["cert"]), Path(role["key"]), outdated=server)) as authority:
        place = urlsplit(authority.issuer)
        with socket.create_connection((place.hostname, place.port), timeout=20) as plain:
            try:
                with context.wrap_socket(plain) as secured:
                    found = secured.version()
            except ssl.SSLError:
                found = None

    assert found == spoken
