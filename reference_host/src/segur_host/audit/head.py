"""``audit.head``: where the chain ends, kept apart from it and signed.

A small file of fixed size, overwritten in one call. No sync: a write survives the kill of the process, and what a
power failure takes is told apart by the boot that wrote it. Before a commit it announces what is coming
(``pending``), after the commit it says that it came: a crash between the two leaves records that the head
announced, and nothing else is accepted after its end.
"""

import errno
import hashlib
import hmac
import json
import os
from functools import cache
from pathlib import Path
from typing import Final

import attrs

from segur_host.audit.entries import GENESIS, canonical
from segur_host.audit.findings import Reason
from segur_host.storage.private_files import PRIVATE_MODE

HEAD_NAME: Final = "audit.head"
HEAD_BYTES: Final = 1024
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@cache
def this_boot() -> str | None:
    """Return an id that changes when the machine starts again, where the system gives one (Linux)."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return None


@attrs.frozen
class Link:
    """One place in the chain."""

    seq: int = 0
    hash: str = GENESIS


@attrs.frozen
class Head:
    """The end of the chain as it was last known."""

    tenant: str
    end: Link = Link()
    pending: Link | None = None
    """What the chain ends with if the commit under way succeeded."""
    checkpoints: int = 0
    """Lines in the file of checkpoints."""
    checkpoint_seq: int = 0
    """Last record known to be on the disk."""
    boot: str | None = None
    """Boot of the machine that wrote this; ``None`` where unknown."""

    def fields(self) -> tuple[object, ...]:
        """Return the fields in order, as they are signed."""
        pending = self.pending and (self.pending.seq, self.pending.hash)
        end = (self.end.seq, self.end.hash)
        return (self.tenant, end, pending, self.checkpoints, self.checkpoint_seq, self.boot)

    @property
    def of_another_boot(self) -> bool:
        """The machine started again since, as far as anybody knows."""
        return self.boot is None or self.boot != this_boot()


class HeadFile:
    """Reads and writes the head of one data folder.

    Args:
        folder: the data folder.
        key: signs the head.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._path = folder / HEAD_NAME
        self._key = key
        self._descriptor: int | None = None
        self._known: tuple[bytes, Head] | None = None

    def read(self) -> Head | Reason:
        """Return the head, or why there is none: ``HEAD_MISSING`` or ``HEAD_REPLACED``.

        Raises:
            OSError: the file cannot be read.
        """
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR)
            except FileNotFoundError:
                return Reason.HEAD_MISSING
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        content = os.read(self._descriptor, HEAD_BYTES + 1)
        if self._known is not None and self._known[0] == content:
            return self._known[1]
        return self._parse(content) if content else Reason.HEAD_MISSING

    def write(self, head: Head, *, durable: bool = False) -> None:
        """Replace the head.

        Raises:
            OSError: the disk refuses.
        """
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE)
        fields = canonical(head.fields())
        content = f"{fields}\n{self._mac(fields)}\n".encode("ascii").ljust(HEAD_BYTES)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        if os.write(self._descriptor, content) != HEAD_BYTES:
            # Only a new file can run out of room: later ones overwrite their own. No head is better than half of one.
            os.ftruncate(self._descriptor, 0)
            raise OSError(errno.ENOSPC, "short write")
        self._known = content, head
        if durable:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file; the next use opens whatever bears its name by then."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _parse(self, content: bytes) -> Head | Reason:
        try:
            fields, mac, _ = content.decode("ascii").split("\n")
            if len(content) != HEAD_BYTES or not hmac.compare_digest(mac, self._mac(fields)):
                return Reason.HEAD_REPLACED
        except ValueError:
            return Reason.HEAD_REPLACED
        tenant, end, pending, *rest = json.loads(fields)
        return Head(tenant, Link(*end), pending and Link(*pending), *rest)

    def _mac(self, fields: str) -> str:
        return hmac.new(self._key, b"head\n" + fields.encode("ascii"), hashlib.sha256).hexdigest()
