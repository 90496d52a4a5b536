"""Searches for somebody on a carte Vitale: that card, that person, now."""

import threading
import time
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.insi.asking import (
    ask_by_card,
    card_person,
    expect_refused,
    expect_unchanged,
    individual,
    matricule,
    told,
)
from segur_conformance.checks.insi.namespaces import BY_CARD, OID_NIR, SAML
from segur_conformance.checks.insi.sent import Sent, requests
from segur_conformance.outcomes import NotApplicable
from segur_conformance.people import published
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

ASSERTION_LIFE: Final = timedelta(minutes=20)
_WAIT_S: Final = 5.0


@checks(
    "insi.cards.assertion-renewed",
    "SC.INS/va1.34",
    "KIT-INSI-17",
    purpose="L’assertion Vitale vaut vingt minutes et pour un appel : une ancienne est refusée au comptoir.",
    steps=(
        "lire une carte et rechercher l’INS deux fois de suite",
        "attendre vingt et une minutes sans toucher à la carte, puis rechercher de nouveau",
    ),
    expected="une seule assertion par demande, différente à chaque fois, datée de l’envoi ; l’INS est toujours rendu",
    mend="faire faire l’assertion par la carte au moment de chaque demande",
    film="les cas 1.01 et 1.02 : deux recherches à plus de vingt minutes d’intervalle",
    kinds=PLUGIN_KINDS,
)
def assertion_renewed(bench: Bench) -> None:
    """Each call has an assertion of its own, made for it."""
    subject = bench.start(answers={"insi.sexe": "F"})
    person = card_person(subject, bench.readers[0])
    individual(ask_by_card(subject, person))
    individual(ask_by_card(subject, person))
    later = ASSERTION_LIFE.total_seconds() + 60
    subject.ask("clock", step_s=later)
    bench.sandbox.set_clock(advance_s=later)
    individual(ask_by_card(subject, person))
    assertions = [_assertion(one) for one in _by_card(bench)]
    expect_equal(len({one.get("ID") for one in assertions}), 3, "assertions différentes")
    for sent, assertion in zip(requests(bench), assertions, strict=True):
        issued = datetime.fromisoformat(assertion.get("IssueInstant") or "")
        age = datetime.fromisoformat(sent.exchange["at"]) - issued
        expect(timedelta(0) <= age + timedelta(seconds=30) < timedelta(minutes=1), "l’assertion n’est pas de l’instant")


@checks(
    "insi.cards.swapped-blocks",
    "SC.INS/va1.34",
    "KIT-INSI-18",
    purpose="La carte a été échangée pendant qu’on choisissait le bénéficiaire : la recherche viserait un absent.",
    steps=("lire une carte", "la retirer, l’échanger, puis l’échanger et la remettre", "rechercher à chaque fois"),
    expected="la recherche est refusée, l’erreur nomme la carte et rien n’est envoyé ; une nouvelle lecture la permet",
    mend="rouvrir la carte lue (ctx.cards.open ou confirm) avant chaque demande",
    film="le cas 1.03 : la carte échangée après le choix du bénéficiaire",
)
def swapped_blocks(bench: Bench) -> None:
    """A card that is no longer the one that was read blocks the query."""
    reader = bench.readers[0]
    subject = bench.start(answers={"insi.sexe": "F"})
    person = card_person(subject, reader)
    for what, card in (("retirée", None), ("échangée", "corsica"), ("échangée puis remise", "single")):
        bench.sandbox.insert(reader, card)
        answer = ask_by_card(subject, person)
        expect_refused(answer, f"carte {what}")
        expect(str(answer.failure).startswith("card."), f"carte {what} : l’erreur ne nomme pas la carte")
    expect_equal(len(requests(bench)), 0, "nombre de demandes envoyées")
    individual(ask_by_card(subject, card_person(subject, reader)))


@checks(
    "insi.cards.checked-before-each-call",
    "KIT-INSI-18",
    purpose="Entre deux demandes d’une même recherche, la carte peut avoir changé de mains.",
    steps=(
        "lire la carte d’une personne pour qui INSi est en panne, et la rechercher",
        "échanger la carte pendant que la réponse tarde",
    ),
    expected="aucune demande ne part après l’échange",
    mend="vérifier la carte avant chaque demande, nouvel essai compris",
    film="la carte échangée pendant une recherche lente",
)
def checked_before_each_call(bench: Bench) -> None:
    """A card swapped while an answer is awaited stops the next call."""
    reader = bench.readers[0]
    bench.sandbox.insert(reader, "nineteen")
    subject = bench.start(answers={"insi.sexe": "M"})
    # D'AEION, for whom the service is always down, so that a target may want to ask again.
    person = card_person(subject, reader, position=13)
    bench.sandbox.fault("insi", "delay", seconds=0.5, count=1)
    swap = threading.Thread(target=_swap_when_asked, args=(bench, reader))
    swap.start()
    answer = ask_by_card(subject, person)
    swap.join()
    expect_refused(answer, "carte échangée pendant la recherche")
    expect_equal(len(requests(bench)), 1, "nombre de demandes envoyées")


