"""Identifiers as a person types them: lower case, with separators."""

import re
from typing import Final

_SEPARATORS: Final = re.compile(r"[\s.\-]")


def normalise(text: str) -> str:
    """Return ``text`` in upper case and without spaces, dots and hyphens."""
    return _SEPARATORS.sub("", text).upper()
