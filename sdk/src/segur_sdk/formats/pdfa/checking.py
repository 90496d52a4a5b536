"""A PDF that somebody else made, before it becomes the body of a document.

It is looked at, never drawn nor run: header, structure, marks of PDF/A-1, and everything that acts, embeds or
explodes. A whole validation of PDF/A-1 is the business of a validator; what passes here is what no reader is
harmed by, and says that it is PDF/A-1.
"""

from collections.abc import Iterable
from io import BytesIO
from itertools import chain
from typing import Final

import pikepdf

from segur_sdk.formats.finding import Finding, Findings, Severity, errors_of
from segur_sdk.formats.pdfa.forbidden import object_findings
from segur_sdk.formats.pdfa.marks import mark_findings
from segur_sdk.formats.pdfa.outline import outline_findings
from segur_sdk.formats.pdfa.pages import MAX_PAGES, page_count

MAX_OBJECTS: Final = 50_000
MAX_FINDINGS: Final = 50

_BROKEN: Final = (
    pikepdf.PdfError,
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What pikepdf raises for a file that is not what it says."""


def check_pdf(data: bytes) -> Findings:
    """Return what keeps a PDF from being taken as PDF/A-1; no error among it: it is taken.

    Args:
        data: the whole file.

    Returns:
        Findings whose codes begin with ``input.pdf_``; fifty errors and fifty warnings at most.
    """
    found = tuple(outline_findings(data))
    if errors_of(found):
        return found
    try:
        return _opened(data)
    except pikepdf.PasswordError:
        return (Finding("input.pdf_encrypted", "file"),)
    except _BROKEN:
        return (Finding("input.pdf_damaged", "file"),)


def _opened(data: bytes) -> Findings:
    with pikepdf.open(
        BytesIO(data), attempt_recovery=False, suppress_warnings=True, inherit_page_attributes=False
    ) as pdf:
        if pdf.is_encrypted or "/Encrypt" in pdf.trailer:
            return (Finding("input.pdf_encrypted", "file"),)
        if len(pdf.objects) > MAX_OBJECTS:
            return (Finding("input.pdf_too_large", "objects"),)
        if not 0 < page_count(pdf) <= MAX_PAGES:
            return (Finding("input.pdf_pages", "pages"),)
        found = _bounded(chain(mark_findings(pdf), object_findings(pdf)))
        # What the library had to guess, another reader may guess otherwise.
        if not errors_of(found) and pdf.get_warnings():
            return (*found, Finding("input.pdf_damaged", "file"))
        return found


def _bounded(findings: Iterable[Finding]) -> Findings:
    """Return findings, fifty errors and fifty warnings at most: no number of warnings hides an error."""
    kept: dict[Severity, dict[Finding, None]] = {Severity.ERROR: {}, Severity.WARNING: {}}
    for one in findings:
        if len(kept[one.severity]) < MAX_FINDINGS:
            kept[one.severity][one] = None
        if len(kept[Severity.ERROR]) == MAX_FINDINGS:
            break
    return (*kept[Severity.ERROR], *kept[Severity.WARNING])
