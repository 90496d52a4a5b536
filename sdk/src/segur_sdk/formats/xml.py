"""The one XML reader of the project: what is not plain, bounded XML is refused before anybody looks at it.

Needs the extra ``xml`` (lxml). External and internal entities, document types and the network are out of reach;
size and depth are bounded. Sources: XML 1.0; CWE-611, CWE-776.
"""

from contextlib import suppress
from functools import cache
from typing import Final

from lxml import etree

from segur_sdk.errors import InputError

MAX_BYTES: Final = 1_048_576
MAX_DEPTH: Final = 64


def read_xml(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> etree._Element:
    """Parse ``data`` and return its root element.

    Comments and processing instructions are kept, so that a signature over the document can still be checked:
    read text with :func:`text_of`, which they cannot cut short.

    Args:
        data: the document, in the encoding that it declares; UTF-8 when it declares none.
        max_bytes: size beyond which nothing is parsed.
        max_depth: levels of elements allowed, the root being the first; never more than the parser's 256.

    Raises:
        InputError: ``input.xml_refused`` with ``reason`` one of ``too_large``, ``malformed``, ``doctype``,
            ``too_deep``. Nothing of the document is in it.
    """
    if len(data) > max_bytes:
        raise InputError("input.xml_refused", reason="too_large")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    root = None
    # What the parser raises quotes the document: it must not become the context of an error.
    with suppress(etree.XMLSyntaxError, ValueError, LookupError):
        root = etree.fromstring(data, parser)
    if root is None:
        raise InputError("input.xml_refused", reason="malformed")
    document = root.getroottree().docinfo
    if document.doctype or document.internalDTD is not None:
        raise InputError("input.xml_refused", reason="doctype")
    _bound_depth(root, max_depth)
    return root


def text_of(element: etree._Element) -> str:
    """Return the whole text of an element that holds text only, comments and instructions left out.

    Raises:
        InputError: ``input.xml_refused`` with reason ``not_text`` when the element holds another one.
    """
    if next(element.iterchildren(etree.Element), None) is not None:
        raise InputError("input.xml_refused", reason="not_text")
    return "".join([element.text or "", *(other.tail or "" for other in element)])


def _bound_depth(root: etree._Element, max_depth: int) -> None:
    if _deeper_than(max_depth)(root):
        raise InputError("input.xml_refused", reason="too_deep")


@cache
def _deeper_than(levels: int) -> etree.XPath:
    # The parser's own walk, level by level; walking the elements one by one from here costs several times the parsing.
    return etree.XPath("/*" * (levels + 1))
