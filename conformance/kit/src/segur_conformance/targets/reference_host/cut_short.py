"""Processes that are killed in the middle of something, one after the other, on the data with which the target goes on.

Each is a life: a host of its own, a few requests, and SIGKILL. Points at which a life may end come before each change
in the host's folder of keys, and before and after each value that a plugin stores.
"""

import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_host.broker.store import PluginStore
from segur_host.keyring.store import KEY_NAME, KEYS_FOLDER
from segur_sdk.errors import SegurError

Request = Mapping[str, Any]
CHANGES: Final = frozenset({"os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.link"})
"""Audit events of the interpreter; writing itself is no change yet, for what is written has another name first."""
PATIENCE: Final = 2
"""How many lives may go one change further each; after them each goes further than the one before."""
MOST_POINTS: Final = 60


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
            "lives": self._lives,
            "cut_everywhere": self._cut_everywhere,
            "keys_kept": self._keys_kept,
        }

    def _lives(self, request: Request) -> Any:
        """Live each of ``lives``, a list of requests: killed when the last of them is answered. Return the answers."""
        self._stop()
        found = [self._lived(requests)[0] for requests in request["lives"]]
        self._open_again()
        return found

    def _cut_everywhere(self, request: Request) -> Any:
        """Carry out ``request`` in lives that are killed on the way, until one is not.

        The first is killed before it changes anything, the next after one change each: whatever was done is found
        by the one that follows. Where that one begins anew instead of going on, they get further and further.

        Return the answers of each life: those to ``first``, which come before and at no point, and of the last life
        the one to ``request``.
        """
        data = self._host().config.data
        self._stop()
        found = []
        for point in (1, *[2] * PATIENCE, *range(3, MOST_POINTS)):
            answers, status = self._lived([*request["first"], request["request"]], _Points(point, data / KEYS_FOLDER))
            found.append(answers)
            if status != -signal.SIGKILL:
                break
        self._open_again()
        return found

    def _lived(self, requests: Sequence[Request], points: "_Points | None" = None) -> tuple[list[Any], int]:
        """Return what a life answered, and the status with which its process ended."""
        heard, told = os.pipe()
        sys.stderr.flush()
        process = os.fork()
        if process == 0:
            os.close(heard)
            self._live(requests, points, told)
        os.close(told)
        with os.fdopen(heard, "rb") as stream:
            answers = [json.loads(line) for line in stream]
        return answers, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def _live(self, requests: Sequence[Request], points: "_Points | None", told: int) -> NoReturn:
        try:
            self._open_again()
            with os.fdopen(told, "wb", buffering=0) as line:
                for rank, request in enumerate(requests, 1):
                    if points is not None and rank == len(requests):
                        points.watch()
                    line.write(json.dumps(self._answered(request), default=str).encode() + b"\n")
            if points is None:
                _kill()
        finally:
            # Nothing of what is still open is closed.
            os._exit(0)

    def _answered(self, request: Request) -> dict[str, Any]:
        try:
            return {"value": self._act(request), "error": None}
        except SegurError as failure:
            return {"value": None, "error": failure.code}

    def _keys_kept(self, request: Request) -> Any:
        """Name the private keys that the host keeps for a use: as the fingerprints of their public halves begin."""
        folder = self._host().config.data / KEYS_FOLDER / request["use"]
        return sorted(one.parent.name.upper() for one in folder.glob(f"[0-9a-f]*/{KEY_NAME}"))


class _Points:
    """Counts points, and ends the process at one of them.

    Args:
        last: where it ends, counted from 1.
        keys: folder of the host's keys.
    """

    def __init__(self, last: int, keys: Path) -> None:
        self._last = last
        self._keys = str(keys)
        self._reached = 0

    def watch(self) -> None:
        """Count from now on, as long as this process lives."""
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
