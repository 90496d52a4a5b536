"""What the bytes of a PDF tell before any library opens it.

Object streams and cross-reference streams are inflated as soon as a file is opened: a few kilobytes of them can hold
gigabytes. PDF 1.4, and so PDF/A-1, has neither, hence their names alone are enough to refuse a file unopened.
Source: ISO 19005-1, 6.1.2 and 6.1.3; PDF Reference 1.7, 7.5.
"""

import re
from collections.abc import Iterator
from typing import Final

from segur_sdk.formats.finding import Finding

MAX_BYTES: Final = 7_000_000
"""In base64 it still fits in one text of XML as readers bound it (10 MB)."""

_VERSION: Final = re.compile(rb"%PDF-1\.[0-7](?:\r\n|\r|\n)")
_BINARY: Final = re.compile(rb"%[\x80-\xff]{4}")
_END: Final = re.compile(rb"startxref\s+[0-9]{1,10}\s+%%EOF(?:\r\n|\r|\n)?\Z")
_COMPRESSED: Final = re.compile(
    b"|".join(b"/" + b"".join(b"(?:%c|(?i:#%x))" % (one, one) for one in name) for name in (b"XRef", b"ObjStm"))
)
"""A name may be written with codes of characters, so that it does not look like itself."""
_TAIL: Final = 64


def outline_findings(data: bytes) -> Iterator[Finding]:
    """Yield what forbids to open the file; nothing: a library may."""
    if len(data) > MAX_BYTES:
        yield Finding("input.pdf_too_large", "file")
        return
    version = _VERSION.match(data)
    if version is None:
        yield Finding("input.pdf_header", "first line")
        return
    if _BINARY.match(data, version.end()) is None:
        yield Finding("input.pdf_not_a1", "second line")
    if _END.search(data, max(0, len(data) - _TAIL)) is None:
        yield Finding("input.pdf_damaged", "end of file")
    if _COMPRESSED.search(data):
        yield Finding("input.pdf_compressed_objects", "file")
