"""What is published over plain HTTP, as the real publication points are: lists, authorities, chain, OCSP."""

import asyncio

from cryptography.hazmat.primitives import serialization
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from segur_sandbox.igc.crl import Lists
from segur_sandbox.igc.ocsp import Responder, refusal
from segur_sandbox.igc.ocsp_request import OcspRefusedError, read_path, read_question
from segur_sandbox.igc.variants import variant_for
from segur_sandbox.pki.authorities import AUTHORITIES, CERTIFICATES_PATH, CHAIN_PATH, CRL_PATH, OCSP_PATH
from segur_sandbox.pki.chain_file import chain_file
from segur_sandbox.pki.store import PkiFiles
from segur_sandbox.recording import EXCHANGE, VARIANT

_DER = serialization.Encoding.DER
_QUESTION = "application/ocsp-request"
_ANSWER = "application/ocsp-response"
_CRL_END, _CERTIFICATE_END = ".crl", ".cer"


def igc_app(pki: PkiFiles, lists: Lists, responder: Responder) -> Starlette:
    """Return the application."""

    async def crl(request: Request) -> Response:
        short = request.path_params["short"]
        if not lists.known(short):
            return _missing()
        variant = variant_for("crl", request.scope[VARIANT])
        # An authority that nobody asked about yet is made now, which takes a while.
        found = await asyncio.to_thread(lists.current, short, variant)
        return Response(found.public_bytes(_DER), media_type="application/pkix-crl")

    async def certificate(request: Request) -> Response:
        short = request.path_params["short"]
        if short not in AUTHORITIES:
            return _missing()
        authority = await asyncio.to_thread(pki.authority, short)
        return Response(authority.certificate.public_bytes(_DER), media_type="application/pkix-cert")

    async def chain(_: Request) -> Response:
        found = await asyncio.to_thread(lambda: [pki.authority(short).certificate for short in AUTHORITIES])
        return Response(chain_file(found), media_type="application/x-pkcs7-certificates")

    async def ocsp(request: Request) -> Response:
        if request.method == "POST" and request.headers.get("content-type") != _QUESTION:
            return PlainTextResponse(f"expected {_QUESTION}\n", 415)
        try:
            path = request.path_params.get("question")
            question = read_question(await request.body() if path is None else read_path(path))
            variant = variant_for("ocsp", request.scope[VARIANT])
            answer = await asyncio.to_thread(responder.answer, question, variant)
        except OcspRefusedError as error:
            request.scope[EXCHANGE].refuse(f"ocsp: {error}")
            answer = refusal(error.status)
        return Response(answer, media_type=_ANSWER)

    return Starlette(
        routes=[
            Route(f"{CRL_PATH}/{{short}}{_CRL_END}", crl),
            Route(CHAIN_PATH, chain),
            Route(f"{CERTIFICATES_PATH}/{{short}}{_CERTIFICATE_END}", certificate),
            Route(OCSP_PATH, ocsp, methods=["POST"]),
            Route(f"{OCSP_PATH}/{{question:path}}", ocsp, methods=["GET"]),
        ]
    )


def operation_of(headers: dict[str, str], _: bytes) -> str | None:
    """Name what is asked for: `crl:SHORT`, `certificate:SHORT`, `chain` or `ocsp`."""
    path = headers[":path"]
    if path == CHAIN_PATH:
        return "chain"
    if path == OCSP_PATH or path.startswith(f"{OCSP_PATH}/"):
        return "ocsp"
    folder, _slash, name = path.rpartition("/")
    if folder == CRL_PATH:
        return f"crl:{name.removesuffix(_CRL_END)}"
    return f"certificate:{name.removesuffix(_CERTIFICATE_END)}" if folder == CERTIFICATES_PATH else None


def _missing() -> Response:
    return PlainTextResponse("no authority of this name\n", 404)
