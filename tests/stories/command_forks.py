"""Runs ``segur`` commands, each in a process of its own that may be killed in the middle; started once, for speed.

Reads one order per line, ``{"words", "stdin", "kill_at"}``, and answers ``{"status", "out", "points"}``: ``status`` is
that of the process, negative when a signal ended it. At point ``kill_at``, counted from 1, the process gets SIGKILL.
Points are before each change in the folder of keys, and before and after each value that a plugin stores.
"""

import functools
import importlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NoReturn

from segur_host.broker.store import PluginStore
from segur_host.cli import application
from segur_host.cli import main as segur

CHANGES = ("replace", "rename", "mkdir", "rmdir", "unlink", "link")
KEYS = "certificates/keys"


class Points:
    """Counts points, and ends the process at one of them."""

    def __init__(self, kill_at: int | None, count: IO[bytes]) -> None:
        self._kill_at = kill_at
        self._count = count
        self._reached = 0

    def point(self) -> None:
        self._reached += 1
        os.write(self._count.fileno(), b".")
        if self._reached == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        for name in CHANGES:
            setattr(os, name, self._before(getattr(os, name)))
        PluginStore.put = self._around(PluginStore.put)  # type: ignore[method-assign]

    def _before(self, change: Callable[..., Any], made: Callable[..., Any] = os.mkdir) -> Callable[..., Any]:
        @functools.wraps(change)
        def watched(*arguments: Any, **named: Any) -> Any:
            there_already = change is made and Path(arguments[0]).is_dir()
            if not there_already and any(KEYS in str(one) for one in arguments):
                self.point()
            return change(*arguments, **named)

        return watched

    def _around(self, put: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(put)
        def watched(*arguments: Any) -> Any:
            self.point()
            done = put(*arguments)
            self.point()
            return done

        return watched


def carry_out(asked: dict[str, Any], given: IO[bytes], out: IO[bytes], count: IO[bytes]) -> NoReturn:
    os.dup2(given.fileno(), 0)
    os.dup2(out.fileno(), 1)
    Points(asked["kill_at"], count).watch()
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as this process lasts
    sys.argv = ["segur", *asked["words"]]
    status = 1
    try:
        segur()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    finally:
        sys.stdout.flush()
        os._exit(status)


def main() -> None:
    # What every command imports is imported once.
    application()
    importlib.import_module("segur_plugin_certificates.plugin")
    for line in sys.stdin:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as count:
            given.write((asked["stdin"] or "").encode())
            given.seek(0)
            child = os.fork()
            if child == 0:
                carry_out(asked, given, out, count)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            out.seek(0)
            answer = {"status": status, "out": out.read().decode(), "points": count.tell()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
