"""A lock between processes, held on a file of its own.

The operating system lets go of it when its holder dies, however it dies.
"""

import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final

from segur_host.storage.failures import disk_error
from segur_host.storage.private_files import PRIVATE_MODE
from segur_sdk.errors import HostError

_PAUSE_S: Final = 0.001


class FileLock:
    """Exclusive between every holder of a ``FileLock`` on the same path, in this process or another.

    One object belongs to one thread at a time; that thread may take it several times.

    Args:
        path: made when missing, never removed.
        patience_s: seconds before giving up.
    """

    def __init__(self, path: Path, patience_s: float = 10.0) -> None:
        self._path = path
        self._patience_s = patience_s
        self._descriptor: int | None = None
        self._depth = 0

    def acquire(self) -> None:
        """Wait for the lock.

        Raises:
            HostError: ``storage.busy``, ``storage.not_writable``.
        """
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE)
            except OSError as failure:
                raise disk_error(failure, "storage.not_writable", self._path.name) from None
        if self._depth == 0:
            given_up_at = time.monotonic() + self._patience_s
            while not _try_lock(self._descriptor):
                if time.monotonic() > given_up_at:
                    raise HostError("storage.busy", retryable=True, file=self._path.name)
                time.sleep(_PAUSE_S)
        self._depth += 1

    def release(self) -> None:
        """Give back one taking of the lock."""
        self._depth -= 1
        if self._depth == 0 and self._descriptor is not None:
            _unlock(self._descriptor)

    def close(self) -> None:
        """Forget the file; the lock must not be held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
