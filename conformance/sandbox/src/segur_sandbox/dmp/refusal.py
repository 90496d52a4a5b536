"""How the DMP says no: a SOAP fault, or a list of registry errors.

Published subcodes are `DMPInvalidCertificate` and `DMPAccessDeniedByRightsService`; those of SOAP, WS-Addressing and
WS-Security belong to their standards. The whole list of the DMP is not public: any other subcode here is OURS, and can
be changed by `fault_codes` of the settings.
"""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

SoapReason = Literal[
    "version",
    "must_understand",
    "envelope",
    "mime",
    "xml",
    "addressing_missing",
    "addressing",
    "action",
    "anonymous",
    "security",
    "signature",
    "algorithm",
    "token",
    "certificate",
    "rights",
    "patient",
    "message",
]
SUBCODES: Final[Mapping[SoapReason, str]] = {
    "mime": "soap:sandbox_mime",
    "xml": "soap:sandbox_xml",
    "envelope": "soap:sandbox_envelope",
    "message": "soap:sandbox_message",
    "patient": "soap:sandbox_patient",
    "addressing_missing": "wsa:MessageAddressingHeaderRequired",
    "addressing": "wsa:InvalidAddressingHeader",
    "anonymous": "wsa:InvalidAddressingHeader",
    "action": "wsa:ActionNotSupported",
    "security": "wsse:InvalidSecurity",
    "signature": "wsse:FailedCheck",
    "algorithm": "wsse:UnsupportedAlgorithm",
    "token": "wsse:InvalidSecurityToken",
    "certificate": "soap:DMPInvalidCertificate",
    "rights": "soap:DMPAccessDeniedByRightsService",
}
"""Reason → subcode; the two that are missing are SOAP codes by themselves."""

NO_SPECIALITY: Final = "Aucune spécialité dans le vihf"
NOT_A_SIGNATURE: Final = "Not a valid signature certificate"
NO_INSTITUTION: Final = "Aucun AuthorInstitution ne correspond à l'utilisateur du VIHF"
NOT_LINKED: Final = "PS et Structure non liés"


class SoapRefusedError(Exception):
    """A request that is answered with a fault.

    Args:
        reason: What of it, key of `SUBCODES`.
        detail: What is wrong, without quoting a value.
    """

    def __init__(self, reason: SoapReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: SoapReason = reason
        self.detail = detail


@attrs.frozen
class RegistryError:
    """One line of a RegistryErrorList.

    Attributes:
        code: `errorCode`, of IHE or of the DMP.
        context: `codeContext`: what is wrong, without quoting a value.
        location: `id` of the object at fault, if it is one.
        warning: Whether it is only that.
    """

    code: str
    context: str
    location: str = ""
    warning: bool = False


class RegistryRefusedError(Exception):
    """A lot, a query or an update that is answered with registry errors."""

    def __init__(self, code: str, context: str, location: str = "") -> None:
        super().__init__(f"{code}: {context}")
        self.error: Final = RegistryError(code, context, location)


def bad_metadata(context: str, location: str = "") -> RegistryRefusedError:
    """Return the refusal of metadata that are incomplete, wrong or inconsistent."""
    return RegistryRefusedError("XDSRegistryMetadataError", context, location)
