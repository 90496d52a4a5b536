"""HTML that cannot be broken by what is written in it: every text is escaped, unless it is markup already."""

from html import escape
from typing import Final

_EMPTY: Final = frozenset({"meta"})


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


def element(name: str, /, *content: str | None, **attributes: str | int | None) -> Markup:
    """Return an element.

    Args:
        name: of the element.
        *content: markup as it is, other texts escaped, ``None`` for nothing.
        **attributes: ``class_`` and ``for_`` stand for the words that Python keeps, ``_`` within a name for ``-``.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY and not content:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{joined(*content)}</{name}>")


def joined(*content: str | None) -> Markup:
    """Return pieces one after the other, escaped where they are not markup."""
    return Markup("".join(one if isinstance(one, Markup) else escape(one) for one in content if one is not None))
