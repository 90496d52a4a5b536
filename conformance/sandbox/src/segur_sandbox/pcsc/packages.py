"""What virtual PC/SC readers need of the machine, and the Debian packages that bring it."""

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from segur_sandbox.pcsc.errors import PcscMissingError

VPCD: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
"""The virtual reader of vsmartcard: a reader driver that pcscd loads."""
SOCKET_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
"""Environment variable that tells libpcsclite where a pcscd listens, if not at its usual place."""
_PROGRAMS: Final = {"pcscd": "pcscd", "unshare": "util-linux", "nsenter": "util-linux", "mount": "mount"}
# Debian keeps daemons where an ordinary user's PATH does not look.
_PATH: Final = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def program(name: str) -> str:
    """Return the path of a program.

    Raises:
        PcscMissingError: it is not installed.
    """
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise PcscMissingError([name], _install([_PROGRAMS[name]]))
    return found


def require_all() -> None:
    """Check that everything is there.

    Raises:
        PcscMissingError: what is not; elsewhere than on Linux, namespaces never are.
    """
    if sys.platform != "linux":
        raise PcscMissingError(["Linux"], None)
    missing = {name: package for name, package in _PROGRAMS.items() if shutil.which(name, path=_PATH) is None}
    if not VPCD.is_file():
        missing[str(VPCD)] = "vsmartcard-vpcd"
    if missing:
        raise PcscMissingError(list(missing), _install(missing.values()))


def _install(packages: Iterable[str]) -> str:
    return f"sudo apt-get install -y --no-install-recommends {' '.join(sorted(set(packages)))}"
