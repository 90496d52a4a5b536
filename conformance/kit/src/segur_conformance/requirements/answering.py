"""How the registry's commands answer: JSON alone on standard output, or files."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from segur_sdk.errors import HostError

Json = Annotated[bool, typer.Option("--json", help="Écrit du JSON, et rien d’autre, sur la sortie standard.")]


def answer(value: Any) -> None:
    """Write one JSON value on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def write_file(path: Path, text: str) -> None:
    """Write a file as it is, line ends included.

    Raises:
        HostError: ``host.file_not_written``.
    """
    draft = path.with_name(f"{path.name}.new")
    try:
        draft.write_bytes(text.encode("utf-8"))
        draft.replace(path)
    except OSError as failure:
        draft.unlink(missing_ok=True)
        raise HostError("host.file_not_written", file=path.name, reason=type(failure).__name__) from None
