"""The boundary: whatever touches the outside world does so through the host's broker or drivers.

A ``Monitor`` listens to the audit events of its own process (PEP 578) and names, for each one that matters, the
innermost frame of the project: the host, the SDK or a plugin. Only the places of ``HOST_PLACES`` may cause one.

There is no exception for imports, because none is needed: reading code is not watched, bytecode is not written
once a monitor is installed, and what a module does while it is imported is done by whoever imported it.

What it cannot see: files that C code opens (``SSLContext.load_cert_chain``; the connection that follows is seen),
threads that C code starts, the inside of child processes (drivers; their start is seen), and code that is out to
deceive it, for in one process nothing is a wall.
"""

import _thread
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final

import attrs

from segur_conformance.boundary.acts import THREAD_STARTED, Act, act_of, is_in, is_watched
from segur_conformance.boundary.packages import Packages
from segur_conformance.boundary.patches import Patch

NOBODY: Final = "unknown"
"""Owner of what a thread without any project frame does: its start has been reported before."""

HOST_PLACES: Final[Mapping[Act, tuple[str, ...]]] = {
    Act.NETWORK: ("broker/", "drivers/"),
    Act.PROCESS: ("drivers/",),
    Act.LIBRARY: ("drivers/",),
    Act.THREAD: (
        "aside.py",
        "broker/card_watch.py",
        "broker/doorway.py",
        "broker/unlocked.py",
        "dispatch/relay.py",
        "drivers/",
        "events/teller.py",
        "listening.py",
        "scheduler/scheduler.py",
        "sessions/alarm.py",
    ),
    Act.WRITE: ("storage/", "audit/", "broker/", "drivers/", "keyring/", "sessions/liveness.py"),
    Act.READ_KEPT: ("storage/", "audit/", "config/", "broker/", "keyring/"),
    Act.IDENTITY: (),
    Act.PATCH: (),
}
"""Where in the host each act may come from."""


@attrs.frozen
class Violation:
    """One thing that went round the broker."""

    owner: str
    """Id of the plugin, ``segur_sdk``, ``segur_host``, or ``unknown``."""
    event: str
    """Audit event, such as ``socket.connect``."""
    file: str
    """Of the innermost project frame, from its package on: ``segur_plugin_insi/exchange.py``."""
    function: str
    """Of that frame; for a patch, what was replaced."""
    line: int
    act: str = attrs.field(default="", eq=False)
    """What the event amounts to, one of ``segur_conformance.boundary.acts.Act``."""

    def as_json(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return attrs.asdict(self)


class Monitor:
    """Watches the process that it is installed in, for as long as that lives.

    Args:
        packages: whose code is where.
        guarded: files and folders that only the host may read, beside those whose names say so.
        on_violation: told of each one at once, so that a plugin which ends the process does not end the evidence.
    """

    def __init__(
        self,
        packages: Packages,
        guarded: Iterable[Path] = (),
        on_violation: Callable[[Violation], None] | None = None,
    ) -> None:
        self._places = tuple(packages.owners().items())
        self._host = str(packages.host) + os.sep
        self._guarded: tuple[str, ...] = ()
        self.guard(guarded)
        self._on_violation = on_violation
        self._harness = threading.get_ident()
        self._owner_of: dict[str, str | None] = {}
        self.violations: list[Violation] = []
        self.connects: list[tuple[str, int]] = []
        """Address of every connection that the host's broker began."""

    def guard(self, places: Iterable[Path]) -> None:
        """Let only the host read these files and folders, too."""
        self._guarded += tuple(os.path.realpath(one) for one in places)

    def install(self) -> None:
        """Listen from now on. Python offers no way back."""
        sys.dont_write_bytecode = True
        sys.addaudithook(self._heard)
        if sys.version_info < (3, 12):
            _announce_threads()

    def judge(self, event: str, args: tuple[Any, ...], frame: FrameType | None) -> Violation | None:
        """Say whether an event, raised in ``frame``, goes round the broker.

        A frame of nobody on the thread that made the monitor is the test's own doing.
        """
        act = act_of(event, args, self._guarded)
        if act is None:
            return None
        while frame is not None and self._owner(frame.f_code.co_filename) is None:
            frame = frame.f_back
        if frame is None:
            of_the_test = threading.get_ident() == self._harness
            return None if of_the_test else Violation(NOBODY, event, "", "", 0, act)
        file, function = frame.f_code.co_filename, frame.f_code.co_name
        if file.startswith(self._host) and Path(file[len(self._host) :]).as_posix().startswith(HOST_PLACES[act]):
            if event == "socket.connect" and isinstance(args[1], tuple):
                self.connects.append(args[1][:2])
            return None
        owner = self._owner(file)
        assert owner is not None
        return Violation(owner, event, self._from_package(file), function, frame.f_lineno, act)

    def replaced(self, patches: Iterable[Patch]) -> None:
        """Report what somebody replaced, in the name of whoever brings what stands there instead."""
        for patch in patches:
            owner = self._owner(patch.file)
            file = self._from_package(patch.file) if owner is not None else ""
            self._report(Violation(owner or NOBODY, Act.PATCH, file, patch.name, 0, Act.PATCH))

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if not is_watched(event):
            return
        found = self.judge(event, args, sys._getframe(1))  # noqa: SLF001 - who raised the event
        if found is not None:
            self._report(found)

    def _report(self, found: Violation) -> None:
        self.violations.append(found)
        if self._on_violation is not None:
            self._on_violation(found)

    def _owner(self, file: str) -> str | None:
        if file not in self._owner_of:
            owners = (owner for place, owner in self._places if is_in(file, place))
            self._owner_of[file] = next(owners, None)
        return self._owner_of[file]

    def _from_package(self, file: str) -> str:
        place = next(place for place, _ in self._places if is_in(file, place))
        return Path(file).relative_to(Path(place).parent).as_posix()


def _announce_threads() -> None:
    """Raise for each new thread the event that the interpreter itself raises from Python 3.12 on only."""
    start = _thread.start_new_thread

    def start_new_thread(*args: Any) -> int:
        sys.audit(THREAD_STARTED, *args)
        return start(*args)

    for module, name in ((_thread, "start_new_thread"), (_thread, "start_new"), (threading, "_start_new_thread")):
        setattr(module, name, start_new_thread)
