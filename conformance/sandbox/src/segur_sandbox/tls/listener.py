"""Accepts connections one by one, so that each can be refused, reset or given an expired certificate on demand."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import ServerState

from segur_sandbox.exchanges import ExchangeJournal
from segur_sandbox.faults import BEFORE_HTTP, FaultBoard, FaultName, FaultOrder
from segur_sandbox.pki.store import PkiFiles, write_handshake_crl
from segur_sandbox.tls.connection import Connection, ConnectionProtocol
from segur_sandbox.tls.contexts import USUAL, ClientTrust, alert_of, server_context

LOOPBACK = "127.0.0.1"
_HANDSHAKE_SECONDS = 10.0


class PlainListener:
    """An HTTP server on the loopback interface, without TLS.

    Args:
        service: Name used in the journal and for faults.
        app: The ASGI application behind it.
        port: Where to listen, if it is free; an ephemeral port otherwise.
    """

    def __init__(
        self, service: str, app: ASGIApp, *, faults: FaultBoard, journal: ExchangeJournal, port: int = 0
    ) -> None:
        self._service = service
        self._faults = faults
        self._journal = journal
        self._wanted = port
        self._config = Config(
            app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, log_level="critical"
        )
        self._state = ServerState()
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket: socket.socket | None = None
        faults.on_armed(self._drop_idle_connections)

    @property
    def port(self) -> int:
        """The port listened on."""
        if self._socket is None:
            raise RuntimeError("not started")
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Listen and accept, from within a running event loop."""
        self._config.load()
        self._socket = self._listen()
        self._socket.setblocking(False)
        self._spawn(self._accept(self._socket))

    async def stop(self) -> None:
        """Close the port and every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
        for protocol in list(self._state.connections):
            protocol.transport.abort()
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)

    def _listen(self) -> socket.socket:
        try:
            return socket.create_server((LOOPBACK, self._wanted), backlog=128)
        except OSError as error:
            if not self._wanted or error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            return socket.create_server((LOOPBACK, 0), backlog=128)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            accepted, _ = await loop.sock_accept(listening)
            self._spawn(self._serve(accepted))

    async def _serve(self, accepted: socket.socket) -> None:
        identifier = self._journal.new_connection()
        fault = self._faults.take(self._service, BEFORE_HTTP)
        name = fault.fault if fault is not None else None
        if name is not None:
            self._journal.open(self._service, identifier).fault = name
        if name == "refuse":
            accepted.close()
            return
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(identifier)
        context = self._context_for(name)
        # What the transport closes stays open here, for a last word.
        kept = accepted.dup() if context is not None else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: ConnectionProtocol(
                    self._config, self._state, connection, lambda: self._refuse(connection, "http: not HTTP")
                ),
                accepted,
                ssl=context,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS if context is not None else None,
            )
        except (OSError, TimeoutError) as error:
            # With the expired certificate the failed handshake is what was asked for.
            if fault is None:
                self._refuse_handshake(connection, error)
            if kept is not None:
                _say(kept, alert_of(error))
        finally:
            if kept is not None:
                kept.close()

    def _context_for(self, fault: FaultName | None) -> ssl.SSLContext | None:
        """Return with what the next connection is secured."""
        return None

    def _refuse_handshake(self, connection: Connection, error: OSError) -> None:
        reason = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
        detail = getattr(error, "verify_message", None) or reason
        self._refuse(connection, f"handshake: {detail}")

    def _refuse(self, connection: Connection, reason: str) -> None:
        self._journal.open(self._service, connection.identifier, connection.client).refuse(reason)

    def _drop_idle_connections(self, order: FaultOrder) -> None:
        """Close kept-alive connections, or a fault of the next connection would never be met."""
        if order.service == self._service and order.fault in BEFORE_HTTP:
            self._close_connections()

    def _close_connections(self) -> None:
        for protocol in list(self._state.connections):
            protocol.transport.close()


def _say(kept: socket.socket, last: bytes) -> None:
    with suppress(OSError):
        kept.send(last)


class TlsListener(PlainListener):
    """An HTTPS server on an ephemeral port of the loopback interface.

    Args:
        service: Name used in the journal and for faults.
        app: The ASGI application behind it.
        pki: Server certificate, trusted authorities, revocation list.
        client_certificates: Whether clients need one, may show one, or are not asked.
        trust: What is wanted of them beside the usual.
    """

    def __init__(
        self,
        service: str,
        app: ASGIApp,
        pki: PkiFiles,
        *,
        client_certificates: ssl.VerifyMode,
        faults: FaultBoard,
        journal: ExchangeJournal,
        trust: ClientTrust = USUAL,
    ) -> None:
        super().__init__(service, app, faults=faults, journal=journal)
        self._pki = pki
        self._client_certificates = client_certificates
        self._trust = trust
        self._context = server_context(pki, client_certificates=client_certificates, trust=trust)
        self._expired = server_context(pki, client_certificates=client_certificates, expired=True, trust=trust)
        if client_certificates is not ssl.CERT_NONE:
            pki.register.on_change(self._judge_anew)

    def _context_for(self, fault: FaultName | None) -> ssl.SSLContext | None:
        return self._context if fault is None else self._expired

    def _judge_anew(self) -> None:
        """Take the revocations of this instant into account, for whoever is already connected too."""
        write_handshake_crl(self._pki)
        self._context = server_context(self._pki, client_certificates=self._client_certificates, trust=self._trust)
        self._close_connections()
