"""A process that is killed in the middle of something, on the data with which the target goes on.

Points of such a process come before each change in the host's folder of keys, and before and after each value that a
plugin stores.
"""

import functools
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_host.broker.store import PluginStore
from segur_host.keyring.store import KEY_NAME, KEYS_FOLDER
from segur_sdk.errors import SegurError

Request = Mapping[str, Any]
CHANGES: Final = frozenset({"os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.link"})
"""Audit events of the interpreter; writing itself is no change yet, for what is written has another name first."""
REFUSED: Final = 3
"""Status of a process whose request was refused."""


class CutShort:
    """The words; see ``Subject.ask``.

    Args:
        host: gives the open host.
        stop: closes it.
        open_again: opens another on its data.
        act: carries out one request.
    """

    def __init__(
        self,
        host: Callable[[], WatchedHost],
        stop: Callable[[], None],
        open_again: Callable[[], None],
        act: Callable[[Request], Any],
    ) -> None:
        self._host = host
        self._stop = stop
        self._open_again = open_again
        self._act = act
        self.ops: Final[Mapping[str, Callable[[Request], Any]]] = {
            "cut_short": self._cut_short,
            "keys_kept": self._keys_kept,
        }

    def _cut_short(self, request: Request) -> Any:
        """Carry out ``request`` in a process that is killed at ``point``, counted from 1; then open another host.

        Without a point it is killed as soon as the request was carried out. Tells whether it was ``killed`` before
        that, or its request ``refused``.
        """
        data = self._host().config.data
        self._stop()
        sys.stderr.flush()
        process = os.fork()
        if process == 0:
            self._until_killed(request["request"], request.get("point"), data / KEYS_FOLDER)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        self._open_again()
        return {"killed": status == -signal.SIGKILL, "refused": status == REFUSED, "status": status}

    def _until_killed(self, request: Request, point: int | None, keys: Path) -> NoReturn:
        status = 1
        try:
            self._open_again()
            _Points(point, keys).watch()
            self._act(request)
            status = 0
            if point is None:
                _kill()
        except SegurError:
            status = REFUSED
        finally:
            # Nothing of what is still open is closed.
            os._exit(status)

    def _keys_kept(self, request: Request) -> Any:
        """Name the private keys that the host keeps for a use: each begins as the fingerprint of its public half."""
        folder = self._host().config.data / KEYS_FOLDER / request["use"]
        return sorted(one.parent.name.upper() for one in folder.glob(f"[0-9a-f]*/{KEY_NAME}"))


class _Points:
    """Counts points, and ends the process at one of them."""

    def __init__(self, last: int | None, keys: Path) -> None:
        self._last = last
        self._keys = str(keys)
        self._reached = 0

    def watch(self) -> None:
        sys.addaudithook(self._heard)
        for name in ("put", "delete"):
            setattr(PluginStore, name, self._around(getattr(PluginStore, name)))

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGES or not any(str(one).startswith(self._keys) for one in arguments):
            return
        if event != "os.mkdir" or not Path(arguments[0]).is_dir():
            self._point()

    def _around(self, change: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(change)
        def watched(*arguments: Any) -> None:
            self._point()
            change(*arguments)
            self._point()

        return watched

    def _point(self) -> None:
        self._reached += 1
        if self._reached == self._last:
            _kill()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
