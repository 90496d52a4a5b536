"""A back channel that tests speak to by raw sockets."""

import socket
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

import attrs

from segur_host.audit.entries import AuditEntry
from segur_host.config.model import BackChannelTable
from segur_host.resident.back_channel import BackChannel

TOKEN = "eyJhbGciOiJSUzI1NiJ9.canary.c2ln"
PATIENCE_S = 20
FORM = "Content-Type: application/x-www-form-urlencoded"


@attrs.define
class Place:
    """A back channel, what it was told, and what it recorded."""

    told: list[str] = attrs.field(factory=list)
    recorded: list[AuditEntry] = attrs.field(factory=list)
    end: Callable[[str], int] = lambda token: 1
    channel: BackChannel = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.channel = BackChannel(BackChannelTable(port=free_port()), self._ended, self.recorded.append)

    @property
    def port(self) -> int:
        return int(self.channel.address.split(":")[2].partition("/")[0])

    def connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        connection.settimeout(PATIENCE_S)
        return connection

    def said(self, request: bytes) -> bytes:
        with self.connected() as connection:
            with suppress(ConnectionError):
                connection.sendall(request)
            return heard(connection)

    def posted(self, token: str = TOKEN) -> bytes:
        return self.said(post(urlencode({"logout_token": token})))

    def reasons(self) -> list[object]:
        return [one.facts["reason"] for one in self.recorded]

    def _ended(self, token: str) -> int:
        self.told.append(token)
        return self.end(token)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
    return port


def heard(connection: socket.socket) -> bytes:
    answer = b""
    with suppress(ConnectionError):
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def post(body: str, *headers: str, path: str = "/deconnexion") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: lgo.example",
        *(headers or (FORM,)),
        f"Content-Length: {len(body)}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body.encode()
