"""Files that only their owner may read: keys, passwords, tokens, the descriptor."""

import os
from pathlib import Path

_PRIVATE = 0o600


def make_private_folder(path: Path) -> Path:
    """Create a folder and its parents, the last one with mode 0700, and return it."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600 in one step: a reader sees the old content or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    temporary.replace(path)


def append_private_line(path: Path, line: str) -> None:
    """Add one line of UTF-8 text to a file, created with mode 0600."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _PRIVATE)
    with os.fdopen(descriptor, "ab") as stream:
        stream.write(line.encode("utf-8") + b"\n")
