"""Reading elements of an answer by namespace and name, never by prefix nor by position."""

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


def optional(parent: etree._Element, namespace: str, name: str) -> etree._Element | None:
    """Return the child of that name, or ``None``.

    Raises:
        ServiceError: ``insi.answer_unreadable`` when there are several: none can be trusted.
    """
    found = parent.findall(f"{{{namespace}}}{name}")
    if len(found) > 1:
        raise unreadable("repeated")
    return found[0] if found else None


def required(parent: etree._Element, namespace: str, name: str) -> etree._Element:
    """Return the one child of that name.

    Raises:
        ServiceError: ``insi.answer_unreadable`` when there is none, or several.
    """
    found = optional(parent, namespace, name)
    if found is None:
        raise unreadable("missing")
    return found


def value(parent: etree._Element, namespace: str, name: str) -> str | None:
    """Return the trimmed text of a child, ``None`` when it is absent or empty.

    Raises:
        ServiceError: ``insi.answer_unreadable`` when it is repeated, too long or holds another element.
    """
    child = optional(parent, namespace, name)
    if child is None:
        return None
    try:
        text = text_of(child).strip()
    except InputError:
        raise unreadable("not_text") from None
    if len(text) > MAX_TEXT:
        raise unreadable("too_long")
    return text or None
