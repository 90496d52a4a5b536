"""openid-client, a certified relying party, finds at the sandbox's Pro Santé Connect what it finds at oidc-provider.

oidc-provider is certified as well: what a test expects of it is what it may expect of ours.
"""

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from segur_sandbox.pki.store import PkiFiles, RoleFiles
from tests.counterparts.authorities import WHO, Answer, Authority, Registration, identity
from tests.counterparts.relying_party import RefusedError, RelyingParty

REALM = "/auth/realms/esante-wallet"
ENDPOINTS = {
    "token_endpoint": "/protocol/openid-connect/token",
    "userinfo_endpoint": "/protocol/openid-connect/userinfo",
    "jwks_uri": "/protocol/openid-connect/certs",
    "introspection_endpoint": "/protocol/openid-connect/token/introspect",
    "end_session_endpoint": "/protocol/openid-connect/logout",
    "revocation_endpoint": "/protocol/openid-connect/revoke",
    "backchannel_authentication_endpoint": "/protocol/openid-connect/ext/ciba/auth",
}
CIBA = {"login_hint": WHO, "binding_message": "42", "channel": "CARD"}
CIBA_GRANT = "urn:openid:params:grant-type:ciba"

LogIn = Callable[[], dict[str, Any]]


@pytest.fixture
def come_back(client: RelyingParty, authority: Authority, redirect_uri: str) -> Callable[[], str]:
    """Go through a login as far as the address at which the browser comes back."""
    return lambda: authority.log_in(client.ask("authorize", redirect_uri=redirect_uri), Answer.ACCEPT)


@pytest.fixture
def log_in(client: RelyingParty, come_back: Callable[[], str]) -> LogIn:
    """Go through a login, and return what the token endpoint gave, ``claims`` of the ID token beside."""
    return lambda: client.ask("callback", url=come_back())


def thumbprint_of(files: RoleFiles) -> str:
    """``x5t#S256`` of a certificate (RFC 8705, 3.1)."""
    certificate = x509.load_pem_x509_certificate(files.cert.read_bytes())
    return base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode("ascii")


def test_discovery_is_at_the_wallets_name_and_sends_browsers_to_another_origin(
    rp: RelyingParty, authority: Authority, counterpart_pki: PkiFiles
) -> None:
    document = rp.ask("discover", url=authority.discovery, client_id="personne", secret="rien")
    issuer = urlsplit(document["issuer"])

    assert authority.discovery == f"{document['issuer']}/.well-known/wallet-openid-configuration"
    assert issuer.path == REALM
    assert {name: document[name] for name in ENDPOINTS} == {
        name: document["issuer"] + path for name, path in ENDPOINTS.items()
    }
    login = urlsplit(document["authorization_endpoint"])
    assert (login.scheme, login.path) == ("https", "/auth")
    assert login.netloc != issuer.netloc


def test_code_flow_names_the_professional(client: RelyingParty, log_in: LogIn) -> None:
    received = log_in()
    claims = received["claims"]
    userinfo = client.ask("userinfo", access_token=received["access_token"], sub=claims["sub"])

    assert (claims["acr"], claims["SubjectNameID"]) == ("eidas1", WHO)
    assert received["expires_in"] == 120
    assert userinfo["SubjectNameID"] == WHO
    assert [one["codeProfession"] for one in userinfo["SubjectRefPro"]["exercices"]] == ["21"]


def test_refresh_gives_other_tokens_of_the_same_person(client: RelyingParty, log_in: LogIn) -> None:
    first = log_in()
    second = client.ask("refresh", refresh_token=first["refresh_token"])

    assert second["access_token"] != first["access_token"]
    userinfo = client.ask("userinfo", access_token=second["access_token"], sub=first["claims"]["sub"])
    assert userinfo["SubjectNameID"] == WHO


