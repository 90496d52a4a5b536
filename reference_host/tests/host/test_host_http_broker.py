"""HTTP as the host lends it, against servers made of raw sockets: every fault has its code and tells what is known."""

import contextlib
import gzip
import ipaddress
import itertools
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.config.model import HostConfig
from segur_host.dispatch.deadline import CallDeadline
from segur_sdk.errors import ConfigError, Fact, HostError, PluginError, SegurError, ServiceError
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment

Handler = Callable[[socket.socket], None]
NOW = datetime.now(UTC)
_NUMBER = itertools.count(1)


@attrs.frozen
class Issued:
    cert: Path
    key: Path


class Authority:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.cert = folder / f"{name}.pem"
        self.cert.write_bytes(self._sign(self._name, self._key.public_key(), timedelta(days=1), name, ca=True))

    def issue(self, name: str, host: str = "127.0.0.1", lasts: timedelta = timedelta(days=1)) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        number = next(_NUMBER)
        issued = Issued(self._folder / f"{number}.pem", self._folder / f"{number}.key")
        issued.cert.write_bytes(self._sign(subject, key.public_key(), lasts, host, ca=False))
        issued.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        issued.key.chmod(0o600)
        return issued

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, lasts: timedelta, host: str, *, ca: bool
    ) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=2))
            .not_valid_after(NOW + lasts)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            with suppress(ValueError):
                names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
                builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@attrs.frozen
class Pki:
    ours: Authority
    foreign: Authority
    server: Issued
    client: Issued
    other_client: Issued


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    ours, foreign = Authority(folder, "ours"), Authority(folder, "foreign")
    return Pki(ours, foreign, ours.issue("server"), ours.issue("client"), ours.issue("other"))


