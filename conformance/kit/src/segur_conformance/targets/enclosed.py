"""What stands between the kit and a target: it starts the target inside, watches over it, and ends all of it.

``python -I -S enclosed.py JOB STATUS_FD LIFELINE_FD``, where JOB is JSON: ``command``, ``scratch``, ``hidden``,
``limits`` (bytes, counts). What happens is told on STATUS_FD, one JSON object a line: ``{"isolation": …}`` once, then
``{"exceeded": LIMIT}`` if a limit was passed. Everything ends when LIFELINE_FD does, or when the target ends.

Standard library only, and run before any of the target's code. On Linux every process that the target starts remains
a descendant of this one, whatever sessions it opens (``PR_SET_CHILD_SUBREAPER``), and where the kernel allows, a
mount namespace puts an empty folder over each hidden one and a memory file system of limited size over the scratch
folder. Elsewhere the target's process group is all that is known of it.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

NAMESPACE: Final = "namespace"
"""Hidden folders do not exist for the target."""
WATCHED: Final = "watched"
"""They do: the boundary monitor reports whoever looks into them."""

LOOK_EVERY_S: Final = 0.05
_CLONE_NEWNS: Final = 0x00020000
_CLONE_NEWUSER: Final = 0x10000000
_MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 2, 4, 16384, 1 << 18
_PR_SET_PDEATHSIG: Final = 1
_PR_CAPBSET_DROP: Final = 24
_PR_SET_CHILD_SUBREAPER: Final = 36
_CAP_SYS_PTRACE, _CAP_SYS_ADMIN = 19, 21
ROUNDS: Final = 400
"""How often processes that keep being started are ended before they are left to the kernel."""
PAUSE_S: Final = 0.005


class RefusedError(OSError):
    """The kernel does not allow it here."""


def _call(name: str, *arguments: Any) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None or function(*arguments) != 0:
        raise RefusedError(ctypes.get_errno(), name)


def enclose(scratch: str, hidden: list[str], size: int) -> str:
    """Leave the file system that everybody sees, if the kernel allows; say whether it did.

    Args:
        scratch: folder of the target alone.
        hidden: folders that shall not exist for it.
        size: bytes that fit into the scratch folder.
    """
    if not sys.platform.startswith("linux"):
        return WATCHED
    # Whoever is refused half-way is left between two worlds: a child goes first.
    child = os.fork()
    if child == 0:
        try:
            _leave(scratch, hidden, size)
        except BaseException:  # noqa: BLE001 - whatever it is, it is a no
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        return WATCHED
    _leave(scratch, hidden, size)
    return NAMESPACE


def _leave(scratch: str, hidden: list[str], size: int) -> None:
    user, group = os.getuid(), os.getgid()
    if user == 0:
        _call("unshare", _CLONE_NEWNS)
    else:
        _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNS)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    for folder in hidden:
        _empty(folder, "size=64k,mode=700")
    Path(scratch).mkdir(parents=True, exist_ok=True)
    _empty(scratch, f"size={size},mode=700")


def _empty(folder: str, options: str) -> None:
    if Path(folder).is_dir():
        _call("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", _MS_NOSUID | _MS_NODEV, options.encode())


def descendants() -> tuple[int, ...]:
    """Return every process below this one."""
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return tuple(found)


def _children(process: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
    except OSError:
        return []
    found = []
    for thread in threads:
        with contextlib.suppress(OSError, ValueError):
            found += [int(one) for one in (thread / "children").read_text().split()]
    return found


def memory_of(process: int) -> int:
    """Return the bytes that a process holds in memory, those included that it shares with who began it."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{process}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGESIZE")


