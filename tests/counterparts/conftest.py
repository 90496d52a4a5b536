"""Software nobody of this project wrote: an OpenID provider and a relying party, both certified, from npm; a browser.

Their tests have an environment of their own, ``tox -e counterparts``, which installs them; elsewhere nothing here is
collected.
"""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509

from segur_sandbox.pki.store import PkiFiles, RoleFiles, open_pki
from segur_sandbox.psc.catalogue import CATALOGUE
from segur_sandbox.running import RunningSandbox, running
from tests.counterparts.authorities import Authority, Foreign, Registration, sandbox_authority
from tests.counterparts.logout_receiver import LogoutReceiver, logout_receiver
from tests.counterparts.provider import ForeignProvider, foreign_provider
from tests.counterparts.relying_party import RelyingParty, relying_party

collect_ignore_glob = [] if "SEGUR_COUNTERPARTS" in os.environ else ["test_*.py"]

REGISTRATIONS: Final = {
    "secret": Registration("logiciel-a-secret", secret="un-secret-d-essai-de-plus-de-trente-deux-caracteres"),
    "certificate": Registration("logiciel-a-certificat", role="org-auth"),
}


def subject_of(files: RoleFiles) -> str:
    """Subject of a certificate as RFC 4514 writes it."""
    return x509.load_pem_x509_certificate(files.cert.read_bytes()).subject.rfc4514_string()


def free_port() -> int:
    """A port of the loopback that nobody listened to a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def counterpart_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("counterparts")


@pytest.fixture(scope="session")
def counterpart_pki(counterpart_folder: Path) -> PkiFiles:
    """The hierarchy of the sandbox that is started in the same folder."""
    return open_pki(counterpart_folder / "pki")


@pytest.fixture(scope="session")
def redirect_uri() -> str:
    """Where both clients are registered to come back; nobody listens there."""
    return f"http://127.0.0.1:{free_port()}/retour"


@pytest.fixture(scope="session")
def host_redirects() -> list[str]:
    """Where both clients are registered to come back to a host of ours."""
    return [f"http://127.0.0.1:{free_port()}/psc" for _ in range(3)]


@pytest.fixture(scope="session")
def logouts() -> Iterator[LogoutReceiver]:
    """Where oidc-provider tells both clients that a session is over."""
    with logout_receiver() as started:
        yield started


@pytest.fixture(scope="session")
def provider(
    counterpart_folder: Path,
    counterpart_pki: PkiFiles,
    redirect_uri: str,
    host_redirects: list[str],
    logouts: LogoutReceiver,
) -> Iterator[ForeignProvider]:
    """oidc-provider, with two clients and the professionals of the sandbox."""
    both = {
        "redirect_uris": [redirect_uri, *host_redirects],
        "post_logout_redirect_uris": [redirect_uri],
        "backchannel_logout_uri": logouts.address,
        "backchannel_logout_session_required": True,
    }
    clients = [both | _as_registered(one, counterpart_pki) for one in REGISTRATIONS.values()]
    professionals = [one.userinfo(one.means[0]) for one in CATALOGUE]
    for claims in professionals:
        del claims["sub"]
    with foreign_provider(counterpart_folder, counterpart_pki, clients, professionals) as started:
        yield started


def _as_registered(one: Registration, pki: PkiFiles) -> dict[str, Any]:
    both = {
        "client_id": one.client_id,
        "grant_types": ["authorization_code", "refresh_token", "urn:openid:params:grant-type:ciba"],
        "response_types": ["code"],
        "backchannel_token_delivery_mode": "poll",
    }
    if one.role is None:
        return both | {"client_secret": one.secret, "token_endpoint_auth_method": "client_secret_basic"}
    return both | {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": subject_of(pki.role(one.role)),
        "tls_client_certificate_bound_access_tokens": True,
    }


@pytest.fixture(scope="session")
def counterpart_sandbox(counterpart_folder: Path, counterpart_pki: PkiFiles) -> Iterator[RunningSandbox]:
    """A sandbox that may be polled every second, as the mock of the ANS."""
    (counterpart_folder / "settings.json").write_text(json.dumps({"psc": {"ciba_interval_s": 1}}), "utf-8")
    with running(counterpart_folder) as started:
        yield started


@pytest.fixture(params=["oidc-provider", "sandbox"])
def authority(request: pytest.FixtureRequest, counterpart_pki: PkiFiles, redirect_uri: str) -> Iterator[Authority]:
    """Both authorities in turn: what the foreign one does is what the test may expect of ours."""
    if request.param == "oidc-provider":
        provider: ForeignProvider = request.getfixturevalue("provider")
        provider.begin_afresh()
        yield Foreign(provider)
        return
    sandbox: RunningSandbox = request.getfixturevalue("counterpart_sandbox")
    sandbox.reset()
    with sandbox_authority(sandbox, counterpart_pki) as ours:
        for one in REGISTRATIONS.values():
            proof: dict[str, object] = {"method": "client_secret_basic", "client_secret": one.secret}
            if one.role is not None:
                proof = {"method": "tls_client_auth", "subject_dn": subject_of(counterpart_pki.role(one.role))}
            uris = [redirect_uri]
            sandbox.psc_client(one.client_id, redirect_uris=uris, post_logout_redirect_uris=uris, **proof)
        yield ours


@pytest.fixture(scope="session")
def registrations() -> dict[str, Registration]:
    """Both clients, by how they prove who they are."""
    return dict(REGISTRATIONS)


@pytest.fixture(params=list(REGISTRATIONS.values()), ids=list(REGISTRATIONS))
def registration(request: pytest.FixtureRequest) -> Registration:
    """A client by its secret, then one by its certificate."""
    found: Registration = request.param
    return found


@pytest.fixture(scope="session")
def rp(counterpart_pki: PkiFiles) -> Iterator[RelyingParty]:
    """One openid-client for all tests: each tells it first which authority it talks to, as which client."""
    with relying_party(counterpart_pki.ca) as started:
        yield started


@pytest.fixture
def client(
    rp: RelyingParty, authority: Authority, registration: Registration, counterpart_pki: PkiFiles
) -> RelyingParty:
    """openid-client, as one of the clients of one of the authorities."""
    rp.ask("discover", url=authority.discovery, **registration.proof(counterpart_pki))
    return rp
