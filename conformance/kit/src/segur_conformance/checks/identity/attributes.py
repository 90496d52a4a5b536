"""Attributes beside the status: *homonyme*, *douteux*, *fictif* (RNIV EXI SI 09/22)."""

from collections.abc import Mapping
from typing import Final

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.identity.counter import (
    IDENTITY_CARD,
    WITH_INS,
    Counter,
    expect_refused,
    expect_status,
)
from segur_conformance.checks.identity.register import ANTHONY, DOMINIQUE, FOUND, TOUSSAINT, ZOE, Traits, as_typed
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

BLOCKING: Final = ("DOUTEUX", "FICTIF")
ONE_IN_EACH: Final[Mapping[str, Traits]] = {"PROV": ANTHONY, "VALI": DOMINIQUE, "RECUP": TOUSSAINT, "QUAL": ZOE}
"""Somebody whom INSi knows, by the status that the identity is brought to: every pair of the two facts."""


@checks(
    "identity.attribute.forces-provisoire",
    "REQ-04",
    "SC.INS/va1.44",
    purpose="Une identité douteuse ou fictive est provisoire et sans INS, quoi qu’elle ait été avant.",
    steps=(
        "amener une identité à chacun des quatre statuts",
        "poser l’attribut douteux, puis dans un hôte neuf l’attribut fictif",
        "lever l’attribut",
    ),
    expected="statut PROV avec l’attribut ; après la levée, l’INS n’est pas revenue d’elle-même",
    mend="retirer matricule et OID en posant l’attribut, ne rien rendre en le levant",
    film="une identité qualifiée marquée douteuse : statut provisoire, matricule effacé",
)
def forces_provisoire(bench: Bench) -> None:
    """Both attributes bring every status down, and the INS does not come back by itself."""
    for attribute in BLOCKING:
        counter = Counter(bench)
        for status, person in ONE_IN_EACH.items():
            ref = counter.in_status(person, status)
            found = counter.mark(ref, attribute)
            expect_equal((found.status, found.attributes), ("PROV", {attribute}), f"{status} marquée {attribute}")
            lifted = counter.mark(ref, attribute, present=False)
            expect(lifted.status not in WITH_INS, f"{status} : l’INS revient quand {attribute} est levé")


@checks(
    "identity.attribute.blocks",
    "REQ-04",
    "SC.INS/va1.20",
    "S000-03",
    purpose="Une identité douteuse ou fictive n’est jamais soumise à INSi et aucune pièce ne la valide.",
    steps=(
        "enregistrer une personne et la marquer",
        "l’identifier par sa référence, par ses cinq traits, par une saisie partielle",
        "présenter une carte d’identité",
        "lever l’attribut et interroger INSi",
    ),
    expected="aucun échange avec INSi tant que l’attribut est posé, statut PROV ; ensuite INSi répond",
    mend="refuser la recherche avant l’appel, aussi quand la personne revient par un autre chemin",
    film="une identité douteuse : le bouton INSi refuse, avec son message",
)
def blocks(bench: Bench) -> None:
    """Neither INSi nor a document as long as the attribute stands."""
    counter = Counter(bench)
    for person, attribute in zip((ZOE, TOUSSAINT), BLOCKING, strict=True):
        before = counter.calls
        ref = counter.recorded(person).ref
        counter.mark(ref, attribute)
        counter.subject.identify(identity_ref=ref)
        counter.subject.identify(traits=dict(person))
        counter.subject.identify(traits=as_typed(person))
        expect_equal(counter.calls - before, 0, f"échanges avec INSi malgré {attribute}")
        counter.subject.identify(identity_ref=ref, search=False, document=IDENTITY_CARD)
        expect_status(counter.again(ref, "relecture"), "PROV", f"{attribute} avec une carte d’identité")
        counter.mark(ref, attribute, present=False)
        expect_status(counter.again(ref, "après la levée", search=True), "RECUP", f"{attribute} levé")


ALLOWED: Final = (("HOMONYME", "DOUTEUX"), ("DOUTEUX", "HOMONYME"))
FORBIDDEN: Final = (("HOMONYME", "FICTIF"), ("FICTIF", "HOMONYME"), ("DOUTEUX", "FICTIF"), ("FICTIF", "DOUTEUX"))


@checks(
    "identity.attribute.combinations",
    "REQ-04",
    "SC.INS/va1.44",
    purpose="Seuls douteux et homonyme se posent ensemble.",
    steps=("poser un attribut", "en poser un deuxième, pour chaque paire et dans les deux ordres"),
    expected="douteux avec homonyme accepté ; toute paire avec fictif refusée, le premier attribut restant seul",
    mend="refuser le deuxième attribut au lieu de remplacer le premier ou de les cumuler",
    film="une identité fictive que l’on tente de marquer homonyme",
)
def combinations(bench: Bench) -> None:
    """Every ordered pair."""
    counter = Counter(bench)
    people = iter(FOUND)
    for first, second in ALLOWED:
        ref = counter.recorded(next(people)).ref
        counter.mark(ref, first)
        expect_equal(counter.mark(ref, second).attributes, {first, second}, f"{first} puis {second}")
    for first, second in FORBIDDEN:
        ref = counter.recorded(next(people)).ref
        counter.mark(ref, first)
        expect_refused(counter.subject.mark(str(ref), second), f"{first} puis {second}")
        expect_equal(counter.again(ref, "relecture").attributes, {first}, f"attributs après {second} refusé")


@checks(
    "identity.attribute.homonyme",
    "REQ-04",
    "SC.INS/va1.54",
    purpose="L’attribut homonyme avertit ; il ne change ni le statut ni l’INS.",
    steps=("amener une identité à chacun des quatre statuts", "la marquer homonyme", "contrôler une pièce"),
    expected="statut inchangé par l’attribut ; la récupérée devient qualifiée, la provisoire validée",
    mend="ne pas traiter homonyme comme douteux",
    film="une identité qualifiée marquée homonyme : toujours qualifiée, avec l’avertissement",
)
def homonyme(bench: Bench) -> None:
    """*Homonyme* goes with any status."""
    counter = Counter(bench)
    with_document = {"PROV": "VALI", "RECUP": "QUAL"}
    for status, person in ONE_IN_EACH.items():
        ref = counter.in_status(person, status)
        found = counter.mark(ref, "HOMONYME")
        expect_equal((found.status, found.attributes), (status, {"HOMONYME"}), f"{status} marquée homonyme")
        shown = counter.again(ref, "pièce d’un homonyme", document=IDENTITY_CARD)
        expect_status(shown, with_document.get(status, status), f"{status} homonyme avec une carte d’identité")
