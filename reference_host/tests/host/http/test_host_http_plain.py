"""HTTP without TLS: what authorities publish is fetched, and nothing goes there by which anybody is known."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import ValidationError

from segur_host.broker.address import Address
from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.broker.network import Network
from segur_host.config.model import HostConfig, NetworkTable
from segur_host.operators.rights import NATIONAL, Role
from segur_sdk.errors import ConfigError, PluginError, ServiceError
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment, SessionMeans
from segur_sdk.models.notice import Question

Make = Callable[..., Any]
LISTS = NetworkUse(purpose="crl", protocol="http")
SECURE = NetworkUse(purpose="crl", trust="ours", auth="none")
BROWSER = NetworkUse(purpose="crl", protocol="browser")
BY_KEY = NetworkUse(purpose="crl", trust="ours", auth="mtls", key="k")
BY_TOKEN = NetworkUse(purpose="crl", trust="ours", auth="bearer")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\nContent-Length: 4\r\n\r\nlist"


def plainly(*parts: bytes, seen: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    """Answer every request of a connection, without TLS, until there is nothing to answer any more."""

    def handler(connection: socket.socket) -> None:
        while came := connection.recv(65536):
            if seen is not None:
                seen.append(came)
            for part in parts:
                connection.sendall(part)
            if not parts or not parts[-1].endswith(OK):
                return

    return handler


@pytest.fixture
def plain(make_config: Callable[..., HostConfig]) -> Iterator[Callable[..., HttpBroker]]:
    with ExitStack() as opened:

        def plain(port: int, scheme: str = "http") -> HttpBroker:
            table = NetworkTable(url=f"{scheme}://127.0.0.1:{port}/CRL")
            # Neither a key nor an anchor is configured: nothing could be shown, nothing be checked.
            made = HttpBroker(KeyRing(make_config()), Network(Environment.SANDBOX, {"crl": table}))
            opened.callback(made.close)
            return made

        yield plain


def test_a_list_is_fetched_without_tls_and_with_a_ticket(plain: Make, serve: Make, make_call: Make) -> None:
    seen: list[bytes] = []
    server = serve(plainly(OK, seen=seen))
    made = plain(server.port)
    calls = [make_call(), make_call()]
    for call in calls:
        client = made.client(LISTS, call)
        assert client.address == f"http://127.0.0.1:{server.port}/CRL"
        reply = client.request("GET", "/ACI-EL-ORG-TEST.crl")
        assert (reply.status, reply.body) == (200, b"list")
    assert [one.splitlines()[:2] for one in seen] == [
        [b"GET /CRL/ACI-EL-ORG-TEST.crl HTTP/1.1", f"host: 127.0.0.1:{server.port}".encode()]
    ] * 2
    # The connection serves again, and each call says where it went; of no certificate is there anything to doubt.
    place = {"purpose": "crl", "host": f"127.0.0.1:{server.port}"}
    assert server.connections == 1
    assert [call.records for call in calls] == [[("broker.connect", place)], []]
    assert [call.notes for call in calls] == [[("broker.http", place)]] * 2


def test_the_time_of_who_proves_nothing_is_not_compared(plain: Make, serve: Make, make_call: Make) -> None:
    dated = OK.replace(b"Content-Length", b"Date: Sat, 02 Mar 2024 08:00:00 GMT\r\nContent-Length")
    call = make_call()
    reply = plain(serve(plainly(dated)).port).client(LISTS, call).request("GET", "/A.crl")
    assert (reply.status, [event for event, _ in call.notes]) == (200, ["broker.http"])


def test_ocsp_is_asked_without_tls(plain: Make, serve: Make, make_call: Make) -> None:
    seen: list[bytes] = []
    made = plain(serve(plainly(OK, seen=seen)).port)
    made.client(LISTS, make_call()).request("POST", headers={"Content-Type": "application/ocsp-request"}, body=b"0\x03")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert (head.startswith(b"POST /CRL HTTP/1.1\r\n"), body) == (True, b"0\x03")


NAMING: dict[str, dict[str, Any]] = {
    "authorization": {"headers": {"Authorization": "Bearer x"}},
    "basic": {"headers": {"authorization": "Basic eDp5"}},
    "proxy": {"headers": {"Proxy-Authorization": "Basic eDp5"}},
    "cookie": {"headers": {"Cookie": "id=1"}},
    "another_server": {"headers": {"Host": "example.org"}},
    "above": {"path": "/../pc"},
    "beside": {"path": "-other"},
    "put": {"method": "PUT"},
    "delete": {"method": "DELETE"},
    "trace": {"method": "TRACE"},
    "connect": {"method": "CONNECT"},
}


@pytest.mark.parametrize("request_parts", NAMING.values(), ids=NAMING)
def test_nothing_is_sent_without_tls_that_says_who_asks_or_does_more_than_fetch(
    request_parts: dict[str, Any], plain: Make, serve: Make, make_call: Make
) -> None:
    server = serve(plainly(OK))
    call = make_call()
    with pytest.raises(PluginError) as raised:
        plain(server.port).client(LISTS, call).request(**({"method": "GET"} | request_parts))
    assert raised.value.code == "plugin.request_refused"
    assert (server.connections, call.records, call.notes) == (0, [], [])


MISFITS: dict[str, tuple[NetworkUse, str]] = {
    "https": (SECURE, "http"),
    "a_key": (BY_KEY, "http"),
    "a_token": (BY_TOKEN, "http"),
    "a_browser": (BROWSER, "http"),
    "published_behind_tls": (LISTS, "https"),
}


@pytest.mark.parametrize(("use", "scheme"), MISFITS.values(), ids=MISFITS)
def test_an_address_of_the_other_protocol_is_not_gone_to(
    use: NetworkUse, scheme: str, plain: Make, serve: Make, make_call: Make
) -> None:
    server = serve(plainly(OK))
    with pytest.raises(ConfigError) as raised:
        plain(server.port, scheme).client(use, make_call(), lambda: "token")
    assert (raised.value.code, raised.value.facts["purpose"]) == ("config.address_scheme", "crl")
    assert server.connections == 0


ADDRESSES: dict[str, tuple[Environment, dict[str, str], dict[Environment, str], str]] = {
    "of_the_manifest": (
        Environment.PRODUCTION,
        {},
        {Environment.PRODUCTION: "http://igc.example.org/CRL"},
        "http://igc.example.org/CRL",
    ),
    "given": (Environment.TEST, {"address": "http://igc.example.org/CRL"}, {}, "http://igc.example.org/CRL"),
}


@pytest.mark.parametrize(("environment", "table", "stated", "address"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_address_without_tls_is_that_of_the_manifest_or_of_the_configuration(
    environment: Environment, table: dict[str, str], stated: dict[Environment, str], address: str
) -> None:
    network = Network(environment, {"crl": NetworkTable.model_validate(table)})
    assert network.url(NetworkUse(purpose="crl", protocol="http", addresses=stated)) == address


@pytest.mark.parametrize(
    ("address", "port", "server"),
    [
        ("http://igc.example.org/CRL", 80, "igc.example.org"),
        ("http://igc.example.org:443/CRL", 443, "igc.example.org:443"),
        ("https://igc.example.org/CRL", 443, "igc.example.org"),
        ("https://igc.example.org:80/CRL", 80, "igc.example.org:80"),
    ],
)
def test_the_port_is_that_of_the_protocol(address: str, port: int, server: str) -> None:
    found = Address.of(address)
    assert (found.port, found.server) == (port, server)


CLIENT = {"id": "lgo", "secret": {"env": "SEGUR_CLIENT"}}
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "another_machine": ("sandbox", {"url": "http://igc.example.org/CRL"}),
    "outside_the_sandbox": ("test", {"url": "http://127.0.0.1/CRL"}),
    "this_machine": ("test", {"address": "http://127.0.0.1/CRL"}),
    "national_in_the_sandbox": ("sandbox", {"address": "http://igc.example.org/CRL"}),
    "another_protocol": ("test", {"address": "ftp://igc.example.org/CRL"}),
    "a_client": ("test", {"address": "http://igc.example.org/CRL", "client": CLIENT}),
    "a_client_in_the_sandbox": ("sandbox", {"url": "http://127.0.0.1/CRL", "client": CLIENT}),
    "an_authority": ("test", {"address": "http://igc.example.org/CRL", "authority": "CN=AC"}),
    "a_browser": ("sandbox", {"url": "http://127.0.0.1/", "redirect": ["http://127.0.0.1:47110/"]}),
}


@pytest.mark.parametrize(("environment", "table"), REFUSED.values(), ids=REFUSED)
def test_a_table_that_means_nothing_without_tls_is_refused(
    environment: str, table: dict[str, Any], make_config: Callable[..., HostConfig]
) -> None:
    with pytest.raises(ValidationError):
        make_config(environment=environment, network={"crl": table})


FAULTS: dict[str, tuple[tuple[bytes, ...], str]] = {
    "hung_up": ((), "service.answer_lost"),
    "half": ((OK[:-2],), "service.answer_lost"),
    "garbage": ((b"\x16\x03\x03" * 50,), "service.answer_lost"),
    "too_large": ((b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 5000), "service.answer_too_large"),
}


@pytest.mark.parametrize(("parts", "code"), FAULTS.values(), ids=FAULTS)
def test_a_failure_without_tls_has_its_code(
    parts: tuple[bytes, ...], code: str, plain: Make, serve: Make, make_call: Make
) -> None:
    with pytest.raises(ServiceError) as raised:
        plain(serve(plainly(*parts)).port).client(LISTS, make_call()).request("GET", max_answer=1000)
    assert raised.value.code == code


def test_a_place_where_nobody_listens_is_told_as_such(plain: Make, make_call: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ServiceError) as raised:
        plain(port).client(LISTS, make_call()).request("GET")
    assert (raised.value.code, raised.value.maybe_processed) == ("service.unreachable", False)


FETCHES = """
ctx.http("{purpose}").request("GET")
return None
"""
DECLARED = """
[[hooks]]
name = "on_session_login"
version = "1.0"
[[network]]
purpose = "crl"
protocol = "http"
[[network]]
purpose = "api"
trust = "ours"
auth = "none"
"""


CODE = "un-code-assez-long"


class Unwilling:
    """Proves who he is, and does not want his identifier sent."""

    def ask(self, question: Question) -> str:
        return CODE if question.code == "operator.code" else "non"


@pytest.mark.parametrize(
    ("purpose", "code"),
    [("crl", None), ("api", "session.not_acknowledged"), ("ocsp", "plugin.not_granted")],
    ids=["published", "national", "not_declared"],
)
def test_what_is_published_is_fetched_for_who_did_not_acknowledge_too(
    purpose: str, code: str | None, serve: Make, install: Make, open_host: Make
) -> None:
    server = serve(plainly(OK))
    host = open_host(
        {"alpha": install("alpha", body=FETCHES.format(purpose=purpose), tables=DECLARED)},
        network={one: {"url": f"http://127.0.0.1:{server.port}/CRL"} for one in ("crl", "ocsp")},
    )
    host.operators.add("Nadège", Role.TITULAIRE, "10000000001", CODE)
    login = host.login(SessionMeans.LOCAL, operator="Nadège", asker=Unwilling())
    assert NATIONAL not in login.opened.session.rights
    [outcome] = login.contributions.outcomes
    assert (outcome.error and outcome.error.code, server.connections) == (code, 1 if code is None else 0)
