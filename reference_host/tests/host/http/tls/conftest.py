"""A client of the broker, a server that may be as bad as it likes, a folder of lists."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reference_host.tests.host.http.tls.hierarchy import Hierarchy, issue
from reference_host.tests.host.http.tls.reached import OK, USES, Reached
from reference_host.tests.host.token_tls.counterparts import SoftwareToken
from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.broker.network import Network
from segur_host.broker.tls.contexts import client_context
from segur_host.broker.tls.crl_folder import CrlFolder
from segur_host.broker.token_tls import load_token_key
from segur_host.clock import SystemClock
from segur_host.config.model import HostConfig, NetworkTable
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import ServiceError
from segur_sdk.models.actor import Environment

Make = Callable[..., Any]


class KeysOnCards(KeyRing):
    """Authenticates with a key that never leaves its card."""

    def __init__(self, config: HostConfig, made: Hierarchy) -> None:
        super().__init__(config)
        self._certificate = issue("carte", made.persons, made.rsa).certificate
        self._token = SoftwareToken(made.rsa)

    def ssl_context(self, use: str | None, trust: str) -> ssl.SSLContext:
        assert use == "card"
        context = client_context(self.anchors(trust))
        schemes = frozenset({SignatureScheme.PKCS1_SHA256})
        load_token_key(context, (self._certificate,), schemes, self._token.sign)
        return context


@pytest.fixture(scope="session")
def made() -> Hierarchy:
    return Hierarchy()


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "crl"
    folder.mkdir()
    return folder


@pytest.fixture
def client(
    made: Hierarchy, lists: Path, tmp_path: Path, make_config: Make, make_call: Make, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """Send one request to a port of this machine, by a client of one kind, under a table ``[network.p]``."""
    monkeypatch.setenv("SEGUR_CLIENT", "secret")
    monkeypatch.setenv("SEGUR_BUNDLE", "password")
    (tmp_path / "root.pem").write_bytes(made.root.pem)

    def pair() -> dict[str, Any]:
        own = issue("client", made.persons, made.rsa).file(tmp_path)
        return {"cert": own, "key": own}

    def bundle() -> dict[str, Any]:
        own = issue("client", made.persons, made.more_rsa).bundle(tmp_path, b"password")
        return {"p12": own, "password": {"env": "SEGUR_BUNDLE"}}

    tables = {"key": pair, "bundle": bundle}
    with ExitStack() as opened:

        def client(port: int, kind: str = "none", **table: Any) -> Reached:
            given = {"url": f"https://127.0.0.1:{port}/", **table}
            if kind == "secret":
                given["client"] = {"id": "lgo", "secret": {"env": "SEGUR_CLIENT"}}
            own = USES[kind].key
            keys = {own: tables[own]()} if own in tables else {}
            config: HostConfig = make_config(trust={"ours": tmp_path / "root.pem"}, keys=keys)
            broker = HttpBroker(
                KeyRing(config) if kind != "token" else KeysOnCards(config, made),
                Network(Environment.SANDBOX, {"p": NetworkTable.model_validate(given)}),
                CrlFolder(lists, SystemClock()),
            )
            opened.callback(broker.close)
            call = make_call(20.0)
            try:
                broker.client(USES[kind], call, lambda: "token").request("GET")
            except ServiceError as failure:
                return Reached(failure, [event for event, _ in call.notes])
            return Reached(None, [event for event, _ in call.notes])

        yield client


@pytest.fixture
def start(serve: Make) -> Callable[[ssl.SSLContext], tuple[int, list[bytes]]]:
    """Serve with a context; returns the port, and where requests are kept that came."""

    def start(context: ssl.SSLContext) -> tuple[int, list[bytes]]:
        seen: list[bytes] = []

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
                if came := wrapped.recv(65536):
                    seen.append(came)
                    wrapped.sendall(OK)

        return serve(handler).port, seen

    return start
