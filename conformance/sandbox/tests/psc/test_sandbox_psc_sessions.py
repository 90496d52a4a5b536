"""How sessions end: logout by software, by the authority, told by back channel; introspection and revocation."""

import base64
import http.server
import json
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

Send = Callable[..., httpx.Response]
Tokens = dict[str, Any]
EVENT = "http://schemas.openid.net/event/backchannel-logout"
PATIENCE_S = 20.0


@pytest.fixture
def told() -> "Iterator[tuple[str, queue.Queue[tuple[str, str, bytes]]]]":
    """Software that listens for back-channel logouts: its address, and what comes there."""
    heard: queue.Queue[tuple[str, str, bytes]] = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            heard.put((self.path, self.headers["content-type"], body))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
            """Nothing on standard error."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/psc/fin", heard
    server.shutdown()
    thread.join()
    server.server_close()


def _works(userinfo: Send, tokens: Tokens) -> bool:
    return userinfo(tokens["access_token"]).status_code == 200


@pytest.fixture
def renew(post: Send) -> Callable[[Tokens], httpx.Response]:
    """Use a refresh token."""
    return lambda tokens: post("token", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logout_ends_the_session_with_its_tokens(
    discovery: dict[str, Any],
    http: Callable[..., httpx.Client],
    signed_in: Callable[..., Tokens],
    userinfo: Send,
    renew: Callable[[Tokens], httpx.Response],
    control: Callable[..., tuple[int, Any]],
    method: str,
) -> None:
    tokens, other = signed_in(), signed_in("infirmier")
    hint = {"id_token_hint": tokens["id_token"]}
    where = discovery["end_session_endpoint"]
    answer = http().post(where, data=hint) if method == "POST" else http().get(where, params=hint)
    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert not _works(userinfo, tokens)
    refused = renew(tokens)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert _works(userinfo, other)
    effects = [entry for entry in control("GET", "/ledger?service=psc")[1] if entry["kind"] == "logout"]
    assert [entry["professional"] for entry in effects] == ["medecin"]
    again = http().post(where, data=hint)
    assert again.status_code == 200
    assert len([one for one in control("GET", "/ledger?service=psc")[1] if one["kind"] == "logout"]) == 1


def test_logout_sends_the_browser_back_with_its_state(
    discovery: dict[str, Any],
    http: Callable[..., httpx.Client],
    signed_in: Callable[..., Tokens],
    redirect_uri: str,
) -> None:
    parameters = {
        "id_token_hint": signed_in()["id_token"],
        "post_logout_redirect_uri": redirect_uri,
        "state": "à & b",
        "client_id": "segur-lps",
    }
    answer = http().get(discovery["end_session_endpoint"], params=parameters)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{redirect_uri}?state=")
    assert parse_qs(urlsplit(answer.headers["location"]).query) == {"state": ["à & b"]}
    assert 'KEYCLOAK_IDENTITY=""' in answer.headers["set-cookie"]


LOGOUT_REFUSED: dict[str, dict[str, str]] = {
    "elsewhere": {"post_logout_redirect_uri": "https://attaquant.exemple.invalid/"},
    "other-port": {"post_logout_redirect_uri": "http://127.0.0.1:1/psc/retour"},
    "other-client": {"client_id": "autre-lps"},
    "not-a-token": {"id_token_hint": "x"},
    "none-alg": {"id_token_hint": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."},
}


@pytest.mark.parametrize("changes", LOGOUT_REFUSED.values(), ids=LOGOUT_REFUSED)
def test_a_wrong_logout_ends_nothing_and_goes_nowhere(
    discovery: dict[str, Any],
    http: Callable[..., httpx.Client],
    signed_in: Callable[..., Tokens],
    userinfo: Send,
    redirect_uri: str,
    changes: dict[str, str],
) -> None:
    tokens = signed_in()
    right = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": redirect_uri}
    refused = http().get(discovery["end_session_endpoint"], params=right | changes)
    assert (refused.status_code, "location" in refused.headers) == (400, False)
    assert _works(userinfo, tokens)
    assert http().get(discovery["end_session_endpoint"], params=right).status_code == 302
    assert not _works(userinfo, tokens)


def test_an_access_token_is_no_hint(
    discovery: dict[str, Any], http: Callable[..., httpx.Client], signed_in: Callable[..., Tokens], userinfo: Send
) -> None:
    tokens = signed_in()
    where = discovery["end_session_endpoint"]
    assert http().post(where, data={"id_token_hint": tokens["access_token"]}).status_code == 400
    assert _works(userinfo, tokens)


def test_an_expired_id_token_is_still_a_hint(
    discovery: dict[str, Any],
    http: Callable[..., httpx.Client],
    signed_in: Callable[..., Tokens],
    renew: Callable[[Tokens], httpx.Response],
    advance: Callable[[float], None],
) -> None:
    tokens = signed_in()
    advance(600)
    where = discovery["end_session_endpoint"]
    assert http().post(where, data={"id_token_hint": tokens["id_token"]}).status_code == 200
    assert renew(tokens).status_code == 400


def test_a_logout_that_names_nobody_asks_the_browser_first(
    discovery: dict[str, Any], authorize: Send, answer_next: Callable[..., None], http: Callable[..., httpx.Client]
) -> None:
    answer_next()
    cookies = dict(authorize().cookies)

    def leave(form: dict[str, str]) -> httpx.Response:
        browser = http()
        for name, value in cookies.items():
            browser.cookies.set(name, value)
        return browser.post(discovery["end_session_endpoint"], data=form)

    assert "confirmer" in leave({"x": "y"}).text
    assert authorize(cookies=cookies).status_code == 302
    assert "fermée" in leave({"confirmer": "oui"}).text
    assert authorize(cookies=cookies).status_code == 200


@pytest.mark.parametrize("by", ["software", "authority"])
def test_software_is_told_by_a_signed_logout_token(
    by: str,
    told: "tuple[str, queue.Queue[tuple[str, str, bytes]]]",
    control: Callable[..., tuple[int, Any]],
    signed_in: Callable[..., Tokens],
    discovery: dict[str, Any],
    http: Callable[..., httpx.Client],
    claims: Callable[[str], dict[str, Any]],
    psc: dict[str, Any],
) -> None:
    uri, heard = told
    assert control("POST", "/psc/clients", {"client_id": "segur-lps", "backchannel_logout_uri": uri})[0] == 200
    tokens = signed_in()
    if by == "software":
        http().post(discovery["end_session_endpoint"], data={"id_token_hint": tokens["id_token"]})
    else:
        assert control("POST", "/psc/logout", {"as": "medecin"})[1]["sessions"] == [tokens["session_state"]]
    path, media_type, body = heard.get(timeout=PATIENCE_S)
    assert (path, media_type) == ("/psc/fin", "application/x-www-form-urlencoded")
    (token,) = parse_qs(body.decode())["logout_token"]
    said = claims(token)
    assert said["iss"] == psc["issuer"]
    assert (said["aud"], said["sid"]) == ("segur-lps", tokens["session_state"])
    assert said["sub"] == claims(tokens["id_token"])["sub"]
    assert said["events"] == {EVENT: {}}
    assert said["exp"] > said["iat"]
    assert "nonce" not in said
    assert _header(token)["typ"] == "logout+jwt"
    assert _header(token)["kid"] == _header(tokens["id_token"])["kid"]


def _header(token: str) -> dict[str, Any]:

    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "=="))
    return content


def test_every_client_of_the_session_is_told_once_each(
    told: "tuple[str, queue.Queue[tuple[str, str, bytes]]]",
    control: Callable[..., tuple[int, Any]],
    authorize: Send,
    answer_next: Callable[..., None],
    callback: Callable[[httpx.Response], dict[str, str]],
    redeem: Send,
    secret_of: Callable[[str], str],
    claims: Callable[[str], dict[str, Any]],
) -> None:
    uri, heard = told
    for client in ("segur-lps", "segur-lps-secret"):
        control("POST", "/psc/clients", {"client_id": client, "backchannel_logout_uri": f"{uri}?{client}"})
    answer_next()
    first = authorize()
    assert redeem(callback(first)["code"]).status_code == 200
    second = authorize(cookies=dict(first.cookies), client_id="segur-lps-secret")
    auth = ("segur-lps-secret", secret_of("segur-lps-secret"))
    assert redeem(callback(second)["code"], role=None, auth=auth, client_id=None).status_code == 200
    control("POST", "/psc/logout", {"as": "medecin"})
    told_to = {heard.get(timeout=PATIENCE_S)[0] for _ in range(2)}
    assert told_to == {"/psc/fin?segur-lps", "/psc/fin?segur-lps-secret"}
    assert control("POST", "/psc/logout", {"as": "medecin"})[1]["sessions"] == []
    assert heard.empty()


@pytest.mark.parametrize(
    "uri",
    ["https://psc.exemple.invalid/fin", "http://192.168.1.10/fin", "ftp://127.0.0.1/fin", "http://a@127.0.0.1/fin"],
)
def test_the_sandbox_calls_nobody_but_this_machine(control: Callable[..., tuple[int, Any]], uri: str) -> None:
    change = {"client_id": "segur-lps", "backchannel_logout_uri": uri}
    assert control("POST", "/psc/clients", change)[0] == 400
    assert control("POST", "/psc/clients", change | {"backchannel_logout_uri": "http://127.0.0.1:1/fin"})[0] == 200


@pytest.fixture
def introspect(post: Send) -> Callable[..., dict[str, Any]]:
    """Ask what a token is worth."""

    def ask(token: str) -> dict[str, Any]:
        answer = post("introspection", {"token": token})
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    return ask


def test_introspection_says_what_an_active_token_is_bound_to(
    signed_in: Callable[..., Tokens],
    introspect: Callable[..., dict[str, Any]],
    claims: Callable[[str], dict[str, Any]],
    advance: Callable[[float], None],
) -> None:
    tokens = signed_in()
    said = introspect(tokens["access_token"])
    assert (said["active"], said["client_id"], said["username"]) == (True, "segur-lps", "899700366240")
    assert said["cnf"] == claims(tokens["access_token"])["cnf"]
    assert introspect(tokens["refresh_token"])["active"] is True
    assert introspect("inconnu") == {"active": False}
    advance(121)
    assert introspect(tokens["access_token"]) == {"active": False}
    advance(1800)
    assert introspect(tokens["refresh_token"]) == {"active": False}


@pytest.mark.parametrize("role", [None, "insi-auto"], ids=["no-certificate", "another-certificate"])
@pytest.mark.parametrize("endpoint", ["introspection", "revocation"])
def test_introspection_and_revocation_are_for_authenticated_clients(
    post: Send, signed_in: Callable[..., Tokens], userinfo: Send, role: str | None, endpoint: str
) -> None:
    tokens = signed_in()
    refused = post(endpoint, {"token": tokens["access_token"]}, role)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert _works(userinfo, tokens)
    assert post(endpoint, {"token": tokens["access_token"]}).status_code == 200


@pytest.mark.parametrize(
    ("name", "renewable"), [("access_token", True), ("refresh_token", False)], ids=["access", "refresh"]
)
def test_revocation_takes_back_a_token_or_the_whole_grant(
    post: Send,
    signed_in: Callable[..., Tokens],
    userinfo: Send,
    renew: Callable[[Tokens], httpx.Response],
    name: str,
    renewable: bool,
) -> None:
    tokens = signed_in()
    assert post("revocation", {"token": tokens[name]}).status_code == 200
    assert not _works(userinfo, tokens)
    assert (renew(tokens).status_code == 200) is renewable
    assert post("revocation", {"token": "inconnu"}).status_code == 200


def test_a_client_takes_back_its_own_tokens_only(
    discovery: dict[str, Any],
    http: Callable[..., httpx.Client],
    signed_in: Callable[..., Tokens],
    userinfo: Send,
    secret_of: Callable[[str], str],
) -> None:
    tokens = signed_in()
    auth = ("autre-lps", secret_of("autre-lps"))
    refused = http().post(discovery["revocation_endpoint"], data={"token": tokens["access_token"]}, auth=auth)
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
    assert _works(userinfo, tokens)
