"""JSON objects of an authority, read strictly: what two readers could understand differently is refused.

Neither a name twice in one object, nor a number that is none, nor text that is not Unicode (RFC 8259, RFC 7493).
"""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

MAX_DEPTH: Final = 12

JsonObject = Mapping[str, Any]


def read_object(data: bytes, max_bytes: int) -> JsonObject | None:
    """Return the object that ``data`` is; ``None`` when it is none, too large or too deep.

    Args:
        data: UTF-8 text.
        max_bytes: how long it may be.
    """
    if len(data) > max_bytes:
        return None
    try:
        content = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_constant=_refused,
            parse_float=_finite,
        )
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and _is_plain(content) else None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refused(_name: str) -> Any:
    raise ValueError("not a number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("not a number of this machine")
    return value


def _is_plain(content: Any) -> bool:
    """Tell whether nothing lies too deep, and every text can be written again."""
    level = [content]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += [*one, *one.values()]
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str) and not _is_unicode(one):
                return False
        if not below:
            return True
        level = below
    return False


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
