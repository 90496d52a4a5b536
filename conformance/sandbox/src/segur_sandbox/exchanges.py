"""The journal of everything said to the sandbox and answered by it, in order.

Bodies are kept whole: only fictitious people live here, so the journal may be read as evidence.
"""

import base64
import itertools
import secrets
from collections.abc import Iterator
from typing import Any

import attrs

from segur_sandbox.clock import SandboxClock, timestamp


@attrs.frozen
class Client:
    """Who called: the subject CN and serial number (hexadecimal) of the TLS client certificate."""

    cn: str
    serial: str


@attrs.define
class Exchange:
    """One request and its answer; `answer` stays `None` when nothing was sent back.

    Attributes:
        sequence: Rank in the journal, from 1.
        connection: Identifier of the TCP connection, shared by the exchanges it carried.
        unexpected: True for what a correct client never sends (refused handshake, unknown path, refused message).
        reason: Why it is unexpected, as a short code followed by a developer's sentence.
        injected: True when the answer came from `POST /replay`.
        fault: Name of the scripted fault that applied.
    """

    sequence: int
    service: str
    connection: str
    at: str
    client: Client | None = None
    operation: str | None = None
    message_id: str | None = None
    request: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None
    unexpected: bool = False
    reason: str | None = None
    injected: bool = False
    fault: str | None = None

    def refuse(self, reason: str) -> None:
        """Mark the exchange as one that a correct client never has."""
        self.unexpected = True
        self.reason = reason


class ExchangeJournal:
    """The ordered list of exchanges of all services."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._exchanges: list[Exchange] = []
        self._connections = itertools.count(1)
        self._run = secrets.token_hex(3)

    def new_connection(self) -> str:
        """Return a connection identifier never given before, by this run of the sandbox or another."""
        return f"{self._run}-{next(self._connections)}"

    def open(self, service: str, connection: str, client: Client | None = None) -> Exchange:
        """Add an exchange at the end of the journal and return it for completion."""
        exchange = Exchange(len(self._exchanges) + 1, service, connection, timestamp(self._clock.now()), client)
        self._exchanges.append(exchange)
        return exchange

    def of(self, service: str | None) -> Iterator[dict[str, Any]]:
        """Yield the exchanges of `service` (all when `None`) as JSON objects, oldest first."""
        for exchange in self._exchanges:
            if service is None or exchange.service == service:
                yield attrs.asdict(exchange)

    def clear(self) -> None:
        """Forget everything."""
        self._exchanges.clear()


def readable(body: bytes) -> dict[str, str]:
    """Return a body as JSON members: its text when it is UTF-8, base64 otherwise."""
    try:
        return {"body": body.decode("utf-8"), "body_encoding": "utf-8"}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode("ascii"), "body_encoding": "base64"}
