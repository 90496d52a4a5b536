"""``segur conformance mutants``: prove that the checks can fail."""

import json as json_text
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
import typer
from rich.console import Console

from segur_conformance.checks import PROFILES
from segur_sdk.errors import InputError

if TYPE_CHECKING:
    from segur_conformance.mutants.matrix import Trial

ProfileOption = Annotated[
    list[str] | None, typer.Option("--profile", help="Profil ; plusieurs fois pour plusieurs, tous par défaut.")
]


def mutants(
    *,
    profile: ProfileOption = None,
    assets: Annotated[Path | None, typer.Option(help="Dossier des fichiers officiels (sinon SEGUR_ASSETS).")] = None,
    out: Annotated[Path | None, typer.Option(help="Renouvelle la matrice dans ce fichier.")] = None,
    json: Annotated[bool, typer.Option("--json", help="N’écrit que du JSON sur la sortie standard.")] = False,
) -> None:
    """Essaie chaque contrôle sur des modules dont un comportement a été changé : il doit s’en apercevoir."""
    chosen = profile or list(PROFILES)
    for one in chosen:
        if one not in PROFILES:
            raise InputError("input.profile_unknown", known=", ".join(PROFILES))
    official = assets or (Path(os.environ["SEGUR_ASSETS"]) if "SEGUR_ASSETS" in os.environ else None)
    progress = Console(stderr=True, quiet=json, highlight=False)
    # Imported here: what carries plugins out takes time that the other commands need not pay.
    from segur_conformance.mutants.matrix import renewed, unkilled  # noqa: PLC0415
    from segur_conformance.mutants.trying import all_trials  # noqa: PLC0415

    found: list[Trial] = []
    missed: list[str] = []
    for one in chosen:
        of_profile = all_trials(one, official, lambda done: progress.print(_told(done)))
        if out is not None:
            out.write_text(renewed(one, of_profile), "utf-8")
        found += of_profile
        missed += unkilled(one, of_profile)
    if json:
        typer.echo(json_text.dumps([attrs.asdict(one) for one in found], ensure_ascii=False))
    for check in missed:
        progress.print(f"[red]aucun mutant n’est vu par {check}[/]")
    if missed or not all(one.exact for one in found):
        raise typer.Exit(1)


def _told(one: "Trial") -> str:
    if one.exact:
        return f"{one.mutant} : {', '.join(one.failed) or 'rien, comme il se doit'}"
    unseen = ", ".join(sorted({*one.expected} - {*one.failed})) or "rien"
    too_many = ", ".join(sorted({*one.failed} - {*one.expected})) or "rien"
    return f"[red]{one.mutant} : pas vu par {unseen}, vu à tort par {too_many}[/]"
