"""The HTTP faces: issuer, wallet, target service; and how their operations are named for faults and the journal."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from segur_sandbox.psc import device, html
from segur_sandbox.psc.addresses import AUTHORIZE, DISCOVERY, PROTOCOL
from segur_sandbox.psc.ciba import CibaEndpoint
from segur_sandbox.psc.errors import OAuthRefusedError, PageRefusedError
from segur_sandbox.psc.login import LoginPages
from segur_sandbox.psc.logout import LogoutEndpoint
from segur_sandbox.psc.resources import IssuerResources
from segur_sandbox.psc.state import PscState
from segur_sandbox.psc.target_service import TargetService
from segur_sandbox.psc.token_endpoint import NO_STORE, TokenEndpoint
from segur_sandbox.recording import EXCHANGE, ROUTINE

_OPERATIONS = {
    DISCOVERY: "discovery",
    f"{PROTOCOL}/certs": "certs",
    f"{PROTOCOL}/token": "token",
    f"{PROTOCOL}/userinfo": "userinfo",
    f"{PROTOCOL}/token/introspect": "introspect",
    f"{PROTOCOL}/revoke": "revoke",
    f"{PROTOCOL}/logout": "logout",
    f"{PROTOCOL}/ext/ciba/auth": "ciba",
    AUTHORIZE: "authorize",
    f"{AUTHORIZE}/reponse": "answer",
    device.PATH: "device",
    "/token": "exchange",
    "/ressource": "resource",
}
_Handler = Callable[[Request], Awaitable[Response]]


def issuer_app(state: PscState, logout: LogoutEndpoint) -> Starlette:
    """Return the application at the issuer's origin."""
    resources = IssuerResources(state)
    return _app(
        (DISCOVERY, ("GET",), resources.discovery),
        (f"{PROTOCOL}/certs", ("GET",), resources.certs),
        (f"{PROTOCOL}/token", ("POST",), TokenEndpoint(state).token),
        (f"{PROTOCOL}/userinfo", ("GET", "POST"), resources.userinfo),
        (f"{PROTOCOL}/token/introspect", ("POST",), resources.introspect),
        (f"{PROTOCOL}/revoke", ("POST",), resources.revoke),
        (f"{PROTOCOL}/logout", ("GET", "POST"), logout.logout),
        (f"{PROTOCOL}/ext/ciba/auth", ("POST",), CibaEndpoint(state).authenticate),
    )


def wallet_app(state: PscState) -> Starlette:
    """Return the application at the wallet's origin."""
    pages, devices = LoginPages(state), device.DevicePage(state)
    return _app(
        (AUTHORIZE, ("GET", "POST"), pages.authorize),
        (f"{AUTHORIZE}/reponse", ("POST",), pages.answer),
        (device.PATH, ("GET",), devices.show),
        (device.PATH, ("POST",), devices.answer),
    )


def target_app(service: TargetService) -> Starlette:
    """Return the application of the fake target service."""
    return _app(("/token", ("POST",), service.token), ("/ressource", ("GET",), service.resource))


def operation_of(headers: dict[str, str], body: bytes) -> str | None:
    """Name the operation of a request; that of a token request ends with the last word of its grant type."""
    operation = _OPERATIONS.get(headers[":path"])
    if operation != "token":
        return operation
    grant_types = parse_qs(body.decode("latin-1")).get("grant_type", [""])
    return f"token:{grant_types[0].rpartition(':')[2]}"


def _app(*routes: tuple[str, tuple[str, ...], _Handler]) -> Starlette:
    handlers: dict[Any, Any] = {OAuthRefusedError: _refused, PageRefusedError: _refused_with_page}
    return Starlette(
        routes=[Route(path, handler, methods=list(methods)) for path, methods, handler in routes],
        exception_handlers=handlers,
    )


async def _refused(request: Request, error: OAuthRefusedError) -> Response:
    if error.routine:
        request.scope[ROUTINE] = True
    else:
        request.scope[EXCHANGE].refuse(str(error))
    headers = dict(NO_STORE)
    if error.scheme == "Basic":
        headers["www-authenticate"] = 'Basic realm="esante-wallet"'
    elif error.scheme is not None:
        headers["www-authenticate"] = f'Bearer realm="esante-wallet", error="{error.error}"'
    body = {"error": error.error, "error_description": error.description}
    return JSONResponse(body, status_code=error.status, headers=headers)


async def _refused_with_page(request: Request, error: PageRefusedError) -> Response:
    request.scope[EXCHANGE].refuse(f"page: {error.reason}")
    return html.page_response(html.refusal_page(error.reason), 400)
