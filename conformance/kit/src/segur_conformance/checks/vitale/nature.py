"""Real, test and demonstration cards, each in its own world."""

from typing import Any, Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.vitale.card_content import ZOE
from segur_conformance.checks.vitale.judging import (
    expect_refused,
    read_named,
    read_own,
    reading_in,
    seen,
    written,
)
from segur_conformance.checks.vitale.own_reader import OwnReader
from segur_conformance.checks.vitale.supplied import supplied
from segur_conformance.checks.vitale.virtual_card import VirtualCard
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

IN_PRODUCTION: Final = {"R": None, "T": "card.test_in_production", "D": "card.test_in_production"}
OUTSIDE: Final = {"R": "card.real_outside_production", "T": None, "D": None}


@checks(
    "vitale.nature.shown",
    "CARD-10",
    purpose="Carte réelle, de test ou de démonstration : le logiciel doit le savoir pour refuser celle qui ne va pas.",
    steps=(
        "lire les cartes « production », « test » et « demo »",
        "lire des cartes sans nature ou d’une nature inconnue",
    ),
    expected="R, T, D, et unknown quand la carte n’en dit rien de connu",
    mend="lire la nature sur la carte et ne jamais supposer qu’une carte est réelle",
    film="les trois cartes lues tour à tour",
    kinds=PLUGIN_KINDS,
)
def shown(bench: Bench) -> None:
    """The nature of a card is read, never presumed."""
    with OwnReader() as reader:
        subject = bench.start(**reader.beside(bench.sandbox))
        for named, nature in (("production", "R"), ("test", "T"), ("demo", "D")):
            expect_equal(read_named(bench, subject, named)["nature"], nature, f"nature de la carte « {named} »")
        for nature_on_card in (None, "X"):
            card_of_unknown = VirtualCard.of(ZOE, nature=nature_on_card)
            reading = reading_in(read_own(subject, reader, card_of_unknown), "carte sans nature connue")
            expect_equal(reading["nature"], "unknown", "nature d’une carte qui n’en dit rien de connu")


@checks(
    "vitale.nature.environment",
    "CARD-10",
    purpose="Une carte de test ne sert jamais en production, ni une carte réelle ailleurs (EX_GEN-1430).",
    steps=(
        "enregistrer les échanges de cartes réelle, de test, de démonstration et sans nature",
        "les rejouer, et transmettre les mêmes lectures, dans une configuration de production puis de test",
    ),
    expected="card.test_in_production, card.nature_unknown, card.real_outside_production ; les autres sont lues",
    mend="appeler segur_sdk.cards.nature.check_nature sur chaque lecture, transmise ou non",
    film="une carte de test refusée par le logiciel en production",
    kinds=PLUGIN_KINDS,
)
def environment(bench: Bench) -> None:
    """Each nature is accepted in its own environment only, whoever read the card."""
    cards = _recorded(bench)
    for name, verdicts in (("production", IN_PRODUCTION), ("test", OUTSIDE)):
        subject = bench.start(environment=name, readers={}, network={})
        for nature, refusal in verdicts.items():
            for how, card in (("carte", cards[nature]), ("lecture transmise", supplied(nature=nature))):
                what = f"{how} {nature} en {name}"
                answer = subject.call("on_card_read", {"card": card})
                if refusal is None:
                    expect(seen(reading_in(answer, what))[0][1:3] == (ZOE.nom, ZOE.prenom), f"{what} : autre personne")
                else:
                    expect_refused(answer, what, refusal)
        if name == "production":
            answer = subject.call("on_card_read", {"card": cards[None]})
            expect_refused(answer, "carte sans nature en production", "card.nature_unknown")


def _recorded(bench: Bench) -> dict[str | None, dict[str, Any]]:
    """Have a card of each nature read where all are accepted, and return the conversations."""
    cards = {nature: VirtualCard.of(ZOE, nature=nature) for nature in ("R", "T", "D", None)}
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        for card in cards.values():
            reading = reading_in(read_own(subject, reader, card), "carte à enregistrer")
            expect(seen(reading) == written([ZOE]), "carte à enregistrer : autre personne")
    return {nature: card.recorded for nature, card in cards.items()}
