"""How many pages a PDF has, counted in its tree of pages.

The library's own list copies a page that is named twice: some megabytes of names become gigabytes of copies.
Source: PDF Reference 1.4, 3.6.2.
"""

from typing import Any, Final

import pikepdf

MAX_PAGES: Final = 500
_MAX_NODES: Final = 4 * MAX_PAGES
"""Of the tree, its pages included."""


def page_count(pdf: pikepdf.Pdf) -> int:
    """Return how many pages there are; something above ``MAX_PAGES`` when there are more.

    Raises:
        ValueError: what is no tree, or names a page twice.
    """
    waiting: list[Any] = [pdf.Root["/Pages"]]
    seen: set[tuple[int, int]] = set()
    pages = 0
    while waiting:
        node = waiting.pop()
        if not isinstance(node, pikepdf.Dictionary) or node.objgen in seen:
            raise ValueError("no tree of pages")
        seen.add(node.objgen)
        kids = node.get("/Kids")
        if kids is None:
            pages += 1
        elif not isinstance(kids, pikepdf.Array):
            raise ValueError("no tree of pages")
        elif len(seen) + len(waiting) + len(kids) > _MAX_NODES:
            return MAX_PAGES + 1
        else:
            waiting.extend(kids)
    return pages
