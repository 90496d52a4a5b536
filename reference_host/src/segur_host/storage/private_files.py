"""Files that nobody but the account of the host may read."""

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

PRIVATE_MODE: Final = 0o600


class NotPrivateError(OSError):
    """The file may be read by other accounts, or belongs to another one."""


def make_private_folder(path: Path) -> None:
    """Create a folder and its missing parents, closed to other accounts; an existing folder is left as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def read_private(path: Path, limit: int) -> bytes:
    """Return the content of a private file, at most ``limit`` bytes of it.

    Windows has no such modes: there the folder's access list is the guard, and every file counts as private.

    Raises:
        NotPrivateError: its mode is wider than 0600, or it belongs to another account.
        OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY)
    with os.fdopen(descriptor, "rb") as stream:
        # Asked of the open file, so that nobody can swap it between the question and the reading.
        facts = os.fstat(descriptor)
        if os.name == "posix" and (facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & ~PRIVATE_MODE):
            raise NotPrivateError(path.name)
        return stream.read(limit)


def create_private(path: Path, content: bytes) -> bool:
    """Create a private file whole and durably, or not at all.

    Returns:
        False when the file was there already; it is left as it is.

    Raises:
        OSError: the disk is full or refuses; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        try:
            # A link fails if the name is taken, where a rename would replace what another process just made.
            os.link(temporary, path)
        except FileExistsError:
            return False
        sync_folder(path.parent)
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable, where the system knows how to."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
