"""Search for patient data where none may be: in clear, in disguise, inside archives and documents.

The published test identities are the canaries: distinctive enough that finding one is never an accident.
"""

import base64
import bz2
import gzip
import io
import lzma
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

PUBLISHED_TRAITS: Final = (
    "ADRTROIS",
    "TOUSSAINT",
    "ECETINSI",
    "TCHITCHI",
    "CATARINA",
    "HOUILLES",
    "D'ARTAGNAN DE L'HERAULT",
    "MICHELANGELO",
    "VANDERMONDE",
    "HERMANN",
)
PUBLISHED_MATRICULES: Final = (
    "275126322074974",
    "160012B02077713",
    "297022A02077878",
    "109076322083489",
    "236066322083656",
    "109076322088835",
    "180032B02040123",
    "181036322045660",
    "110086322083060",
    "101066322075460",
)
NUMBER_LENGTH: Final = 13
PUBLISHED: Final = (*PUBLISHED_TRAITS, *(matricule[:NUMBER_LENGTH] for matricule in PUBLISHED_MATRICULES))
"""A matricule travels with its key or apart from it: the number alone is enough to be found."""
_PDF_STREAM: Final = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
MAX_DEPTH: Final = 4
MAX_EXPANDED: Final = 64 * 1024 * 1024


class Canaries:
    """Knows every disguise of a set of words.

    Args:
        words: what must not be found; the published test identities by default.
    """

    def __init__(self, words: Iterable[str] = PUBLISHED) -> None:
        self._forms = {form: word for word in words for form in set(_forms(word))}

    def found_in(self, data: bytes) -> frozenset[str]:
        """Return the words that ``data`` holds, in clear or disguised, in streams and archives too."""
        return frozenset(word for layer in _layers(data, 0) for word in self._in_layer(layer))

    def _in_layer(self, data: bytes) -> Iterator[str]:
        lowered = data.lower()
        for form, word in self._forms.items():
            if form.lower() in lowered:
                yield word


def _forms(word: str) -> Iterator[bytes]:
    plain = unicodedata.normalize("NFD", word)
    for text in (word, "".join(one for one in plain if not unicodedata.combining(one)), word.replace(" ", "")):
        for encoding in ("utf-8", "latin-1", "utf-16-le"):
            try:
                yield text.encode(encoding)
            except UnicodeEncodeError:
                continue
        yield quote(text).encode("ascii")
        yield quote_plus(text).encode("ascii")
        yield text.encode("utf-8").hex().encode("ascii")
        yield from _base64_forms(text.encode("utf-8"))


def _base64_forms(data: bytes) -> Iterator[bytes]:
    """Return what stays of ``data`` inside a longer base64 text, whatever its place modulo three."""
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + data)
        start = (0, 2, 3)[shift]
        yield encoded[start : len(encoded) - 4 if len(data) > 6 else len(encoded) - 2]


def _layers(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if depth >= MAX_DEPTH:
        return
    for inner in _expanded(data):
        yield from _layers(inner, depth + 1)


def _expanded(data: bytes) -> Iterator[bytes]:
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                yield entry.filename.encode("utf-8")
                if entry.file_size <= MAX_EXPANDED:
                    yield archive.read(entry)
    for magic, opened in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress)):
        if data.startswith(magic):
            try:
                yield opened(data)
            except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error):
                continue
    for stream in _PDF_STREAM.finditer(data):
        try:
            yield zlib.decompressobj().decompress(stream[1], MAX_EXPANDED)
        except zlib.error:
            continue
