"""The text that people read in a structured section, and by which its entries are referred to."""

from collections.abc import Iterable, Sequence

from segur_sdk.formats.xml_writer import Xml, leaf, node


def cell(text: str | None, anchor: str | None = None) -> Xml:
    """Return a cell of a table; what an entry refers to bears an anchor."""
    if text is None:
        return node("td")
    return leaf("td", text) if anchor is None else node("td", leaf("content", text, {"ID": anchor}))


def table(headings: Sequence[str], rows: Iterable[Sequence[Xml]]) -> Xml:
    """Return a section's text as a table."""
    head = node("thead", node("tr", *(leaf("th", heading) for heading in headings)))
    body = node("tbody", *(node("tr", *row) for row in rows))
    return node("text", node("table", head, body, attributes={"border": "0"}))


def reference(anchor: str) -> Xml:
    """Return a reference to what bears an anchor."""
    return node("reference", attributes={"value": f"#{anchor}"})
