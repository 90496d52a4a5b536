"""A process that has imported what targets need, and forks a guarded target whenever it is asked to.

``python -m segur_conformance.targets.forking SOCKET_FD``: the first message names the modules to import; each following
one is a target to start, with six descriptors: its standard streams, those of ``enclosed``, and one on which its
process id and, at its end, its status are told. It ends with the socket. Linux only.

A target that is begun so differs from one that is started by its command in nothing that it can see but its name: what
it imports first has been imported before.
"""

import array
import contextlib
import importlib
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from segur_conformance.targets import enclosed

OWN: Final = "segur_"
"""How the packages of this project begin."""
TARGET: Final = "segur_conformance.targets.reference_host"
TOLD: Final = struct.Struct("=i")
MAX_MESSAGE: Final = 160 * 1024
DESCRIPTORS: Final = 6


def main() -> None:
    """Import what the first message names, tell what that brought along, and fork until the socket ends."""
    with socket.socket(fileno=int(sys.argv[1])) as line:
        for name in json.loads(line.recv(MAX_MESSAGE)):
            # Some modules are only made by others.
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        foreign = [name for name in sys.modules if not name.startswith(OWN) and name != "__main__"]
        line.sendall(json.dumps(foreign).encode())
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            message, descriptors, _, _ = socket.recv_fds(line, MAX_MESSAGE, DESCRIPTORS)
            if not message:
                return
            if os.fork() == 0:
                line.close()
                _begin(json.loads(message), descriptors)
            for descriptor in descriptors:
                os.close(descriptor)


def _begin(asked: Mapping[str, Any], descriptors: "array.array[int] | list[int]") -> NoReturn:
    """Start a guard, wait for it, and tell its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, status, lifeline, told = descriptors
    guard = os.fork()
    if guard == 0:
        os.close(told)
        os.setsid()
        for standard, stream in enumerate(streams):
            os.dup2(stream, standard)
            os.close(stream)
        os.environ.clear()
        os.environ.update(asked["environment"])
        enclosed.guard(asked["job"], status, lifeline, lambda: _become_target(status, lifeline))
    for descriptor in (*streams, status, lifeline):
        os.close(descriptor)
    # Whoever asked may be gone; the guard notices that by itself.
    with contextlib.suppress(BrokenPipeError):
        os.write(told, TOLD.pack(guard))
        os.write(told, TOLD.pack(os.waitstatus_to_exitcode(os.waitpid(guard, 0)[1])))
    os._exit(0)


def _become_target(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
    # As the interpreter would find them.
    given = os.environ.get("PYTHONPATH")
    sys.path[:1] = [str(Path.cwd()), *(given.split(os.pathsep) if given else ())]
    importlib.invalidate_caches()
    importlib.import_module(TARGET).main()


if __name__ == "__main__":
    main()
