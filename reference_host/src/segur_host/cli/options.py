"""Options that several commands share."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from segur_host.broker.ask import Asker
from segur_host.host import Host

CONFIG_VARIABLE: Final = "SEGUR_CONFIG"

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help="Configuration de l’hôte (sinon SEGUR_CONFIG, sinon segur.toml).", show_default=False
    ),
]
ConfigsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        help="Configuration de l’hôte (sinon SEGUR_CONFIG, sinon segur.toml) ; répétée, une par structure.",
        show_default=False,
    ),
]
SessionOption = Annotated[
    str | None, typer.Option("--session", help="Session de l’hôte résident, s’il y en a plusieurs.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Écrit du JSON, et rien d’autre, sur la sortie standard.")]


def config_path(given: Path | None) -> Path:
    """Return the configuration that a command works with."""
    return given or Path(os.environ.get(CONFIG_VARIABLE, "segur.toml"))


def config_paths(given: list[Path] | None) -> tuple[Path, ...]:
    """Return the configurations that a command works with, each once."""
    found: dict[Path, Path] = {}
    for path in given or [config_path(None)]:
        found.setdefault(path.resolve(), path)
    return tuple(found.values())


def open_host(config: Path | None, *, safe_mode: bool = False, asker: Asker | None = None) -> Host:
    """Open the host of a command."""
    return Host(config_path(config), safe_mode=safe_mode, asker=asker)