@checks(
    "insi.cards.person-chosen",
    "S000-02",
    "S000-11",
    "S004-11",
    "R6",
    purpose="Sur la carte d’une famille, chacun a son propre INS sous le numéro d’un seul assuré.",
    steps=("lire la carte d’une famille", "rechercher l’INS de ses deux ayants droit"),
    expected="chaque demande décrit la personne choisie, et chacune reçoit son INS, jamais le numéro de l’assurée",
    mend="prendre nom, date et rang du bénéficiaire choisi ; ne jamais prendre le NIR de facturation pour l’INS",
    film="la carte d’une famille et l’INS d’un enfant",
)
def person_chosen(bench: Bench) -> None:
    """The beneficiary is asked for, and his own matricule comes back."""
    reader = bench.readers[0]
    bench.sandbox.insert(reader, "family")
    subject = bench.start(answers={"insi.sexe": "M"})
    for position, name, given_name in ((2, "ADRTROIS", "TOUSSAINT"), (3, "NESSI", "MICHELANGELO")):
        found = individual(ask_by_card(subject, card_person(subject, reader, position)))
        sent = requests(bench)[-1]
        asked = (sent.asked("NomNaissance"), sent.asked("DateNaissance"))
        expect(asked == (name, published(name, given_name)["date_naissance"]), f"bénéficiaire {position} : pas le bon")
        own = (matricule(name, given_name), OID_NIR)
        expect(told(found) == own, f"bénéficiaire {position} : l’INS rendu n’est pas le sien")


@checks(
    "insi.cards.century-asked",
    "KIT-INSI-06",
    "S000-11",
    purpose="Une carte sans siècle ne dit pas si la personne est née en 1975 ou en 1875 : cela se demande.",
    steps=(
        "lire une carte dont la date n’a pas de siècle",
        "répondre une date qui n’est pas celle de la carte, puis la bonne",
    ),
    expected="rien ne part au nom de la carte dans le premier cas ; la date entière part dans le second",
    mend="demander insi.date_naissance et vérifier que la réponse finit comme la date de la carte",
    film="la question posée pour une carte sans siècle",
)
def century_asked(bench: Bench) -> None:
    """A date without century is asked for, and held against the card."""
    reader = bench.readers[0]
    bench.sandbox.insert(reader, "no-century")
    subject = bench.start(answers={"insi.sexe": "F", "insi.date_naissance": "1975-12-30"})
    ask_by_card(subject, card_person(subject, reader))
    sent = [one for one in requests(bench) if one.operation == BY_CARD]
    expect(not sent, "une date qui n’est pas celle de la carte a été envoyée en son nom")
    subject = bench.start(answers={"insi.sexe": "F", "insi.date_naissance": "1975-12-31"})
    individual(ask_by_card(subject, card_person(subject, reader)))
    expect_equal(requests(bench)[-1].asked("DateNaissance"), "1975-12-31", "date envoyée")


@checks(
    "insi.cards.supplied-reading",
    "R20",
    "S000-11",
    purpose="Un logiciel agréé lit la carte par ses propres composants : ce qu’il a lu doit suffire.",
    steps=("retirer la carte du lecteur", "identifier une personne avec une lecture fournie par le logiciel"),
    expected="la recherche se fait par les traits fournis et l’identité devient récupérée, pas qualifiée",
    mend="rechercher par les traits quand la lecture n’a pas de carte derrière elle",
    film="la carte lue par le composant du logiciel, puis l’INS récupéré",
)
def supplied_reading(bench: Bench) -> None:
    """A reading without card is searched by the traits read."""
    for reader in bench.readers:
        bench.sandbox.insert(reader, None)
    person = {
        "nom_patronymique": "ADRUN",
        "prenom_usuel": "ZOE",
        "date": "19751231",
        "date_en_carte": "19751231",
        "sexe": "F",
        "nir": "275126322074974",
    }
    reading = {"kind": "supplied", "component": "lecture-lgo 1.0", "nature": "T", "beneficiaries": [person]}
    answer = bench.start().identify(card=reading)
    expect_unchanged(answer, "lecture fournie", "RECUP")
    (sent,) = requests(bench)
    told_names = (sent.asked("NomNaissance"), sent.prenom, sent.asked("DateNaissance"))
    expect(told_names == ("ADRUN", "ZOE", "1975-12-31"), "les traits envoyés ne sont pas ceux de la lecture")


def _by_card(bench: Bench) -> tuple[Sent, ...]:
    sent = requests(bench)
    if all(one.operation != BY_CARD for one in sent):
        raise NotApplicable("la recherche par carte passe par les traits lus")
    return sent


def _assertion(sent: Sent) -> etree._Element:
    found = [] if sent.security is None else sent.security.findall(f"{{{SAML}}}Assertion")
    expect_equal(len(found), 1, "nombre d’assertions Vitale")
    return found[0]


def _swap_when_asked(bench: Bench, reader: str) -> None:
    ends = time.monotonic() + _WAIT_S
    while not bench.sandbox.exchanges("insi") and time.monotonic() < ends:
        time.sleep(0.02)
    bench.sandbox.insert(reader, "single")
