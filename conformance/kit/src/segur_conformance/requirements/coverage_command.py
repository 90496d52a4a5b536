"""``segur requirements coverage``: which checks and tests prove which requirements."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segur_conformance.requirements import coverage as covering
from segur_conformance.requirements.answering import Json, answer, write_file
from segur_conformance.requirements.coverage import COVERAGE_FILE, Coverage
from segur_conformance.requirements.loading import data_folder
from segur_conformance.requirements.marks import folders_of_tests, workspace_of
from segur_conformance.requirements.model import DECIDED_BY_A_MACHINE, Level, Requirement, Verifiable
from segur_conformance.requirements.registry import Registry

NO: Final = 1
_SHOWN: Final = 20


def coverage(
    *,
    check: Annotated[bool, typer.Option("--check", help="Échoue si la couverture livrée n’est plus vraie.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Remet à jour la couverture livrée.")] = False,
    tests: Annotated[
        list[Path] | None,
        typer.Option("--tests", help="Dossier de tests, à répéter (sinon ceux de l’espace de travail)."),
    ] = None,
    json: Json = False,
) -> None:
    """Montre quels contrôles et quels tests prouvent quelles exigences."""
    workspace = workspace_of(Path.cwd())
    folders = tuple(tests) if tests else folders_of_tests(workspace) if workspace else ()
    if write and not folders:
        raise typer.BadParameter(
            "--write demande l’espace de travail du kit, ou --tests : sans tests, il les oublierait"
        )
    registry = Registry.load()
    found = covering.found_coverage(covering.kit_checks(), folders, workspace or Path.cwd().resolve())
    unknown = covering.unknown_requirements(registry, found)
    stale = covering.differences(covering.read_coverage(), found, tests=bool(folders)) if check else ()
    if write and not unknown:
        write_file(Path(str(data_folder() / COVERAGE_FILE)), found.as_text())
    if json:
        answer(_as_json(registry, found, unknown, stale))
    else:
        _show(registry, found)
        _complain(unknown, stale)
    if unknown or stale:
        raise typer.Exit(NO)


def unproven(registry: Registry, found: Coverage) -> tuple[Requirement, ...]:
    """Return the duties of the software that a machine can judge and that nothing proves yet."""
    return tuple(
        one
        for one in registry.each()
        if one.counted
        and not one.out_of_scope
        and one.level is Level.DOIT
        and one.verifiable is Verifiable.AUTO
        and one.effect in DECIDED_BY_A_MACHINE
        and not found.of(one)
    )


def _as_json(
    registry: Registry, found: Coverage, unknown: tuple[tuple[str, str], ...], stale: tuple[str, ...]
) -> dict[str, Any]:
    proofs = ((one, found.of(one)) for one in registry.each())
    return {
        "result": "unknown" if unknown else "stale" if stale else "ok",
        "requirements": [{"id": one.id, **proof.model_dump(mode="json")} for one, proof in proofs if proof],
        "unproven": [one.id for one in unproven(registry, found)],
        "unknown": [{"requirement": name, "proof": proof} for name, proof in unknown],
        "differences": list(stale),
    }


def _show(registry: Registry, found: Coverage) -> None:
    table = Table("Exigence", "Contrôles", "Tests", "Énoncé")
    for one in registry.each():
        proofs = found.of(one)
        if proofs:
            table.add_row(escape(one.id), str(len(proofs.checks)), str(len(proofs.tests)), escape(one.statement))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{table.row_count} exigences prouvées sur {len(registry)}")
    console.print(f"{len(unproven(registry, found))} exigences « DOIT » qu’une machine peut juger restent sans preuve")


def _complain(unknown: tuple[tuple[str, str], ...], stale: tuple[str, ...]) -> None:
    for name, proof in unknown:
        typer.echo(f"Inconnue du registre : {name} ({proof})", err=True)
    for line in stale[:_SHOWN]:
        typer.echo(f"Couverture périmée : {line}", err=True)
    if len(stale) > _SHOWN:
        typer.echo(f"… et {len(stale) - _SHOWN} autres différences", err=True)
    if stale:
        typer.echo("À faire : segur requirements coverage --write", err=True)
