"""Numbers of insertions that hold across processes, and that no restart of the service repeats.

PC/SC counts the insertions and removals of a reader itself, from the start of its service. A number is that count
and a check sum of what tells this service, and this plugging in of the reader, from earlier ones.
"""

import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Final

DEFAULT_SOCKET: Final = Path("/run/pcscd/pcscd.comm")
PID_FILE: Final = "pcscd.pid"
"""Written beside the socket at each start, also of a daemon whose socket systemd holds."""
COUNTER_BITS: Final = 16

Mark = tuple[int, int, int] | None


class Insertions:
    """Numbers the insertions that one process sees. May be used by several threads.

    Args:
        socket: of pcsc-lite's daemon; other systems have no such file.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._pid_file = socket.with_name(PID_FILE)
        self._lock = Lock()
        self._service: tuple[Mark, Mark | int] = (None, 0)
        self._losses = 0
        self._readers: frozenset[str] = frozenset()
        self._pluggings: dict[str, int] = {}

    @property
    def losses(self) -> int:
        """How often the service is known to have gone away."""
        return self._losses

    def lost(self, losses: int) -> None:
        """Take note that the service went away after ``losses`` others; it counts once, whoever notices."""
        with self._lock:
            self._losses = max(self._losses, losses + 1)

    def seen(self, readers: Iterable[str]) -> None:
        """Take note of the readers that are there: one that was away may have changed its card meanwhile."""
        present = frozenset(readers)
        with self._lock:
            service = self._current_service()
            if service != self._service:
                self._service, self._readers, self._pluggings = service, frozenset(), {}
            for name in present - self._readers:
                self._pluggings[name] = self._pluggings.get(name, -1) + 1
            self._readers = present

    def number(self, reader: str, counter: int) -> int:
        """Return the number of the insertion that ``reader`` counted as ``counter``, 48 bits."""
        with self._lock:
            identity = repr((*self._service, reader, self._pluggings.get(reader, 0)))
        return zlib.crc32(identity.encode("utf-8")) << COUNTER_BITS | counter

    def _current_service(self) -> tuple[Mark, Mark | int]:
        process = _mark(self._pid_file)
        # Nothing but our own memory tells two services without such a file apart.
        return _mark(self._socket), self._losses if process is None else process


def _mark(path: Path) -> Mark:
    try:
        found = os.stat(path)  # noqa: PTH116 - twice at each look
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns
