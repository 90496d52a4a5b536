"""``segur requirements matrix``: who covers each requirement."""

import sys
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from segur_conformance.requirements.answering import Json, answer, write_file
from segur_conformance.requirements.coverage import read_coverage
from segur_conformance.requirements.installed import installed_plugins
from segur_conformance.requirements.matrix import Matrix, build_matrix
from segur_conformance.requirements.matrix_forms import matrix_as_csv, matrix_as_json, shares_as_json
from segur_conformance.requirements.matrix_html import matrix_as_html, percent_as_text
from segur_conformance.requirements.registry import Registry
from segur_conformance.requirements.wording import COLUMNS, DOMAINS


class Form(StrEnum):
    """Forms of the matrix."""

    HTML = "html"
    CSV = "csv"
    JSON = "json"


def matrix(
    *,
    plugin: Annotated[
        list[str] | None, typer.Option("--plugin", help="Module de l’ensemble, à répéter (sinon tous les installés).")
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="Forme du tableau (sinon celle du nom de fichier).")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Fichier à écrire.", dir_okay=False)] = None,
    json: Json = False,
) -> None:
    """Dit qui répond de chaque exigence : SDK, module, hôte, ou vous."""
    chosen = form or _form_of(out) or (Form.JSON if json else None)
    if json and out is None and chosen is not Form.JSON:
        raise typer.BadParameter("avec --json, un tableau d’une autre forme demande --out")
    plugins, unreadable = installed_plugins(tuple(dict.fromkeys(plugin or ())))
    found = build_matrix(Registry.load(), read_coverage(), plugins)
    for name, code in unreadable:
        typer.echo(f"Module « {name} » ignoré : sa déclaration est illisible ({code}).", err=True)
    for name, unknown in found.unknown:
        typer.echo(f"Module « {name} » : {unknown} n’est pas dans le registre.", err=True)
    text = _as_text(found, chosen, unreadable) if chosen else ""
    if chosen and out is not None:
        write_file(out, text)
    elif chosen:
        # Bytes: line ends of a CSV stay what its standard says.
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.flush()
    if json and out is not None:
        answer({"file": out.name, "shares": shares_as_json(found)})
    elif not json:
        _show_shares(found, by_domain=chosen is None, aside=chosen is not None and out is None)


def _form_of(out: Path | None) -> Form | None:
    if out is None:
        return None
    suffix = out.suffix.lstrip(".").lower()
    return Form(suffix) if suffix in set(Form) else Form.HTML


def _as_text(found: Matrix, form: Form, unreadable: tuple[tuple[str, str], ...]) -> str:
    if form is Form.JSON:
        return matrix_as_json(found, unreadable)
    return matrix_as_html(found) if form is Form.HTML else matrix_as_csv(found)


def _show_shares(found: Matrix, *, by_domain: bool, aside: bool) -> None:
    console = Console(highlight=False, stderr=aside)
    if by_domain:
        counts = Counter((row.requirement.domain, row.column) for row in found.rows if row.requirement.counted)
        table = Table("Domaine", *COLUMNS.values())
        for domain, title in DOMAINS.items():
            cells = [counts[domain, column] for column in COLUMNS]
            if any(cells):
                table.add_row(title, *(str(cell) if cell else "" for cell in cells))
        console.print(table)
    for column, share in found.shares.items():
        console.print(f"{COLUMNS[column]} : {share.count} ({percent_as_text(share.percent)})")
