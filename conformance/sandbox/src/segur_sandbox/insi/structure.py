"""Checks element content against the sequences of the INSi schemas, without needing the schema files."""

import contextlib
import re
from collections.abc import Sequence
from datetime import datetime

import attrs
from lxml import etree

from segur_sandbox.insi.refusal import Reason, RequestRefusedError

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
_UTC_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")


@attrs.frozen
class Item:
    """One particle of a sequence: local name and whether it must be there."""

    name: str
    required: bool = False


def read_sequence(
    parent: etree._Element, namespace: str, items: Sequence[Item], reason: Reason = "schema"
) -> dict[str, etree._Element]:
    """Return the children of `parent` by local name.

    Raises:
        RequestRefusedError: a child of another name or namespace, repeated, out of order, or a required one
            missing, or text between elements.
    """
    found: dict[str, etree._Element] = {}
    order = [item.name for item in items]
    last = -1
    for child in parent.iterchildren(etree.Element):
        name = etree.QName(child)
        if name.namespace != namespace or name.localname not in order:
            raise RequestRefusedError("schema", f"unexpected element in {local(parent)}")
        position = order.index(name.localname)
        if name.localname in found:
            raise RequestRefusedError(reason, f"{name.localname} is repeated")
        if position < last:
            raise RequestRefusedError("schema", f"{name.localname} is out of order in {local(parent)}")
        last = position
        found[name.localname] = child
    if any((text or "").strip() for text in (parent.text, *(child.tail for child in parent))):
        raise RequestRefusedError("schema", f"text between the elements of {local(parent)}")
    for item in items:
        if item.required and item.name not in found:
            raise RequestRefusedError(reason, f"{item.name} is missing in {local(parent)}")
    return found


def local(element: etree._Element) -> str:
    """Return the local name of an element."""
    return etree.QName(element).localname


def text_of(element: etree._Element | None) -> str:
    """Return the text of a simple element, exactly as sent; empty when there is none."""
    if element is None:
        return ""
    if len(element):
        raise RequestRefusedError("schema", f"{local(element)} must hold text only")
    return element.text or ""


def require_uuid(value: str, where: str) -> None:
    """Refuse a value that is not an RFC 4122 UUID."""
    if not _UUID.fullmatch(value):
        raise RequestRefusedError("header", f"{where} is not a UUID")


def utc_instant(value: str, where: str) -> datetime:
    """Read an `xsd:dateTime` in UTC written with `Z`, and refuse any other value."""
    if _UTC_INSTANT.fullmatch(value):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(value)
    raise RequestRefusedError("header", f"{where} is not a UTC date and time")
