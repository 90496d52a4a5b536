"""``host.daybook``: what was noted since the last accepted write, one encrypted entry after the other.

An entry is written in one call: it survives a kill of the process whole, or is cut short and then counts as not
written. The next accepted write takes all entries into the database and empties the file. Nothing here tells
whether entries were taken out: that is for who notes (see ``segur_host.audit``).
"""

import errno
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from segur_host.storage.private_files import PRIVATE_MODE

DAYBOOK_NAME: Final = "host.daybook"
NONCE_BYTES: Final = 12
LENGTH_BYTES: Final = 4

Rows = Sequence[Mapping[str, object]]
Entry = Sequence[tuple[str, Rows]]
"""Rows by the name of their table."""


class Daybook:
    """The daybook of one data folder; every method is called by who holds the lock between processes.

    Args:
        folder: the data folder.
        key: 32 bytes that encrypt and authenticate (AES-256-GCM).
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._path = folder / DAYBOOK_NAME
        self._cipher = AESGCM(key)
        self._descriptor: int | None = None
        self._end = -1
        """Where the last whole entry ends, as far as this process knows."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be taken over; may be asked without the lock."""
        try:
            return self._path.stat().st_size == 0
        except FileNotFoundError:
            return True

    def add(self, entry: Entry) -> None:
        """Write one more entry.

        Raises:
            OSError: the disk refuses; the entries are as they were.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, json.dumps(entry).encode("ascii"), None)
        content = len(sealed).to_bytes(LENGTH_BYTES, "big") + sealed
        descriptor = self._opened()
        if os.lseek(descriptor, 0, os.SEEK_END) != self._end:
            # Another process was here, or one was killed while it wrote: what is cut short is overwritten.
            self._end = sum(LENGTH_BYTES + len(one) for one in _frames(self._content()))
            os.ftruncate(descriptor, self._end)
            os.lseek(descriptor, self._end, os.SEEK_SET)
        try:
            written = os.write(descriptor, content)
            if written != len(content):
                raise OSError(errno.ENOSPC, "short write")
        except OSError:
            os.ftruncate(descriptor, self._end)
            raise
        self._end += written

    def entries(self) -> Iterator[Entry]:
        """Give the entries in order, up to the first that is cut short or was not written with this key."""
        for sealed in _frames(self._content()):
            try:
                entry: Any = json.loads(self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None))
            except (InvalidTag, ValueError):
                return
            yield entry

    def clear(self) -> None:
        """Forget every entry: they are in the database."""
        os.ftruncate(self._opened(), 0)
        self._end = 0

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        if self._descriptor is None:
            # Where line ends would be translated, not these.
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(self._path, flags, PRIVATE_MODE)
        return self._descriptor

    def _content(self) -> bytes:
        return self._path.read_bytes()


def _frames(content: bytes) -> Iterator[bytes]:
    """Give what is whole: each with its length before it."""
    rest = memoryview(content)
    while len(rest) >= LENGTH_BYTES:
        length = int.from_bytes(rest[:LENGTH_BYTES], "big")
        frame, rest = rest[LENGTH_BYTES : LENGTH_BYTES + length], rest[LENGTH_BYTES + length :]
        if length == 0 or len(frame) < length:
            return
        yield bytes(frame)
