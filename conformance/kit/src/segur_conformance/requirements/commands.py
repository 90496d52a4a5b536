"""The commands ``segur requirements …``."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segur_conformance.requirements.answering import Json, answer
from segur_conformance.requirements.coverage import read_coverage
from segur_conformance.requirements.coverage_command import coverage
from segur_conformance.requirements.matrix_command import matrix
from segur_conformance.requirements.model import Actor, Domain, Level, Profile, Requirement
from segur_conformance.requirements.registry import Registry
from segur_conformance.requirements.wording import ACTORS, ARBITRATIONS, DOMAINS, REASONS, VERIFIABLES

application = typer.Typer(no_args_is_help=True, help="Exigences Ségur : registre, répartition, preuves.")
application.command()(matrix)
application.command()(coverage)


@application.command("list")
def list_requirements(
    *,
    profile: Annotated[Profile | None, typer.Option("--profile", help="Profil de contrôles.")] = None,
    domain: Annotated[Domain | None, typer.Option("--domain", help="Domaine.")] = None,
    actor: Annotated[Actor | None, typer.Option("--actor", help="Qui la tient.")] = None,
    level: Annotated[Level | None, typer.Option("--level", help="DOIT ou PEUT.")] = None,
    json: Json = False,
) -> None:
    """Montre les exigences, toutes ou celles d’un profil, d’un domaine, d’un acteur, d’un niveau."""
    found = [
        one
        for one in Registry.load().each()
        if (profile is None or profile in one.profiles)
        and (domain is None or one.domain is domain)
        and (actor is None or one.actor is actor)
        and (level is None or one.level is level)
    ]
    if json:
        answer([one.model_dump(mode="json") for one in found])
        return
    table = Table("Exigence", "Niveau", "Qui", "Vérifiable", "Énoncé")
    for one in found:
        table.add_row(escape(one.id), one.level, ACTORS[one.actor], VERIFIABLES[one.verifiable], escape(one.statement))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{len(found)} exigences")


@application.command()
def show(
    requirement: Annotated[str, typer.Argument(help="Identifiant, par exemple SC.INS/va1.20 ou S000-11.")],
    *,
    json: Json = False,
) -> None:
    """Montre une exigence en entier, et ce qui la prouve."""
    registry = Registry.load()
    one = registry.get(requirement)
    proofs = read_coverage().of(one)
    if json:
        answer({**one.model_dump(mode="json"), "covered_by": proofs.model_dump(mode="json")})
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(one.id)}[/] — {one.level}{' (si … alors …)' if one.conditional else ''}")
    console.print(escape(one.statement))
    for label, value in _details(one, registry):
        console.print(f"  {label} : {escape(value)}")
    for label, names in (("contrôle", proofs.checks), ("test", proofs.tests)):
        for name in names:
            console.print(f"  {label} : {escape(name)}")


def _details(one: Requirement, registry: Registry) -> list[tuple[str, str]]:
    reason = f" ({REASONS[one.reason]})" if one.reason else ""
    rows = [
        ("source", registry.sources[one.source].title),
        ("référence", one.reference),
        ("arbitrage du brouillon", ARBITRATIONS[one.arbitration] if one.arbitration else ""),
        ("reprend", ", ".join(one.follows)),
        ("domaine", DOMAINS[one.domain]),
        ("qui la tient", ACTORS[one.actor]),
        ("profils", ", ".join(one.profiles)),
        ("vérifiable", f"{VERIFIABLES[one.verifiable]}{reason}"),
        ("preuves attendues", ", ".join(one.proofs)),
        ("périmètre", "hors du périmètre du projet" if one.out_of_scope else ""),
        ("à confirmer", one.note),
    ]
    return [(label, value) for label, value in rows if value]
