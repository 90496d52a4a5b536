"""SOAP 1.2 envelopes of INSi. Nothing here reads a clock or draws a number."""

from collections.abc import Iterable

from lxml import etree

from segur_plugin_insi.namespaces import SOAP, WSA, Operation


def build_envelope(
    operation: Operation, message_id: str, contexts: Iterable[etree._Element], question: etree._Element
) -> bytes:
    """Return the bytes of a request.

    Args:
        operation: what is asked; gives ``wsa:Action``.
        message_id: UUID of this message; sent as ``uuid:<UUID>``.
        contexts: header blocks beside the addressing ones: ``ContexteBAM``, ``ContexteLPS``, and ``Security``
            for a search by card. An empty ``Security`` would not fit its schema: it is left out otherwise.
        question: root of the body.
    """
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "wsa": WSA})
    header = etree.SubElement(envelope, f"{{{SOAP}}}Header")
    header.extend(contexts)
    etree.SubElement(header, f"{{{WSA}}}Action").text = operation.action
    etree.SubElement(header, f"{{{WSA}}}MessageID").text = f"uuid:{message_id}"
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(question)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def content_type(operation: Operation) -> str:
    """Return the ``Content-Type`` of a request (RFC 3902)."""
    return f'application/soap+xml; charset=utf-8; action="{operation.action}"'
