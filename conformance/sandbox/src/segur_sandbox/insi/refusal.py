"""Why a request is refused. The codes of these refusals are OURS: the official list is not public.

Only `desir_550` (unknown software authorisation) and `desir_560` (certificate name) are published;
every other refusal has a reason below and, by default, the code `sandbox_<reason>`, changed in `settings.json`.
"""

from typing import Literal

Reason = Literal[
    "xml",
    "version",
    "envelope",
    "action",
    "header",
    "schema",
    "body",
    "name",
    "sexe",
    "date",
    "lieu",
    "security",
    "vitale_missing",
    "vitale_expired",
    "vitale_future",
    "vitale_mac",
    "vitale_card",
    "vitale_beneficiary",
    "assertion_missing",
    "assertion_form",
    "assertion_expired",
    "assertion_future",
    "assertion_signature",
    "assertion_certificate",
    "assertion_bearer",
    "assertion_attributes",
    "bearer",
    "desir_550",
    "desir_560",
]


class RequestRefusedError(Exception):
    """A request that the service answers with a fault.

    Args:
        reason: Key of the fault code.
        detail: What is wrong, naming elements and rules but never quoting a value.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail
