"""Reading elements of an answer by namespace and name, never by prefix nor by position."""

from collections.abc import Sequence
from typing import Final

from lxml import etree

from segur_sdk.errors import InputError, ServiceError
from segur_sdk.formats.xml import text_of

MAX_TEXT: Final = 1_000
"""Characters of one value: no trait of a person is longer."""


def unreadable(reason: str) -> ServiceError:
    """Return the error of an answer that is not what the schema of INSi describes.

    Args:
        reason: stable code of what is wrong with it, nothing of its content.
    """
    return ServiceError("insi.answer_unreadable", reason=reason)


class Children:
    """The child elements of one element, of one namespace, looked through once.

    Args:
        parent: the element.
        namespace: of the children that are asked for.
    """

    def __init__(self, parent: etree._Element, namespace: str) -> None:
        self._namespace = namespace
        self._by_tag: dict[object, list[etree._Element]] = {}
        for child in parent:
            self._by_tag.setdefault(child.tag, []).append(child)

    def all(self, name: str) -> Sequence[etree._Element]:
        """Return the children of that name, in order."""
        return self._by_tag.get(f"{{{self._namespace}}}{name}", ())

    def optional(self, name: str) -> etree._Element | None:
        """Return the child of that name, or ``None``.

        Raises:
            ServiceError: ``insi.answer_unreadable`` when there are several: none can be trusted.
        """
        found = self.all(name)
        if len(found) > 1:
            raise unreadable("repeated")
        return found[0] if found else None

    def required(self, name: str) -> etree._Element:
        """Return the one child of that name.

        Raises:
            ServiceError: ``insi.answer_unreadable`` when there is none, or several.
        """
        found = self.optional(name)
        if found is None:
            raise unreadable("missing")
        return found

    def value(self, name: str) -> str | None:
        """Return the trimmed text of a child, ``None`` when it is absent or empty.

        Raises:
            ServiceError: ``insi.answer_unreadable`` when it is repeated, too long or holds another element.
        """
        child = self.optional(name)
        if child is None:
            return None
        try:
            # Nothing stands beside the text, as a rule.
            text = (text_of(child) if len(child) else child.text or "").strip()
        except InputError:
            raise unreadable("not_text") from None
        if len(text) > MAX_TEXT:
            raise unreadable("too_long")
        return text or None
