"""How far HTTP reaches: the address of its purpose, with the certificate of its purpose, for as long as the call."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.broker.network import Network
from segur_host.config.model import HostConfig, NetworkTable
from segur_sdk.errors import ConfigError, PluginError, SegurError
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment

Make = Callable[..., Any]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kind: A\r\nSet-Cookie: id=1\r\n\r\nhello"


def use(purpose: str = "p", key: str | None = None) -> NetworkUse:
    return NetworkUse(purpose=purpose, trust="ours", auth="mtls" if key else "none", key=key)


def code_of(made: Any, call: Any, **request: Any) -> str:
    with pytest.raises(SegurError) as raised:
        made.client(use(), call).request("GET", **request)
    return raised.value.code


def close(connection: socket.socket) -> None:
    connection.close()


def test_an_answer_comes_whole_with_its_names_in_lower_case(
    broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    seen: list[bytes] = []
    made = broker(serve(answering(OK, seen=seen)).port)
    reply = made.client(use(), make_call()).request("POST", "/a?b=1", headers={"X-Mine": "1"}, body=b"question")
    assert (reply.status, reply.body, reply.headers["x-kind"]) == (200, b"hello", "A")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /lps/a?b=1 HTTP/1.1\r\n")
    assert b"\r\nx-mine: 1" in head.lower()
    assert b"accept-encoding: identity" in head.lower()
    assert body == b"question"


@pytest.mark.parametrize("status", [302, 400, 500, 503])
def test_every_status_is_an_answer_and_no_redirect_is_followed(
    status: int, broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    elsewhere = serve(close)
    line = f"HTTP/1.1 {status} X\r\nLocation: https://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
    made = broker(serve(answering(line.encode())).port)
    assert made.client(use(), make_call()).request("GET").status == status
    assert elsewhere.connections == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_accepted_client_certificate_is_that_of_the_purpose(
    version: ssl.TLSVersion, pki: Any, broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    seen: list[Any] = []
    asks = {"trusted": pki.ours.cert, "verify_mode": ssl.CERT_OPTIONAL, "version": version}
    made = broker(serve(answering(OK, seen=seen, look=ssl.SSLSocket.getpeercert, **asks)).port)
    for key in ("k", "other", None, "k"):
        # One name for different purposes, as two plugins may choose it: never the other's certificate.
        made.client(use(key=key), make_call()).request("GET")
    assert [one and one["subject"][0][0][1] for one in seen] == ["client", "other", None, "client"]


def test_a_connection_is_used_again_and_keeps_no_cookie(
    broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    seen: list[bytes] = []
    server = serve(answering(OK, seen=seen))
    made = broker(server.port)
    calls = [make_call() for _ in range(3)]
    for call in calls:
        assert made.client(use(), call).request("GET").status == 200
    assert server.connections == 1
    assert [(len(call.records), len(call.notes)) for call in calls] == [(1, 1), (0, 1), (0, 1)]
    assert not any(b"cookie" in request.lower() for request in seen)


def test_what_follows_an_answer_is_not_taken_for_the_next_one(
    broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    server = serve(answering(OK + OK.replace(b"hello", b"false")))
    made = broker(server.port)
    replies = [made.client(use(), make_call()).request("GET").body for _ in range(2)]
    assert (replies, server.connections) == ([b"hello", b"hello"], 2)


def test_a_connection_that_the_server_ended_is_not_used_again(
    broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    server = serve(answering(OK, end=close))
    made = broker(server.port)
    for _ in range(2):
        assert made.client(use(), make_call()).request("GET").body == b"hello"
        threading.Event().wait(0.2)
    assert server.connections == 2


def test_what_comes_before_an_answer_is_passed_over(
    broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    made = broker(serve(answering(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", OK)).port)
    assert made.client(use(), make_call()).request("GET").body == b"hello"


def test_one_name_for_two_addresses_is_two_purposes(
    pki: Any, make_config: Callable[..., HostConfig], serve: Make, make_call: Make, answering: Make
) -> None:
    servers = [serve(answering(OK.replace(b"hello", name))) for name in (b"first", b"other")]
    made = HttpBroker(KeyRing(make_config(trust={"ours": pki.ours.cert})), Network(Environment.TEST, {}))
    uses = [
        use().model_copy(update={"addresses": {Environment.TEST: f"https://127.0.0.1:{server.port}/"}})
        for server in servers
    ]
    assert [made.client(one, make_call()).request("GET").body for one in uses] == [b"first", b"other"]
    made.close()


def test_what_is_compressed_is_handed_on_as_it_came(
    broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb
    reply = broker(serve(answering(answer)).port).client(use(), make_call(10)).request("GET")
    assert reply.body == bomb


def test_the_environment_has_no_say(
    pki: Any,
    broker: Make,
    serve: Make,
    make_call: Make,
    answering: Make,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    trap = serve(close)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(pki.foreign.cert))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    seen: list[bytes] = []
    made = broker(serve(answering(OK, seen=seen)).port)
    assert made.client(use(), make_call()).request("GET").status == 200
    assert b"authorization" not in seen[0].lower()
    assert trap.connections == 0
    assert not (tmp_path / "keys.log").exists()
    foreign = broker(serve(answering(OK, issued=pki.foreign.issue("server"))).port)
    assert code_of(foreign, make_call()) == "service.server_certificate"


ELSEWHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "user_part": ("", {"path": "@127.0.0.1:1/"}),
    "longer_host": ("", {"path": ".example.org/"}),
    "another_port": ("", {"path": "1/"}),
    "above_the_address": ("/lps", {"path": "/../admin"}),
    "above_the_address_encoded": ("/lps", {"path": "/%2e%2e/admin"}),
    "beside_the_address": ("/lps", {"path": "-admin"}),
    "line_end": ("/lps", {"path": "/a\r\nX: y"}),
    "host_header": ("/lps", {"headers": {"Host": "example.org"}}),
    "length_header": ("/lps", {"headers": {"content-length": "3"}}),
    "frame_header": ("/lps", {"headers": {"Transfer-Encoding": "chunked"}}),
    "header_line_end": ("/lps", {"headers": {"X-A": "b\r\nX-C: d"}}),
    "header_not_ascii": ("/lps", {"headers": {"X-A": "é"}}),
    "header_not_text": ("/lps", {"headers": {"X-A": None}}),
}


@pytest.mark.parametrize(("base", "request_parts"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_plugin_reaches_the_address_of_its_purpose_and_no_other(
    base: str,
    request_parts: dict[str, Any],
    broker: Make,
    serve: Make,
    make_call: Make,
    answering: Make,
) -> None:
    seen: list[bytes] = []
    made = broker(serve(answering(OK, seen=seen)).port, base)
    assert code_of(made, make_call(), **request_parts) == "plugin.request_refused"
    assert seen == []


@pytest.mark.parametrize("method", ["GET /x HTTP/1.1\r\nX: y", "", "GÉT", "get"])
def test_a_method_that_is_none_is_refused(method: str, broker: Make, serve: Make, make_call: Make) -> None:
    with pytest.raises(PluginError) as raised:
        broker(serve(close).port).client(use(), make_call()).request(method)
    assert raised.value.code == "plugin.request_refused"


def test_no_connection_is_opened_without_a_ticket(broker: Make, serve: Make, make_call: Make, answering: Make) -> None:
    call = make_call()
    tickets: list[int] = []

    def handler(connection: socket.socket) -> None:
        tickets.append(len(call.records))
        answering(OK)(connection)

    server = serve(handler)
    made = broker(server.port)
    made.client(use(), call).request("GET")
    assert tickets == [1]
    made.close()
    call.audit_is_full = True
    assert code_of(made, call) == "storage.full"
    assert server.connections == 1


def test_a_call_that_is_over_sends_nothing(broker: Make, serve: Make, make_call: Make) -> None:
    server = serve(close)
    over = make_call(is_over=True)
    assert code_of(broker(server.port), over) == "plugin.call_over"
    late = make_call(0)
    assert code_of(broker(server.port), late) == "service.timed_out"
    assert (over.records + over.notes, late.records + late.notes, server.connections) == ([], [], 0)


def test_an_answer_to_a_call_that_was_given_up_is_dropped(
    broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    call = make_call()

    def give_up(_: ssl.SSLSocket) -> None:
        call.is_over = True

    made = broker(serve(answering(OK, seen=[], look=give_up)).port)
    assert code_of(made, call) == "plugin.call_over"


STATED = {Environment.TEST: "https://test.example.org/lps"}
GIVEN: dict[str, tuple[Environment, dict[str, str], str]] = {
    "stated": (Environment.TEST, {}, "https://test.example.org/lps"),
    "given where none is stated": (
        Environment.PRODUCTION,
        {"address": "https://real.example.org/"},
        "https://real.example.org/",
    ),
    "both": (Environment.TEST, {"address": "https://real.example.org/"}, "config.address_stated"),
    "neither": (Environment.PRODUCTION, {}, "config.no_address"),
}


@pytest.mark.parametrize(("environment", "table", "expected"), GIVEN.values(), ids=GIVEN)
def test_configuration_gives_an_address_only_where_the_manifest_states_none(
    environment: Environment, table: dict[str, str], expected: str
) -> None:
    network = Network(environment, {"p": NetworkTable.model_validate(table)})
    declared = NetworkUse(purpose="p", trust="t", auth="none", addresses=STATED)
    if expected.startswith("https"):
        assert network.url(declared) == expected
        return
    with pytest.raises(ConfigError) as raised:
        network.url(declared)
    assert raised.value.code == expected


ADDRESSES: dict[str, tuple[Environment, str]] = {
    "sandbox_without_url": (Environment.SANDBOX, "other"),
    "test_without_address": (Environment.TEST, "p"),
    "production_without_address": (Environment.PRODUCTION, "p"),
}


@pytest.mark.parametrize(("environment", "purpose"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_address_is_that_of_the_environment_or_none(
    environment: Environment, purpose: str, make_config: Callable[..., HostConfig], make_call: Make
) -> None:
    made = HttpBroker(KeyRing(make_config()), Network(environment, {"p": NetworkTable(url="https://127.0.0.1/")}))
    with pytest.raises(ConfigError) as raised:
        made.client(use(purpose), make_call())
    assert raised.value.code == "config.no_address"
