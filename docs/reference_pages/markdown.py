"""Markdown as the generated pages need it: tables and docstrings."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

_SECTION = re.compile(
    r"(?P<label>When|When not|Args|Attributes|Returns|Raises|Stop rule|Failure|Source|Sources):(?:\s+(?P<text>.*))?",
    re.DOTALL,
)
_ITEM = re.compile(r"(?P<name>[*A-Za-z_][\w*]*): (?P<text>.*)", re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell may hold any inline Markdown."""
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def code(text: object) -> str:
    """Return ``text`` as inline code, or nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def prose(docstring: str | None) -> str:
    """Return a docstring of this project as Markdown: its sections in bold, its parameters as lists."""
    text = inspect.cleandoc(docstring or "")
    return "\n\n".join(_paragraphs(re.split(r"\n\s*\n", text)))


def _paragraphs(paragraphs: Iterable[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        found = _SECTION.fullmatch(paragraph)
        if found is None:
            yield _joined(paragraph)
            continue
        body = found["text"] or ""
        items = list(_items(body)) if paragraph.partition(":")[2].startswith("\n") else []
        if items:
            yield f"**{found['label']}:**\n\n" + "\n".join(items)
        else:
            yield f"**{found['label']}:** {_joined(body)}"


def _items(body: str) -> Iterator[str]:
    """Give each ``name: text`` of a section, its continued lines joined."""
    lines = inspect.cleandoc(body).splitlines()
    groups: list[list[str]] = []
    for line in lines:
        if line.startswith(" ") and groups:
            groups[-1].append(line.strip())
        else:
            groups.append([line])
    found = [_ITEM.fullmatch(" ".join(group)) for group in groups]
    if all(found):
        yield from (f"- `{one['name']}`: {one['text']}" for one in found if one)


def _joined(text: str) -> str:
    return " ".join(text.split())
