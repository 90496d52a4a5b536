"""The room in which a target runs: a process of its own, a folder of its own, and somebody who watches."""

import json
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, Final, Protocol, Self

from segur_conformance.boundary.monitor import Violation
from segur_conformance.runner.record import MAX_CONTENT, RunRecord
from segur_conformance.targets.enclosure import WATCHED, Enclosure, Start, enclosed_target, started
from segur_conformance.targets.installed import InstalledPlugin
from segur_conformance.targets.limits import Limits
from segur_conformance.targets.process import interpreted, surroundings
from segur_conformance.targets.subject import Subject
from segur_sandbox.running import RunningSandbox

SANDBOX_VARIABLE: Final = "SEGUR_SANDBOX"
SETTINGS_VARIABLE: Final = "SEGUR_SETTINGS"
HOSTS_DATA: Final = "host-"
"""How the folders begin in which the reference host keeps its own data."""
HEARD_S: Final = 5.0
FENCE: Final = b"\x1e"

Tables = Mapping[str, Mapping[str, Any]]


class Room(Protocol):
    """Where a target runs."""

    def start(self, tables: Mapping[str, Any], settings: Tables, answers: Mapping[str, str]) -> Subject:
        """Start the target anew, with nothing remembered."""


class Ear:
    """Listens to what a target prints, up to a mark that the target is asked to set.

    Args:
        stream: standard error of the target.
        record: of the run.
    """

    def __init__(self, stream: IO[bytes], record: RunRecord) -> None:
        self._record = record
        self._mark = b""
        self._marked = threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(stream,), daemon=True)
        self._thread.start()

    def mark(self) -> str:
        """Return a mark that no target prints by itself."""
        mark = FENCE + token_hex(16).encode() + FENCE
        self._marked.clear()
        self._mark = mark
        return mark.decode()

    def wait(self) -> None:
        """Wait until everything before the mark was heard, or the target has ended."""
        self._marked.wait(HEARD_S)

    def join(self) -> None:
        """Wait until everything was heard."""
        self._thread.join(HEARD_S)

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            self._heed(stream)
        self._marked.set()

    def _heed(self, stream: IO[bytes]) -> None:
        pending = b""
        while text := stream.read1(65536):  # type: ignore[attr-defined] # a buffered pipe has it
            pending += text
            if self._mark and self._mark in pending:
                pending = pending.replace(self._mark, b"", 1)
                self._hear(pending)
                pending, self._mark = b"", b""
                self._marked.set()
            elif not (self._mark and FENCE in pending[-len(self._mark) :]):
                self._hear(pending)
                pending = b""
        self._hear(pending)

    def _hear(self, text: bytes) -> None:
        if text:
            self._record.heard(text)