def test_revoked_refresh_token_is_refused(client: RelyingParty, log_in: LogIn) -> None:
    received = log_in()
    client.ask("revoke", token=received["refresh_token"])

    with pytest.raises(RefusedError) as refused:
        client.ask("refresh", refresh_token=received["refresh_token"])

    assert (refused.value.error, refused.value.status) == ("invalid_grant", 400)


def test_introspection_tells_a_good_token_from_a_bad_one(client: RelyingParty, log_in: LogIn) -> None:
    token = log_in()["access_token"]

    assert client.ask("introspect", token=token)["active"] is True
    assert client.ask("introspect", token=token + "x") == {"active": False}


def test_wrong_verifier_is_refused(client: RelyingParty, come_back: Callable[[], str]) -> None:
    address = come_back()

    with pytest.raises(RefusedError) as refused:
        client.ask("callback", url=address, checks={"pkceCodeVerifier": "v" * 43})

    assert (refused.value.error, refused.value.status) == ("invalid_grant", 400)


def test_code_serves_once_and_takes_its_tokens_with_it(client: RelyingParty, come_back: Callable[[], str]) -> None:
    address = come_back()
    received = client.ask("callback", url=address)

    with pytest.raises(RefusedError) as refused:
        client.ask("callback", url=address)
    with pytest.raises(RefusedError) as dead:
        client.ask("userinfo", access_token=received["access_token"], sub=received["claims"]["sub"])

    assert (refused.value.error, refused.value.status) == ("invalid_grant", 400)
    assert (dead.value.error, dead.value.status) == ("invalid_token", 401)


def test_other_redirect_uri_at_the_token_endpoint_is_refused(
    client: RelyingParty, come_back: Callable[[], str], redirect_uri: str
) -> None:
    address = come_back()

    with pytest.raises(RefusedError) as refused:
        client.ask("callback", url=address.replace("/retour", "/ailleurs"))

    assert (refused.value.error, refused.value.status) == ("invalid_grant", 400)


def test_refusal_of_the_professional_comes_back_as_access_denied(
    client: RelyingParty, authority: Authority, redirect_uri: str
) -> None:
    address = authority.log_in(client.ask("authorize", redirect_uri=redirect_uri), Answer.REFUSE)

    with pytest.raises(RefusedError) as refused:
        client.ask("callback", url=address)

    assert refused.value.error == "access_denied"


def test_unregistered_redirect_uri_is_never_gone_to(client: RelyingParty, authority: Authority) -> None:
    address = client.ask("authorize", redirect_uri="http://127.0.0.1:9/ailleurs")

    with pytest.raises(LookupError, match="answers 400"):
        authority.log_in(address, Answer.ACCEPT)


@pytest.mark.parametrize(
    "proof",
    [{"secret": "un-autre-secret"}, {"role": "insi-manu"}, {}],
    ids=["other secret", "other subject", "nothing"],
)
def test_client_that_does_not_prove_itself_is_refused(
    rp: RelyingParty,
    authority: Authority,
    registrations: dict[str, Registration],
    counterpart_pki: PkiFiles,
    proof: dict[str, str],
) -> None:
    known = registrations["secret" if "secret" in proof else "certificate"]
    rp.ask("discover", url=authority.discovery, **Registration(known.client_id, **proof).proof(counterpart_pki))

    with pytest.raises(RefusedError) as refused:
        rp.ask("refresh", refresh_token="rien")

    assert (refused.value.error, refused.value.status) == ("invalid_client", 401)


def test_certificate_of_another_authority_is_refused(
    rp: RelyingParty, authority: Authority, registrations: dict[str, Registration], counterpart_pki: PkiFiles
) -> None:
    rp.ask("discover", url=authority.discovery, **registrations["certificate"].proof(counterpart_pki))
    rp.ask("present", **identity(counterpart_pki, "foreign-ca"))

    with pytest.raises(RefusedError) as refused:
        rp.ask("refresh", refresh_token="rien")

    # The sandbox ends the handshake already, as a server in front of a Keycloak may: which one does is not documented.
    assert (refused.value.error, refused.value.status) in {("invalid_client", 401), (None, None)}
    assert refused.value.status is not None or re.search("hang up|alert|ECONNRESET", refused.value.why)


