"""SOAP 1.2 envelopes of INSi. Nothing here reads a clock or draws a number."""

from collections.abc import Iterable
from typing import Final

from segur_plugin_insi.namespaces import SOAP, WSA, Operation
from segur_sdk.formats.xml_writer import Xml, leaf, node

_DECLARATION: Final = "<?xml version='1.0' encoding='UTF-8'?>\n"


def build_envelope(operation: Operation, message_id: str, contexts: Iterable[Xml], question: Xml) -> bytes:
    """Return the bytes of a request.

    Args:
        operation: what is asked; gives ``wsa:Action``.
        message_id: UUID of this message; sent as ``uuid:<UUID>``.
        contexts: header blocks beside the addressing ones: ``ContexteBAM``, ``ContexteLPS``, and ``Security``
            for a search by card. An empty ``Security`` would not fit its schema: it is left out otherwise.
        question: root of the body.
    """
    addressing = leaf("wsa:Action", operation.action), leaf("wsa:MessageID", f"uuid:{message_id}")
    envelope = node(
        "soap:Envelope",
        node("soap:Header", *contexts, *addressing),
        node("soap:Body", question),
        attributes={"xmlns:soap": SOAP, "xmlns:wsa": WSA},
    )
    return f"{_DECLARATION}{envelope}".encode()


def content_type(operation: Operation) -> str:
    """Return the ``Content-Type`` of a request (RFC 3902)."""
    return f'application/soap+xml; charset=utf-8; action="{operation.action}"'
