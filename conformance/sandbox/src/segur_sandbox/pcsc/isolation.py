"""Script: becomes a pcscd that nobody else sees, inside the namespaces in which `service.py` starts it.

Arguments: pcscd, the private folder (which becomes /run/pcscd), the folder of reader configurations, an empty folder.
It needs the standard library alone, and runs as root of its namespaces.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_IFF_UP = 0x1
_PR_SET_PDEATHSIG = 1
_INTERFACE = "16sh22x"
_BUNDLES = Path("/usr/lib/pcsc/drivers")


def main(pcscd: str, private: str, configuration: str, empty: str) -> None:
    """Prepare the namespaces and become pcscd."""
    # Set here, since entering a user namespace forgets it. SIGKILL: pcscd waits for a card that hangs.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _raise_loopback()
    # Over the whole of /run: pcscd finds no polkit there, and the folder it wants may not exist on this machine.
    _mount("-t", "tmpfs", "tmpfs", "/run")
    Path("/run/pcscd").mkdir()
    _mount("--bind", private, "/run/pcscd")
    # A real reader of this machine stays with the machine's own pcscd.
    for bundle in _BUNDLES.glob("*.bundle"):
        _mount("--bind", empty, str(bundle))
    os.execv(pcscd, [pcscd, "--foreground", "-c", configuration])  # noqa: S606 - a program and its arguments


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)  # noqa: S607 - found where this machine keeps it


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack(_INTERFACE, b"lo", 0)
        _, flags = struct.unpack(_INTERFACE, fcntl.ioctl(probe, _SIOCGIFFLAGS, request))
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack(_INTERFACE, b"lo", flags | _IFF_UP))


if __name__ == "__main__":
    main(*sys.argv[1:])
