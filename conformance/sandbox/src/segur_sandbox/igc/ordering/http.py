"""The platform over HTTPS, in JSON: a wire format of **ours**."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from segur_sandbox.igc.ordering.forms import (
    Change,
    Habilitation,
    Login,
    NewOrder,
    Restart,
    RevocationRequest,
    Withdrawal,
    read_form,
)
from segur_sandbox.igc.ordering.issue import Product
from segur_sandbox.igc.ordering.platform import OrderingPlatform
from segur_sandbox.igc.ordering.refusals import PlatformRefusedError
from segur_sandbox.ledger import Ledger
from segur_sandbox.recording import EXCHANGE

SERVICE = "igc-pfc"
_CREATED = 201
_Handler = Callable[[Request], Awaitable[Response]]


class PlatformPages:
    """Reads requests, asks the platform, writes answers.

    Args:
        platform: What decides.
        ledger: Where what took effect is noted.
    """

    def __init__(self, platform: OrderingPlatform, ledger: Ledger) -> None:
        self._platform = platform
        self._ledger = ledger

    def app(self) -> Starlette:
        """Return the application."""
        routes: tuple[tuple[str, str, _Handler], ...] = (
            ("/forms/F413", "POST", self._file_habilitation),
            ("/forms/F503", "POST", self._file_change),
            ("/forms/{case}", "GET", self._form),
            ("/session", "POST", self._log_in),
            ("/structures", "GET", self._structures),
            ("/orders", "GET", self._orders),
            ("/orders", "POST", self._order),
            ("/orders/{number}", "GET", self._show_order),
            ("/orders/{number}/withdraw", "POST", self._withdraw),
            ("/orders/{number}/restart", "POST", self._restart),
            ("/orders/{number}/revoke", "POST", self._revoke),
            ("/mails", "GET", self._mails),
        )
        handlers: dict[Any, Any] = {PlatformRefusedError: _refused}
        return Starlette(
            routes=[Route(path, handler, methods=[method]) for path, method, handler in routes],
            exception_handlers=handlers,
        )

    async def _file_habilitation(self, request: Request) -> Response:
        filed = self._platform.file_habilitation(read_form(await request.body(), Habilitation))
        self._note(request, filed.case, "F413")
        return JSONResponse(self._platform.shown_form(filed), _CREATED)

    async def _file_change(self, request: Request) -> Response:
        filed = self._platform.file_change(read_form(await request.body(), Change))
        self._note(request, filed.case, "F503")
        return JSONResponse(self._platform.shown_form(filed), _CREATED)

    async def _form(self, request: Request) -> Response:
        return JSONResponse(self._platform.shown_form(self._platform.form(request.path_params["case"])))

    async def _log_in(self, request: Request) -> Response:
        name = read_form(await request.body(), Login).administrator
        token = self._platform.log_in(name)
        return JSONResponse({"token": token, "structures": self._platform.structures_of(name)}, _CREATED)

    async def _structures(self, request: Request) -> Response:
        return JSONResponse(self._platform.structures_of(self._who(request)))

    async def _orders(self, request: Request) -> Response:
        orders = self._platform.orders_of(self._who(request))
        return JSONResponse([self._platform.shown_order(one) for one in orders])

    async def _order(self, request: Request) -> Response:
        who = self._who(request)
        order = self._platform.order(who, read_form(await request.body(), NewOrder))
        self._note(request, order.number, "order")
        return JSONResponse(self._platform.shown_order(order), _CREATED)

    async def _show_order(self, request: Request) -> Response:
        order = self._platform.find(self._who(request), request.path_params["number"])
        return JSONResponse(self._platform.shown_order(order) | {"certificate": order.certificate})

    async def _withdraw(self, request: Request) -> Response:
        who, number = self._who(request), request.path_params["number"]
        product = self._platform.withdraw(who, number, read_form(await request.body(), Withdrawal))
        self._note(request, f"{number}/withdraw", "withdraw")
        return JSONResponse(_shown(product))

    async def _restart(self, request: Request) -> Response:
        who, number = self._who(request), request.path_params["number"]
        order = self._platform.restart(who, number, read_form(await request.body(), Restart).csr)
        self._note(request, order.number, "restart")
        return JSONResponse(self._platform.shown_order(order), _CREATED)

    async def _revoke(self, request: Request) -> Response:
        number = request.path_params["number"]
        order = self._platform.revoke(number, read_form(await request.body(), RevocationRequest))
        self._note(request, f"{number}/revoke", "revoke")
        return JSONResponse(self._platform.shown_order(order))

    async def _mails(self, request: Request) -> Response:
        self._who(request)
        return JSONResponse([one.shown() for one in self._platform.mails()])

    def _who(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise PlatformRefusedError("session_missing")
        return self._platform.administrator(token)

    def _note(self, request: Request, identifier: str, kind: str) -> None:
        self._ledger.record(SERVICE, identifier, kind, request.scope[EXCHANGE].connection)


def operation_of(headers: dict[str, str], _: bytes) -> str | None:
    """Name what is asked of the platform: `F413`, `F503`, `form`, `order`, or the last word of the path."""
    match headers[":path"].strip("/").split("/"):
        case ["forms", "F413" | "F503" as form]:
            return form
        case ["forms", _]:
            return "form"
        case [("session" | "structures" | "orders" | "mails") as name]:
            return name
        case ["orders", _]:
            return "order"
        case ["orders", _, ("withdraw" | "restart" | "revoke") as name]:
            return name
    return None


def _shown(product: Product) -> dict[str, str | None]:
    p12 = base64.b64encode(product.p12).decode("ascii") if product.p12 is not None else None
    return {"certificate": product.certificate, "chain": product.chain, "p12": p12, "file_name": product.name}


async def _refused(request: Request, error: PlatformRefusedError) -> Response:
    request.scope[EXCHANGE].refuse(f"ordering: {error.code}")
    return JSONResponse({"error": error.code, "message": error.sentence}, error.status)
