"""``segur conformance``: what the kit does from the command line.

What a command needs is imported when it runs: every ``segur`` command loads this module.
"""

# ruff: noqa: PLC0415 - see above

import json as json_text
import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segur_conformance.mutants.commands import mutants

app: Final = typer.Typer(no_args_is_help=True, help="Kit de conformité : contrôles, rapports, mutants.")
app.command()(mutants)

FAILED: Final = 1
NOT_CERTIFIABLE: Final = 5
INTERRUPTED: Final = 130
ASSETS_VARIABLE: Final = "SEGUR_ASSETS"

PlanArgument = Annotated[Path, typer.Argument(help="Le plan, un fichier TOML.", metavar="PLAN")]
AssetsOption = Annotated[
    Path | None,
    typer.Option("--assets", help="Dossier des fichiers officiels (sinon SEGUR_ASSETS).", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="N’écrit que du JSON sur la sortie standard.")]


@app.command()
def run(
    plan: PlanArgument,
    *,
    out: Annotated[Path, typer.Option("--out", help="Dossier du rapport, vide ou à créer.")],
    certified: Annotated[
        bool, typer.Option("--certified", help="Refuse tout ce qui rendrait le résultat partiel ou douteux.")
    ] = False,
    assets: AssetsOption = None,
    only: Annotated[
        str | None,
        typer.Option("--only", help="Un contrôle, ou le début de plusieurs : vitale.reading.", metavar="CHECK"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Reprend une exécution interrompue dans ce dossier.")
    ] = False,
    require_assets: Annotated[
        bool, typer.Option("--require-assets", help="Sans tous les fichiers officiels, sort avec le code 5.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Joue les contrôles d’un plan et écrit le rapport."""
    from segur_conformance.console import JsonTold, told_on
    from segur_conformance.runner.conduct import Order, conduct
    from segur_conformance.runner.interruption import interruptible

    order = Order(plan, out, given_assets(assets), only, certified, resume)
    problems = Console(stderr=True, highlight=False)
    try:
        with interruptible():
            if json:
                report = conduct(order, JsonTold())
            else:
                with told_on(problems) as told:
                    report = conduct(order, told)
    except KeyboardInterrupt:
        problems.print(
            "Exécution interrompue : aucun rapport n’est écrit. Ce qui est fait est gardé ; reprenez avec --resume."
        )
        raise typer.Exit(INTERRUPTED) from None
    if json:
        _answer(report.model_dump(mode="json", by_alias=True))
    else:
        _summary(report, order)
    status = status_of(report.verdict, require_assets=require_assets)
    if status:
        raise typer.Exit(status)


@app.command()
def doctor(plan: PlanArgument, *, assets: AssetsOption = None, json: JsonOption = False) -> None:
    """Examine ce dont un plan a besoin : produit, compagnons, disque, horloge, services, fichiers officiels."""
    from segur_conformance.runner.doctor import diagnosis

    findings = list(diagnosis(plan, given_assets(assets)))
    if json:
        _answer([one.model_dump(mode="json") for one in findings])
    else:
        table = Table("Examen", "État", "Constat", "À faire")
        for one in findings:
            table.add_row(one.check, one.status, escape(one.finding), escape(one.action or ""))
        Console(highlight=False).print(table)
    if any(one.status == "problem" for one in findings):
        raise typer.Exit(FAILED)


@app.command("list")
def list_checks(
    *,
    profile: Annotated[str | None, typer.Option("--profile", help="Un seul profil.")] = None,
    json: JsonOption = False,
) -> None:
    """Montre les contrôles, avec les exigences dont ils parlent."""
    from segur_conformance.checks import PROFILES, checks_of
    from segur_sdk.errors import InputError

    if profile is not None and profile not in PROFILES:
        raise InputError("input.profile_unknown", known=", ".join(PROFILES))
    found = [check for one in ([profile] if profile else PROFILES) for check in checks_of(one)]
    if json:
        _answer([_described(check) for check in found])
        return
    table = Table("Contrôle", "Exigences", "But")
    for check in found:
        table.add_row(check.id, ", ".join(check.requirements), escape(check.purpose))
    Console(highlight=False).print(table)


def status_of(verdict: str, *, require_assets: bool) -> int:
    """Return the exit code of a verdict.

    Args:
        verdict: of the report.
        require_assets: a run without all official files is not enough.
    """
    refused = {"not_certifiable": NOT_CERTIFIABLE, "fail": FAILED}
    if require_assets:
        refused["pass_incomplete"] = NOT_CERTIFIABLE
    return refused.get(verdict, 0)


def given_assets(assets: Path | None) -> Path | None:
    """Return the folder of the official files: the option, or the environment."""
    named = os.environ.get(ASSETS_VARIABLE)
    return assets or (Path(named) if named else None)


def _described(check: Any) -> dict[str, Any]:
    return {
        "id": check.id,
        "profile": check.profile,
        "requirements": list(check.requirements),
        "purpose": check.purpose,
        "steps": list(check.steps),
        "expected": check.expected,
        "mend": check.mend,
        "film": check.film,
        "kinds": sorted(check.kinds),
        "asset": check.asset,
    }


def _summary(report: Any, order: Any) -> None:
    from segur_conformance.reports.words import OUTCOMES, verdict_in_words

    console = Console(highlight=False)
    console.print(f"[bold]{escape(verdict_in_words(report))}[/]")
    numbers = (f"{words.one} : {report.counts[outcome]}" for outcome, words in OUTCOMES.items())
    console.print(", ".join(one for one in numbers if not one.endswith(" 0")))
    for reason in report.reasons:
        console.print(escape(f"- {reason}"), soft_wrap=True)
    for name in report.missing_assets:
        console.print(escape(f"- fichier officiel manquant : {name}"))
    console.print(escape(f"Rapport : {order.out / 'report.html'}"), soft_wrap=True)


def _answer(value: Any) -> None:
    typer.echo(json_text.dumps(value, ensure_ascii=False))
