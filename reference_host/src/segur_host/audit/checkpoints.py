"""``audit.checkpoints``: signed lines that only ever grow, one now and then.

A checkpoint says: the chain went through this hash at this number, and was on the disk. A break says: when the
host looked, the chain was not as it had been written; the evidence stays although new records follow. Each line
is signed over the one before.
"""

import errno
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs

from segur_host.audit.entries import canonical
from segur_host.audit.findings import Finding, Reason
from segur_host.audit.head import Link
from segur_host.storage.private_files import PRIVATE_MODE, sync_folder

CHECKPOINTS_NAME: Final = "audit.checkpoints"
_NOTHING_BEFORE: Final = ""


class LineKind(StrEnum):
    """What a line says."""

    CHECKPOINT = "checkpoint"
    BREAK = "break"


@attrs.frozen
class Line:
    """One line of the file."""

    kind: LineKind
    at: str
    """UTC, ISO 8601."""
    end: Link
    """Where the chain ended then."""
    finding: Finding | None = None
    """Of a break: what was found."""


@attrs.frozen
class Lines:
    """The whole file as it was read."""

    lines: tuple[Line, ...] = ()
    last_mac: str = _NOTHING_BEFORE
    whole_bytes: int = 0
    """Size without a last line that a crash left unfinished."""
    reason: Reason | None = None
    """``CHECKPOINTS_REPLACED`` when a line does not bear this installation's signature."""


class CheckpointFile:
    """Reads the lines of one data folder and adds to them.

    Args:
        folder: the data folder.
        key: signs the lines.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._path = folder / CHECKPOINTS_NAME
        self._key = key

    def read(self) -> Lines:
        """Return every line up to the first that is not genuine.

        Raises:
            OSError: the file cannot be read.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return Lines()
        whole = content.rfind(b"\n") + 1
        lines: list[Line] = []
        mac = _NOTHING_BEFORE
        for raw in content[:whole].splitlines():
            fields, _, found = raw.decode("ascii", "replace").rpartition(" ")
            if not hmac.compare_digest(found.encode(), self._mac(mac, fields).encode()):
                return Lines(tuple(lines), mac, whole, Reason.CHECKPOINTS_REPLACED)
            mac = found
            lines.append(_parsed(fields))
        return Lines(tuple(lines), mac, whole)

    def add(self, known: Lines, line: Line) -> int:
        """Write one more line, durably; returns how many there are.

        Args:
            known: what ``read`` just returned, under the same lock.
            line: the line.

        Raises:
            OSError: the disk refuses; the file is as it was.
        """
        fields = canonical(attrs.asdict(line))
        # After a forged line nothing can be tied to it; ours then follows the last genuine one, and both stay.
        content = f"{fields} {self._mac(known.last_mac, fields)}\n".encode("ascii")
        new = not self._path.exists()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, PRIVATE_MODE)
        try:
            os.ftruncate(descriptor, known.whole_bytes)
            os.lseek(descriptor, 0, os.SEEK_END)
            if os.write(descriptor, content) != len(content):
                os.ftruncate(descriptor, known.whole_bytes)
                raise OSError(errno.ENOSPC, "short write")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            sync_folder(self._path.parent)
        return len(known.lines) + 1

    def _mac(self, previous: str, fields: str) -> str:
        content = f"checkpoint\n{previous}\n{fields}".encode()
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()


def checkpoints_in_force(lines: Sequence[Line]) -> tuple[Link, ...]:
    """Return the places that the chain must go through: those a later break has not already reported lost."""
    places: list[Link] = []
    for line in lines:
        if line.kind is LineKind.BREAK:
            places = [place for place in places if place.seq <= line.end.seq]
        else:
            places.append(line.end)
    return tuple(places)


def _parsed(fields: str) -> Line:
    values = json.loads(fields)
    finding = values["finding"]
    return Line(
        kind=LineKind(values["kind"]),
        at=values["at"],
        end=Link(**values["end"]),
        finding=Finding(Reason(finding["reason"]), finding["seq"], finding["lost"]) if finding else None,
    )
