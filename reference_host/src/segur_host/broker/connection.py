"""One connection to a service: TLS, unless its purpose goes without, and HTTP/1.1 as h11 understands it.

No client library stands between: a request leaves in one write, one instant ends the whole exchange however slowly
the service answers, and it is known whether anything was sent. There is no redirect, no cookie, no proxy and no
decompression, because nothing here does it.
"""

import socket
import ssl
import time
from collections.abc import Mapping
from typing import Final

import attrs
import h11

from segur_host.broker.address import Address
from segur_host.broker.tls.handshake import shake_hands
from segur_host.broker.tls.servers import ServerCheck

MAX_HEAD: Final = 102_400
"""Bytes of a status line with its headers."""
RECEIVED_AT_ONCE: Final = 65_536
IDLE_S: Final = 5.0
"""A connection that nobody used for so long is not used again."""
MAX_AGE_S: Final = 600.0
"""Nor is one that is so old: its server may have been revoked meanwhile, or its certificate have expired."""


class AnswerTooLargeError(Exception):
    """The body is longer than the caller takes."""


@attrs.frozen
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; the values of a repeated one are joined by commas (RFC 9110, 5.3)."""
    body: bytes


@attrs.frozen(eq=False)
class Tls:
    """How the servers of a purpose are spoken to."""

    context: ssl.SSLContext
    check: ServerCheck
    """What a server has to prove besides."""


class Connection:
    """Opened when made; serves one exchange at a time.

    Args:
        address: of the service.
        tls: ``None`` to speak without it.
        ends_at: instant of ``time.monotonic`` at which waiting ends.

    Raises:
        ServerRefusedError: the server does not prove who it is.
        OSError: no connection, or no TLS.
    """

    def __init__(self, address: Address, tls: Tls | None, ends_at: float) -> None:
        plain = socket.create_connection((address.host, address.port), _left(ends_at))
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(_left(ends_at))
            # Nobody who proves nothing has a certificate that could have been revoked.
            self._socket, self.revocation_known = (
                shake_hands(plain, tls.context, address.host, tls.check) if tls is not None else (plain, True)
            )
        except BaseException:
            plain.close()
            raise
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._idle_since = self._opened_at = time.monotonic()

    @property
    def is_complete(self) -> bool:
        """Whether no exchange is under way, nor was one broken off."""
        return self._http.our_state is h11.IDLE

    def is_alive(self) -> bool:
        """Tell whether a complete connection may be used again: neither hung up, nor for long idle, nor old."""
        now = time.monotonic()
        if now - self._idle_since > IDLE_S or now - self._opened_at > MAX_AGE_S:
            return False
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)
        except (ssl.SSLWantReadError, BlockingIOError):
            return True
        except OSError:
            return False
        # Hung up, or it speaks without having been asked.
        return False

    def exchange(self, request: h11.Request, body: bytes, max_answer: int, ends_at: float) -> Answer:
        """Send a request and read the whole answer.

        Raises:
            AnswerTooLargeError: more than ``max_answer`` bytes came.
            OSError: the connection failed; ``TimeoutError`` at ``ends_at``.
            h11.RemoteProtocolError: what came is not HTTP.
        """
        self._send(request, body, ends_at)
        head = self._next_event(ends_at)
        while isinstance(head, h11.InformationalResponse):
            head = self._next_event(ends_at)
        if not isinstance(head, h11.Response):
            raise h11.RemoteProtocolError("no response")
        content = bytearray()
        while isinstance(part := self._next_event(ends_at), h11.Data):
            content += part.data
            if len(content) > max_answer:
                raise AnswerTooLargeError
        answer = Answer(head.status_code, _joined(head), bytes(content))
        # What came after the end would be taken for the answer to the next request.
        if self._http.our_state is self._http.their_state is h11.DONE and not self._http.trailing_data[0]:
            self._http.start_next_cycle()
            self._idle_since = time.monotonic()
        return answer

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send(self, request: h11.Request, body: bytes, ends_at: float) -> None:
        parts = (request, h11.Data(data=body), h11.EndOfMessage())
        rest = memoryview(b"".join(self._http.send(part) or b"" for part in parts))
        try:
            while rest:
                self._socket.settimeout(_left(ends_at))
                rest = rest[self._socket.send(rest) :]
        except TimeoutError:
            raise
        except OSError:
            # Before it hung up, the server may have said why: that is read next.
            return

    def _next_event(self, ends_at: float) -> h11.Event | None:
        """Return what comes next, ``None`` when that is not HTTP any more."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._socket.settimeout(_left(ends_at))
            self._http.receive_data(self._socket.recv(RECEIVED_AT_ONCE))
        return event if isinstance(event, h11.Event) else None


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _joined(head: h11.Response) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in head.headers:
        name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
