"""Documents: which of them prove, which do not, what is kept of them (RNIV §3.3.2, EXI SI 10/23)."""

from datetime import UTC, datetime
from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.identity.counter import Counter, expect_refused, expect_status
from segur_conformance.checks.identity.register import DOMINIQUE, FOUND, TOUSSAINT, ZOE, Traits, changed
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

ADULT: Final = ("CN", "CE", "PA", "CS", "eCN", "IN")
"""Identity cards, passport, residence permit, France Identité, L’Identité Numérique La Poste."""
MINOR: Final = (
    {"type": "CN"},
    {"type": "CC"},
    {"type": "LEP", "adult_document": "PA"},
    {"type": "AN", "adult_document": "CN"},
)
"""Also the DCEM; livret de famille or birth certificate with the document of the parent or guardian."""
MINOR_AGE: Final = 9


def as_child(person: Traits) -> Traits:
    """Return somebody of that name who is a minor on whichever day the check runs."""
    return changed(person, date_naissance=f"{datetime.now(UTC).year - MINOR_AGE}-01-01")


@checks(
    "identity.proof.accepted",
    "S000-18",
    "S000-19",
    "S004-05",
    "R24",
    purpose="Les pièces et moyens d’identification électronique de haut niveau de confiance qualifient.",
    steps=(
        "présenter chaque pièce admise pour un adulte à une identité récupérée",
        "présenter chaque pièce admise pour un mineur, avec celle de l’adulte quand il la faut",
    ),
    expected="qualifiée pour l’adulte, validée pour l’enfant qu’INSi n’a pas cherché",
    mend="compléter la liste : CN, CE, PA, CS, eCN, IN ; pour un mineur aussi CC, LEP et AN",
    film="la liste des pièces, une pièce choisie, le statut qualifiée",
)
def accepted(bench: Bench) -> None:
    """Each of the accepted kinds."""
    counter = Counter(bench)
    for person, proof in zip(FOUND, ADULT, strict=True):
        found = counter.recorded(person, search=True, document={"type": proof})
        expect_status(found, "QUAL", f"adulte, {proof}")
    for person, document in zip(FOUND, MINOR, strict=False):
        found = counter.recorded(as_child(person), document=document)
        expect_status(found, "VALI", f"mineur, {document['type']}")


REFUSED: Final = (
    ("carte Vitale", ZOE, {"type": "CV"}),
    ("permis de conduire", ZOE, {"type": "PC"}),
    ("livret de famille d’un adulte", ZOE, {"type": "LE"}),
    ("acte de naissance d’un adulte", ZOE, {"type": "AN", "adult_document": "CN"}),
    ("nature inconnue", ZOE, {"type": "ZZ"}),
    ("livret de famille sans la pièce du parent", None, {"type": "LEP"}),
    ("livret de famille avec le permis du parent", None, {"type": "LEP", "adult_document": "PC"}),
)
"""What is shown, of whom (nobody named: the minor), and the document."""


@checks(
    "identity.proof.refused",
    "S000-19",
    "CARD-09",
    "S004-05",
    purpose="Ce qui n’est pas de haut niveau de confiance ne valide personne.",
    steps=("présenter carte Vitale, permis, livret seul, nature inconnue", "et les pièces du mineur à un adulte"),
    expected="chaque pièce refusée, identité toujours provisoire",
    mend="refuser la pièce à la saisie, avec son motif, au lieu de l’enregistrer",
    film="le permis de conduire refusé",
)
def refused(bench: Bench) -> None:
    """Each of the refused kinds."""
    counter = Counter(bench)
    minor = as_child(ZOE)
    for what, person, document in REFUSED:
        ref = counter.recorded(person or minor).ref
        expect_refused(counter.subject.identify(identity_ref=ref, search=False, document=document), what)
        expect_status(counter.again(ref, "relecture"), "PROV", f"après {what}")


