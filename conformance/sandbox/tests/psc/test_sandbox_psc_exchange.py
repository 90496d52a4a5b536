"""Token exchange at the fake target service, under mutual TLS."""

import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Send = Callable[..., httpx.Response]
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture
def exchange(psc: dict[str, Any], http: Callable[..., httpx.Client]) -> Send:
    """Exchange a token; a change to `None` leaves a parameter out."""

    def send(token: str, *, role: str = "org-auth", **changes: str | None) -> httpx.Response:
        form: dict[str, str | None] = {
            "grant_type": GRANT,
            "subject_token": token,
            "subject_token_type": TYPE,
            "scope": "dossier.lire",
            "client_id": "segur-lps",
            **changes,
        }
        sent = {name: value for name, value in form.items() if value is not None}
        return http(role).post(psc["service"]["token_endpoint"], data=sent)

    return send


@pytest.fixture
def call(psc: dict[str, Any], http: Callable[..., httpx.Client]) -> Send:
    """Call the resource with a token of the service."""

    def send(token: str, role: str = "org-auth") -> httpx.Response:
        return http(role).get(psc["service"]["resource"], headers={"authorization": f"Bearer {token}"})

    return send


def test_a_token_is_exchanged_for_one_of_four_hours(
    signed_in: Callable[..., dict[str, Any]], exchange: Send, call: Send, advance: Callable[[float], None]
) -> None:
    answer = exchange(signed_in()["access_token"])
    tokens = answer.json()
    assert answer.status_code == 200
    assert {name: tokens[name] for name in ("issued_token_type", "token_type", "expires_in", "scope")} == {
        "issued_token_type": TYPE,
        "token_type": "Bearer",
        "expires_in": 14_400,
        "scope": "dossier.lire",
    }
    assert call(tokens["access_token"]).json() == {"SubjectNameID": "899700366240", "scope": "dossier.lire"}
    advance(14_395)
    assert call(tokens["access_token"]).status_code == 200
    advance(10)
    assert call(tokens["access_token"]).status_code == 401


REFUSED: dict[str, tuple[dict[str, str | None], tuple[int, str]]] = {
    "no-scope": ({"scope": None}, (400, "invalid_request")),
    "unknown-scope": ({"scope": "dossier.lire tout"}, (400, "invalid_scope")),
    "no-type": ({"subject_token_type": None}, (400, "invalid_request")),
    "other-type": ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, (400, "invalid_request")),
    "unknown-token": ({"subject_token": "inconnu"}, (400, "invalid_request")),
    "no-token": ({"subject_token": None}, (400, "invalid_request")),
    "other-grant": ({"grant_type": "refresh_token"}, (400, "unsupported_grant_type")),
    "no-client": ({"client_id": None}, (401, "invalid_client")),
}


@pytest.mark.parametrize(("changes", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_exchange_is_refused_and_its_twin_passes(
    signed_in: Callable[..., dict[str, Any]],
    exchange: Send,
    journal: Callable[..., list[dict[str, Any]]],
    changes: dict[str, str | None],
    expected: tuple[int, str],
) -> None:
    token = signed_in()["access_token"]
    answer = exchange(token, **changes)
    assert (answer.status_code, answer.json()["error"]) == expected
    assert journal("psc-api")[-1]["reason"].startswith(expected[1])
    assert exchange(token).status_code == 200


def test_an_id_token_or_an_old_token_is_not_exchanged(
    signed_in: Callable[..., dict[str, Any]], exchange: Send, advance: Callable[[float], None]
) -> None:
    tokens = signed_in()
    assert exchange(tokens["id_token"]).json()["error"] == "invalid_request"
    assert exchange(tokens["access_token"]).status_code == 200
    advance(121)
    assert exchange(tokens["access_token"]).json()["error"] == "invalid_request"


def test_a_token_of_another_certificate_is_neither_exchanged_nor_used(
    signed_in: Callable[..., dict[str, Any]],
    exchange: Send,
    call: Send,
    control: Callable[..., tuple[int, Any]],
) -> None:
    subject = "CN=INSI-AUTO,OU=10B0152872,O=PHARMACIE DU BAC A SABLE,ST=Haute-Corse (2B),C=FR"
    other = {"client_id": "autre-mtls", "method": "tls_client_auth", "subject_dn": subject}
    assert control("POST", "/psc/clients", other)[0] == 200
    token = signed_in()["access_token"]
    refused = exchange(token, role="insi-auto", client_id="autre-mtls")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    own = exchange(token).json()["access_token"]
    assert call(own, "insi-auto").status_code == 401
    assert call(own).status_code == 200


def test_a_token_that_is_bound_to_nothing_is_not_exchanged(
    get_code: Callable[..., str], redeem: Send, exchange: Send, secret_of: Callable[[str], str]
) -> None:
    auth = ("segur-lps-secret", secret_of("segur-lps-secret"))
    free = redeem(get_code(client_id="segur-lps-secret"), role=None, auth=auth, client_id=None).json()
    assert exchange(free["access_token"]).json()["error"] == "invalid_request"
    bound = redeem(get_code()).json()
    assert exchange(bound["access_token"]).status_code == 200


@pytest.mark.parametrize("role", [None, "org-auth"])
def test_the_service_speaks_under_mutual_tls_only(
    descriptor: dict[str, Any], psc: dict[str, Any], role: str | None
) -> None:
    command = ["curl", "-s", "--cacert", descriptor["ca"], "-o", "/dev/null", "-w", "%{http_code}"]
    if role is not None:
        files = descriptor["certificates"][role]
        command += ["--cert", files["cert"], "--key", files["key"]]
    done = subprocess.run([*command, psc["service"]["resource"]], capture_output=True, text=True, check=False)
    assert done.stdout == ("000" if role is None else "401")
