"""Metadata of a PDF/A-1, in the form that every validator reads.

Each namespace has a description of its own and properties are elements: PDFBox Preflight takes no other form.
Source: ISO 19005-1, 6.7; XMP specification.
"""

from datetime import datetime
from typing import Final

from segur_sdk.formats.xml_writer import Xml, leaf, node

PDFAID: Final = "http://www.aiim.org/pdfa/ns/id/"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def xmp(title: str, producer: str, made_at: datetime) -> str:
    """Return the metadata of a PDF/A-1b; they say the same as the document's own dictionary.

    Raises:
        ValueError: a character that XML 1.0 cannot express.
    """
    moment = made_at.isoformat(timespec="seconds")
    words = leaf("rdf:li", title, {"xml:lang": "x-default"})
    return node(
        "x:xmpmeta",
        node(
            "rdf:RDF",
            _description("pdfaid", PDFAID, leaf("pdfaid:part", "1"), leaf("pdfaid:conformance", "B")),
            _description("dc", "http://purl.org/dc/elements/1.1/", node("dc:title", node("rdf:Alt", words))),
            _description("pdf", "http://ns.adobe.com/pdf/1.3/", leaf("pdf:Producer", producer)),
            _description("xmp", "http://ns.adobe.com/xap/1.0/", leaf("xmp:CreateDate", moment)),
            attributes={"xmlns:rdf": RDF},
        ),
        attributes={"xmlns:x": "adobe:ns:meta/"},
    )


def _description(prefix: str, namespace: str, *properties: Xml) -> Xml:
    return node("rdf:Description", *properties, attributes={"rdf:about": "", f"xmlns:{prefix}": namespace})
