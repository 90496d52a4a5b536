"""``segur demo``: the walk at the counter, for a newcomer to see and for a script to check."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import JsonOption
from segur_host.cli.output import JsonOutput, console, only_json
from segur_host.comptoir.sandbox import ReaderKind, Sandbox, joined, started
from segur_host.comptoir.walk import StepReport, play
from segur_host.json_forms import outcome_as_json

TITLES: Final = {
    "signed_in": "La pharmacienne se connecte",
    "card_read": "La carte est lue",
    "beneficiary_chosen": "Le bénéficiaire est choisi",
    "insi": "INSi est interrogé",
    "document": "Une pièce d’identité est présentée",
    "qualified": "L’identité est qualifiée",
    "no_document": "Aucune pièce présentée",
    "refused": "Le patient refuse de présenter une pièce",
    "patient_absent": "Le patient est absent",
    "differs": "Les informations de la pièce diffèrent",
    "several": "Plusieurs identités trouvées",
    "none": "Aucune identité trouvée",
    "insi_down": "INSi est en panne",
    "card_swapped": "La carte a été changée",
    "test_card_in_production": "Une carte de test en production",
    "interview_fed": "Un entretien pharmaceutique est versé au DMP",
    "opposed": "Le patient s’oppose au versement",
    "dmp_down": "Le DMP est en panne, puis revient",
    "act_held": "Une vaccination attend une identité qualifiée",
    "act_released": "La pièce est vue, la vaccination part",
    "signed_out": "La pharmacienne se déconnecte",
}

app = typer.Typer(help="Démonstrations.", no_args_is_help=True)

SandboxOption = Annotated[
    Path | None,
    typer.Option("--sandbox", help="sandbox.json d’un bac à sable déjà démarré ; sinon un autre est démarré."),
]

CardsOption = Annotated[
    ReaderKind,
    typer.Option("--cards", help="Les lecteurs : en mémoire, ou PC/SC virtuels par le pcscd du bac à sable."),
]


@app.callback()
def _demo() -> None:
    """Keep ``comptoir`` a sub-command even while it is the only one."""


@app.command()
def comptoir(
    *,
    sandbox: SandboxOption = None,
    cards: CardsOption = ReaderKind.MEMORY,
    json: JsonOption = False,
) -> None:
    """Joue une matinée au comptoir : connexion, carte Vitale, INSi, pièces, refus, pannes, DMP, déconnexion."""
    source: AbstractContextManager[Sandbox] = joined(sandbox) if sandbox else started(cards)
    if json:
        with only_json() as output, source as services:
            well = _played(play(services, cards), lambda report: _write(output, report))
            output.write({"result": "ok" if well else "failed"})
    else:
        console.print("[bold]Au comptoir[/] — services nationaux simulés, identités de test publiées.\n")
        with source as services:
            well = _played(play(services, cards), _show)
        console.print(
            "\n[bold green]Tout s’est passé comme prévu.[/]" if well else "\n[bold red]Des étapes ont dévié.[/]"
        )
    fail(ExitCode.NO, when=not well)


def _played(reports: Iterator[StepReport], show: Callable[[StepReport], None]) -> bool:
    """Show every step as it ends, and tell whether all went as they should."""
    well = True
    for report in reports:
        show(report)
        well = well and report.ok
    return well


def _write(output: JsonOutput, report: StepReport) -> None:
    line: dict[str, Any] = {
        "step": report.step,
        "status": "ok" if report.ok else "unexpected",
        "outcomes": [outcome_as_json(one, report.messages) for one in report.outcomes],
        "duration_ms": round(report.duration_ms, 3),
    }
    output.write(line)


def _show(report: StepReport) -> None:
    mark = "[green]✓[/]" if report.ok else "[red]✗[/]"
    console.print(f"{mark} [bold]{TITLES[report.step]}[/] [dim]{report.step}, {report.duration_ms:.0f} ms[/]")
    for sentence in report.said:
        console.print(f"    {escape(sentence)}")
    for line in report.screen:
        console.print(f"      [cyan]{escape(line)}[/]")
