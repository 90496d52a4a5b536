"""The part of the control API that acts on the DMP: patients, settings, documents, audit."""

import base64
from collections.abc import Awaitable, Callable

import attrs
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from segur_sandbox.dmp.audit import Audit
from segur_sandbox.dmp.options import Options
from segur_sandbox.dmp.patients import DmpPatient, Patients
from segur_sandbox.dmp.store import Store

Handler = Callable[[Request], Awaitable[Response]]
_MEMBERS: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])


@attrs.frozen
class DmpControl:
    """What a test says to the DMP behind the back of the software under test."""

    options: Options
    patients: Patients
    store: Store
    audit: Audit

    def routes(self) -> tuple[tuple[str, str, Handler], ...]:
        """Return paths, methods and handlers."""
        return (
            ("/dmp", "GET", self._show),
            ("/dmp/document", "GET", self._document),
            ("/dmp/patients", "POST", self._change),
            ("/dmp/settings", "POST", self._settings),
        )

    def reset(self) -> None:
        """Forget lots, decisions of patients, changed settings and the audit."""
        self.options.reset()
        self.patients.reset()
        self.store.reset()
        self.audit.reset()

    async def _show(self, _: Request) -> Response:
        return JSONResponse(
            {
                "patients": [one.model_dump(mode="json") for one in self.patients.everybody()],
                "entries": [attrs.asdict(one) for one in self.store.all()],
                "lots": self.store.lots(),
                "audit": self.audit.lines(),
                "settings": self.options.now.model_dump(mode="json"),
            }
        )

    async def _document(self, request: Request) -> Response:
        found = self.store.with_unique_id(request.query_params.get("unique_id", ""))
        if not found:
            raise ValueError("no document has this unique_id")
        contents = [base64.b64encode(self.store.document(one.sha1)).decode("ascii") for one in found]
        return JSONResponse({"documents": contents})

    async def _change(self, request: Request) -> Response:
        self.patients.change(DmpPatient.model_validate_json(await request.body()))
        return JSONResponse({"done": True})

    async def _settings(self, request: Request) -> Response:
        self.options.change(_MEMBERS.validate_json(await request.body()))
        return JSONResponse({"done": True})