@checks(
    "identity.proof.site-list",
    "SC.INS/va1.26",
    purpose="La liste des pièces et leur confiance se règlent par site ; la carte Vitale n’y entre jamais.",
    steps=("régler le site : carte militaire admise, passeport refusé", "présenter chacune"),
    expected="la carte militaire valide, le passeport est refusé, la carte d’identité valide toujours",
    mend="lire identity.proof_types (accepted, refused) à chaque contrôle",
    film="l’écran de réglage des pièces, puis la pièce ajoutée",
)
def site_list(bench: Bench) -> None:
    """What the structure decided holds."""
    counter = Counter(bench, identity={"proof_types": {"accepted": ["CM"], "refused": ["PA"]}})
    expect_status(counter.recorded(ZOE, document={"type": "CM"}), "VALI", "pièce admise par le site")
    expect_status(counter.recorded(TOUSSAINT, document={"type": "CN"}), "VALI", "pièce que le site ne cite pas")
    ref = counter.recorded(DOMINIQUE).ref
    answer = counter.subject.identify(identity_ref=ref, search=False, document={"type": "PA"})
    expect_refused(answer, "pièce refusée par le site")


@checks(
    "identity.proof.none-preselected",
    "S000-18",
    "KIT-IDENTITY-03",
    purpose="Aucune nature de pièce n’est choisie d’office : sans choix, pas de contrôle.",
    steps=("envoyer un contrôle de pièce sans sa nature, vide, nul", "n’envoyer aucune pièce"),
    expected="refusé sans nature ; identité toujours récupérée",
    mend="n’avoir aucune valeur par défaut pour la nature de la pièce",
    film="la fenêtre de contrôle à son ouverture : aucun choix coché, validation impossible",
)
def none_preselected(bench: Bench) -> None:
    """A check without its kind is none."""
    counter = Counter(bench)
    ref = counter.in_status(ZOE, "RECUP")
    for document in ({}, {"type": ""}, {"type": None}):
        answer = counter.subject.identify(identity_ref=ref, search=False, document=document)
        expect_refused(answer, "contrôle de pièce sans sa nature")
    found = counter.again(ref, "sans pièce", document=None)
    expect_equal((found.status, found.asking), ("RECUP", "ask"), "sans pièce, statut et question")


@checks(
    "identity.proof.recorded",
    "SC.INS/va1.23",
    purpose="La nature de la pièce contrôlée est enregistrée.",
    steps=("contrôler un passeport, puis un livret de famille avec la carte du parent", "lire l’historique"),
    expected="l’historique porte la nature exacte de la pièce, et celle de l’adulte",
    mend="enregistrer la pièce telle que choisie",
    film="l’historique de l’identité avec la nature de la pièce",
    kinds=PLUGIN_KINDS,
)
def recorded(bench: Bench) -> None:
    """The kind is in the history."""
    counter = Counter(bench)
    for person, document in ((ZOE, {"type": "PA"}), (as_child(TOUSSAINT), {"type": "LEP", "adult_document": "CN"})):
        ref = counter.recorded(person, document=document).ref
        last = counter.kept(ref)["document"]
        expect(last, "aucune pièce dans l’historique")
        expect_equal(
            (last["type"], last["adult_document"]), (document["type"], document.get("adult_document")), "pièce"
        )


@checks(
    "identity.proof.automatic-off",
    "SC.INS/va1.33",
    "SC.INS/va1.55",
    purpose="La qualification automatique se désactive ; la validation manuelle reste toujours possible.",
    steps=("régler le site sans qualification automatique", "contrôler la pièce puis interroger INSi", "valider"),
    expected="VALI après INSi, QUAL après la validation manuelle",
    mend="attendre « validated » avant de qualifier quand identity.automatic_qualification est faux",
    film="l’INS trouvée, la validation demandée, puis le statut qualifiée",
)
def automatic_off(bench: Bench) -> None:
    """Nothing qualifies by itself where the structure said so."""
    counter = Counter(bench, identity={"automatic_qualification": False})
    ref = counter.recorded(ZOE, document={"type": "CN"}).ref
    expect_status(counter.again(ref, "INSi", search=True), "VALI", "INSi 00 sans validation manuelle")
    expect_status(counter.again(ref, "validation", search=True, validated=True), "QUAL", "validation manuelle")
