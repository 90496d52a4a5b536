"""*Situations d'exercice*: all of them, each whole, and a choice that is the professional's own."""

from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.cps.holders import (
    HOLDERS,
    PHARMACIST,
    PHARMACIST_CPS3,
    PHYSICIAN,
    STUDENT,
    situations_in,
)
from segur_conformance.checks.cps.judging import (
    PIN,
    PIN_ASKED,
    expect_no_session,
    knows_the_pin,
    offered,
    read,
    sign_in,
    signed_in,
    taking_turns,
)
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

LAST: Final = -1
FINESS_TYPE: Final = "1"
"""Before a FINESS, in the identifier of a structure."""


@checks(
    "cps.situations.all",
    "CPS-04",
    purpose="Un professionnel exerce parfois en plusieurs lieux : sa carte les numérote, non sans trous.",
    steps=("ouvrir une session avec des cartes de trois et de deux situations", "lire la carte pendant la session"),
    expected="toutes les situations, numéros manquants et seizième compris, structure et secteur de chacune",
    mend="lire CPS_ACTIVITY_01_PS à CPS_ACTIVITY_16_PS sans s’arrêter au premier absent",
    film="la liste des situations",
    kinds=PLUGIN_KINDS,
)
def every_situation(bench: Bench) -> None:
    """Every situation, with gaps and number 16, structure and sector of the same one."""
    subject = bench.start()
    for card, event in taking_turns(bench, subject, PHARMACIST, PHARMACIST_CPS3, PHYSICIAN):
        found = signed_in(subject, card)
        wanted = HOLDERS[card].situations
        expect_equal(situations_in(read(subject, event, card)), wanted, f"{card}, situations lues")
        structures = {one["structure_id"]: one["label"] for one in found["exercices"]}
        expect_equal(set(structures), {one[2] for one in wanted}, f"{card}, structures offertes")
        for _, name, identifier, _ in wanted:
            expect(name in structures[identifier], f"{card} : une situation offerte ne dit pas sa structure")


@checks(
    "cps.situations.chosen",
    "CPS-04",
    purpose="La situation d’exercice dit au nom de quelle structure on agit : elle se choisit, elle ne se devine pas.",
    steps=(
        "ouvrir une session avec une carte sans situation",
        "en ouvrir une avec une carte de trois situations, en choisissant la deuxième, puis sans répondre",
        "en nommer une que la carte n’a pas",
    ),
    expected="la situation choisie ; sinon pas de session ; rien à choisir quand la carte n’en a pas",
    mend="rendre toutes les situations dans Authenticated.exercices ; l’hôte les propose",
    film="le choix de la situation",
    kinds=PLUGIN_KINDS,
)
def chosen(bench: Bench) -> None:
    """The situation is the one that was chosen; without a choice there is no session."""
    subject = bench.start()
    cards = taking_turns(bench, subject, STUDENT, PHARMACIST)
    next(cards)
    found = signed_in(subject, "carte sans situation")
    expect_equal((offered(subject), found["actor"]["exercice"]), ([], None), "carte sans situation")
    next(cards)
    found = signed_in(subject, "deuxième situation", choice=1)
    proposed = offered(subject)
    expect_equal(len(proposed), len(HOLDERS[PHARMACIST].situations), "nombre de situations proposées")
    expect_equal(found["actor"]["exercice"], proposed[1], "situation de la session")
    subject.ask("logout")
    subject.ask("answers", answers={PIN_ASKED: PIN})
    expect_no_session(bench, subject, sign_in(subject), "aucun choix", "input.no_answer")
    knows_the_pin(subject)
    stranger = sign_in(subject, exercice="10B9999999/SA33/02")
    expect_no_session(bench, subject, stranger, "situation d’une autre carte", "session.exercice_unknown")


@checks(
    "cps.situations.structure",
    "CPS-04",
    purpose="Ce qui part au nom du professionnel part au nom de la structure où il exerce.",
    steps=("ouvrir deux sessions avec une carte de trois situations, une autre chaque fois",),
    expected="l’acteur agit dans la structure de la situation choisie, avec son numéro et celui d’aucune autre",
    mend="rendre Exercice.structure avec chaque situation",
    film="le nom de la structure après le choix",
    kinds=PLUGIN_KINDS,
)
def structure(bench: Bench) -> None:
    """The structure of the actor is that of his situation."""
    subject = bench.start()
    next(taking_turns(bench, subject, PHARMACIST))
    for choice in (1, 2):
        found = signed_in(subject, f"choix n° {choice}", choice=choice)
        actor = found["actor"]
        chosen = [one for one in found["exercices"] if one["id"] == actor["exercice"]]
        expect_equal(len(chosen), 1, f"choix n° {choice}, situations de ce nom")
        named = actor["structure"]["name"] in chosen[0]["label"]
        expect(named, f"choix n° {choice} : la structure de l’acteur n’est pas celle de la situation")
        number = actor["structure"]["finess"]
        same = number is None or chosen[0]["structure_id"] == f"{FINESS_TYPE}{number}"
        expect(same, f"choix n° {choice} : le FINESS de l’acteur n’est pas celui de la situation")
        subject.ask("logout")


@checks(
    "cps.situations.per-card",
    "CPS-04",
    purpose="Le dernier choix aide son auteur, et n’est jamais celui d’un autre.",
    steps=(
        "choisir la dernière situation d’une carte, retirer celle-ci, la remettre et ouvrir une session",
        "ouvrir une session avec une autre carte de la même personne",
    ),
    expected="le dernier choix est proposé en premier pour cette carte, et pour elle seule",
    mend="retenir le choix par numéro de série de la carte",
    film="le dernier choix proposé d’abord",
    kinds=PLUGIN_KINDS,
)
def per_card(bench: Bench) -> None:
    """A choice is remembered for the card with which it was made."""
    subject = bench.start()
    cards = taking_turns(bench, subject, PHARMACIST, PHARMACIST, PHARMACIST_CPS3)
    natural = _proposed(subject, next(cards)[0], choice=LAST)
    expect(len(natural) > 1, "aucun choix n’est proposé")
    again = _proposed(subject, next(cards)[0])
    expect_equal(again, [natural[LAST], *natural[:LAST]], "ordre proposé après le choix de la dernière")
    other = _proposed(subject, next(cards)[0])
    expect_equal(other, natural, "ordre proposé pour une autre carte")


def _proposed(subject: Subject, card: str, *, choice: int = 0) -> list[str]:
    found = signed_in(subject, card, choice=choice)
    # What the plugin adds to the session is in the same order as what the host proposed.
    (own,) = [one["exercices"] for one in found["contributions"] if one["exercices"]]
    proposed = offered(subject)
    expect(sorted(one["id"] for one in own) == sorted(proposed), f"{card} : les situations de la session diffèrent")
    return proposed
