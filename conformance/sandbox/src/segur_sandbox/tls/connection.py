"""One accepted connection as the services see it: who is at the other end, and how to cut it."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from segur_sandbox.exchanges import Client

EXTENSION = "segur.connection"


class Connection:
    """A connection whose handshake succeeded.

    Attributes:
        identifier: Its name in the journal.
        client: Who the certificate shown names, `None` when none was shown.
        certificate: That certificate, whose authority and revocation the handshake checked.
        lost: Set once the connection is closed.
    """

    def __init__(self, identifier: str) -> None:
        self.identifier = identifier
        self.client: Client | None = None
        self.certificate: x509.Certificate | None = None
        self.lost = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def made(self, transport: asyncio.Transport) -> dict[str, Any]:
        """Note the transport and return the members of the ASGI TLS extension, none without TLS."""
        self._transport = transport
        ssl_object: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if ssl_object is None:
            return {}
        der = ssl_object.getpeercert(binary_form=True)
        chain: list[str] = []
        if der is not None:
            certificate = x509.load_der_x509_certificate(der)
            self.certificate = certificate
            chain = [ssl.DER_cert_to_PEM_cert(der)]
            names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            self.client = Client(str(names[0].value) if names else "", f"{certificate.serial_number:X}")
        return {"client_cert_chain": chain, "tls_version": ssl_object.version()}

    def valid_at(self, instant: datetime) -> bool:
        """Judge the client certificate at the sandbox's instant, which OpenSSL does not know."""
        certificate = self.certificate
        return certificate is None or certificate.not_valid_before_utc <= instant <= certificate.not_valid_after_utc

    def close(self) -> None:
        """End the connection in good order after what was written."""
        if self._transport is not None:
            self._transport.close()

    async def abort(self) -> None:
        """Cut the connection: what was not yet sent never will be."""
        if self._transport is not None:
            self._transport.abort()
            await self.lost.wait()

    async def reset(self) -> None:
        """Cut the connection with a TCP RST."""
        if self._transport is not None:
            reset_on_close(self._transport.get_extra_info("socket"))
        await self.abort()


def reset_on_close(sock: socket.socket) -> None:
    """Make the next close of `sock` send RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class ConnectionProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with the client certificate and the connection put into the ASGI scope.

    Args:
        config: uvicorn's, loaded.
        server_state: uvicorn's, shared by the connections of a listener.
        connection: The connection being accepted.
        malformed: Called when what arrives is not HTTP.
    """

    def __init__(
        self, config: Config, server_state: ServerState, connection: Connection, malformed: Callable[[], None]
    ) -> None:
        super().__init__(config, server_state, app_state={})
        self._connection = connection
        self._malformed = malformed

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Learn who is at the other end before the first request is read."""
        super().connection_made(transport)
        extensions = {"tls": self._connection.made(transport), EXTENSION: self._connection}
        inner: Any = self.app

        async def with_connection(scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, "extensions": extensions}, receive, send)

        self.app = with_connection

    def connection_lost(self, exc: Exception | None) -> None:
        """Let those who cut the connection know that it is over."""
        super().connection_lost(exc)
        self._connection.lost.set()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, and say that it came."""
        self._malformed()
        super().send_400_response(msg)
