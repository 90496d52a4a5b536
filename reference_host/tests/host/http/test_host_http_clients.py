"""As whom a plugin speaks is said by the host: a registered software by key or secret, a session by its token."""

import base64
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.broker.network import Network
from segur_host.config.model import HostConfig, NetworkTable
from segur_sdk.errors import PluginError, SegurError
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment

Make = Callable[..., Any]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CLIENT = NetworkUse(purpose="psc", trust="ours", auth="client", key="psc")
BEARER = NetworkUse(purpose="psc", trust="ours", auth="bearer")
SECRET = "s+c r%t:é"  # what form-encoding changes


@pytest.fixture
def broker(
    make_config: Callable[..., HostConfig], pki: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., HttpBroker]]:
    """Make a broker that reaches one port: with a key for ``psc`` or without, registered or not."""
    monkeypatch.setenv("SEGUR_PSC", SECRET)
    with ExitStack() as opened:

        def broker(port: int, *, key: bool = False, client_id: str | None = None) -> HttpBroker:
            keys = {"psc": {"cert": pki.client.cert, "key": pki.client.key}} if key else {}
            config = make_config(trust={"ours": pki.ours.cert}, keys=keys)
            client = {"id": client_id, "secret": {"env": "SEGUR_PSC"}} if client_id else None
            table = NetworkTable.model_validate({"url": f"https://127.0.0.1:{port}/", "client": client})
            made = HttpBroker(KeyRing(config), Network(Environment.SANDBOX, {"psc": table}))
            opened.callback(made.close)
            return made

        yield broker


def authorizations(seen: list[bytes]) -> list[bytes]:
    lines = [line for request in seen for line in request.split(b"\r\n")]
    return [line.partition(b": ")[2] for line in lines if line.lower().startswith(b"authorization:")]


def test_a_registered_software_says_its_secret_form_encoded(
    broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    seen: list[bytes] = []
    made = broker(serve(answering(OK, seen=seen)).port, client_id="lgo:1 é")
    assert made.client(CLIENT, make_call()).request("POST", "token", body=b"a=b").status == 200
    [basic] = authorizations(seen)
    assert base64.b64decode(basic.removeprefix(b"Basic ")) == b"lgo%3A1+%C3%A9:s%2Bc+r%25t%3A%C3%A9"


def test_a_key_takes_the_place_of_the_secret(
    broker: Make, serve: Make, make_call: Make, answering: Make, pki: Any
) -> None:
    certificates: list[bytes | None] = []
    handler = answering(
        OK,
        seen=certificates,
        look=lambda connection: connection.getpeercert(binary_form=True),
        trusted=pki.ours.cert,
        verify_mode=ssl.CERT_REQUIRED,
    )
    made = broker(serve(handler).port, key=True, client_id="lgo")
    made.client(CLIENT, make_call()).request("GET")
    assert certificates == [ssl.PEM_cert_to_DER_cert(pki.client.cert.read_text())]


@pytest.mark.parametrize("key", [True, False], ids=["key", "secret"])
def test_with_a_key_nothing_is_said_besides_and_a_persons_token_goes_before_the_secret(
    key: bool, broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    seen: list[bytes] = []
    client = broker(serve(answering(OK, seen=seen)).port, key=key, client_id="lgo").client(CLIENT, make_call())
    client.request("GET", "userinfo", headers={"Authorization": "Bearer abc"})
    client.request("GET", "token")
    own = authorizations(seen)
    assert own[0] == b"Bearer abc"
    assert [one.partition(b" ")[0] for one in own[1:]] == ([] if key else [b"Basic"])


def test_neither_key_nor_secret_is_told_before_anything_is_sent(broker: Make, make_call: Make) -> None:
    with pytest.raises(SegurError) as raised:
        broker(1).client(CLIENT, make_call())
    assert (raised.value.code, dict(raised.value.facts)) == ("config.client_missing", {"purpose": "psc"})


def test_a_secret_that_is_not_there_is_told(broker: Make, make_call: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGUR_PSC")
    with pytest.raises(SegurError) as raised:
        broker(1, client_id="lgo").client(CLIENT, make_call()).request("GET")
    assert raised.value.code == "config.secret_missing"


def test_the_token_of_the_session_is_asked_for_at_each_request(
    broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    seen: list[bytes] = []
    tokens = iter(["first", "second"])
    client = broker(serve(answering(OK, seen=seen)).port).client(BEARER, make_call(), lambda: next(tokens))
    for _ in range(2):
        client.request("GET")
    assert authorizations(seen) == [b"Bearer first", b"Bearer second"]


def test_a_call_in_nobodys_session_has_no_token(broker: Make, serve: Make, make_call: Make, answering: Make) -> None:
    server = serve(answering(OK))
    with pytest.raises(SegurError) as raised:
        broker(server.port).client(BEARER, make_call()).request("GET")
    assert (raised.value.code, server.connections) == ("service.session_needed", 0)


OWN: dict[str, tuple[NetworkUse, str, dict[str, str], str]] = {
    "basic": (CLIENT, "GET", {"authorization": "Basic abc"}, "headers"),
    "no_scheme": (CLIENT, "GET", {"AUTHORIZATION": "abc"}, "headers"),
    "empty": (CLIENT, "GET", {"authorization": ""}, "headers"),
    "another_token": (BEARER, "GET", {"Authorization": "Bearer abc"}, "headers"),
    "echo_of_a_secret": (CLIENT, "TRACE", {}, "method"),
    "echo_of_a_token": (BEARER, "TRACE", {}, "method"),
}


@pytest.mark.parametrize(("use", "method", "headers", "field"), OWN.values(), ids=OWN)
def test_a_plugin_neither_says_who_it_is_nor_hears_it(
    use: NetworkUse, method: str, headers: dict[str, str], field: str, broker: Make, make_call: Make
) -> None:
    client = broker(1, client_id="lgo").client(use, make_call(), lambda: "token")
    with pytest.raises(PluginError) as raised:
        client.request(method, headers=headers)
    assert (raised.value.code, raised.value.facts["field"]) == ("plugin.request_refused", field)


def test_a_client_shows_neither_secret_nor_token(broker: Make, make_call: Make) -> None:
    made = broker(1, client_id="lgo")
    shown = repr(made.client(CLIENT, make_call())) + repr(made) + repr(vars(made))
    assert SECRET not in shown


def test_a_client_tells_its_address(broker: Make, make_call: Make) -> None:
    assert broker(1, client_id="lgo").client(CLIENT, make_call()).address == "https://127.0.0.1:1/"
