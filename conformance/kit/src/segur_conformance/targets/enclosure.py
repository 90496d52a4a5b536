"""Start a target apart from everything else, and know why it ended."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import attrs

from segur_conformance.targets import enclosed
from segur_conformance.targets.limits import MEBIBYTE, Limits
from segur_conformance.targets.process import TargetProcess

STOP_S: Final = 5.0
WATCHED: Final = enclosed.WATCHED
Start = Callable[[Mapping[str, Any], Path, Mapping[str, str], int, int], TargetProcess]
"""Begins a guard and its target: job, folder, variables, descriptors of status and lifeline; see ``started``."""


class Enclosure:
    """A target that runs apart.

    Args:
        process: with pipes for its three standard streams.
        limits: that it is held to.
        scratch: its own folder, as it sees it.
        lifeline: descriptor whose end ends everything; nothing where nobody stands in between.
        told: descriptor on which whoever stands in between tells what happens.
    """

    def __init__(
        self,
        process: TargetProcess,
        limits: Limits,
        scratch: Path,
        lifeline: int | None = None,
        told: int | None = None,
    ) -> None:
        self.process = process
        self._limits = limits
        self._scratch = scratch
        self._lifeline = lifeline
        self._exceeded: str | None = None
        self.isolation = WATCHED
        self._listener: threading.Thread | None = None
        if told is not None:
            stream = os.fdopen(told, "rb")
            first = stream.readline()
            self.isolation = json.loads(first)["isolation"] if first else WATCHED
            self._listener = threading.Thread(target=self._listen, args=(stream,), daemon=True)
            self._listener.start()

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._exceeded = json.loads(line)["exceeded"]

    def begin_anew(self) -> None:
        """Count what the target writes from now on."""
        if self._lifeline is not None and self.process.poll() is None:
            os.write(self._lifeline, b".")

    def end(self) -> int:
        """End the target and everything that it started, unless it is about to end by itself; return its status."""
        try:
            return self.process.wait(enclosed.LOOK_EVERY_S * 2)
        except subprocess.TimeoutExpired:
            self.cut()
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def cut(self) -> None:
        """Let go of the target: whoever stands in between ends all of it."""
        if self._lifeline is None:
            self.process.kill()
        else:
            os.close(self._lifeline)
            self._lifeline = None

    def close(self) -> None:
        """Let go of whoever stood in between; the target has ended."""
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if self._listener is not None:
            self._listener.join(STOP_S)

    def why(self) -> str | None:
        """Say, in French, which limit the target passed."""
        if self._listener is not None and self.process.poll() is not None:
            self._listener.join(STOP_S)
        amount = {
            "memory": f"la mémoire permise ({self._limits.memory // MEBIBYTE} Mio)",
            "scratch": f"le dossier de travail permis ({self._limits.scratch // MEBIBYTE} Mio)",
            "written": f"le disque permis ({self._limits.written // MEBIBYTE} Mio)",
            "processes": f"le nombre de processus permis ({self._limits.processes})",
        }
        return f"la cible a dépassé {amount[self._exceeded]}" if self._exceeded is not None else None

    def left(self) -> Iterator[Path]:
        """Yield every file that is in the target's own folder now; nothing once it has ended."""
        place = self._seen_from_here()
        for folder, _, names in os.walk(place):
            for name in names:
                yield Path(folder, name).relative_to(place)

    def content(self, file: Path, size: int) -> bytes:
        """Return the first ``size`` bytes of a file of the target's own folder."""
        try:
            with (self._seen_from_here() / file).open("rb") as stream:
                return stream.read(size)
        except OSError:
            return b""

    def _seen_from_here(self) -> Path:
        if self.isolation == WATCHED:
            return self._scratch
        return Path(f"/proc/{self.process.pid}/root", *self._scratch.parts[1:])


@contextmanager
def enclosed_target(
    command: Iterable[str],
    environment: Mapping[str, str],
    scratch: Path,
    hidden: Iterable[Path] = (),
    limits: Limits | None = None,
    start: Start | None = None,
) -> Iterator[Enclosure]:
    """Start a target in ``scratch``, held to ``limits``, for as long as the block lasts.

    Args:
        command: its command line.
        environment: its variables, all of them.
        scratch: a folder for it alone.
        hidden: folders that do not exist for it, where the system allows.
        limits: how much of the machine it may take.
        start: begins it with a guard over it, where the system has guards; otherwise than by its command.
    """
    limits = limits or Limits()
    if os.name != "posix":
        process = _piped(list(command), scratch, environment)
        enclosure = Enclosure(process, limits, scratch)
    else:
        enclosure = _with_a_guard(list(command), environment, scratch, list(hidden), limits, start or started)
    try:
        yield enclosure
    finally:
        assert enclosure.process.stdin is not None
        try:
            enclosure.process.stdin.close()
        except OSError:
            enclosure.cut()
        try:
            enclosure.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            enclosure.end()
        enclosure.close()


def started(
    job: Mapping[str, Any], folder: Path, environment: Mapping[str, str], status: int, lifeline: int
) -> TargetProcess:
    """Start a target by its command, with a guard over it; see ``segur_conformance.targets.enclosed``."""
    guard = [sys.executable, "-I", "-S", enclosed.__file__, json.dumps(job), str(status), str(lifeline)]
    return _piped(guard, folder, environment, pass_fds=(status, lifeline), start_new_session=True)


def _with_a_guard(
    command: list[str], environment: Mapping[str, str], scratch: Path, hidden: list[Path], limits: Limits, start: Start
) -> Enclosure:
    # The ends that are held here are noticed to end when this process does, in whatever way.
    lifeline, held = os.pipe()
    told, status = os.pipe()
    job = {
        "command": command,
        "scratch": str(scratch.resolve()),
        "hidden": [str(one.resolve()) for one in hidden],
        "limits": attrs.asdict(limits),
    }
    try:
        process = start(job, scratch, environment, status, lifeline)
    finally:
        os.close(status)
        os.close(lifeline)
    return Enclosure(process, limits, scratch.resolve(), held, told)


def _piped(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    pass_fds: tuple[int, ...] = (),
    start_new_session: bool = False,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=pass_fds,
        start_new_session=start_new_session,
        cwd=folder,
        env=dict(environment),
    )
