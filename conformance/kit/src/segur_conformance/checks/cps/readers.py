"""Which card lies where: the professional's own is taken, anything else is left alone or named."""

from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.cps.holders import HOLDERS, PHARMACIST, PHYSICIAN, names_in
from segur_conformance.checks.cps.judging import (
    PATIENCE_S,
    cps_reader,
    expect_refused_at_once,
    inserted,
    read,
    signed_in,
)
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

OTHER_CARDS: Final = {"carte Vitale": "single", "carte inconnue": "unknown-atr"}


@checks(
    "cps.readers.other-cards",
    "CARD-01",
    purpose="Une carte Vitale ou étrangère dans le lecteur du professionnel n’est ni lue comme une CPS, ni bloquée.",
    steps=("insérer une carte Vitale, puis une carte inconnue", "demander leur lecture, puis une session"),
    expected="aucune lecture et aucune erreur du module ; pas de session, rien de demandé",
    mend="rendre None pour une carte qui n’est pas un CPx",
    film="une carte Vitale dans le lecteur du professionnel",
    kinds=PLUGIN_KINDS,
)
def other_cards(bench: Bench) -> None:
    """What is no professional's card is left to other plugins."""
    bench.sandbox.insert(bench.readers[0], None)
    subject = bench.start()
    for what, card in OTHER_CARDS.items():
        answer = subject.call("on_card_read", inserted(bench, card))
        expect(answer.value is None, f"{what} : une lecture est rendue")
        expect(answer.failure is None, f"{what} : {answer.failure} au lieu de la laisser aux autres")
        expect_refused_at_once(bench, subject, what)


@checks(
    "cps.readers.no-card",
    "CARD-01",
    purpose="Sans carte ou sans lecteur, le professionnel apprend ce qui manque.",
    steps=("vider les lecteurs", "demander une lecture et une session", "recommencer sans aucun lecteur"),
    expected="des erreurs typées, en français ; rien de demandé",
    mend="laisser passer CardError ; dire qu’aucune carte de professionnel n’est là",
    film="la session demandée sans carte",
    kinds=PLUGIN_KINDS,
)
def no_card(bench: Bench) -> None:
    """No card, and no reader."""
    for reader in bench.readers:
        bench.sandbox.insert(reader, None)
    event = {"card": {"slot": cps_reader(bench)}}
    for what, subject in (("lecteurs vides", bench.start()), ("aucun lecteur", bench.start_unplugged())):
        failure = subject.call("on_card_read", event).failure
        expect(str(failure).startswith("card."), f"{what} : {failure} à la lecture, attendu une erreur de carte")
        expect_refused_at_once(bench, subject, what)


@checks(
    "cps.readers.which-card",
    "CARD-01",
    purpose="Deux professionnels devant un poste : aucun n’ouvre la session de l’autre.",
    steps=(
        "insérer la carte d’une pharmacienne et celle d’un médecin, puis les échanger",
        "ouvrir une session sans dire laquelle, puis en disant laquelle",
    ),
    expected="refus sans demander de code ; puis la session du porteur de la carte désignée",
    mend="ne jamais prendre la première carte venue",
    film="deux cartes présentes et le lecteur à choisir",
    kinds=PLUGIN_KINDS,
)
def which_card(bench: Bench) -> None:
    """With two cards, whose is meant has to be said."""
    first, second = bench.readers
    subject = bench.start()
    for order in ((PHARMACIST, PHYSICIAN), (PHYSICIAN, PHARMACIST)):
        for reader, card in zip((first, second), order, strict=True):
            bench.sandbox.insert(reader, card)
        expect_refused_at_once(bench, subject, "deux cartes de professionnel")
        reading = read(subject, {"card": {"slot": second}}, "seconde fente")
        expect_equal(names_in(reading), HOLDERS[order[1]].names, "porteur de la seconde fente")
    found = signed_in(subject, "carte désignée par son lecteur", slot=first)
    expect_equal(found["actor"]["rpps"], HOLDERS[PHYSICIAN].rpps, "porteur de la carte désignée")


@checks(
    "cps.readers.swapped",
    "CARD-05",
    purpose="Toutes les CPS4 ont le même ATR : chaque insertion se lit, aucune ne se devine.",
    steps=("lire la carte d’un médecin, puis celle d’une pharmacienne, puis la première, dans le même lecteur",),
    expected="à chaque fois le porteur de la carte présente, sous une insertion nouvelle",
    mend="ne rien garder d’une lecture à l’autre, surtout pas par ATR",
    film="deux CPS insérées l’une après l’autre",
)
def swapped(bench: Bench) -> None:
    """A swap between two cards with one ATR is seen."""
    subject = bench.start()
    insertions = []
    for card in (PHYSICIAN, PHARMACIST, PHYSICIAN):
        reading = read(subject, inserted(bench, card), card)
        expect_equal(names_in(reading), HOLDERS[card].names, "porteur")
        insertions.append((reading["presence"] or {}).get("insertion"))
    expect(None not in insertions and len(set(insertions)) == len(insertions), "deux insertions portent le même numéro")


@checks(
    "cps.readers.moves",
    "CARD-05",
    purpose="Ce qui arrive et ce qui s’en va se dit une fois : une session se perd avec sa carte, pas deux fois.",
    steps=("suivre les lecteurs", "insérer une carte, l’échanger contre une autre de même ATR, la retirer"),
    expected="une arrivée, un départ et une arrivée, un départ ; rien de plus",
    mend="rien dans le module : c’est l’hôte qui suit les lecteurs",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def moves(bench: Bench) -> None:
    """Each insertion and each removal is told once."""
    reader = cps_reader(bench)
    bench.sandbox.insert(reader, None)
    subject = bench.start()
    subject.ask("moves")
    told: list[str] = []
    for card, wanted in ((PHARMACIST, ["inserted"]), (PHYSICIAN, ["removed", "inserted"]), (None, ["removed"])):
        bench.sandbox.insert(reader, card)
        told += wanted
        found = subject.ask("moves", count=len(told), within_s=PATIENCE_S).value
        changes = [one["change"] for one in found if one["slot"] == reader]
        expect_equal(changes, told, f"changements racontés, {card or 'carte retirée'}")
    again = subject.ask("moves", count=len(told) + 1, within_s=0.0).value
    expect_equal(len(again), len(told), "nombre de changements racontés")
