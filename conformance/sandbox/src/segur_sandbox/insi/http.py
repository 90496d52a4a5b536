"""The HTTP face of the teleservice: `POST /lps`, SOAP 1.2 content type."""

from email.message import Message

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from segur_sandbox.insi.namespaces import ACTION_PREFIX, BY_CARD, BY_TRAITS
from segur_sandbox.insi.service import InsiService
from segur_sandbox.recording import EXCHANGE, VARIANT

MEDIA_TYPE = "application/soap+xml"
PATH = "/lps"


def insi_app(service: InsiService) -> Starlette:
    """Return the ASGI application of the teleservice."""

    async def lps(request: Request) -> Response:
        media_type, action = content_type(request.headers.get("content-type", ""))
        if media_type != MEDIA_TYPE:
            return PlainTextResponse("expected application/soap+xml\n", status_code=415)
        exchange, variant = request.scope[EXCHANGE], request.scope[VARIANT]
        answer = service.answer(await request.body(), action, exchange, variant, request)
        return Response(answer.body, status_code=answer.status, headers={"content-type": f"{MEDIA_TYPE};charset=utf-8"})

    return Starlette(routes=[Route(PATH, lps, methods=["POST"])])


def content_type(header: str) -> tuple[str, str | None]:
    """Return the media type and the `action` parameter of a Content-Type header."""
    message = Message()
    message["content-type"] = header
    action = message.get_param("action")
    return message.get_content_type(), action if isinstance(action, str) else None


def operation_of(headers: dict[str, str], body: bytes) -> str | None:
    """Name the operation of a request from its Content-Type, else from its body, without judging it."""
    _, action = content_type(headers.get("content-type", ""))
    if action is not None and action.startswith(ACTION_PREFIX):
        return action.removeprefix(ACTION_PREFIX)
    if b"RECSANSVITALE" in body:
        return BY_TRAITS
    return BY_CARD if b"RECVITALE" in body else None
