"""Where the resident host of a data folder listens: a socket that only its user can reach."""

import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import Final

from segur_sdk.errors import HostError

RUNTIME_VARIABLE: Final = "XDG_RUNTIME_DIR"
FOLDER: Final = "segur"
PRIVATE_FOLDER: Final = 0o700
LONGEST_ADDRESS: Final = 104
"""Bytes of a socket's address, the last of which is zero, where they are fewest (macOS)."""


def socket_of(data: Path) -> Path:
    """Return the address for one data folder: never beside the data, whose path may be longer than a socket's may be.

    Raises:
        HostError: ``resident.unsupported`` where there are no such sockets; ``resident.place``: the folder for it
            belongs to somebody else, or others may reach it.
    """
    if sys.platform == "win32":
        raise HostError("resident.unsupported")
    name = f"{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:24]}.sock"
    given = os.environ.get(RUNTIME_VARIABLE)
    if given and len(os.fsencode(Path(given) / FOLDER / name)) < LONGEST_ADDRESS:
        return _private(Path(given) / FOLDER) / name
    return _private(Path(tempfile.gettempdir()) / f"{FOLDER}-{os.getuid()}") / name


def _private(folder: Path) -> Path:
    """Return a folder that is its user's alone, made when it is missing."""
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        found = folder.lstat()
    except OSError as failure:
        raise HostError("resident.place", reason=type(failure).__name__) from None
    # Somebody else may have made it first, to listen in our place.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise HostError("resident.place", reason="not_private")
    return folder
