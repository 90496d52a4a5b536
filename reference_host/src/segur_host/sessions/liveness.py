"""Whether the run of the host that opened a session still lives: it holds a lock as long as it does."""

import uuid
from pathlib import Path
from typing import Final

from segur_host.storage.file_lock import FileLock
from segur_sdk.errors import HostError

SUFFIX: Final = ".run"


class HostRun:
    """One run of the host on a data folder; several may share one.

    Args:
        folder: the data folder.
    """

    def __init__(self, folder: Path) -> None:
        self.id: Final = str(uuid.uuid4())
        self._folder = folder
        self._lock: FileLock | None = None

    def begin(self) -> None:
        """From now on this run is known to live; a second call changes nothing."""
        if self._lock is None:
            lock = FileLock(self._path(self.id), patience_s=0.0)
            lock.acquire()
            self._lock = lock

    def end(self) -> None:
        """This run has nothing left that depends on it."""
        if self._lock is not None:
            self._lock.release()
            self._lock.close()
            self._lock = None
            self._path(self.id).unlink(missing_ok=True)

    def lives(self, run: str) -> bool:
        """Tell whether another run, or this one, still lives; what a dead one left is removed."""
        path = self._path(run)
        if not path.exists():
            return False
        lock = FileLock(path, patience_s=0.0)
        try:
            lock.acquire()
        except HostError:
            return True
        else:
            lock.release()
            path.unlink(missing_ok=True)
            return False
        finally:
            lock.close()

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}{SUFFIX}"
