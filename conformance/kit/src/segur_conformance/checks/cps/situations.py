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
