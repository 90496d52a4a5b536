"""The picture of coverage: one bar a domain, and the same numbers as a table for who cannot tell the colours."""

from collections.abc import Mapping, Sequence
from typing import Final

from segur_conformance.reports.coverage import DomainCoverage, Shown
from segur_conformance.reports.markup import Markup, element

WORDS: Final[Mapping[Shown, str]] = {
    Shown.HELD: "montrées",
    Shown.BROKEN: "en défaut",
    Shown.OPEN: "non jugées",
    Shown.NOT_LOOKED_AT: "non contrôlées ici",
}
_ROW: Final = 30
_LEFT: Final = 230
_WIDTH: Final = 460
_THICK: Final = 16


def bars(found: Sequence[DomainCoverage]) -> Markup:
    """Return the picture; its text alternative is the table that follows it."""
    height = _ROW * (len(found) + 1)
    legend: list[Markup] = []
    place = 0
    for state, word in WORDS.items():
        legend.append(element("rect", x=place, y=4, width=14, height=14, class_=f"bar {state}"))
        legend.append(element("text", word, x=place + 20, y=16))
        place += 60 + 9 * len(word)
    rows = [piece for number, one in enumerate(found, 1) for piece in _bar(one, number * _ROW)]
    picture = element(
        "svg",
        element("title", "Couverture par domaine"),
        *legend,
        *rows,
        viewBox=f"0 0 {_LEFT + _WIDTH + 60} {height}",
        role="img",
        aria_label=f"Couverture par domaine : {'; '.join(_sentence(one) for one in found)}",
    )
    return element("figure", picture, class_="picture")


def table(found: Sequence[DomainCoverage]) -> Markup:
    """Return the numbers of the picture."""
    names = ("Domaine", *WORDS.values(), "ensemble")
    head = element("tr", *(element("th", name, scope="col") for name in names))
    rows = [
        element(
            "tr",
            element("th", one.title, scope="row"),
            *(element("td", str(one.shown[state]), class_="number") for state in WORDS),
            element("td", str(one.total), class_="number"),
        )
        for one in found
    ]
    return element(
        "table",
        element("caption", "Nombre d’exigences par domaine"),
        element("thead", head),
        element("tbody", *rows),
        class_="numbers",
    )


def _bar(one: DomainCoverage, top: int) -> list[Markup]:
    pieces = [element("text", one.title, x=0, y=top + 13)]
    place = float(_LEFT)
    for state in WORDS:
        width = _WIDTH * one.shown[state] / one.total
        if width:
            pieces.append(
                element("rect", x=f"{place:.1f}", y=top, width=f"{width:.1f}", height=_THICK, class_=f"bar {state}")
            )
        place += width
    held = f"{one.shown[Shown.HELD]}/{one.total}"
    return [*pieces, element("text", held, x=_LEFT + _WIDTH + 8, y=top + 13)]


def _sentence(one: DomainCoverage) -> str:
    numbers = ", ".join(f"{one.shown[state]} {word}" for state, word in WORDS.items() if one.shown[state])
    return f"{one.title}, {numbers}"