class Server:
    """Answers each connection with the next of its handlers; the last one serves again."""

    def __init__(self, handlers: list[Handler]) -> None:
        self._handlers = handlers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self.requests: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(20)
                handler = self._handlers[min(self.connections, len(self._handlers) - 1)]
                self.connections += 1
                threading.Thread(target=self._serve, args=(handler, connection), daemon=True).start()

    def _serve(self, handler: Handler, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            handler(connection)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    with contextlib.ExitStack() as opened:

        def serve(*handlers: Handler) -> Server:
            server = Server(list(handlers))
            opened.callback(server.close)
            return server

        yield serve


@attrs.define
class Call:
    """A call in progress, as brokers see it."""

    deadline: CallDeadline
    records: list[tuple[str, dict[str, Fact]]] = attrs.field(factory=list)
    notes: list[tuple[str, dict[str, Fact]]] = attrs.field(factory=list)
    plugin: str = "alpha"
    is_over: bool = False
    audit_is_full: bool = False

    def record(self, event: str, **facts: Fact) -> None:
        if self.audit_is_full:
            raise HostError("storage.full")
        self.records.append((event, facts))

    def note(self, event: str, **facts: Fact) -> None:
        self.notes.append((event, facts))

    def require_running(self) -> None:
        if self.is_over:
            raise PluginError("plugin.call_over", plugin=self.plugin)


def use(purpose: str = "p", key: str | None = None) -> NetworkUse:
    return NetworkUse(purpose=purpose, trust="ours", auth="mtls" if key else "none", key=key)


@pytest.fixture
def broker(make_config: Callable[..., HostConfig], pki: Pki) -> Iterator[Callable[..., HttpBroker]]:
    with contextlib.ExitStack() as opened:

        def broker(port: int, path: str = "/lps") -> HttpBroker:
            keys = {
                "k": {"cert": pki.client.cert, "key": pki.client.key},
                "other": {"cert": pki.other_client.cert, "key": pki.other_client.key},
            }
            config = make_config(trust={"ours": pki.ours.cert}, keys=keys)
            made = HttpBroker(KeyRing(config), Environment.SANDBOX, {"p": f"https://127.0.0.1:{port}{path}"})
            opened.callback(made.close)
            return made

        yield broker


def tls(issued: Issued, **options: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.cert, issued.key)
    for name, value in options.items():
        setattr(context, name, value)
    return context


def request_of(connection: ssl.SSLSocket) -> bytes:
    """Read one whole request; nothing when the client is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def after_request(*answer: bytes, pause: float = 0, end: Callable[[socket.socket], None] | None = None) -> Any:
    def script(connection: ssl.SSLSocket) -> None:
        while request_of(connection):
            for part in answer:
                connection.sendall(part)
                if pause:
                    threading.Event().wait(pause)
            if end is not None:
                end(connection)
                return

    return script


def over_tls(context: ssl.SSLContext, script: Callable[[ssl.SSLSocket], None]) -> Handler:
    def handler(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as wrapped:
            try:
                wrapped.do_handshake()
            except ssl.SSLError:
                # Let the client read the alert: closing with unread bytes would reset the connection.
                socket.socket.shutdown(wrapped, socket.SHUT_WR)
                while socket.socket.recv(wrapped, 65536):
                    pass
                return
            script(wrapped)

    return handler


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kind: A\r\nSet-Cookie: id=1\r\n\r\nhello"


def failure_of(made: HttpBroker, call: Call, network: NetworkUse | None = None, **request: Any) -> SegurError:
    with pytest.raises(SegurError) as raised:
        made.client(network or use(), call).request("POST", **({"body": b"x" * 100} | request))
    return raised.value


def maybe(failure: SegurError) -> bool:
    assert isinstance(failure, ServiceError)
    return failure.maybe_processed


def test_an_answer_comes_whole_with_its_names_in_lower_case(
    broker: Callable[..., HttpBroker], serve: Callable[..., Server], pki: Pki
) -> None:
    seen: list[bytes] = []

    def script(connection: ssl.SSLSocket) -> None:
        seen.append(request_of(connection))
        connection.sendall(OK)

    call = Call(CallDeadline(5))
    made = broker(serve(over_tls(tls(pki.server), script)).port)
    reply = made.client(use(), call).request("POST", "/a?b=1", headers={"X-Mine": "é".encode().hex()}, body=b"question")
    assert (reply.status, reply.body, reply.headers["x-kind"]) == (200, b"hello", "A")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /lps/a?b=1 HTTP/1.1\r\n")
    assert b"accept-encoding: identity" in head.lower()
    assert body == b"question"


STATUSES = [302, 400, 500, 503]


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_an_answer_and_no_redirect_is_followed(
    status: int, broker: Callable[..., HttpBroker], serve: Callable[..., Server], pki: Pki
) -> None:
    elsewhere = serve(lambda _: None)
    line = f"HTTP/1.1 {status} X\r\nLocation: https://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
    made = broker(serve(over_tls(tls(pki.server), after_request(line.encode()))).port)
    assert made.client(use(), Call(CallDeadline(5))).request("GET").status == status
    assert elsewhere.connections == 0


BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


def close(connection: socket.socket) -> None:
    connection.close()


FAULTS: dict[str, tuple[Callable[[Pki], Handler], str, bool]] = {
    "closed_at_once": (lambda _: close, "service.unreachable", False),
    "reset_at_once": (lambda _: reset, "service.unreachable", False),
    "no_tls": (lambda _: lambda one: one.sendall(b"HTTP/1.1 200 OK\r\n\r\n"), "service.unreachable", False),
    "handshake_never_ends": (
        lambda _: lambda one: (one.recv(1), threading.Event().wait(3)),
        "service.timed_out",
        False,
    ),
    "closed_without_answer": (
        lambda pki: over_tls(tls(pki.server), after_request(end=close)),
        "service.answer_lost",
        True,
    ),
    "reset_without_answer": (
        lambda pki: over_tls(tls(pki.server), after_request(end=reset)),
        "service.answer_lost",
        True,
    ),
    "half_the_headers": (
        lambda pki: over_tls(tls(pki.server), after_request(BEGUN[:20], end=close)),
        "service.answer_lost",
        True,
    ),
    "half_the_body": (
        lambda pki: over_tls(tls(pki.server), after_request(BEGUN + b"half", end=close)),
        "service.answer_lost",
        True,
    ),
    "broken_chunk": (
        lambda pki: over_tls(
            tls(pki.server), after_request(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", end=close)
        ),
        "service.answer_lost",
        True,
    ),
    "garbage": (
        lambda pki: over_tls(tls(pki.server), after_request(b"\x00\xff" * 100, end=close)),
        "service.answer_lost",
        True,
    ),
    "endless_headers": (
        lambda pki: over_tls(tls(pki.server), after_request(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 50_000, end=close)),
        "service.answer_lost",
        True,
    ),
    "never_answers": (
        lambda pki: over_tls(tls(pki.server), after_request(end=lambda _: threading.Event().wait(3) and None)),
        "service.timed_out",
        True,
    ),
    "drips_headers": (
        lambda pki: over_tls(
            tls(pki.server), after_request(*[bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\n" * 5], pause=0.1)
        ),
        "service.timed_out",
        True,
    ),
    "drips_its_body": (
        lambda pki: over_tls(tls(pki.server), after_request(BEGUN, *[b"x"] * 60, pause=0.1)),
        "service.timed_out",
        True,
    ),
    "too_large_announced": (
        lambda pki: over_tls(
            tls(pki.server), after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b"x" * 200_000)
        ),
        "service.answer_too_large",
        True,
    ),
    "too_large_without_end": (
        lambda pki: over_tls(tls(pki.server), after_request(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 30)),
        "service.answer_too_large",
        True,
    ),
    "another_authority": (
        lambda pki: over_tls(tls(pki.foreign.issue("server")), after_request(OK)),
        "service.server_certificate",
        False,
    ),
    "another_name": (
        lambda pki: over_tls(tls(pki.ours.issue("server", host="127.0.0.2")), after_request(OK)),
        "service.server_certificate",
        False,
    ),
    "expired": (
        lambda pki: over_tls(tls(pki.ours.issue("server", lasts=timedelta(days=-1))), after_request(OK)),
        "service.server_certificate",
        False,
    ),
}


@pytest.mark.parametrize(("handler", "code", "maybe_processed"), FAULTS.values(), ids=FAULTS)
def test_every_fault_has_its_code_and_says_whether_the_service_may_have_acted(
    handler: Callable[[Pki], Handler],
    code: str,
    maybe_processed: bool,
    broker: Callable[..., HttpBroker],
    serve: Callable[..., Server],
    pki: Pki,
) -> None:
    call = Call(CallDeadline(0.8 if code == "service.timed_out" else 10))
    server = serve(handler(pki))
    failure = failure_of(broker(server.port), call, max_answer=100_000)
    assert (failure.code, maybe(failure)) == (code, maybe_processed)
    assert failure.facts["purpose"] == "p"
    # The tickets stand whatever came of it, and the plugin still has time to say what happened.
    told = {"purpose": "p", "host": f"127.0.0.1:{server.port}"}
    assert (call.records, call.notes) == ([("broker.connect", told)], [("broker.http", told)])
    assert call.deadline.remaining() > 0


def test_nobody_listens(broker: Callable[..., HttpBroker], serve: Callable[..., Server]) -> None:
    server = serve(close)
    server.close()
    call = Call(CallDeadline(5))
    failure = failure_of(broker(server.port), call)
    assert (failure.code, maybe(failure), failure.retryable) == ("service.unreachable", False, True)
    assert (len(call.records), len(call.notes)) == (1, 1)


CLIENT_REFUSALS: dict[str, tuple[ssl.TLSVersion, str | None]] = {
    "foreign_tls_1_2": (ssl.TLSVersion.TLSv1_2, "k"),
    "foreign_tls_1_3": (ssl.TLSVersion.TLSv1_3, "k"),
    "none_tls_1_2": (ssl.TLSVersion.TLSv1_2, None),
    "none_tls_1_3": (ssl.TLSVersion.TLSv1_3, None),
}


@pytest.mark.parametrize(("version", "key"), CLIENT_REFUSALS.values(), ids=CLIENT_REFUSALS)
def test_a_refused_client_certificate_is_recognised(
    version: ssl.TLSVersion,
    key: str | None,
    broker: Callable[..., HttpBroker],
    serve: Callable[..., Server],
    pki: Pki,
) -> None:
    context = tls(pki.server, minimum_version=version, maximum_version=version, verify_mode=ssl.CERT_REQUIRED)
    context.load_verify_locations(pki.foreign.cert)
    made = broker(serve(over_tls(context, after_request(OK))).port)
    failure = failure_of(made, Call(CallDeadline(5)), use(key=key))
    assert (failure.code, maybe(failure)) == ("service.client_certificate_refused", False)


ALERTS: dict[int, tuple[str, str]] = {
    40: ("handshake_failure", "service.client_certificate_refused"),
    42: ("bad_certificate", "service.client_certificate_refused"),
    43: ("unsupported_certificate", "service.client_certificate_refused"),
    44: ("certificate_revoked", "service.client_certificate_refused"),
    45: ("certificate_expired", "service.client_certificate_refused"),
    46: ("certificate_unknown", "service.client_certificate_refused"),
    48: ("unknown_ca", "service.client_certificate_refused"),
    49: ("access_denied", "service.client_certificate_refused"),
    70: ("protocol_version", "service.unreachable"),
    71: ("insufficient_security", "service.unreachable"),
    80: ("internal_error", "service.unreachable"),
}


@pytest.mark.parametrize(
    ("number", "code"), [(n, c) for n, (_, c) in ALERTS.items()], ids=[n for n, _ in ALERTS.values()]
)
def test_only_alerts_about_certificates_blame_ours(
    number: int, code: str, broker: Callable[..., HttpBroker], serve: Callable[..., Server]
) -> None:
    def handler(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(bytes([0x15, 3, 3, 0, 2, 2, number]))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    failure = failure_of(broker(serve(handler).port), Call(CallDeadline(5)), use(key="k"))
    assert (failure.code, maybe(failure)) == (code, False)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_accepted_client_certificate_is_that_of_the_purpose(
    version: ssl.TLSVersion, broker: Callable[..., HttpBroker], serve: Callable[..., Server], pki: Pki
) -> None:
    context = tls(pki.server, minimum_version=version, maximum_version=version, verify_mode=ssl.CERT_OPTIONAL)
    context.load_verify_locations(pki.ours.cert)
    seen: list[Any] = []

    def script(connection: ssl.SSLSocket) -> None:
        while request_of(connection):
            seen.append(connection.getpeercert())
            connection.sendall(OK)

    made = broker(serve(over_tls(context, script)).port)
    for key in ("k", "other", None, "k"):
        # One name for different purposes, as two plugins may choose it: never the other's certificate.
        made.client(use(key=key), Call(CallDeadline(5))).request("GET")
    subjects = [one and one["subject"][0][0][1] for one in seen]
    assert subjects == ["client", "other", None, "client"]


def test_a_connection_is_used_again_and_keeps_no_cookie(
    broker: Callable[..., HttpBroker], serve: Callable[..., Server], pki: Pki
) -> None:
    seen: list[bytes] = []

    def script(connection: ssl.SSLSocket) -> None:
        while request := request_of(connection):
            seen.append(request)
            connection.sendall(OK)

    server = serve(over_tls(tls(pki.server), script))
    made = broker(server.port)
    calls = [Call(CallDeadline(5)) for _ in range(3)]
    for call in calls:
        assert made.client(use(), call).request("GET").status == 200
    assert server.connections == 1
    assert [(len(call.records), len(call.notes)) for call in calls] == [(1, 1), (0, 1), (0, 1)]
    assert not any(b"cookie" in request.lower() for request in seen)


def test_what_is_compressed_is_handed_on_as_it_came(
    broker: Callable[..., HttpBroker], serve: Callable[..., Server], pki: Pki
) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb
    made = broker(serve(over_tls(tls(pki.server), after_request(answer))).port)
    reply = made.client(use(), Call(CallDeadline(10))).request("GET")
    assert reply.body == bomb


def test_the_environment_has_no_say(
    broker: Callable[..., HttpBroker],
    serve: Callable[..., Server],
    pki: Pki,
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

    def script(connection: ssl.SSLSocket) -> None:
        seen.append(request_of(connection))
        connection.sendall(OK)

    made = broker(serve(over_tls(tls(pki.server), script)).port)
    assert made.client(use(), Call(CallDeadline(5))).request("GET").status == 200
    assert b"authorization" not in seen[0].lower()
    assert trap.connections == 0
    assert not (tmp_path / "keys.log").exists()
    foreign = broker(serve(over_tls(tls(pki.foreign.issue("server")), after_request(OK))).port)
    assert failure_of(foreign, Call(CallDeadline(5))).code == "service.server_certificate"


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
    broker: Callable[..., HttpBroker],
    serve: Callable[..., Server],
    pki: Pki,
) -> None:
    seen: list[bytes] = []

    def script(connection: ssl.SSLSocket) -> None:
        seen.append(request_of(connection))

    failure = failure_of(
        broker(serve(over_tls(tls(pki.server), script)).port, base), Call(CallDeadline(5)), **request_parts
    )
    assert failure.code == "plugin.request_refused"
    assert not any(seen)


@pytest.mark.parametrize("method", ["GET /x HTTP/1.1\r\nX: y", "", "GÉT"])
def test_a_method_that_is_none_is_refused(
    method: str, broker: Callable[..., HttpBroker], serve: Callable[..., Server], pki: Pki
) -> None:
    made = broker(serve(over_tls(tls(pki.server), after_request(OK))).port)
    with pytest.raises(PluginError) as raised:
        made.client(use(), Call(CallDeadline(5))).request(method)
    assert raised.value.code == "plugin.request_refused"


def test_no_connection_is_opened_without_a_ticket(
    broker: Callable[..., HttpBroker], serve: Callable[..., Server], pki: Pki
) -> None:
    tickets: list[int] = []
    call = Call(CallDeadline(5))

    def script(connection: ssl.SSLSocket) -> None:
        request_of(connection)
        connection.sendall(OK)

    def handler(connection: socket.socket) -> None:
        tickets.append(len(call.records))
        over_tls(tls(pki.server), script)(connection)

    server = serve(handler)
    made = broker(server.port)
    made.client(use(), call).request("GET")
    assert tickets == [1]
    made.close()
    call.audit_is_full = True
    assert failure_of(made, call).code == "storage.full"
    assert server.connections == 1


def test_a_call_that_is_over_sends_nothing(broker: Callable[..., HttpBroker], serve: Callable[..., Server]) -> None:
    server = serve(close)
    over = Call(CallDeadline(5), is_over=True)
    assert failure_of(broker(server.port), over).code == "plugin.call_over"
    late = Call(CallDeadline(0))
    failure = failure_of(broker(server.port), late)
    assert (failure.code, maybe(failure)) == ("service.timed_out", False)
    assert (over.records + over.notes, late.records + late.notes, server.connections) == ([], [], 0)


def test_an_answer_to_a_call_that_was_given_up_is_dropped(
    broker: Callable[..., HttpBroker], serve: Callable[..., Server], pki: Pki
) -> None:
    call = Call(CallDeadline(5))

    def script(connection: ssl.SSLSocket) -> None:
        request_of(connection)
        call.is_over = True
        connection.sendall(OK)

    assert failure_of(broker(serve(over_tls(tls(pki.server), script)).port), call).code == "plugin.call_over"


ADDRESSES: dict[str, tuple[Environment, str]] = {
    "sandbox_without_url": (Environment.SANDBOX, "other"),
    "test_without_address": (Environment.TEST, "p"),
    "production_without_address": (Environment.PRODUCTION, "p"),
}


@pytest.mark.parametrize(("environment", "purpose"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_address_is_that_of_the_environment_or_none(
    environment: Environment, purpose: str, make_config: Callable[..., HostConfig]
) -> None:
    made = HttpBroker(KeyRing(make_config()), environment, {"p": "https://127.0.0.1/"})
    with pytest.raises(ConfigError) as raised:
        made.client(use(purpose), Call(CallDeadline(5)))
    assert raised.value.code == "config.no_address"


def test_nothing_of_the_request_is_in_an_error(
    broker: Callable[..., HttpBroker], serve: Callable[..., Server], pki: Pki
) -> None:
    made = broker(serve(over_tls(tls(pki.server), after_request(end=close))).port)
    failure = failure_of(made, Call(CallDeadline(5)), path="/TCHITCHI", body=b"TCHITCHI", headers={"X": "TCHITCHI"})
    assert "TCHITCHI" not in f"{failure!r} {failure} {failure.facts}"
