"""The descriptor `DIR/sandbox.json`: where everything is, for those who use the sandbox."""

import json
from pathlib import Path
from typing import Any

from segur_sandbox.private_files import write_private

NAME = "sandbox.json"


def describe(
    *,
    pid: int,
    ca: Path,
    config: Path,
    control_url: str,
    token_file: Path,
    services: dict[str, Any],
    certificates: dict[str, dict[str, str]],
) -> dict[str, Any]:
    """Return the descriptor, version 1; every path is absolute."""
    return {
        "version": 1,
        "pid": pid,
        "ca": str(ca),
        "config": str(config),
        "control": {"url": control_url, "token_file": str(token_file)},
        "services": services,
        "certificates": certificates,
    }


def write_descriptor(data: Path, descriptor: dict[str, Any]) -> None:
    """Write the descriptor in one step, readable by its owner only since it holds passwords."""
    write_private(data / NAME, json.dumps(descriptor, indent=2, ensure_ascii=False).encode("utf-8"))


def read_descriptor(where: Path) -> dict[str, Any]:
    """Read the descriptor from its path or from the data folder.

    Raises:
        FileNotFoundError: no sandbox runs there.
    """
    path = where / NAME if where.is_dir() else where
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
