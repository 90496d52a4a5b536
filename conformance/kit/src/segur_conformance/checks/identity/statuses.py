"""Status: two facts and nothing else decide, whatever the way (RNIV EXI SI 07)."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.identity.counter import (
    IDENTITY_CARD,
    NO_DOCUMENT,
    Counter,
    expect_status,
    none_because,
)
from segur_conformance.checks.identity.register import ARIANA, DOMINIQUE, HOUILLES, LEONARDO, TOUSSAINT, ZOE, Traits
from segur_conformance.outcomes import NotApplicable
from segur_conformance.people import published
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

STATUS: Final[Mapping[tuple[bool, bool], str]] = {
    (False, False): "PROV",
    (False, True): "VALI",
    (True, False): "RECUP",
    (True, True): "QUAL",
}
"""Status by the two facts: INSi gave an INS with equal traits; a document of high trust was checked."""


@attrs.frozen
class InsiAnswer:
    """What INSi answers, of whom."""

    what: str
    person: Traits
    asked: bool = True
    gives_ins: bool = False


ANSWERS: Final = (
    InsiAnswer("INSi non interrogé", TOUSSAINT, asked=False),
    InsiAnswer("INSi 00", ZOE, gives_ins=True),
    InsiAnswer("INSi 01", HOUILLES),
    InsiAnswer("INSi 02", LEONARDO),
    InsiAnswer("INSi en panne", ARIANA),
)

DOCUMENTS: Final[tuple[tuple[str, Mapping[str, str] | None, bool], ...]] = (
    ("aucune question posée", None, False),
    *((f"sans pièce ({reason})", none_because(reason), False) for reason in NO_DOCUMENT),
    ("carte nationale d’identité", IDENTITY_CARD, True),
)
"""What was shown, and whether that is a check of a document of high trust."""


def _hold(bench: Bench, status: str) -> None:
    """Try every combination that makes this status, of all there are."""
    for shown, document, checked in DOCUMENTS:
        answers = [one for one in ANSWERS if STATUS[one.gives_ins, checked] == status]
        if not answers:
            continue
        counter = Counter(bench)
        for answer in answers:
            found = counter.recorded(answer.person, search=answer.asked, document=document)
            expect_status(found, status, f"{answer.what}, {shown}")


@checks(
    "identity.status.provisoire",
    "S004-07",
    "REQ-04",
    "SC.INS/va1.54",
    purpose="Sans pièce et sans INS, l’identité est provisoire.",
    steps=("identifier une personne sans pièce", "INSi non interrogé, puis 01, 02 et en panne"),
    expected="statut PROV à chaque combinaison",
    mend="calculer le statut des deux seuls faits : INS obtenue, pièce contrôlée",
    film="une fiche créée sans pièce, INSi ne trouvant personne : statut affiché provisoire",
)
def provisoire(bench: Bench) -> None:
    """Neither fact: PROV."""
    _hold(bench, "PROV")


@checks(
    "identity.status.validee",
    "S004-08",
    "REQ-04",
    "SC.INS/va1.54",
    purpose="Une pièce contrôlée sans INS donne une identité validée.",
    steps=("identifier une personne qui présente sa carte d’identité", "INSi non interrogé, puis 01, 02 et en panne"),
    expected="statut VALI à chaque combinaison",
    mend="prendre en compte la pièce quelle que soit la réponse d’INSi",
    film="une pièce contrôlée alors qu’INSi ne trouve personne : statut affiché validée",
)
def validee(bench: Bench) -> None:
    """A document alone: VALI."""
    _hold(bench, "VALI")


@checks(
    "identity.status.recuperee",
    "S004-09",
    "REQ-04",
    "SC.INS/va1.54",
    purpose="Une INS sans pièce contrôlée donne une identité récupérée, jamais plus.",
    steps=("identifier une personne qu’INSi trouve", "ne présenter aucune pièce, pour chaque motif possible"),
    expected="statut RECUP à chaque combinaison",
    mend="ne jamais qualifier sur la seule réponse d’INSi ni sur une réponse qui remplace la pièce",
    film="une fiche trouvée par INSi sans pièce présentée : statut affiché récupérée",
)
def recuperee(bench: Bench) -> None:
    """An INS alone: RECUP."""
    _hold(bench, "RECUP")


ORDERS: Final[tuple[tuple[str, tuple[Mapping[str, Any], ...]], ...]] = (
    ("INSi et pièce ensemble", ({"search": True, "document": IDENTITY_CARD},)),
    ("INSi puis pièce", ({"search": True}, {"document": IDENTITY_CARD})),
    ("pièce puis INSi", ({"document": IDENTITY_CARD}, {"search": True})),
)


@checks(
    "identity.status.qualifiee",
    "S004-10",
    "REQ-04",
    "SC.INS/va1.54",
    purpose="L’INS et la pièce, dans n’importe quel ordre, donnent une identité qualifiée.",
    steps=("interroger INSi et contrôler la pièce ensemble", "INSi puis la pièce", "la pièce puis INSi"),
    expected="statut QUAL à la fin, dans les trois ordres",
    mend="garder chacun des deux faits jusqu’à ce que l’autre arrive",
    film="la pièce présentée après INSi, puis avant INSi : statut affiché qualifiée",
)
def qualifiee(bench: Bench) -> None:
    """Both facts, in whichever order: QUAL."""
    for person, (what, (first, *following)) in zip((ZOE, TOUSSAINT, DOMINIQUE), ORDERS, strict=True):
        counter = Counter(bench)
        found = counter.recorded(person, **first)
        for given in following:
            found = counter.again(found.ref, what, **given)
        expect_status(found, "QUAL", what)


@checks(
    "identity.status.card-without-document",
    "CARD-09",
    "S004-13",
    "S000-17",
    purpose="La carte Vitale physique n’est pas une pièce d’identité : avec INSi elle ne fait que récupérer l’INS.",
    steps=(
        "donner la lecture d’une carte Vitale et laisser interroger INSi",
        "la donner une deuxième fois",
        "présenter la carte Vitale comme pièce",
    ),
    expected="statut RECUP à chaque fois, la carte refusée comme pièce ; une pièce reste à demander",
    mend="ne faire de la lecture d’une carte ni un contrôle de pièce ni une preuve",
    film="la carte lue, la fenêtre « données INS à vérifier », le statut récupérée",
)
def card_without_document(bench: Bench) -> None:
    """A physical card and INSi never qualify."""
    counter = Counter(bench)
    one = published("ADRUN", "ZOE")
    beneficiary = {
        "nom_patronymique": one["nom_naissance"],
        "prenom_usuel": one["prenoms"][0],
        "date": one["date_naissance"].replace("-", ""),
        "date_en_carte": one["date_naissance"].replace("-", "")[2:],
        "sexe": one["sexe"],
        "nir": one["matricule"]["numero"] + one["matricule"]["cle"],
    }
    card = {"kind": "supplied", "component": "kit", "nature": "R", "serial": "9001", "beneficiaries": [beneficiary]}
    if counter.subject.identify(card=card, beneficiary=1).error == "card.unsupported":
        raise NotApplicable("card.unsupported")
    found = counter.identify("carte lue une deuxième fois", card=card, beneficiary=1)
    expect_status(found, "RECUP", "carte Vitale et INSi, sans pièce")
    expect_equal(found.asking, "ask", "pièce à demander")
    answer = counter.subject.identify(identity_ref=found.ref, document={"type": "CV"}, search=False)
    expect(answer.error, "la carte Vitale est acceptée comme pièce")
    expect_status(counter.again(found.ref, "relecture"), "RECUP", "après la carte présentée comme pièce")


@checks(
    "identity.status.service-down",
    "KIT-IDENTITY-01",
    purpose="Une panne d’INSi ne fait ni monter ni descendre aucune identité.",
    steps=(
        "amener trois identités aux statuts provisoire, validée et récupérée",
        "mettre INSi en panne et les identifier de nouveau",
        "réparer INSi et identifier de nouveau la validée",
    ),
    expected="les trois statuts inchangés pendant la panne ; qualifiée une fois INSi réparé",
    mend="traiter une panne comme l’absence de réponse, jamais comme une réponse",
    film="INSi coupé, le comptoir continue, statuts inchangés",
)
def service_down(bench: Bench) -> None:
    """A fault of the service changes nothing."""
    counter = Counter(bench)
    people = {"VALI": ZOE, "PROV": TOUSSAINT, "RECUP": DOMINIQUE}
    refs = {status: counter.in_status(person, status) for status, person in people.items()}
    bench.sandbox.fault("insi", "error5xx")
    for status, ref in refs.items():
        expect_status(counter.again(ref, "pendant la panne", search=True), status, "pendant la panne")
    bench.sandbox.reset()
    expect_status(counter.again(refs["VALI"], "après la panne", search=True), "QUAL", "INSi réparé")
