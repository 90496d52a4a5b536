"""Everything that a morning at the counter leaves behind, sorted by the place it is found in."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from segur_conformance.canaries import PUBLISHED, Canaries
from segur_host.audit.log import AuditLog
from segur_host.clock import SystemClock
from segur_host.storage.database import Database
from segur_sandbox.running import RunningSandbox

MORNING: Final = Path(__file__).with_name("morning.py")
LISTENING: Final = Path(__file__).with_name("listening")
PATIENCE_S: Final = 100.0
PROCESSES: Final = Path("/proc")
TENANT: Final = "default"

Evidence = dict[str, list[bytes]]
Play = Callable[..., "Morning"]


@attrs.frozen
class Morning:
    """One run of the command."""

    status: int
    left: Evidence
    """Bytes by place."""
    folder: Path
    """Where its temporary files are."""
    exchanges: list[dict[str, Any]]
    """What the sandbox kept of its calls to INSi."""


@pytest.fixture(scope="session")
def canaries() -> Canaries:
    return Canaries([*PUBLISHED, "ADRUN"])


@pytest.fixture(scope="session")
def play(segur_sandbox_process: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Play ``segur demo comptoir --json`` on a sandbox that somebody else started, watched from outside."""

    def played(*options: str) -> Morning:
        segur_sandbox_process.reset()
        folder = tmp_path_factory.mktemp("morning")
        temporary = folder / "tmp"
        temporary.mkdir()
        command = ["demo", "comptoir", "--json", "--sandbox", str(segur_sandbox_process.path)]
        mark = f"CANARY_RUN={uuid.uuid4()}"
        environment = os.environ | {
            "PYTHONPATH": str(LISTENING),
            "CANARY_LOG": str(folder / "log"),
            "CANARY_RUN": mark.partition("=")[2],
            "TMPDIR": str(temporary),
        }
        outside = Outside(mark.encode(), temporary)
        command = [sys.executable, str(MORNING), *options, *command]
        with (
            (folder / "stdout").open("wb") as stdout,
            (folder / "stderr").open("wb") as stderr,
            subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment) as process,
        ):
            until = time.monotonic() + PATIENCE_S
            while process.poll() is None and time.monotonic() < until:
                outside.look()
                time.sleep(0.02)
            process.kill()
        outside.look()
        left = {
            name: [(folder / file).read_bytes()]
            for name, file in (("stdout", "stdout"), ("stderr", "stderr"), ("logs", "log"))
        }
        left |= outside.seen()
        left["audit"] = audits(temporary)
        return Morning(process.returncode, left, temporary, segur_sandbox_process.exchanges("insi"))

    return played


@pytest.fixture(scope="session")
def morning(play: Play) -> Morning:
    """The whole walk, as it should be."""
    return play()


class Outside:
    """What any other program of this machine can see of a run, and what an administrator can."""

    def __init__(self, mark: bytes, temporary: Path) -> None:
        self._mark = mark
        self._temporary = temporary
        self._command_lines: set[bytes] = set()
        self._environments: set[bytes] = set()
        self._names: set[bytes] = set()
        self._journals: set[bytes] = set()

    def look(self) -> None:
        """Note processes, names of files, and database journals, which are gone at the end."""
        for process in PROCESSES.iterdir():
            if process.name.isdecimal():
                self._note(process)
        for path in self._temporary.rglob("*"):
            self._names.add(os.fsencode(path.relative_to(self._temporary)))
            if path.name.endswith(("-wal", "-journal")):
                self._journals.add(_content(path))

    def seen(self) -> Evidence:
        """Return it by place, with the content of every file left."""
        files = [path for path in self._temporary.rglob("*") if path.is_file()]
        return {
            "command_lines": sorted(self._command_lines),
            "environments": sorted(self._environments),
            "file_names": sorted(self._names),
            "files": [*self._journals, *(_content(path) for path in files if "incident" not in path.name)],
            "crash_report": [_content(path) for path in files if "incident" in path.name],
        }

    def _note(self, process: Path) -> None:
        environment = _content(process / "environ")
        if self._mark in environment:
            self._environments.add(environment)
            self._command_lines.add(_content(process / "cmdline"))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it ended, or belongs to somebody else


def audits(temporary: Path) -> list[bytes]:
    """Export the audit of every host as JSON, with its own key."""
    exported = []
    for folder in sorted(path.parent for path in temporary.rglob("host.db")):
        with Database(folder, TENANT) as database:
            records = AuditLog(database, SystemClock()).records()
            exported.append(json.dumps([attrs.asdict(one) for one in records], ensure_ascii=False).encode("utf-8"))
    return exported
