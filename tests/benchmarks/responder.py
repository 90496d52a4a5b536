"""A web server over mutual TLS that gives one fixed answer to any request: a slow simulator would flatter us.

An answer that holds ``@MESSAGE@`` names the message that it answers there; it is as long whatever the message.

Run as ``python responder.py CERT KEY CA ANSWER``; prints its port on the first line.
"""

import asyncio
import re
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

Message = dict[str, Any]
PLACE = b"@MESSAGE@"
IDENTIFIER = re.compile(rb"MessageID>(urn:uuid:[0-9a-f-]{36})<")


def application(body: bytes) -> Callable[..., Awaitable[None]]:
    """Return an ASGI application that reads the request and answers ``body``."""
    length = len(body.replace(PLACE, b"urn:uuid:" + b"0" * 36))
    headers = [(b"content-type", b"application/soap+xml; charset=utf-8"), (b"content-length", b"%d" % length)]

    async def app(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        received = b""
        while (message := await receive()).get("more_body"):
            received += message["body"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": _answer(body, received + message["body"])})

    return app


def _answer(body: bytes, question: bytes) -> bytes:
    if PLACE not in body:
        return body
    found = IDENTIFIER.search(question)
    assert found is not None
    return body.replace(PLACE, found[1])


async def serve(cert: str, key: str, authority: str, body: bytes) -> None:
    """Listen on a free port of the loopback until killed."""
    config = uvicorn.Config(
        application(body),
        http="h11",
        lifespan="off",
        log_level="critical",
        ssl_certfile=cert,
        ssl_keyfile=key,
        ssl_ca_certs=authority,
        ssl_cert_reqs=ssl.CERT_REQUIRED,
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Handed down to its connections: asyncio sets it on sockets that it made itself only.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(listener.getsockname()[1], flush=True)  # noqa: T201 - read by the one who started it
        await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    cert, key, authority, answer = sys.argv[1:]
    asyncio.run(serve(cert, key, authority, Path(answer).read_bytes()))