def share_of(process: int) -> int:
    """Return the bytes of memory that fall to a process when what is shared is counted once. Takes its time."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return memory_of(process)
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon:")), memory_of(process))


def written_by(process: int) -> int:
    """Return the bytes that a process made the disk write."""
    try:
        lines = Path(f"/proc/{process}/io").read_text().splitlines()
    except OSError:
        return 0
    counts = dict(line.split(": ") for line in lines)
    return int(counts.get("write_bytes", 0)) - int(counts.get("cancelled_write_bytes", 0))


def held_by(folder: str) -> int:
    """Return the bytes of all files below a folder."""
    return sum(_size(Path(place, name)) for place, _, names in os.walk(folder) for name in names)


def _size(path: Path) -> int:
    try:
        found = path.lstat()
    except OSError:
        return 0
    # A file with holes takes the room of its blocks only.
    return min(found.st_size, getattr(found, "st_blocks", 0) * 512 or found.st_size)


class Watch:
    """Holds a target to its limits.

    Args:
        limits: by name, as in ``segur_conformance.targets.limits.Limits``.
        scratch: folder of the target.
        isolation: how it is kept apart.
    """

    def __init__(self, limits: dict[str, int], scratch: str, isolation: str) -> None:
        self._limits = limits
        self._scratch = scratch
        self._isolation = isolation
        self._written: dict[int, int] = {}
        self._forgiven = 0

    def exceeded(self) -> str | None:
        """Return the name of a limit that the target has passed."""
        found = descendants()
        for process in found:
            self._written[process] = max(self._written.get(process, 0), written_by(process))
        taken = {
            "processes": len(found),
            "memory": self._held(found),
            "written": sum(self._written.values()) - self._forgiven,
            "scratch": self._in_scratch(),
        }
        return next((name for name, amount in taken.items() if amount > self._limits[name]), None)

    def _held(self, found: tuple[int, ...]) -> int:
        held = sum(map(memory_of, found))
        return held if held <= self._limits["memory"] else sum(map(share_of, found))

    def begin_anew(self) -> None:
        """Count what is written from now on."""
        self._forgiven = sum(self._written.values())

    def _in_scratch(self) -> int:
        if self._isolation == NAMESPACE:
            room = os.statvfs(self._scratch)
            # A full file system never passes its size: its last bytes stand for more.
            full = room.f_bfree * room.f_frsize < 65_536
            return self._limits["scratch"] + 1 if full else 0
        return held_by(self._scratch)


def limited(limits: dict[str, int]) -> None:
    """Take the limits that every process below inherits."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file"], limits["file"]))


def begin(command: list[str], isolation: str, run: Callable[[], None] | None = None) -> int:
    """Start the target, by its command or by what this process would ``run`` itself, and return its process id."""
    process = os.fork()
    if process:
        return process
    try:
        if sys.platform.startswith("linux"):
            _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if isolation == NAMESPACE and os.getuid() == 0:
                # Nobody inside lifts what covers the hidden folders, or looks through another process.
                _call("prctl", _PR_CAPBSET_DROP, _CAP_SYS_ADMIN, 0, 0, 0)
                _call("prctl", _PR_CAPBSET_DROP, _CAP_SYS_PTRACE, 0, 0, 0)
        else:
            os.setpgid(0, 0)
        if run is not None:
            run()
            os._exit(0)
        os.execvp(command[0], command)  # noqa: S606 - the command that the plan names
    except OSError as failure:
        os.write(2, f"{command[0]}: {failure.strerror}\n".encode())
    os._exit(127)


def end(target: int) -> None:
    """End every process below this one."""
    if not sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            os.killpg(target, signal.SIGKILL)
        return
    for _ in range(ROUNDS):
        found = descendants()
        if not found:
            return
        # Who is stopped starts nobody while the others are ended.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in found:
                with contextlib.suppress(OSError):
                    os.kill(process, number)
        select.select([], [], [], PAUSE_S)
        while _reaped() is not None:
            pass


def _reaped() -> tuple[int, int] | None:
    try:
        process, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (process, status) if process else None


def ended(target: int, lifeline: int, watch: Watch, tell: Callable[[dict[str, Any]], None]) -> int | None:
    """Wait; return the status with which the target ended, or nothing when nobody wants it any more."""
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, _nothing)
    told = False
    while True:
        while (reaped := _reaped()) is not None:
            if reaped[0] == target:
                return reaped[1]
        readable, _, _ = select.select([woken, lifeline], [], [], LOOK_EVERY_S)
        if woken in readable:
            os.read(woken, 4096)
        if lifeline in readable:
            if not os.read(lifeline, 4096):
                return None
            watch.begin_anew()
        exceeded = None if told else watch.exceeded()
        if exceeded is not None:
            told = True
            tell({"exceeded": exceeded})
            os.kill(target, signal.SIGKILL)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Let a signal wake whoever waits."""


def main() -> None:
    """Carry out the job that the command line names."""
    guard(json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))


def guard(job: dict[str, Any], status_fd: int, lifeline: int, run: Callable[[], None] | None = None) -> NoReturn:
    """Start a target inside, watch over it, and end as it did.

    Args:
        job: see above.
        status_fd: what happens is told there.
        lifeline: everything ends with it.
        run: what the target does, instead of the job's command.
    """

    def tell(what: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            os.write(status_fd, json.dumps(what).encode() + b"\n")

    for descriptor in (status_fd, lifeline):
        os.set_inheritable(descriptor, False)
    limited(job["limits"])
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    isolation = enclose(job["scratch"], job["hidden"], job["limits"]["scratch"])
    tell({"isolation": isolation})
    os.chdir(job["scratch"])
    target = begin(job["command"], isolation, run)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    watch = Watch(job["limits"], job["scratch"], isolation)
    status = ended(target, lifeline, watch, tell)
    end(target)
    _end_like(status or 0)


def _end_like(status: int) -> NoReturn:
    """End as the target did."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
