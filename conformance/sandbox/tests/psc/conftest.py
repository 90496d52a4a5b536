"""Hands for Pro Santé Connect made of httpx and the standard library only."""

import base64
import hashlib
import json
import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

VERIFIER = "a-verifier-of-forty-three-characters-or-more-1"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="session")
def connections(_sandbox: dict[str, Any]) -> Iterator[dict[str | None, httpx.Client]]:
    """One HTTP client by certificate shown, and one that shows none."""
    opened: dict[str | None, httpx.Client] = {}
    for role in (None, "org-auth", "insi-auto"):
        context = ssl.create_default_context(cafile=_sandbox["ca"])
        if role is not None:
            files = _sandbox["certificates"][role]
            context.load_cert_chain(files["cert"], files["key"])
        opened[role] = httpx.Client(verify=context, timeout=20)
    yield opened
    for client in opened.values():
        client.close()


@pytest.fixture
def http(
    descriptor: dict[str, Any], connections: dict[str | None, httpx.Client]
) -> Callable[[str | None], httpx.Client]:
    """An HTTP client that shows the certificate of a role, or none, and remembers nothing."""

    def choose(role: str | None = None) -> httpx.Client:
        connections[role].cookies.clear()
        return connections[role]

    return choose


@pytest.fixture
def psc(descriptor: dict[str, Any]) -> dict[str, Any]:
    """What the descriptor says of Pro Santé Connect."""
    found: dict[str, Any] = descriptor["services"]["psc"]
    return found


@pytest.fixture
def discovery(psc: dict[str, Any], http: Callable[..., httpx.Client]) -> dict[str, Any]:
    """The discovery document."""
    document: dict[str, Any] = http().get(psc["discovery"]).json()
    return document


@pytest.fixture
def redirect_uri(psc: dict[str, Any]) -> str:
    """The first redirect URI of every client."""
    return str(psc["clients"][0]["redirect_uris"][0])


@pytest.fixture
def secret_of(psc: dict[str, Any]) -> Callable[[str], str]:
    """The secret of a client."""
    return lambda name: next(one["client_secret"] for one in psc["clients"] if one["client_id"] == name)


@pytest.fixture
def answer_next(control: Callable[..., tuple[int, Any]]) -> Callable[..., None]:
    """Answer the next login through the control API."""

    def put(who: str = "medecin", answer: str = "accept", **others: str) -> None:
        assert control("POST", "/psc/next", {"as": who, "answer": answer, **others})[0] == 200

    return put


@pytest.fixture
def authorize(
    discovery: dict[str, Any], http: Callable[..., httpx.Client], redirect_uri: str
) -> Callable[..., httpx.Response]:
    """Send an authorization request; a change to `None` leaves a parameter out."""

    def send(*, cookies: dict[str, str] | None = None, **changes: str | None) -> httpx.Response:
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "segur-lps",
            "redirect_uri": redirect_uri,
            "scope": "openid scope_all",
            "acr_values": "eidas1",
            "state": "an-unguessable-state",
            "nonce": "an-unguessable-nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        browser = http()
        for name, value in (cookies or {}).items():
            browser.cookies.set(name, value)
        query = {name: value for name, value in parameters.items() if value is not None}
        return browser.get(discovery["authorization_endpoint"], params=query)

    return send


@pytest.fixture
def callback() -> Callable[[httpx.Response], dict[str, str]]:
    """Read what a redirect tells the software."""

    def read(response: httpx.Response) -> dict[str, str]:
        assert response.status_code in (302, 303), response.text
        return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}

    return read


@pytest.fixture
def get_code(
    authorize: Callable[..., httpx.Response],
    answer_next: Callable[..., None],
    callback: Callable[[httpx.Response], dict[str, str]],
) -> Callable[..., str]:
    """Log a professional in and return the authorization code."""

    def get(who: str = "medecin", **changes: str | None) -> str:
        answer_next(who)
        return callback(authorize(**changes))["code"]

    return get


@pytest.fixture
def redeem(
    discovery: dict[str, Any], http: Callable[..., httpx.Client], redirect_uri: str
) -> Callable[..., httpx.Response]:
    """Exchange a code; a change to `None` leaves a parameter out."""

    def send(
        code: str, *, role: str | None = "org-auth", auth: tuple[str, str] | None = None, **changes: str | None
    ) -> httpx.Response:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": VERIFIER,
            "client_id": "segur-lps",
            **changes,
        }
        sent = {name: value for name, value in form.items() if value is not None}
        if auth is None:
            return http(role).post(discovery["token_endpoint"], data=sent)
        return http(role).post(discovery["token_endpoint"], data=sent, auth=auth)

    return send


@pytest.fixture
def signed_in(get_code: Callable[..., str], redeem: Callable[..., httpx.Response]) -> Callable[..., dict[str, Any]]:
    """Log a professional in under mutual TLS and return the token response."""

    def sign_in(who: str = "medecin") -> dict[str, Any]:
        answer = redeem(get_code(who))
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    return sign_in


@pytest.fixture
def post(discovery: dict[str, Any], http: Callable[..., httpx.Client]) -> Callable[..., httpx.Response]:
    """POST a form to an endpoint of the discovery document as `segur-lps`."""

    def send(endpoint: str, form: dict[str, str], role: str | None = "org-auth") -> httpx.Response:
        return http(role).post(discovery[f"{endpoint}_endpoint"], data={"client_id": "segur-lps", **form})

    return send


@pytest.fixture
def userinfo(discovery: dict[str, Any], http: Callable[..., httpx.Client]) -> Callable[..., httpx.Response]:
    """Ask for userinfo with an access token."""

    def send(token: str, role: str | None = "org-auth") -> httpx.Response:
        return http(role).get(discovery["userinfo_endpoint"], headers={"authorization": f"Bearer {token}"})

    return send


@pytest.fixture
def claims() -> Callable[[str], dict[str, Any]]:
    """Read what a JWT says, without any check."""

    def read(token: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(_decoded(token.split(".")[1]))
        return found

    return read


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


@pytest.fixture
def advance(control: Callable[..., tuple[int, Any]]) -> Callable[[float], None]:
    """Move the sandbox's clock."""

    def move(seconds: float) -> None:
        assert control("POST", "/clock", {"advance_s": seconds})[0] == 200

    return move


@pytest.fixture
def journal(control: Callable[..., tuple[int, Any]]) -> Callable[..., list[dict[str, Any]]]:
    """Read the exchanges of one of the three origins."""

    def read(service: str = "psc") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = control("GET", f"/exchanges?service={service}")[1]
        return found

    return read


@pytest.fixture
def settings(control: Callable[..., tuple[int, Any]]) -> Callable[..., None]:
    """Change settings of Pro Santé Connect until the next reset."""

    def change(**members: object) -> None:
        assert control("POST", "/psc/settings", members)[0] == 200

    return change
