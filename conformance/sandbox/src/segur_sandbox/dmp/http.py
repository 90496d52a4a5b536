"""The HTTP face of the DMP: three addresses, and a page that says what this is."""

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from segur_sandbox.dmp.answers import BANNER
from segur_sandbox.dmp.mtom import RELATED, SOAP_MEDIA, read_content_type
from segur_sandbox.dmp.service import BASE, PATIENT_PATH, REGISTRY_PATH, REPOSITORY_PATH, DmpService, Request
from segur_sandbox.recording import EXCHANGE, VARIANT
from segur_sandbox.tls.connection import EXTENSION

MARK = {"x-segur-sandbox": BANNER}


def dmp_app(service: DmpService) -> Starlette:
    """Return the ASGI application of the DMP."""

    async def serve(request: HttpRequest) -> Response:
        content_type = request.headers.get("content-type", "")
        if read_content_type(content_type).media not in (SOAP_MEDIA, RELATED):
            return PlainTextResponse(f"expected {SOAP_MEDIA} or {RELATED}\n", status_code=415, headers=MARK)
        if request.headers.get("content-encoding", "identity") != "identity":
            return PlainTextResponse("no Content-Encoding here\n", status_code=415, headers=MARK)
        received = Request(request.url.path, content_type, await request.body(), request.scope["extensions"][EXTENSION])
        answer = service.answer(received, request.scope[EXCHANGE], request.scope[VARIANT])
        return Response(answer.body, answer.status, {**MARK, "content-type": answer.content_type})

    async def banner(_: HttpRequest) -> Response:
        return PlainTextResponse(f"DMP ({BANNER})\n", headers=MARK)

    paths = (REPOSITORY_PATH, REGISTRY_PATH, PATIENT_PATH)
    return Starlette(
        routes=[*(Route(path, serve, methods=["POST"]) for path in paths), Route(f"{BASE}/", banner, methods=["GET"])]
    )
