"""A package appears whole, or not at all."""

import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from segur_sdk.errors import InputError


def write_package(folder: Path, contents: Mapping[str, str]) -> None:
    """Write files into a new folder.

    Args:
        folder: that does not exist yet, or is empty. Folders above it are made.
        contents: text of each file by its path, with slashes.

    Raises:
        InputError: ``input.folder_taken``: something is there already, and stays as it was;
            ``input.folder_unwritable``: it cannot be made, or the disk is full; nothing is left behind.
    """
    try:
        if folder.is_symlink() or (folder.exists() and not _is_empty(folder)):
            raise InputError("input.folder_taken", folder=folder.name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            _fill(draft, contents)
            _put(draft, folder)
        except BaseException:  # an interruption from the keyboard included
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as failure:
        raise InputError("input.folder_unwritable", folder=folder.name, reason=type(failure).__name__) from None


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and next(folder.iterdir(), None) is None


def _fill(folder: Path, contents: Mapping[str, str]) -> None:
    # ``mkdtemp`` makes a folder for its owner alone; a package is as open as whatever else its author makes.
    ordinary = folder / "src"
    ordinary.mkdir()
    folder.chmod(stat.S_IMODE(ordinary.stat().st_mode))
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _put(draft: Path, folder: Path) -> None:
    if folder.exists():
        folder.rmdir()
    draft.rename(folder)
