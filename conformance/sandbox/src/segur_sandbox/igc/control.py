"""The part of the control API that acts on certificates: revoke, make material, move the ordering platform."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Self

from cryptography import x509
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from segur_sandbox.clock import SandboxClock, timestamp
from segur_sandbox.igc.ordering.platform import OrderingPlatform
from segur_sandbox.pki.broken_files import BROKEN_KINDS
from segur_sandbox.pki.material import LEAF_KINDS
from segur_sandbox.pki.register import Reason
from segur_sandbox.pki.roles import CLIENT_ROLES
from segur_sandbox.pki.store import PkiFiles

Handler = Callable[[Request], Awaitable[Response]]
KINDS = {**LEAF_KINDS, **BROKEN_KINDS}
_CLOSED = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RevokeOrder(BaseModel):
    """The body of `POST /igc/revoke`: exactly one of `serial` (hexadecimal) and `role`, and why."""

    model_config = _CLOSED

    serial: str | None = Field(default=None, pattern=r"^[0-9A-Fa-f]{1,40}$")
    role: str | None = None
    reason: Reason = "unspecified"

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.serial is None) == (self.role is None):
            raise ValueError("give exactly one of serial and role")
        if self.role is not None and self.role not in CLIENT_ROLES:
            raise ValueError(f"unknown role, expected one of {', '.join(CLIENT_ROLES)}")
        return self


class MaterialOrder(BaseModel):
    """The body of `POST /igc/material`: the kind to make."""

    model_config = _CLOSED

    kind: str

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind, expected one of {', '.join(KINDS)}")
        return self


class IgcControl:
    """What a test says to the authority behind the back of the software under test."""

    def __init__(self, pki: PkiFiles, clock: SandboxClock, platform: OrderingPlatform) -> None:
        self._pki = pki
        self._clock = clock
        self._platform = platform

    def routes(self) -> tuple[tuple[str, str, Handler], ...]:
        """Return path, method and handler of each order."""
        return (
            ("/igc", "GET", self._show),
            ("/igc/revoke", "POST", self._revoke),
            ("/igc/material", "GET", self._kinds),
            ("/igc/material", "POST", self._make),
            ("/igc/administrators", "POST", self._change_card),
        )

    def reset(self) -> None:
        """Forget revocations and orders."""
        self._pki.register.forget()
        self._platform.reset()

    async def _show(self, _: Request) -> Response:
        register = self._pki.register
        certificates = [
            {
                "serial": f"{one.serial_number:X}",
                "subject": one.subject.rfc4514_string(),
                "issuer": one.issuer.rfc4514_string(),
                "not_after": timestamp(one.not_valid_after_utc),
                "revoked_at": timestamp(revocation.at) if revocation is not None else None,
                "reason": revocation.reason if revocation is not None else None,
            }
            for one in register.certificates()
            for revocation in (register.revocation(one.serial_number),)
        ]
        return JSONResponse({"certificates": certificates, "ordering": self._platform.show()})

    async def _revoke(self, request: Request) -> Response:
        order = RevokeOrder.model_validate_json(await request.body())
        if order.role is not None:
            serial = x509.load_pem_x509_certificate(self._pki.role(order.role).cert.read_bytes()).serial_number
        else:
            serial = int(order.serial or "", 16)
        revocation = self._pki.register.revoke(serial, self._clock.now(), order.reason)
        return JSONResponse(
            {"done": True, "serial": f"{serial:X}", "at": timestamp(revocation.at), "reason": revocation.reason}
        )

    async def _kinds(self, _: Request) -> Response:
        return JSONResponse([{"kind": name, "description": kind.description} for name, kind in KINDS.items()])

    async def _make(self, request: Request) -> Response:
        order = MaterialOrder.model_validate_json(await request.body())
        kind = KINDS[order.kind]
        made = await asyncio.to_thread(kind.make, self._pki)
        files = {name: base64.b64encode(content).decode("ascii") for name, content in made.files.items()}
        if kind.revoked and made.serial is not None:
            self._pki.register.revoke(made.serial, self._clock.now(), "key_compromise")
        serial = f"{made.serial:X}" if made.serial is not None else None
        return JSONResponse(
            {
                "kind": order.kind,
                "description": kind.description,
                "serial": serial,
                "p12_password": made.password,
                "files": files,
            }
        )

    async def _change_card(self, request: Request) -> Response:
        return JSONResponse({"done": True, **self._platform.change_card(await request.body())})