class ReferenceRoom:
    """Plugins carried by the reference host, in a child process under the boundary monitor.

    Args:
        plugins: that are enabled.
        site: folder to import from before all others.
        sandbox: the services they meet.
        scratch: a folder for the child alone.
        record: of the run.
        hidden: folders that do not exist for the child; where the system does not allow that, that it is watched for.
        limits: how much of the machine the child may take.
        in_memory: whether the host has the sandbox's readers in memory; without them, those that a plugin's driver
            finds are all it has.
        start: begins the child with a guard over it.
    """

    def __init__(
        self,
        plugins: tuple[InstalledPlugin, ...],
        site: Path | None,
        sandbox: RunningSandbox,
        scratch: Path,
        record: RunRecord,
        hidden: tuple[Path, ...] = (),
        limits: Limits | None = None,
        *,
        in_memory: bool = True,
        start: Start = started,
    ) -> None:
        self._plugins = plugins
        self._begin = start
        self._site = site
        self._in_memory = in_memory
        self._sandbox = sandbox
        self._scratch = scratch.resolve()
        self._record = record
        self._hidden = hidden
        self._limits = limits or Limits()
        self._opened = ExitStack()
        self._inside: _Inside | None = None
        self._hosts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def start(self, tables: Mapping[str, Any], settings: Tables, answers: Mapping[str, str]) -> Subject:
        """Open a host with nothing remembered; the child process is the same as long as it lives."""
        inside = self._inside
        if inside is None or inside.enclosure.process.poll() is not None:
            self._opened.close()
            inside = self._inside = self._opened.enter_context(self._child())
        inside.enclosure.begin_anew()
        self._hosts += 1
        guarded = [str(one) for one in self._hidden] if inside.enclosure.isolation == WATCHED else []
        opened = inside.subject.ask(
            "start", config=self._config(tables, settings), answers=answers, guarded=guarded, mark=inside.ear.mark()
        )
        inside.subject.opened = opened.value
        inside.ear.wait()
        inside.remember()
        return inside.subject

    def cut(self) -> None:
        """End the child at once, where nobody wants to know what it would still tell."""
        if self._inside is not None:
            self._inside.enclosure.cut()

    def _config(self, tables: Mapping[str, Any], settings: Tables) -> dict[str, Any]:
        given = tomllib.loads(self._sandbox.config.read_text("utf-8"))
        known = given["plugins"]
        tables = {**tables}
        chosen = tables.pop("plugins", {})
        given["plugins"] = {
            one.id: {
                **known.get(one.id, {}),
                "enabled": True,
                "manifest_sha256": one.sha256,
                "settings": {**known.get(one.id, {}).get("settings", {}), **settings.get(one.id, {})},
                **chosen.get(one.id, {}),
            }
            for one in self._plugins
        }
        given["data"] = str(self._scratch / f"{HOSTS_DATA}{self._hosts}")
        if not self._in_memory:
            given["readers"] = {}
        return {**given, **tables}

    @contextmanager
    def _child(self) -> Iterator["_Inside"]:
        environment = interpreted()
        if self._site is not None:
            environment["PYTHONPATH"] = str(self._site)
        command = [sys.executable, "-m", "segur_conformance.targets.reference_host"]
        with ExitStack() as opened:
            enclosure = opened.enter_context(
                enclosed_target(command, environment, self._scratch, self._hidden, self._limits, self._begin)
            )
            inside = _Inside(enclosure, self._record, self._limits)
            opened.callback(inside.remember)
            yield inside
        inside.ear.join()
        inside.subject.told_so_far()


class _Inside:
    """A child process that carries plugins.

    Args:
        enclosure: that it runs in.
        record: of the run.
        limits: that it is held to.
    """

    def __init__(self, enclosure: Enclosure, record: RunRecord, limits: Limits) -> None:
        self.enclosure = enclosure
        self._record = record
        record.isolation = enclosure.isolation
        assert enclosure.process.stderr is not None
        self.ear = Ear(enclosure.process.stderr, record)
        self.subject = Subject(
            enclosure.process,
            record.tell,
            enclosure.why,
            enclosure.end,
            lambda seen: record.saw(Violation(**seen)),
            limits.answer_s,
        )

    def remember(self) -> None:
        """Keep what the child left in its folder, apart from the host's own data."""
        for file in self.enclosure.left():
            if not file.parts[0].startswith(HOSTS_DATA):
                self._record.found(file.as_posix(), self.enclosure.content(file, MAX_CONTENT))


class ForeignRoom:
    """A program that carries everything itself; it finds the services by ``SEGUR_SANDBOX``.

    Args:
        command: its command line.
        sandbox: the services it meets.
        scratch: a folder for it alone.
        record: of the run.
        hidden: folders that do not exist for it, where the system allows.
        limits: how much of the machine it may take.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        sandbox: RunningSandbox,
        scratch: Path,
        record: RunRecord,
        hidden: tuple[Path, ...] = (),
        limits: Limits | None = None,
    ) -> None:
        self._command = command
        self._sandbox = sandbox
        self._scratch = scratch
        self._record = record
        self._hidden = hidden
        self._limits = limits or Limits()
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def start(self, tables: Mapping[str, Any], settings: Tables, answers: Mapping[str, str]) -> Subject:
        """Start the program anew; what the reference host would read in its configuration is in the environment."""
        self._opened.close()
        return self._opened.enter_context(self._child({"tables": tables, "plugins": settings, "answers": answers}))

    @contextmanager
    def _child(self, given: Mapping[str, Any]) -> Iterator[Subject]:
        environment = {
            **surroundings(),
            SANDBOX_VARIABLE: str(self._sandbox.path),
            SETTINGS_VARIABLE: json.dumps(given),
        }
        with enclosed_target(self._command, environment, self._scratch, self._hidden, self._limits) as enclosure:
            self._record.isolation = enclosure.isolation
            assert enclosure.process.stderr is not None
            ear = Ear(enclosure.process.stderr, self._record)
            yield Subject(
                enclosure.process,
                self._record.tell,
                enclosure.why,
                enclosure.end,
                answer_s=self._limits.answer_s,
            )
        ear.join()
