"""The sandbox's own pcscd: isolated from the machine's, with one two-slot reader."""

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

from segur_sandbox.pcsc.daemon import Pcscd, alone
from segur_sandbox.pcsc.errors import PcscError
from segur_sandbox.pcsc.packages import VPCD, program, require_all

_READER: Final = "Lecteur bifente PS"
_PORT: Final = 0xB799
SLOTS: Final = {f"{_READER} 00 {index:02}": _PORT + index for index in range(2)}
"""Slots as pcscd names them, and the port of each within the private network: first the CPS, then the carte Vitale."""
_READER_FILE: Final = f"""\
FRIENDLYNAME "{_READER}"
DEVICENAME   /dev/null:0x{_PORT:X}
LIBPATH      {VPCD}
CHANNELID    0x{_PORT:X}
"""
_READY_S: Final = 5.0
_POLL_S: Final = 0.01
_END_S: Final = 3.0
# Not where TMPDIR says: the path of a socket ends at 108 characters.
_FOLDERS: Final = Path("/tmp")  # noqa: S108 - mkdtemp makes the folder in it private
_PREFIX: Final = "segur-pcsc-"
_OWNER: Final = "owner"
# A script for Linux alone, which is not imported elsewhere.
_ISOLATION: Final = str(Path(__file__).with_name("isolation.py"))


class PrivatePcscd(Pcscd):
    """Runs a pcscd in mount and network namespaces of its own: beside any other, no port visible outside.

    Programs reach it with `PCSCLITE_CSOCK_NAME` set to `socket`. It ends with the process that started it.

    Args:
        as_root: Make the namespaces with the rights of root; without them, in a user namespace, as anybody may.
            By default, whether this process runs as root.
    """

    def __init__(self, *, as_root: bool | None = None) -> None:
        self._as_root = (hasattr(os, "geteuid") and os.geteuid() == 0) if as_root is None else as_root
        self._owner: TextIO | None = None
        self._folder: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._ready = False

    @property
    def is_up(self) -> bool:
        """Whether it runs and has its readers."""
        return self._ready and self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """Its process; nothing when it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it, or start it again at the same place, and wait for its readers.

        Raises:
            PcscMissingError: something is not installed.
            PcscError: it does not come up within five seconds.
        """
        require_all()
        folder = self._make_folder()
        for stale in (folder / "run").iterdir():
            stale.unlink()
        unshare = [program("unshare"), "--mount", "--net", *([] if self._as_root else ["--map-root-user"])]
        places = [str(folder / name) for name in ("run", "readers", "empty")]
        script = alone(_ISOLATION, program("pcscd"), *places)
        with (folder / "pcscd.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *unshare,
                *script,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _READY_S
        while self._process.returncode is None and time.monotonic() < deadline:
            if set(SLOTS) <= set(await self._present_readers()):
                self._ready = True
                return
            await asyncio.sleep(_POLL_S)
        await self.kill()
        raise PcscError(f"pcscd did not come up: {_last_line(folder / 'pcscd.log')}")

    async def kill(self) -> None:
        """End it at once, as a crash would; nothing happens when it does not run."""
        self._ready = False
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """End it, by force after three seconds, and remove what it left."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            # It waits for the answer of a card that gives none.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _END_S)
        await self.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None
        if self._owner is not None:
            self._owner.close()

    def entering(self) -> Sequence[str]:
        """Return what stands before a command that runs in its network."""
        user = [] if self._as_root else ["--user", "--preserve-credentials"]
        return [program("nsenter"), "--target", str(self.pid), "--net", *user]

    def _make_folder(self) -> Path:
        if self._folder is None:
            _sweep()
            # Under another name until it is owned: somebody else may be sweeping.
            made = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=_FOLDERS))
            self._owner = (made / _OWNER).open("w", encoding="ascii")
            _owns(self._owner)
            self._folder = made.rename(_FOLDERS / made.name.removeprefix("."))
            for name in ("run", "readers", "empty"):
                (self._folder / name).mkdir()
            (self._folder / "readers" / "vpcd").write_text(_READER_FILE, encoding="utf-8")
            self.socket = self._folder / "run" / "pcscd.comm"
        return self._folder

    async def _present_readers(self) -> list[str]:
        assert self.socket is not None
        return await self.readers(_POLL_S) if self.socket.exists() else []


def _owns(owner: TextIO) -> bool:
    """Take a folder for this process, as long as it runs; false when another one has it."""
    import fcntl  # noqa: PLC0415 - not on every system

    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep() -> None:
    """Remove the folders of those that were killed before they could."""
    for folder in _FOLDERS.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), (folder / _OWNER).open(encoding="ascii") as owner:
            if _owns(owner):
                shutil.rmtree(folder)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"
