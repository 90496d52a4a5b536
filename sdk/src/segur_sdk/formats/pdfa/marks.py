"""What makes a PDF a PDF/A-1: it says so, and brings the colours it was made with.

Source: ISO 19005-1, 6.1.3, 6.2.2 and 6.7.
"""

from collections.abc import Iterator
from typing import Any, Final

import pikepdf

from segur_sdk.errors import InputError
from segur_sdk.formats.finding import Finding
from segur_sdk.formats.pdfa.metadata import PDFAID, RDF
from segur_sdk.formats.xml import read_xml

_PART: Final = "1"
_LEVELS: Final = frozenset({"A", "B"})


def mark_findings(pdf: pikepdf.Pdf) -> Iterator[Finding]:
    """Yield which marks of PDF/A-1 are missing."""
    if len(pdf.trailer.get("/ID", ())) == 0:
        yield Finding("input.pdf_not_a1", "trailer ID")
    catalogue = pdf.Root
    intents = catalogue.get("/OutputIntents", ())
    if not any(str(one.get("/S", "")) == "/GTS_PDFA1" for one in intents):
        yield Finding("input.pdf_not_a1", "OutputIntents")
    if "/OCProperties" in catalogue:
        yield Finding("input.pdf_not_a1", "OCProperties")
    if not _says_so(catalogue.get("/Metadata")):
        yield Finding("input.pdf_not_a1", "Metadata")


def _says_so(metadata: Any) -> bool:
    # Metadata of a PDF/A-1 are never packed.
    if not isinstance(metadata, pikepdf.Stream) or "/Filter" in metadata:
        return False
    try:
        packet = read_xml(metadata.read_raw_bytes().strip(b"\0 \t\r\n"))
    except InputError:
        return False
    said: dict[str, set[str]] = {"part": set(), "conformance": set()}
    for description in packet.iter(f"{{{RDF}}}Description"):
        for name, values in said.items():
            values |= {value for value in [description.get(f"{{{PDFAID}}}{name}")] if value}
            values |= {(child.text or "").strip() for child in description.iterchildren(f"{{{PDFAID}}}{name}")}
    return said["part"] == {_PART} and len(said["conformance"]) == 1 and said["conformance"] <= _LEVELS
