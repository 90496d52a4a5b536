"""Takes a SOAP 1.2 envelope apart and checks its addressing headers."""

import re
from typing import Final

import attrs
from lxml import etree

from segur_sandbox.dmp.namespaces import ANONYMOUS, SOAP, SOAP_11, WSA, WSSE, in_
from segur_sandbox.dmp.refusal import SoapReason, SoapRefusedError

_MESSAGE_ID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ADDRESSING: Final = ("Action", "MessageID", "To", "ReplyTo", "From", "FaultTo", "RelatesTo")
_UNDERSTOOD: Final = frozenset({in_(WSSE, "Security"), *(in_(WSA, name) for name in _ADDRESSING)})
_MUST_UNDERSTAND: Final = in_(SOAP, "mustUnderstand")
_TRUE: Final = ("1", "true")


@attrs.frozen
class Envelope:
    """The parts of a request.

    Attributes:
        action: `wsa:Action`.
        message_id: `wsa:MessageID`.
        security: `wsse:Security`.
        question: The one element of the body.
    """

    action: str
    message_id: str
    security: etree._Element
    question: etree._Element


def elements(parent: etree._Element) -> list[etree._Element]:
    """Return the child elements, without comments and processing instructions."""
    return list(parent.iterchildren(etree.Element))


def text_of(element: etree._Element | None) -> str:
    """Return the text of a simple element without the spaces around it; empty when there is none."""
    return (element.text or "").strip() if element is not None and not len(element) else ""


def stray_text(parent: etree._Element) -> bool:
    """Tell whether text stands between the children of an element."""
    return any((text or "").strip() for text in (parent.text, *(child.tail for child in parent)))


def message_id_of(root: etree._Element) -> str:
    """Return the `wsa:MessageID` found in the header, for an answer to relate to."""
    return text_of(root.find(f"{in_(SOAP, 'Header')}/{in_(WSA, 'MessageID')}"))


def read_envelope(root: etree._Element, http_action: str | None) -> Envelope:
    """Take the envelope apart.

    Args:
        root: Of what was received.
        http_action: The action that the Content-Type states, if it states one.

    Raises:
        SoapRefusedError: not SOAP 1.2, a header that is missing, repeated, wrong or not understood.
    """
    if root.tag == in_(SOAP_11, "Envelope"):
        raise SoapRefusedError("version", "the envelope is SOAP 1.1")
    if root.tag != in_(SOAP, "Envelope"):
        raise _no("envelope", "the root element is not a SOAP 1.2 Envelope")
    parts = elements(root)
    if [one.tag for one in parts] != [in_(SOAP, "Header"), in_(SOAP, "Body")] or stray_text(root):
        raise _no("envelope", "the envelope is not one header and one body")
    headers = _headers(parts[0])
    question = elements(parts[1])
    if len(question) != 1 or stray_text(parts[1]):
        raise _no("envelope", "the body is not exactly one element")
    action = _checked_addressing(headers)
    if http_action is not None and http_action != action:
        raise _no("addressing", "the action of the Content-Type is not wsa:Action")
    security = headers.get(in_(WSSE, "Security"))
    if security is None:
        raise _no("security", "wsse:Security is missing")
    return Envelope(action, text_of(headers[in_(WSA, "MessageID")]), security, question[0])


def _headers(header: etree._Element) -> dict[str, etree._Element]:
    found: dict[str, etree._Element] = {}
    for block in elements(header):
        tag = str(block.tag)
        if tag not in _UNDERSTOOD:
            if block.get(_MUST_UNDERSTAND) in _TRUE:
                raise SoapRefusedError("must_understand", f"header {etree.QName(block).localname} is not understood")
            continue
        if tag in found:
            raise _no(
                "security" if tag == in_(WSSE, "Security") else "addressing",
                f"header {etree.QName(block).localname} is repeated",
            )
        found[tag] = block
    return found


def _checked_addressing(headers: dict[str, etree._Element]) -> str:
    for name in ("Action", "MessageID", "To", "ReplyTo"):
        if in_(WSA, name) not in headers:
            raise _no("addressing_missing", f"wsa:{name} is missing")
    for name in ("Action", "ReplyTo"):
        if headers[in_(WSA, name)].get(_MUST_UNDERSTAND) not in _TRUE:
            raise _no("addressing", f"wsa:{name} does not carry mustUnderstand")
    addresses = elements(headers[in_(WSA, "ReplyTo")])
    if [one.tag for one in addresses] != [in_(WSA, "Address")] or text_of(addresses[0]) != ANONYMOUS:
        raise _no("anonymous", "wsa:ReplyTo is not anonymous")
    if not _MESSAGE_ID.fullmatch(text_of(headers[in_(WSA, "MessageID")])):
        raise _no("addressing", "wsa:MessageID is not urn:uuid:")
    action = text_of(headers[in_(WSA, "Action")])
    if not action:
        raise _no("addressing", "wsa:Action is empty")
    return action


def _no(reason: SoapReason, detail: str) -> SoapRefusedError:
    return SoapRefusedError(reason, detail)
