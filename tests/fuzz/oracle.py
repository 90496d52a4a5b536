"""What a parser of cards may do with any bytes: return, or raise a typed error that tells nothing of them."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from segur_sdk.errors import SegurError

Parse = Callable[[bytes], object]

PIECE: Final = 6
"""Characters from which on a part of the input counts as told."""
PACKAGES: Final = ("segur_sdk", "segur_plugin_pkcs11", "segur_plugin_cps", "segur_plugin_vitale")
"""Whose parsers are under test."""
_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")
_ENCODINGS: Final = ("utf-8", "iso-8859-1", "utf-16-be")


class ToldError(AssertionError):
    """An error tells a part of the input."""

    def __init__(self, message: str, piece: str) -> None:
        super().__init__(f"the input shows in an error: {piece!r} in {message!r}")


def judge(parse: Parse, data: bytes) -> SegurError | None:
    """Run a parser; whatever else it raises is a finding and comes out.

    Args:
        parse: a target.
        data: its input.

    Returns:
        The typed error, or ``None`` when the parser returned.

    Raises:
        ToldError: a part of the input stands in the error, or in one that is shown with it.
    """
    try:
        parse(data)
    except SegurError as failure:
        message = " ".join(_shown(failure))
        piece = told(message, data)
        if piece is not None:
            raise ToldError(message, piece) from None
        return failure
    return None


def told(message: str, data: bytes) -> str | None:
    """Return a piece of the input that stands in a message, as text or in hexadecimal; what our source says is none."""
    for start in range(len(message) - PIECE + 1):
        piece = message[start : start + PIECE]
        if piece.isprintable() and any(one in data for one in _encoded(piece)) and piece not in _our_text():
            return piece
    for found in _HEXADECIMAL.finditer(message):
        if bytes.fromhex(found[0]) in data and found[0] not in _our_text():
            return found[0]
    return None


def _encoded(piece: str) -> Iterator[bytes]:
    for encoding in _ENCODINGS:
        try:
            yield piece.encode(encoding)
        except UnicodeEncodeError:
            continue


def _shown(failure: BaseException | None) -> Iterator[str]:
    """Give an error and those that a traceback would show with it."""
    while failure is not None:
        yield str(failure)
        failure = failure.__cause__ or (None if failure.__suppress_context__ else failure.__context__)


@cache
def _our_text() -> str:
    """Return everything that the code under test can say of its own."""
    return "\n".join(
        module.read_text(encoding="utf-8")
        for package in PACKAGES
        for module in sorted(Path(str(files(package))).rglob("*.py"))
    )
