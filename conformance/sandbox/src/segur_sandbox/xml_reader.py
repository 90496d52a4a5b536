"""The sandbox's own hardened XML reader: what is not plain, bounded XML is refused before anyone looks at it."""

import re

from lxml import etree

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
_LIBRARY_LIMIT = 10_000_000
"""The longest text that libxml2 reads unless it is told that this is meant."""
_UTF8 = (b"utf-8", b"utf8", b"us-ascii")
_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']*)""")


class XmlRefusedError(ValueError):
    """The bytes are not XML that a service accepts; `reason` is a developer's sentence without any content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_xml(body: bytes, max_bytes: int = MAX_BYTES) -> etree._Element:
    """Parse `body` and return its root element.

    Args:
        body: As received.
        max_bytes: The most that is read.

    Raises:
        XmlRefusedError: larger than that, not well formed, with a document type, or deeper than 64 levels; where more
            than 1 MiB may be read, in another encoding than UTF-8.
    """
    if len(body) > max_bytes:
        raise XmlRefusedError("larger than 1 MiB" if max_bytes == MAX_BYTES else f"larger than {max_bytes} bytes")
    if max_bytes > MAX_BYTES:
        _check_before_parsing(body)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=max_bytes > _LIBRARY_LIMIT,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise XmlRefusedError("not well-formed XML") from None
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefusedError("a document type is not allowed")
    _bound_depth(root)
    return root


def _check_before_parsing(body: bytes) -> None:
    """Refuse entities unread: the library's limits on them fall with those on texts."""
    # In another encoding, a document type would not look like one here.
    declared = _DECLARED.match(body)
    encoding = declared[1].lower() if declared else b"utf-8"
    if encoding not in _UTF8 or b"\0" in body or not _is_utf8(body):
        raise XmlRefusedError("not in UTF-8")
    if b"<!DOCTYPE" in body:
        raise XmlRefusedError("a document type is not allowed")


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _bound_depth(root: etree._Element) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise XmlRefusedError("nested deeper than 64 levels")
