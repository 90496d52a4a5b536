"""Who may call the token endpoint: a client by its certificate, or by its secret, and by one of the two only."""

import base64
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Send = Callable[..., httpx.Response]
SECRET_CLIENT = "segur-lps-secret"


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()["error"]


CLIENTS: dict[str, tuple[str | None, dict[str, str | None], bool]] = {
    "no-certificate": (None, {}, False),
    "certificate-of-another-subject": ("insi-auto", {}, False),
    "unknown-client": ("org-auth", {"client_id": "personne"}, False),
    "no-client": ("org-auth", {"client_id": None}, False),
    "secret-instead-of-certificate": ("org-auth", {"client_secret": "un-secret"}, False),
    "certificate-instead-of-secret": ("org-auth", {"client_id": SECRET_CLIENT}, False),
    "right": ("org-auth", {}, True),
}


@pytest.mark.parametrize(("role", "changes", "accepted"), CLIENTS.values(), ids=CLIENTS)
def test_a_client_proves_who_it_is_by_the_subject_of_its_certificate(
    get_code: Callable[..., str], redeem: Send, role: str | None, changes: dict[str, str | None], accepted: bool
) -> None:
    answer = redeem(get_code(), role=role, **changes)
    if accepted:
        assert answer.status_code == 200
        return
    assert _refusal(answer) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("role", ["revoked", "expired", "foreign-ca", "wrong-usage"])
def test_a_bad_certificate_is_refused_in_the_handshake(
    descriptor: dict[str, Any], discovery: dict[str, Any], journal: Callable[..., list[dict[str, Any]]], role: str
) -> None:
    def curl(which: str) -> str:
        files = descriptor["certificates"][which]
        command = ["curl", "-s", "--cacert", descriptor["ca"], "--cert", files["cert"], "--key", files["key"]]
        command += ["-d", "grant_type=x&client_id=segur-lps", "-w", "%{http_code}", discovery["token_endpoint"]]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout

    assert curl(role) == "000"
    assert journal()[-1]["reason"].startswith("handshake:")
    assert curl("org-auth").endswith(
        "unsupported_grant_type" + '","error_description":"not a grant of this client"}400'
    )


def _basic(text: bytes) -> str:
    return f"Basic {base64.b64encode(text).decode()}"


SECRETS: dict[str, tuple[bytes | None, bool, bool]] = {
    "right": (b"segur-lps-secret:%s", False, True),
    "in-the-form": (None, True, True),
    "wrong": (b"segur-lps-secret:un-autre-secret", False, False),
    "empty": (b"segur-lps-secret:", False, False),
    "no-colon": (b"segur-lps-secret", False, False),
    "not-utf8": (b"segur-lps-secret:\xff", False, False),
    "none": (None, False, False),
}


@pytest.mark.parametrize(("header", "in_form", "accepted"), SECRETS.values(), ids=SECRETS)
def test_a_client_with_a_secret_shows_it_in_one_of_two_places(
    get_code: Callable[..., str],
    discovery: dict[str, Any],
    redirect_uri: str,
    http: Callable[..., httpx.Client],
    secret_of: Callable[[str], str],
    header: bytes | None,
    in_form: bool,
    accepted: bool,
) -> None:
    secret = secret_of(SECRET_CLIENT)
    form = {
        "grant_type": "authorization_code",
        "code": get_code(client_id=SECRET_CLIENT),
        "redirect_uri": redirect_uri,
        "code_verifier": "a-verifier-of-forty-three-characters-or-more-1",
        "client_id": SECRET_CLIENT,
    }
    form |= {"client_secret": secret} if in_form else {}
    headers = {"authorization": _basic(header.replace(b"%s", secret.encode()))} if header is not None else {}
    answer = http().post(discovery["token_endpoint"], data=form, headers=headers)
    assert answer.status_code == (200 if accepted else 401)
    assert accepted or answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_secret": "x"}, (400, "invalid_request")),
        ({"client_id": "segur-lps"}, (401, "invalid_client")),
    ],
    ids=["two-secrets", "two-names"],
)
def test_a_client_that_authenticates_in_two_ways_is_refused(
    get_code: Callable[..., str],
    redeem: Send,
    secret_of: Callable[[str], str],
    changes: dict[str, str],
    expected: tuple[int, str],
) -> None:
    code, auth = get_code(client_id=SECRET_CLIENT), (SECRET_CLIENT, secret_of(SECRET_CLIENT))
    form: dict[str, Any] = {"client_id": None, **changes}
    assert _refusal(redeem(code, role=None, auth=auth, **form)) == expected
    assert redeem(code, role=None, auth=auth, client_id=SECRET_CLIENT).status_code == 200
