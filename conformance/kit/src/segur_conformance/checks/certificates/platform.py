"""The ordering platform of the services, as an administrator uses it: by its own page, never through the target."""

import base64
import http.client
import json
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from segur_conformance.checks.certificates.material import UNIT
from segur_conformance.runner.bench import Bench

ADMINISTRATOR: Final = "admin"
REVOCATION_CODE: Final = "Revoque-Canari-7431"
P12_PASSWORD: Final = "Coffre-Canari-9482"  # noqa: S105 - of a key that the services make for one check
_LONG_AGO: Final = timedelta(days=10)
_PATIENCE_S: Final = 20.0


class Platform:
    """The platform, on which the structure's administrator is habilitated.

    Args:
        bench: of the check.
        unit: ``OU`` of the structure.
        boxes: that the form F413 ticks.
    """

    def __init__(self, bench: Bench, unit: str = UNIT, boxes: tuple[str, ...] = ("ORG",)) -> None:
        self._address = urlsplit(bench.sandbox.descriptor["services"]["igc"]["ordering"])
        self._context = ssl.create_default_context(cafile=bench.sandbox.descriptor["ca"])
        self._unit = unit
        self._token: str | None = None
        now = datetime.now(UTC)
        bench.sandbox.set_clock(now=(now - _LONG_AGO).isoformat())
        form = {
            "structure": unit,
            "administrator": ADMINISTRATOR,
            "signatory": "responsable",
            "signatory_mail": "certificats@pharmacie.invalid",
            "boxes": list(boxes),
        }
        self.case: Final = str(self._asked("POST", "/forms/F413", form)["case"])
        bench.sandbox.set_clock(now=now.isoformat())
        self._token = self._asked("POST", "/session", {"administrator": ADMINISTRATOR})["token"]

    def ordered(self, csr: str | None, name: str, usage: str = "AUTH_CLI") -> str:
        """Order a certificate, for a key made elsewhere or, without ``csr``, here; return the order's number."""
        asked = {
            "structure": self._unit,
            "offer": "ORG",
            "usage": usage,
            "service_applicatif": name,
            "actor_mail": "certificats@pharmacie.invalid",
            "csr": csr,
        }
        return str(self._asked("POST", "/orders", asked)["number"])

    def withdrawn(self, number: str, *, with_key: bool = False) -> bytes:
        """Withdraw what was ordered: the certificate in PEM, or the PKCS#12 with the key that was made here."""
        how: dict[str, Any] = {
            "revocation_code": REVOCATION_CODE,
            "confirmation": REVOCATION_CODE,
            "accept_terms": True,
            "key_password": P12_PASSWORD if with_key else None,
        }
        product = self._asked("POST", f"/orders/{number}/withdraw", how)
        if with_key:
            return base64.b64decode(product["p12"])
        return str(product["certificate"] + product["chain"]).encode("ascii")

    def revoked(self, number: str) -> None:
        """Revoke what was withdrawn, as whoever knows the code does."""
        self._asked("POST", f"/orders/{number}/revoke", {"revocation_code": REVOCATION_CODE, "cause": "loss"})

    def _asked(self, method: str, path: str, body: object) -> dict[str, Any]:
        connection = http.client.HTTPSConnection(
            self._address.hostname or "", self._address.port, timeout=_PATIENCE_S, context=self._context
        )
        headers = {"content-type": "application/json"}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        try:
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            told: dict[str, Any] = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"the platform refuses {path}: {told.get('error')}")
        return told
