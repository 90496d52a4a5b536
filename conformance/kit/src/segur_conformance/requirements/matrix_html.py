"""The matrix as one HTML file: French, without script, readable by a screen reader and on paper."""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

from segur_conformance.requirements.matrix import Column, Matrix, Row, obsolete
from segur_conformance.requirements.wording import ARBITRATIONS, COLUMNS, DOMAINS, WHYS

_STYLE: Final = """
body{font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:80rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}a{color:#0b4a8f}
table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:600;padding:.4rem 0}
th,td{border:1px solid #767676;padding:.35rem .5rem;text-align:left;vertical-align:top}
thead th{background:#e9edf2}tbody th{font-weight:600;white-space:nowrap}
td.sdk{background:#e3efe3}td.plugin{background:#e2ecf8}td.host{background:#f1e9f6}td.you{background:#fbeedd}
.obsolete{color:#595959}.n{text-align:right}
@media print{body{max-width:none;margin:0}h2{break-after:avoid}tr{break-inside:avoid}}
"""


def matrix_as_html(matrix: Matrix) -> str:
    """Return the whole page."""
    return "\n".join(_page(matrix)) + "\n"


def _page(matrix: Matrix) -> Iterator[str]:
    title = "Exigences : SDK, module, hôte, à votre charge"
    plugins = ", ".join(f"{escape(one.id)} {escape(one.version)}" for one in matrix.plugins) or "aucun"
    yield "<!DOCTYPE html>"
    yield f'<html lang="fr"><head><meta charset="utf-8"><title>{title}</title>'
    yield f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
    yield f"<main><h1>{title}</h1><p>Modules retenus : {plugins}.</p>"
    yield (
        "<p>Une ligne dit qui répond d’une exigence. Elle ne vaut pas approbation : celle-ci porte sur le logiciel "
        "métier et sa version. Les énoncés sont les nôtres ; le texte publié l’emporte.</p>"
    )
    yield from _shares(matrix)
    if matrix.unknown:
        yield "<h2>Identifiants inconnus du registre</h2><ul>"
        yield from (f"<li>{escape(plugin)} : {escape(name)}</li>" for plugin, name in matrix.unknown)
        yield "</ul>"
    by_domain = sorted(matrix.rows, key=lambda row: list(DOMAINS).index(row.requirement.domain))
    groups = [(domain, list(rows)) for domain, rows in groupby(by_domain, key=lambda row: row.requirement.domain)]
    yield '<nav aria-label="Domaines"><ul>'
    yield from (f'<li><a href="#{domain}">{DOMAINS[domain]}</a> ({len(rows)})</li>' for domain, rows in groups)
    yield "</ul></nav>"
    for domain, rows in groups:
        yield f'<h2 id="{domain}">{DOMAINS[domain]}</h2>'
        yield from _table(DOMAINS[domain], rows)
    yield "</main></body></html>"


def _shares(matrix: Matrix) -> Iterator[str]:
    yield "<table><caption>Parts (chaque exigence compte une fois, les abandonnées ne comptent pas)</caption>"
    yield '<thead><tr><th scope="col">Qui</th><th scope="col">Nombre</th><th scope="col">Part</th></tr></thead><tbody>'
    for column, share in matrix.shares.items():
        yield f'<tr><th scope="row">{COLUMNS[column]}</th><td class="n">{share.count}</td>'
        yield f'<td class="n">{percent_as_text(share.percent)}</td></tr>'
    yield "</tbody></table>"


def percent_as_text(percent: float) -> str:
    """Return a percentage as French writes it."""
    return f"{percent:.1f} %".replace(".", ",")


def _table(caption: str, rows: list[Row]) -> Iterator[str]:
    heads = ("Exigence", "Niveau", "Énoncé", "Qui", "Précision", "Preuves")
    yield f"<table><caption>{caption}</caption><thead><tr>"
    yield from (f'<th scope="col">{head}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    for row in rows:
        one = row.requirement
        kept = ' class="obsolete"' if obsolete(row) else ""
        yield (
            f'<tr{kept}><th scope="row">{escape(one.id)}</th><td>{one.level}</td><td>{escape(one.statement)}</td>'
            f'<td class="{row.column}">{COLUMNS[row.column]}</td><td>{escape(_precision(row))}</td>'
            f"<td>{_proofs(row)}</td></tr>"
        )
    yield "</tbody></table>"


def _precision(row: Row) -> str:
    parts = [ARBITRATIONS[row.requirement.arbitration]] if row.requirement.arbitration and obsolete(row) else []
    if row.column is Column.PLUGIN:
        parts.append(", ".join(row.plugins))
    if row.why is not None:
        parts.append(WHYS[row.why])
    return " ; ".join(parts)


def _proofs(row: Row) -> str:
    counts = ((row.checks, "contrôle"), (row.tests, "test"))
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts if count) or "aucune"
