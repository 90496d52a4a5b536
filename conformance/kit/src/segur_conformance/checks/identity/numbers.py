"""References and numbers: an identity is only what the host issued, an INS only what INSi gave."""

from typing import Any

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.identity.counter import WITH_INS, Counter, expect_refused
from segur_conformance.checks.identity.register import DOMINIQUE, ZOE
from segur_conformance.people import published
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

UNKNOWN_REF = "00000000-0000-4000-8000-000000000000"


@checks(
    "identity.number.unknown-reference",
    "KIT-IDENTITY-04",
    purpose="Une référence d’identité que l’hôte n’a pas donnée est refusée, jamais prise pour une autre.",
    steps=("qualifier une personne", "identifier, marquer et corriger une référence inconnue"),
    expected="une erreur typée à chaque fois ; l’identité connue n’a pas bougé",
    mend="chercher la référence exacte et répondre par un code d’erreur",
    film="l’erreur affichée pour une fiche qui n’existe pas",
)
def unknown_reference(bench: Bench) -> None:
    """A typed error, and nothing else happens."""
    counter = Counter(bench)
    ref = counter.in_status(ZOE, "QUAL")
    expect_refused(counter.subject.identify(identity_ref=UNKNOWN_REF, search=False), "identification")
    expect_refused(counter.subject.mark(UNKNOWN_REF, "HOMONYME"), "marque")
    expect_refused(counter.subject.correct(UNKNOWN_REF, dict(ZOE)), "correction")
    found = counter.again(ref, "relecture")
    expect_equal((found.status, found.attributes), ("QUAL", frozenset()), "identité connue, statut et attributs")


@checks(
    "identity.number.claimed-status",
    "KIT-IDENTITY-05",
    purpose="Un statut ou un matricule affirmé par l’appelant n’est pas une preuve.",
    steps=("identifier une personne en joignant un statut QUAL, puis un matricule", "sans INSi ni pièce"),
    expected="refusé, ou identité provisoire sans INS",
    mend="ne lire dans la demande que ce que le protocole prévoit",
    film="sans objet à l’écran : essai du protocole",
)
def claimed_status(bench: Bench) -> None:
    """What is said of oneself counts for nothing."""
    one = published("ADRUN", "ZOE")["matricule"]
    matricule = {"value": one["numero"] + one["cle"], "oid": "1.2.250.1.213.1.4.8"}
    claims: tuple[dict[str, Any], ...] = (
        {"traits": dict(ZOE), "status": "QUAL"},
        {"traits": dict(ZOE), "matricule": matricule},
        {"traits": {**ZOE, "status": "QUAL"}},
        {"traits": {**ZOE, "matricule": matricule}},
    )
    counter = Counter(bench)
    for claim in claims:
        answer = counter.subject.identify(**claim, search=False)
        status = None if answer.error else answer.value["status"]
        expect(status not in WITH_INS, "le statut affirmé par l’appelant est repris")


@checks(
    "identity.number.billing-number",
    "R6",
    "S000-02",
    purpose="Le numéro de facturation n’est jamais l’INS : toute une famille est facturée sous celui de l’assurée.",
    steps=(
        "lire une carte de famille, INSi en panne",
        "puis INSi répondant, identifier l’assurée et un ayant droit",
    ),
    expected="aucune INS pendant la panne ; ensuite à chacun son matricule, celui qu’INSi a donné",
    mend="ne jamais recopier le NIR de la carte dans l’identité",
    film="deux membres d’une famille, deux matricules",
    kinds=PLUGIN_KINDS,
)
def billing_number(bench: Bench) -> None:
    """To each his own matricule, and only from INSi."""
    reader = bench.readers[0]
    bench.sandbox.insert(reader, "family")
    counter = Counter(bench)
    bench.sandbox.fault("insi", "error5xx")
    down = counter.subject.identify(card={"slot": reader}, beneficiary=2, answers={"insi.sexe": "M"})
    expect(down.error or down.value["status"] not in WITH_INS, "le numéro de la carte tient lieu d’INS")
    bench.sandbox.reset()
    bench.sandbox.insert(reader, "family")
    for position, sex, name in ((1, "F", "DOMINIQUE"), (2, "M", "TOUSSAINT")):
        found = counter.identify(
            "bénéficiaire", card={"slot": reader}, beneficiary=position, answers={"insi.sexe": sex}
        )
        one = published(DOMINIQUE["nom_naissance"], name)["matricule"]
        kept = (counter.kept(found.ref)["matricule"] or {}).get("value")
        expect(kept == one["numero"] + one["cle"], f"bénéficiaire {position} : le matricule n’est pas celui d’INSi")
