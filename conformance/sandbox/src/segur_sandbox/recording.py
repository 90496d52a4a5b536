"""Puts a simulated service behind the journal and the scripted faults, whatever it is made of (any ASGI app)."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import attrs
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segur_sandbox.clock import SandboxClock
from segur_sandbox.exchanges import Exchange, ExchangeJournal, readable
from segur_sandbox.faults import FaultBoard, FaultName, FaultOrder
from segur_sandbox.tls.connection import EXTENSION, Connection

MAX_BODY = 1 << 20
EXCHANGE = "segur.exchange"
VARIANT = "segur.variant"
ROUTINE = "segur.routine"
"""Set by an application in its scope when a correct client, too, hears this refusal."""
_HTTP_FAULTS: frozenset[FaultName] = frozenset(
    {"delay", "drip", "reset", "error5xx", "garbage", "truncated", "wrong_answer", "answer_lost"}
)
_GARBAGE = bytes(range(256)) * 4
_DRIP_PIECES = 20
_FIRST_ERROR = 400


@attrs.define
class Answer:
    """A whole HTTP answer, held back until the faults had their say."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = attrs.Factory(list)
    body: bytes = b""

    async def collect(self, message: Message) -> None:
        """Take one ASGI message of the inner application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


class RecordedService:
    """ASGI application that journals each exchange with `app` and applies the faults armed for `service`.

    Args:
        operation_of: Names the operation from the headers (lower-case names; the path is `:path`) and the body, for
            faults that single one out.
        max_body: The largest body that `app` is given; of each, the journal keeps 1 MiB.
    """

    def __init__(
        self,
        service: str,
        app: ASGIApp,
        operation_of: Callable[[dict[str, str], bytes], str | None],
        *,
        faults: FaultBoard,
        journal: ExchangeJournal,
        clock: SandboxClock,
        max_body: int = MAX_BODY,
    ) -> None:
        self._service = service
        self._app = app
        self._operation_of = operation_of
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        connection: Connection = scope["extensions"][EXTENSION]
        exchange = self._journal.open(self._service, connection.identifier, connection.client)
        if not connection.valid_at(self._clock.now()):
            exchange.refuse("certificate: outside its validity by the sandbox's clock")
            await connection.reset()
            return
        body = await _read_body(receive, self._max_body)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        exchange.request = {
            "method": scope["method"],
            "path": scope["path"],
            "headers": headers,
            **readable(body[:MAX_BODY]),
        }
        exchange.operation = self._operation_of({**headers, ":path": scope["path"]}, body)
        fault = self._faults.take(self._service, _HTTP_FAULTS, exchange.operation)
        exchange.fault = fault.fault if fault else None
        if fault and fault.fault == "reset":
            await connection.reset()
            return
        if fault and fault.fault == "delay":
            await asyncio.sleep(fault.duration)
        answer = await self._answer(scope, exchange, body, fault)
        if fault and fault.fault == "answer_lost":
            await connection.abort()
            return
        exchange.answer = {
            "status": answer.status,
            "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers},
            **readable(answer.body[:MAX_BODY]),
        }
        await _send(answer, fault, connection, send)

    async def _answer(self, scope: Scope, exchange: Exchange, body: bytes, fault: FaultOrder | None) -> Answer:
        if fault and fault.fault == "error5xx":
            status = HTTPStatus(fault.status)
            page = f"<html><body><h1>{status.value} {status.phrase}</h1></body></html>"
            return _plain(status, page.encode("ascii"), b"text/html")
        if fault and fault.fault == "garbage":
            return _plain(200, _GARBAGE, b"application/soap+xml;charset=utf-8")
        if len(body) > self._max_body:
            most = "1 MiB" if self._max_body == MAX_BODY else f"{self._max_body} bytes"
            exchange.refuse(f"http: body larger than {most}")
            return _plain(413, f"body larger than {most}\n".encode("ascii"), b"text/plain")
        answer = Answer()
        variant = (fault.variant or "") if fault and fault.fault == "wrong_answer" else None
        inner: dict[str, Any] = {**scope, EXCHANGE: exchange, VARIANT: variant}
        await self._app(inner, _replayed(body), answer.collect)
        if answer.status in range(_FIRST_ERROR, 500) and not (exchange.unexpected or inner.get(ROUTINE)):
            exchange.refuse(f"http: {answer.status} {scope['method']} {scope['path']}")
        return answer


def _plain(status: int, body: bytes, media_type: bytes) -> Answer:
    return Answer(status, [(b"content-type", media_type), (b"content-length", str(len(body)).encode("ascii"))], body)


async def _read_body(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        # What is over the limit is read and dropped: the client must be able to hear the refusal.
        piece: bytes = message.get("body", b"")
        body += piece[: most + 1 - len(body)]
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _send(answer: Answer, fault: FaultOrder | None, connection: Connection, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    if fault and fault.fault == "truncated":
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        connection.close()
        await connection.lost.wait()
        return
    if fault and fault.fault == "drip":
        size = max(1, -(-len(answer.body) // _DRIP_PIECES))
        for start in range(0, len(answer.body), size):
            piece = answer.body[start : start + size]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(fault.duration / _DRIP_PIECES)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
