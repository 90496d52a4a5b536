"""The sandbox's own hardened XML reader: what is not plain, bounded XML is refused before anyone looks at it."""

from lxml import etree

MAX_BYTES = 1 << 20
MAX_DEPTH = 64


class XmlRefusedError(ValueError):
    """The bytes are not XML that a service accepts; `reason` is a developer's sentence without any content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_xml(body: bytes) -> etree._Element:
    """Parse `body` and return its root element.

    Raises:
        XmlRefusedError: larger than 1 MiB, not well formed, with a document type, or deeper than 64 levels.
    """
    if len(body) > MAX_BYTES:
        raise XmlRefusedError("larger than 1 MiB")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise XmlRefusedError("not well-formed XML") from None
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefusedError("a document type is not allowed")
    _bound_depth(root)
    return root


def _bound_depth(root: etree._Element) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise XmlRefusedError("nested deeper than 64 levels")
