"""Technical faults of INSi, in their two serialisations: the gateway's and the back end's.

The complete list of codes is not public: unknown ones are carried unchanged to the host.
Sources: SOAP 1.2 part 1 §5.4; schema_faultSOAP_V01_01 of the INSi WSDL 1.5.0; captured faults.
"""

import re
from typing import Any, Final

import attrs
from lxml import etree

from segur_plugin_insi.namespaces import SIRAM, SOAP
from segur_sdk.errors import ConfigError, InputError, SegurError, ServiceError
from segur_sdk.formats.xml import text_of

SEVERITIES: Final = frozenset({"information", "avertissement", "erreur", "fatale"})
UNAVAILABLE: Final = "siram_40"
IDAM_UNKNOWN: Final = "desir_550"
CERTIFICATE_LEVEL: Final = "desir_560"

# A code goes into logs and the audit: whatever could be a number or a date of a person is not a code.
_CODE: Final = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9_.\-]{1,40}")


@attrs.frozen
class SoapFault:
    """What a fault says, without its texts: they are free, and could repeat what was asked."""

    code: str | None
    """SOAP code: ``Sender``, ``Receiver``…"""
    subcode: str | None
    """``siram_*``: family of the failure, common to the services of the Assurance Maladie."""
    service_code: str | None
    """``desir_*`` (gateway) or ``insi_*`` (back end)."""
    severity: str
    """One of the four of the schema; anything else, or nothing, counts as ``fatale``."""


def read_fault(fault: etree._Element) -> SoapFault:
    """Read a SOAP 1.2 ``Fault``; whatever is missing from it is ``None``."""
    error = next(fault.iter(f"{{{SIRAM}}}Erreur"), None)
    severity = _local_name(error.get("severite")) if error is not None else None
    return SoapFault(
        code=_code_at(fault, f"{{{SOAP}}}Code/{{{SOAP}}}Value"),
        subcode=_code_at(fault, f"{{{SOAP}}}Code/{{{SOAP}}}Subcode/{{{SOAP}}}Value"),
        service_code=_code_or_none(error.get("code")) if error is not None else None,
        severity=severity if severity in SEVERITIES else "fatale",
    )


def error_of(fault: SoapFault) -> SegurError:
    """Return the typed error of a fault.

    ``desir_550`` and ``desir_560`` are faults of the installation and never retried; ``siram_40`` says that the
    service is down and may be asked again later; any other one is passed on with its codes.
    """
    facts: dict[str, Any] = {
        "service_code": fault.service_code,
        "subcode": fault.subcode,
        "fault_code": fault.code,
        "severity": fault.severity,
    }
    if fault.service_code == IDAM_UNKNOWN:
        return ConfigError("insi.idam_unknown", **facts)
    if fault.service_code == CERTIFICATE_LEVEL:
        return ConfigError("insi.certificate_level", **facts)
    if fault.subcode == UNAVAILABLE:
        return ServiceError("insi.unavailable", retryable=True, **facts)
    return ServiceError("insi.fault", **facts)


def _code_at(fault: etree._Element, path: str) -> str | None:
    element = fault.find(path)
    if element is None:
        return None
    try:
        return _code_or_none(_local_name(text_of(element)))
    except InputError:
        return None


def _local_name(name: str | None) -> str | None:
    return name.strip().rpartition(":")[2] if name is not None else None


def _code_or_none(code: str | None) -> str | None:
    return code if code is not None and _CODE.fullmatch(code) else None
