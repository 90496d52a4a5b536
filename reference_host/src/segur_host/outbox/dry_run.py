"""Write what would go out into a folder, for eyes and tools; nothing of it is sent."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from segur_host.storage.private_files import PRIVATE_MODE
from segur_sdk.errors import HostError, InputError
from segur_sdk.senders import SendPart


def write_parts(folder: Path, parts: tuple[SendPart, ...]) -> list[str]:
    """Write every part as a file of mode 0600; those of an earlier dry run are replaced.

    Args:
        folder: absolute; made when missing, closed to other accounts.
        parts: what would go out.

    Returns:
        The names of the files; nothing, and no folder made, when there is nothing to write.

    Raises:
        InputError: ``input.folder_not_private``: another account may put its own files there.
        HostError: ``host.file_not_written``.
    """
    if not parts:
        return []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.stat()
    except OSError as failure:
        raise HostError("host.file_not_written", reason=type(failure).__name__) from None
    if os.name == "posix" and (facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o022):
        raise InputError("input.folder_not_private")
    try:
        for part in parts:
            _replace(folder / part.name, part.data)
    except OSError as failure:
        raise HostError("host.file_not_written", reason=type(failure).__name__) from None
    return [part.name for part in parts]


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole, or leave the one that was there; a link of that name is replaced, not followed."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
