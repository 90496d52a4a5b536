"""The control API: what a test says to the sandbox behind the back of the software under test."""

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from segur_sandbox.cards.rack import CardRack, UnknownCardError
from segur_sandbox.clock import SandboxClock, timestamp
from segur_sandbox.data_files import readable_errors
from segur_sandbox.dmp.control import DmpControl
from segur_sandbox.exchanges import ExchangeJournal
from segur_sandbox.faults import SUPPORTED, FaultBoard, FaultOrder
from segur_sandbox.igc.control import IgcControl
from segur_sandbox.igc.ordering.refusals import PlatformRefusedError
from segur_sandbox.ledger import Ledger
from segur_sandbox.pcsc.errors import PcscError
from segur_sandbox.pcsc.private import PrivatePcscd
from segur_sandbox.psc.control import PscControl
from segur_sandbox.replays import ReplayQueue

_CLOSED = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
_REPLAYABLE = ("insi", "dmp")
_MAX_BODY = 4 << 20


class ClockOrder(BaseModel):
    """The body of `POST /clock`: exactly one of `now` (RFC 3339 with offset) and `advance_s` (seconds)."""

    model_config = _CLOSED

    now: datetime | None = None
    advance_s: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.now is None) == (self.advance_s is None):
            raise ValueError("give exactly one of now and advance_s")
        if self.now is not None and self.now.tzinfo is None:
            raise ValueError("now needs an offset, such as Z")
        return self


class ReplayOrder(BaseModel):
    """The body of `POST /replay`: the next answer of `service` is `body`, byte for byte in UTF-8."""

    model_config = _CLOSED

    service: str
    body: str

    @model_validator(mode="after")
    def _replayable(self) -> Self:
        if self.service not in _REPLAYABLE:
            raise ValueError(f"expected one of {', '.join(_REPLAYABLE)}")
        return self


class CardOrder(BaseModel):
    """The body of `POST /cards`: insert or swap a named card, or remove with `null`."""

    model_config = _CLOSED

    reader: str
    card: str | None


class PcscOrder(BaseModel):
    """The body of `POST /pcsc`: kill the sandbox's own pcscd, or start it again; its cards stay in their readers."""

    model_config = _CLOSED

    running: bool


class Control:
    """What the control API acts on."""

    def __init__(
        self,
        token: str,
        *,
        clock: SandboxClock,
        faults: FaultBoard,
        journal: ExchangeJournal,
        ledger: Ledger,
        replays: ReplayQueue,
        rack: CardRack,
        pcscd: PrivatePcscd | None,
        psc: PscControl,
        igc: IgcControl,
        dmp: DmpControl,
    ) -> None:
        self._token = token
        self._clock = clock
        self._faults = faults
        self._journal = journal
        self._ledger = ledger
        self._replays = replays
        self._rack = rack
        self._pcscd = pcscd
        self._psc = psc
        self._igc = igc
        self._dmp = dmp

    def app(self) -> Starlette:
        """Return the ASGI application."""
        routes = (
            ("/faults", "POST", self._arm_fault),
            ("/faults", "DELETE", self._clear_faults),
            ("/exchanges", "GET", self._exchanges),
            ("/ledger", "GET", self._entries),
            ("/clock", "GET", self._tell_time),
            ("/clock", "POST", self._move_clock),
            ("/replay", "POST", self._replay),
            ("/cards", "GET", self._show_cards),
            ("/cards", "POST", self._place_card),
            ("/cards/reading", "GET", self._read_officially),
            ("/pcsc", "POST", self._run_pcscd),
            ("/reset", "POST", self._reset),
            *self._psc.routes(),
            *self._igc.routes(),
            *self._dmp.routes(),
        )
        return Starlette(
            routes=[Route(path, self._guarded(handler), methods=[method]) for path, method, handler in routes]
        )

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode("utf-8")
            if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
                return JSONResponse(
                    {"error": "a bearer token is needed, see token_file"},
                    status_code=401,
                    headers={"www-authenticate": "Bearer"},
                )
            try:
                return await handler(request)
            except ValidationError as error:
                return _refused(readable_errors(error))
            except (UnknownCardError, PcscError, ValueError) as error:
                return _refused(str(error))
            except PlatformRefusedError as error:
                return _refused(error.code)

        return endpoint

    async def _arm_fault(self, request: Request) -> Response:
        self._faults.arm(FaultOrder.model_validate_json(await _body(request)))
        return _done()

    async def _clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return _done()

    async def _exchanges(self, request: Request) -> Response:
        return JSONResponse(list(self._journal.of(_service(request))))

    async def _entries(self, request: Request) -> Response:
        return JSONResponse(self._ledger.of(_service(request)))

    async def _tell_time(self, _: Request) -> Response:
        return JSONResponse({"now": timestamp(self._clock.now())})

    async def _move_clock(self, request: Request) -> Response:
        order = ClockOrder.model_validate_json(await _body(request))
        if order.now is not None:
            self._clock.set(order.now)
        else:
            self._clock.advance(order.advance_s or 0.0)
        return await self._tell_time(request)

    async def _replay(self, request: Request) -> Response:
        order = ReplayOrder.model_validate_json(await _body(request))
        self._replays.put(order.service, order.body.encode("utf-8"))
        return _done()

    async def _show_cards(self, _: Request) -> Response:
        return JSONResponse({"readers": await self._rack.readers(), "cards": self._rack.cards()})

    async def _place_card(self, request: Request) -> Response:
        order = CardOrder.model_validate_json(await _body(request))
        await self._rack.place(order.reader, order.card)
        return JSONResponse({"readers": self._rack.known_readers()})

    async def _read_officially(self, request: Request) -> Response:
        return JSONResponse(await self._rack.official_reading(request.query_params.get("reader", "")))

    async def _run_pcscd(self, request: Request) -> Response:
        order = PcscOrder.model_validate_json(await _body(request))
        if self._pcscd is None:
            raise PcscError("this sandbox runs no pcscd: it was started without --pcsc")
        if not order.running:
            await self._pcscd.kill()
        elif not self._pcscd.is_up:
            await self._pcscd.start()
        return _done()

    async def _reset(self, _: Request) -> Response:
        self._faults.clear()
        self._replays.clear()
        self._journal.clear()
        self._ledger.clear()
        self._clock.reset()
        self._psc.reset()
        self._igc.reset()
        self._dmp.reset()
        if self._pcscd is not None and not self._pcscd.is_up:
            await self._pcscd.start()
        await self._rack.reset()
        return _done()


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MAX_BODY:
            raise ValueError("body larger than 4 MiB")
    return body


def _service(request: Request) -> str | None:
    unknown = set(request.query_params) - {"service"}
    service = request.query_params.get("service")
    if unknown or (service is not None and service not in SUPPORTED):
        raise ValueError(f"the only parameter is service, one of {', '.join(SUPPORTED)}")
    return service


def _refused(message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=400)


def _done() -> JSONResponse:
    return JSONResponse({"done": True})
