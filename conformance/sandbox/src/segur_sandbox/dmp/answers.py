"""Writes what the DMP says: envelopes, faults, registry responses."""

import uuid
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import attrs

from segur_sandbox.dmp.namespaces import ANONYMOUS, RS, SOAP, WSA, WSSE
from segur_sandbox.dmp.refusal import NO_SPECIALITY, NOT_A_SIGNATURE, SUBCODES, RegistryError, SoapRefusedError

BANNER: Final = "simulation"
FAULT_ACTION: Final = f"{WSA}/fault"
SUCCESS: Final = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE: Final = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
_ERROR: Final = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"
_WARNING: Final = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"
_OFFICIAL_TEXTS: Final = (NO_SPECIALITY, NOT_A_SIGNATURE)


@attrs.frozen
class Shape:
    """What of an answer a fault may put out of shape.

    Attributes:
        relates_to: The MessageID answered; `None` leaves `wsa:RelatesTo` out.
        action: `wsa:Action` instead of the right one.
    """

    relates_to: str | None
    action: str | None = None


@attrs.frozen
class SoapAnswer:
    """An answer: its HTTP status, its action, its envelope."""

    status: int
    action: str
    envelope: bytes


def envelope(action: str, content: str, shape: Shape) -> SoapAnswer:
    """Wrap `content` in an answer of HTTP status 200."""
    said = shape.action or action
    return SoapAnswer(200, said, _envelope(said, content, shape.relates_to))


def _envelope(action: str, content: str, relates_to: str | None) -> bytes:
    related = f"<wsa:RelatesTo>{escape(relates_to)}</wsa:RelatesTo>" if relates_to else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{SOAP}" xmlns:wsa="{WSA}"><soap:Header>'
        f'<wsa:Action soap:mustUnderstand="true">{escape(action)}</wsa:Action>'
        f"<wsa:MessageID>urn:uuid:{uuid.uuid4()}</wsa:MessageID><wsa:To>{ANONYMOUS}</wsa:To>{related}"
        f"</soap:Header><soap:Body>{content}</soap:Body></soap:Envelope>"
    ).encode()


def fault(error: SoapRefusedError, relates_to: str, subcodes: dict[str, str]) -> SoapAnswer:
    """Return the fault for a refusal.

    Args:
        error: Why.
        relates_to: MessageID of the request, empty when it has none.
        subcodes: Reason → subcode, where it is not the usual one.
    """
    if error.reason == "version":
        return _fault("soap:VersionMismatch", "", error.detail, relates_to)
    if error.reason == "must_understand":
        return _fault("soap:MustUnderstand", "", error.detail, relates_to)
    subcode = subcodes.get(error.reason, SUBCODES[error.reason])
    return _fault("soap:Sender", subcode if ":" in subcode else f"soap:{subcode}", error.detail, relates_to)


def receiver_fault(subcode: str, text: str, relates_to: str) -> SoapAnswer:
    """Return a fault that is the service's own."""
    return _fault("soap:Receiver", f"soap:{subcode}", text, relates_to)


def sender_fault(subcode: str, text: str, relates_to: str) -> SoapAnswer:
    """Return a fault with this subcode of the DMP."""
    return _fault("soap:Sender", f"soap:{subcode}", text, relates_to)


def _fault(code: str, subcode: str, detail: str, relates_to: str) -> SoapAnswer:
    sub = f"<soap:Subcode><soap:Value>{subcode}</soap:Value></soap:Subcode>" if subcode else ""
    text = detail if detail in _OFFICIAL_TEXTS else f"{detail} ({BANNER})"
    content = (
        f'<soap:Fault xmlns:wsse="{WSSE}"><soap:Code><soap:Value>{code}</soap:Value>{sub}</soap:Code><soap:Reason>'
        f'<soap:Text xml:lang="fr">{escape(text)}</soap:Text></soap:Reason></soap:Fault>'
    )
    return SoapAnswer(500, FAULT_ACTION, _envelope(FAULT_ACTION, content, relates_to))


def registry_response(errors: Sequence[RegistryError] = ()) -> str:
    """Return a RegistryResponse: a success unless one of the errors is more than a warning."""
    failed = any(not one.warning for one in errors)
    return (
        f'<rs:RegistryResponse xmlns:rs="{RS}" status="{FAILURE if failed else SUCCESS}">'
        f"{error_list(errors)}</rs:RegistryResponse>"
    )


def error_list(errors: Sequence[RegistryError]) -> str:
    """Return a RegistryErrorList, nothing when there are no errors; the prefix `rs` must be bound where it goes."""
    if not errors:
        return ""
    highest = _ERROR if any(not one.warning for one in errors) else _WARNING
    lines = "".join(
        f"<rs:RegistryError errorCode={quoteattr(one.code)} codeContext={quoteattr(one.context)} "
        f"location={quoteattr(one.location)} severity={quoteattr(_WARNING if one.warning else _ERROR)}/>"
        for one in errors
    )
    return f'<rs:RegistryErrorList highestSeverity="{highest}">{lines}</rs:RegistryErrorList>'
