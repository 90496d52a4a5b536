"""Level 1: a PDF/A-1 within the document."""

from base64 import b64encode
from typing import Final

from segur_sdk.formats.cda.vocabulary import templates
from segur_sdk.formats.xml_writer import Xml, leaf, node

MODEL: Final = templates("1.3.6.1.4.1.19376.1.2.20")
"""IHE XDS-SD: a document without structure."""


def pdf_body(pdf: bytes) -> Xml:
    """Return the body that holds a PDF."""
    text = leaf("text", b64encode(pdf).decode("ascii"), {"mediaType": "application/pdf", "representation": "B64"})
    return node("component", node("nonXMLBody", text))
