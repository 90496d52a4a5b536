"""Targets that begin at once, because the process that they are forked from has imported what they need."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, Self

from segur_conformance.targets.forking import MAX_MESSAGE, TARGET, TOLD
from segur_conformance.targets.process import interpreted

POSSIBLE: Final = sys.platform == "linux"
"""Elsewhere a process that has used libraries may not be forked safely."""
WHOLE: Final = (TARGET,)
"""What a target imports when none of its code is changed, plugins apart."""


class ForkedTargets:
    """Forks targets.

    Args:
        modules: imported before, none of which may be another's in a target.
    """

    def __init__(self, modules: Iterable[str]) -> None:
        self._modules = tuple(modules)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "segur_conformance.targets.forking", str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, env=interpreted(), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._line.sendall(json.dumps(self._modules).encode())
        self.brought_along: tuple[str, ...] = tuple(json.loads(self._line.recv(MAX_MESSAGE)))
        """Modules of others that were imported, in their order."""
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._process.wait()

    def start(
        self, job: Mapping[str, Any], folder: Path, environment: Mapping[str, str], status: int, lifeline: int
    ) -> "ForkedTarget":
        """Fork a target with a guard over it; see ``segur_conformance.targets.enclosed``."""
        stdin, given = os.pipe()
        taken, stdout = os.pipe()
        heard, stderr = os.pipe()
        ended, told = os.pipe()
        theirs = [stdin, stdout, stderr, status, lifeline, told]
        message = json.dumps({"job": job, "environment": dict(environment)}).encode()
        try:
            with self._lock:
                socket.send_fds(self._line, [message], theirs)
        finally:
            for descriptor in (stdin, stdout, stderr, told):
                os.close(descriptor)
        return ForkedTarget(os.fdopen(given, "wb"), os.fdopen(taken, "rb"), os.fdopen(heard, "rb"), ended)


class ForkedTarget:
    """A process that is no child of this one; otherwise as ``subprocess.Popen``.

    Args:
        stdin: of the process.
        stdout: of the process.
        stderr: of the process.
        ended: descriptor on which its id, and at its end its status, are told.
    """

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes], ended: int) -> None:
        self.stdin: IO[bytes] | None = stdin
        self.stdout: IO[bytes] | None = stdout
        self.stderr: IO[bytes] | None = stderr
        self._ended = ended
        self._status: int | None = None
        self._lock = threading.Lock()
        self.pid: int = TOLD.unpack(os.read(ended, TOLD.size))[0]

    def poll(self) -> int | None:
        """Return the status, if it has ended."""
        return self._told(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the status.

        Raises:
            subprocess.TimeoutExpired: it goes on.
        """
        status = self._told(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(TARGET, timeout or 0)
        return status

    def kill(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            if self._status is None:
                os.kill(self.pid, signal.SIGKILL)

    def _told(self, timeout: float | None) -> int | None:
        with self._lock:
            if self._status is None and select.select([self._ended], [], [], timeout)[0]:
                told = os.read(self._ended, TOLD.size)
                os.close(self._ended)
                self._status = TOLD.unpack(told)[0] if told else -signal.SIGKILL
            return self._status
