"""A broker of HTTP, a small PKI, and servers made of raw sockets."""

import contextlib
import ipaddress
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.broker.network import Network
from segur_host.config.model import HostConfig, NetworkTable
from segur_host.config.tls import RevocationMode
from segur_host.dispatch.deadline import CallDeadline
from segur_sdk.errors import Fact, HostError, PluginError
from segur_sdk.models.actor import Environment

Handler = Callable[[socket.socket], None]
Script = Callable[[ssl.SSLSocket], None]
NOW = datetime.now(UTC)
_NUMBER = itertools.count(1)


@attrs.frozen
class Issued:
    cert: Path
    key: Path


@cache
def _leaf_key(of: str) -> rsa.RSAPrivateKey:
    """Make a key: one for every server and client, as one takes a while to make, and another for the other client."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Authority:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.cert = folder / f"{name}.pem"
        self.cert.write_bytes(self._sign(self._name, self._key.public_key(), timedelta(days=1), name, ca=True))

    def issue(self, name: str, host: str = "127.0.0.1", lasts: timedelta = timedelta(days=1)) -> Issued:
        key = _leaf_key("other" if name == "other" else "any")
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
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        lasts: timedelta,
        host: str,
        *,
        ca: bool,
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


@pytest.fixture(scope="session")
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
    call_id: str = "call"
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


@pytest.fixture
def make_call() -> Callable[..., Call]:
    """Make a call in progress that lasts so many seconds."""
    return lambda seconds=5.0, **options: Call(CallDeadline(seconds), **options)


@pytest.fixture
def broker(make_config: Callable[..., HostConfig], pki: Pki) -> Iterator[Callable[..., HttpBroker]]:
    with contextlib.ExitStack() as opened:

        def broker(port: int, path: str = "/lps") -> HttpBroker:
            keys = {
                "k": {"cert": pki.client.cert, "key": pki.client.key},
                "other": {"cert": pki.other_client.cert, "key": pki.other_client.key},
            }
            config = make_config(trust={"ours": pki.ours.cert}, keys=keys)
            # No list is kept here: nothing is to be noted of that.
            table = NetworkTable(url=f"https://127.0.0.1:{port}{path}", revocation=RevocationMode.OFF)
            made = HttpBroker(KeyRing(config), Network(Environment.SANDBOX, {"p": table}))
            opened.callback(made.close)
            return made

        yield broker


def tls(
    issued: Issued,
    version: ssl.TLSVersion | None = None,
    trusted: Path | None = None,
    verify_mode: ssl.VerifyMode = ssl.CERT_NONE,
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.cert, issued.key)
    context.verify_mode = verify_mode
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if trusted is not None:
        context.load_verify_locations(trusted)
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


@pytest.fixture
def over(pki: Pki) -> Callable[..., Handler]:
    """Make a handler that speaks TLS, with the certificate given, and runs a script on each connection."""
    return lambda script, issued=None, **options: over_tls(tls(issued or pki.server, **options), script)


@pytest.fixture
def answering(over: Callable[..., Handler]) -> Callable[..., Handler]:
    """Make a handler that answers every request over TLS.

    ``parts`` are sent one after the other with ``pause`` seconds between them; ``end`` then ends the connection.
    ``seen`` receives each request, or what ``look`` tells of its connection.
    """

    def answering(
        *parts: bytes,
        pause: float = 0,
        end: Callable[[socket.socket], None] | None = None,
        seen: list[Any] | None = None,
        look: Callable[[ssl.SSLSocket], Any] | None = None,
        **options: Any,
    ) -> Handler:
        def script(connection: ssl.SSLSocket) -> None:
            while request := request_of(connection):
                if seen is not None:
                    seen.append(look(connection) if look else request)
                for part in parts:
                    connection.sendall(part)
                    threading.Event().wait(pause)
                if end is not None:
                    end(connection)
                    return

        return over(script, **options)

    return answering
