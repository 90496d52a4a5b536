"""Certificates and their orders, as a person reads them."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from rich.markup import escape
from rich.table import Column, Table

from segur_host.cli.output import console

COLUMNS: Final = {
    "id": "Clé",
    "offer": "Offre",
    "usage": "Usage",
    "environment": "Environnement",
    "structure": "Structure",
    "not_after": "Fin",
    "days_left": "Jours",
    "status": "État",
}


def french_day(moment: str) -> str:
    """Return the day of a date, or of a moment in UTC, as people read it."""
    return f"{date.fromisoformat(moment[:10]):%d/%m/%Y}"


def show_structure(told: Mapping[str, Any]) -> None:
    """Say of which structure, and of which installation, the certificates below are."""
    structure = told["structure"]
    numbers = (("FINESS", structure["finess"]), ("SIRET", structure["siret"]))
    named = ", ".join(f"{name} {number}" for name, number in numbers if number is not None)
    console.print(f"[bold]{escape(structure['name'])}[/]{escape(f' — {named}' if named else '')}")
    console.print(escape(told["configuration"]))


def show_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """Show the rows of an inventory, in JSON, and under them what is to be known of each."""
    # The use on one line: whoever wants to do something about a certificate names it.
    table = Table(*(Column(title, overflow="fold", no_wrap=name == "id") for name, title in COLUMNS.items()))
    for row in rows:
        shown = {**row, "not_after": french_day(row["not_after"]) if row["not_after"] else ""}
        table.add_row(*(escape("" if shown[name] is None else str(shown[name])) for name in COLUMNS))
    console.print(table)
    for row in rows:
        for finding in row["findings"]:
            told = filter(None, (finding["message"], finding["action"]))
            console.print(escape(f"{row['id']} : {' '.join(told)} [{finding['code']}]"))


def show_progress(found: Mapping[str, Any], *, told: bool) -> None:
    """Show a person where an order stands; ``told``: its request was written where he wanted it."""
    step = f"Étape {found['step']} sur 11 — " if found["step"] is not None else ""
    console.print(f"[bold]{escape(step + found['title'])}[/]")
    _show_list("À faire", found["to_do"])
    _show_list("Il manque", (" ".join(filter(None, (one["text"], one["action"]))) for one in found["missing"]))
    _show_list("À savoir", (" ".join(filter(None, (one["text"], one["action"]))) for one in found["notices"]))
    if found["form"]:
        table = Table("Partie", "Champ du F413", "À écrire")
        for field in found["form"]:
            table.add_row(*(escape(field[name]) for name in ("part", "label", "value")))
        console.print(table)
    _show_list("Nom à donner", found["names"])
    if found["case_number"] is not None:
        console.print(escape(f"Dossier : {found['case_number']}"))
    if found["expected_on"] is not None:
        late = " : dépassé, relancez avec le numéro de dossier" if found["late"] else ""
        console.print(escape(f"Réponse attendue le {french_day(found['expected_on'])}{late}"))
    if found["csr"] is not None and not told:
        console.print("La demande de certificat est prête : ajoutez --csr FICHIER pour l’écrire.")
    _show_list("Actions possibles (--done)", found["possible"])


def _show_list(title: str, texts: Iterable[str]) -> None:
    lines = [escape(f"  • {one}") for one in texts]
    if lines:
        console.print(f"{title} :")
        for line in lines:
            console.print(line)
