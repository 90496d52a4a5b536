"""SOAP 1.2 envelopes of the DMP, written and read.

Sources: SOAP 1.2 part 1; WS-Addressing 1.0 SOAP binding; WS-Security 1.0, the assertion standing directly in the header
block.
"""

from typing import Final

from lxml import etree

from segur_plugin_dmp.namespaces import ANONYMOUS, SOAP, WSA, WSSE, Transaction
from segur_sdk.errors import InputError, ServiceError
from segur_sdk.formats.xml import read_xml, text_of
from segur_sdk.formats.xml_writer import Xml, leaf, node

MAX_ANSWER: Final = 4_194_304
"""Bytes of an answer: a registry answers with references, never with documents here."""
_DECLARATION: Final = "<?xml version='1.0' encoding='UTF-8'?>\n"
_UNDERSTOOD: Final = {"soap:mustUnderstand": "true"}


def write_envelope(transaction: Transaction, message_id: str, assertion: Xml, question: Xml) -> bytes:
    """Return the bytes of a request.

    Args:
        transaction: what is asked.
        message_id: ``urn:uuid:…``, of this message alone.
        assertion: the VIHF.
        question: root of the body.
    """
    envelope = node(
        "soap:Envelope",
        node(
            "soap:Header",
            leaf("wsa:Action", transaction.value, _UNDERSTOOD),
            leaf("wsa:MessageID", message_id),
            node("wsa:ReplyTo", leaf("wsa:Address", ANONYMOUS), attributes=_UNDERSTOOD),
            leaf("wsa:To", ""),
            node("wsse:Security", assertion, attributes={"xmlns:wsse": WSSE}),
        ),
        node("soap:Body", question),
        attributes={"xmlns:soap": SOAP, "xmlns:wsa": WSA},
    )
    return f"{_DECLARATION}{envelope}".encode()


def content_type(transaction: Transaction) -> str:
    """Return the ``Content-Type`` of a request without attachments (RFC 3902)."""
    return f'application/soap+xml; charset=UTF-8; action="{transaction.value}"'


def read_envelope(data: bytes, message_id: str) -> etree._Element:
    """Return what stands in the body of an answer: the answer itself, or a ``Fault``.

    Args:
        data: the envelope.
        message_id: of the question, which the answer relates to.

    Raises:
        ServiceError: ``dmp.answer_unreadable``, ``maybe_processed``: whatever the answer was, there is none that
            could be read.
    """
    reason = "xml"
    try:
        root = read_xml(data, max_bytes=MAX_ANSWER)
        return _answer_in(root, message_id)
    except InputError as failure:
        reason = str(failure.facts.get("reason"))
    raise unreadable(reason)


def unreadable(reason: str) -> ServiceError:
    """Return the error of an answer that is not what the standards describe.

    Args:
        reason: stable code of what is wrong with it, nothing of its content.
    """
    return ServiceError("dmp.answer_unreadable", retryable=True, maybe_processed=True, reason=reason)


def is_fault(answer: etree._Element) -> bool:
    """Tell whether an answer is a SOAP fault."""
    return answer.tag == f"{{{SOAP}}}Fault"


def _answer_in(root: etree._Element, message_id: str) -> etree._Element:
    if root.tag != f"{{{SOAP}}}Envelope":
        raise unreadable("envelope")
    bodies = [child for child in root.iterchildren(etree.Element) if child.tag == f"{{{SOAP}}}Body"]
    if len(bodies) != 1:
        raise unreadable("body")
    answers = list(bodies[0].iterchildren(etree.Element))
    if len(answers) != 1:
        raise unreadable("body")
    related = root.findall(f"{{{SOAP}}}Header/{{{WSA}}}RelatesTo")
    # A fault may come from something in front of the service that knows nothing of addressing.
    if not (is_fault(answers[0]) and not related) and [text_of(one).strip() for one in related] != [message_id]:
        raise unreadable("relates_to")
    return answers[0]
