"""What the audit events of the interpreter (PEP 578) amount to: the acts by which code touches the outside world."""

import ipaddress
import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

THREAD_STARTED: Final = "_thread.start_new_thread"
DOOR_PREFIX: Final = "segur."
"""Audit events of ``segur_conformance.targets``: an identity refused at a door, whose code follows."""


class Act(StrEnum):
    """What an audited event amounts to."""

    NETWORK = "network"
    PROCESS = "process"
    LIBRARY = "library"
    THREAD = "thread"
    WRITE = "write"
    READ_KEPT = "read_kept"
    """A key, a certificate, a credential, or the host's own data is read."""
    IDENTITY = "identity"
    """An identity is offered that the host refuses."""
    PATCH = "patch"
    """A function or a class of somebody else is replaced."""


_EVENTS: Final[Mapping[str, Act]] = {
    **dict.fromkeys(("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"), Act.NETWORK),
    **dict.fromkeys(
        (
            "subprocess.Popen",
            "os.exec",
            "os.fork",
            "os.forkpty",
            "os.posix_spawn",
            "os.spawn",
            "os.startfile",
            "os.system",
            "pty.spawn",
        ),
        Act.PROCESS,
    ),
    "ctypes.dlopen": Act.LIBRARY,
    **dict.fromkeys((THREAD_STARTED, "_thread.start_joinable_thread"), Act.THREAD),
    **dict.fromkeys(
        (
            "os.chmod",
            "os.chown",
            "os.link",
            "os.mkdir",
            "os.remove",
            "os.rename",
            "os.rmdir",
            "os.symlink",
            "os.truncate",
            "os.utime",
            "sqlite3.connect",
        ),
        Act.WRITE,
    ),
}
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SECRET_SUFFIXES: Final = frozenset(
    {".cer", ".crt", ".der", ".jks", ".key", ".p12", ".password", ".pem", ".pfx", ".pin", ".token"}
)
_SECRET_NAMES: Final = frozenset({".netrc", ".pgpass", "credentials", "id_ecdsa", "id_ed25519", "id_rsa"})


_LISTING: Final = frozenset({"os.listdir", "os.scandir"})
_JUDGED_BY_ARGUMENTS: Final = frozenset({"open", "socket.getaddrinfo"}) | _LISTING


def is_watched(event: str) -> bool:
    """Tell, at little cost, whether an event may amount to an act."""
    return event in _EVENTS or event in _JUDGED_BY_ARGUMENTS or event.startswith(DOOR_PREFIX)


def act_of(event: str, args: tuple[Any, ...], guarded: Iterable[str]) -> Act | None:
    """Return what an event amounts to, ``None`` when it touches nothing.

    Args:
        event: name of the audit event.
        args: its arguments, as the interpreter documents them.
        guarded: real paths of files and folders that only the host may read.
    """
    if event == "open":
        return _opening(args[0], args[2] or 0, guarded)
    if event == "socket.getaddrinfo":
        return Act.NETWORK if _is_looked_up(args[0]) else None
    if event in _LISTING:
        return Act.READ_KEPT if _is_guarded(args[0], guarded) else None
    if event.startswith(DOOR_PREFIX):
        return Act.IDENTITY
    # ``import ctypes`` opens the process itself, which loads nothing.
    return None if event == "ctypes.dlopen" and args[0] is None else _EVENTS.get(event)


def is_in(file: str, place: str) -> bool:
    """Tell whether a file is a place, or in it."""
    return file == place or file.startswith(place + os.sep)


def _opening(path: Any, flags: int, guarded: Iterable[str]) -> Act | None:
    if flags & _WRITING:
        return None if path == os.devnull else Act.WRITE
    if isinstance(path, int):
        return None  # opened before: that opening was judged
    given = os.fsdecode(path)
    real = os.path.realpath(given)
    kept = any(_bears_a_secret(Path(one)) for one in (given, real)) or any(is_in(real, one) for one in guarded)
    return Act.READ_KEPT if kept else None


def _is_guarded(path: Any, guarded: Iterable[str]) -> bool:
    if isinstance(path, int):
        return False  # opened before: that opening was judged
    real = os.path.realpath("." if path is None else os.fsdecode(path))
    return any(is_in(real, one) for one in guarded)


def _bears_a_secret(path: Path) -> bool:
    return path.suffix.lower() in _SECRET_SUFFIXES or path.name.lower() in _SECRET_NAMES


def _is_looked_up(host: Any) -> bool:
    """Tell whether a name leaves this machine to become an address."""
    if host is None or host in ("", b"", "localhost", b"localhost"):
        return False
    try:
        ipaddress.ip_address(os.fsdecode(host))
    except ValueError:
        return True
    return False
