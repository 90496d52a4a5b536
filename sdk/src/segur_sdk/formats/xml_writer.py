"""Writing XML: text is escaped here and nowhere else.

A message of some hundred elements needs no tree. ``Xml`` is what these functions wrote: the type checker refuses a
plain text among the children of an element, so that no value reaches the document unescaped.
"""

import re
from collections.abc import Mapping
from typing import Final, NewType

Xml = NewType("Xml", str)
"""Well-formed elements."""

_NOT_PLAIN: Final = re.compile(r'[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
"""What is refused or escaped: naming what is plain instead takes twice as long."""
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}


def leaf(name: str, text: str | None, attributes: Mapping[str, str] | None = None) -> Xml:
    """Return an element that holds a text; nothing for ``None``.

    Raises:
        ValueError: a character that XML 1.0 cannot express.
    """
    if text is None:
        return Xml("")
    return _element(name, _escaped(text), attributes)


def node(name: str, *children: Xml, attributes: Mapping[str, str] | None = None) -> Xml:
    """Return an element that holds others. Its attributes declare namespaces too.

    Raises:
        ValueError: a character that XML 1.0 cannot express.
    """
    return _element(name, "".join(children), attributes)


def characters(text: str) -> Xml:
    """Return text that stands between elements.

    Raises:
        ValueError: a character that XML 1.0 cannot express.
    """
    return Xml(_escaped(text))


def _element(name: str, content: str, attributes: Mapping[str, str] | None) -> Xml:
    if attributes is None:
        return Xml(f"<{name}>{content}</{name}>")
    written = ""
    for attribute, text in attributes.items():
        written += f' {attribute}="{_escaped(text)}"'
    return Xml(f"<{name}{written}>{content}</{name}>")


def _escaped(text: str) -> str:
    # Most texts are plain; this tells it several times sooner than the expression does.
    if text.isprintable() and not ("<" in text or "&" in text or '"' in text or ">" in text):
        return text
    return _NOT_PLAIN.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    escape = _ESCAPES.get(found[0])
    if escape is None:
        raise ValueError("not a character of XML 1.0")
    return escape
