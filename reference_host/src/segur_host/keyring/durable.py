"""Files and folders that a kill or a power failure leaves as they were, or as they are to be; never between."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from segur_host.storage.private_files import PRIVATE_MODE, sync_folder

UNFINISHED: Final = ".unfinished-"
"""How the names of files and folders begin that nobody has to find."""


def replace_private(path: Path, content: bytes) -> None:
    """Put a private file in place of another, whole and durably.

    Raises:
        OSError: the disk is full or refuses; the former file stands.
    """
    temporary = _unfinished(path)
    try:
        _write(temporary, content)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def make_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Make a private folder with all of its files, or none of it; its name must be free.

    Raises:
        OSError: the disk is full or refuses, or the name is taken.
    """
    temporary = _unfinished(path)
    try:
        temporary.mkdir(mode=0o700)
        for name, content in files.items():
            _write(temporary / name, content)
        sync_folder(temporary)
        temporary.rename(path)
    except OSError:
        with suppress(OSError):
            remove_folder(temporary)
        raise
    sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder of files; what is gone already is passed over.

    Raises:
        OSError: the disk refuses.
    """
    with suppress(FileNotFoundError):
        for one in tuple(path.iterdir()):
            one.unlink(missing_ok=True)
        path.rmdir()
        sync_folder(path.parent)


def remove_unfinished(folder: Path) -> None:
    """Remove what a kill left of writings in a folder. Nobody else may be writing there.

    Raises:
        OSError: the disk refuses.
    """
    for one in tuple(folder.glob(f"{UNFINISHED}*")):
        if one.is_dir():
            remove_folder(one)
        else:
            one.unlink(missing_ok=True)


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{UNFINISHED}{path.name}.{secrets.token_hex(8)}")


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)