@pytest.mark.parametrize("other", ["insi-manu", None], ids=["another", "none"])
def test_token_is_bound_to_the_certificate(
    rp: RelyingParty,
    authority: Authority,
    registrations: dict[str, Registration],
    counterpart_pki: PkiFiles,
    redirect_uri: str,
    other: str | None,
) -> None:
    rp.ask("discover", url=authority.discovery, **registrations["certificate"].proof(counterpart_pki))
    received = rp.ask("callback", url=authority.log_in(rp.ask("authorize", redirect_uri=redirect_uri), Answer.ACCEPT))
    bound = rp.ask("introspect", token=received["access_token"])["cnf"]["x5t#S256"]
    rp.ask("present", **(identity(counterpart_pki, other) if other else {}))

    with pytest.raises(RefusedError) as refused:
        rp.ask("userinfo", access_token=received["access_token"], sub=received["claims"]["sub"])

    assert (refused.value.error, refused.value.status) == ("invalid_token", 401)
    assert bound == thumbprint_of(counterpart_pki.role("org-auth"))


def test_ciba_names_the_professional(client: RelyingParty, authority: Authority) -> None:
    authority.prepare_device(Answer.ACCEPT)
    started = client.ask("ciba", **CIBA)
    authority.answer_device(Answer.ACCEPT)
    received = client.ask("poll", request=started)
    claims = received["claims"]

    assert (started["expires_in"], started["interval"]) == (120, 1)
    assert (claims["acr"], claims["SubjectNameID"]) == ("eidas1", WHO)
    assert client.ask("userinfo", access_token=received["access_token"], sub=claims["sub"])["SubjectNameID"] == WHO
    assert client.ask("refresh", refresh_token=received["refresh_token"])["access_token"] != received["access_token"]


def test_ciba_refused_on_the_device_is_access_denied(client: RelyingParty, authority: Authority) -> None:
    authority.prepare_device(Answer.REFUSE)
    started = client.ask("ciba", **CIBA)
    authority.answer_device(Answer.REFUSE)

    with pytest.raises(RefusedError) as refused:
        client.ask("poll", request=started)

    assert (refused.value.error, refused.value.status) == ("access_denied", 400)


def test_auth_req_id_serves_once(client: RelyingParty, authority: Authority) -> None:
    authority.prepare_device(Answer.ACCEPT)
    started = client.ask("ciba", **CIBA)
    authority.answer_device(Answer.ACCEPT)
    client.ask("poll", request=started)

    with pytest.raises(RefusedError) as refused:
        client.ask("grant", grant_type=CIBA_GRANT, auth_req_id=started["auth_req_id"])

    assert (refused.value.error, refused.value.status) == ("invalid_grant", 400)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"binding_message": "quarante-deux"}, "invalid_binding_message"),
        ({"channel": "PIGEON"}, "invalid_request"),
        ({"login_hint": "899700000000"}, "unknown_user_id"),
    ],
    ids=["binding_message", "channel", "login_hint"],
)
def test_wrong_ciba_request_is_refused(
    client: RelyingParty, authority: Authority, changes: dict[str, str], error: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        client.ask("ciba", **(CIBA | changes))

    assert (refused.value.error, refused.value.status) == (error, 400)


def test_logout_ends_the_session_and_its_tokens(
    client: RelyingParty, authority: Authority, log_in: LogIn, redirect_uri: str
) -> None:
    received = log_in()
    leaving = client.ask(
        "end_session", id_token_hint=received["id_token"], post_logout_redirect_uri=redirect_uri, state="au-revoir"
    )

    assert authority.log_out(leaving) == f"{redirect_uri}?state=au-revoir"
    with pytest.raises(RefusedError) as refused:
        client.ask("refresh", refresh_token=received["refresh_token"])
    assert (refused.value.error, refused.value.status) == ("invalid_grant", 400)
