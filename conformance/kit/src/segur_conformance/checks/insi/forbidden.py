"""People about whom INSi is not asked."""

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.insi.asking import person_known
from segur_conformance.people import traits
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()


@checks(
    "insi.forbidden.doubtful-or-fictitious",
    "SC.INS/va1.20",
    purpose="Interroger INSi pour une identité douteuse ou fictive attache un vrai matricule à la mauvaise personne.",
    steps=("enregistrer deux personnes", "marquer l’une douteuse, l’autre fictive", "demander leur INS"),
    expected="la recherche est refusée et rien n’est envoyé à INSi",
    mend="laisser l’hôte décider : search_permission avant tout appel",
    film="le refus de la recherche pour une identité douteuse",
)
def doubtful_or_fictitious(bench: Bench) -> None:
    """The host does not call."""
    subject = bench.start()
    for attribute, person in (("DOUTEUX", traits("ADRUN", "ZOE")), ("FICTIF", traits("ADRTROIS", "DOMINIQUE"))):
        reference = person_known(bench, subject, person)
        subject.mark(reference, attribute)
        answer = subject.identify(identity_ref=reference)
        expect(answer.failure, f"la recherche d’une identité {attribute} n’est pas refusée")
        expect_equal(len(bench.sandbox.exchanges("insi")), 0, "nombre de connexions à INSi")


@checks(
    "insi.forbidden.not-wanted",
    "S000-03",
    purpose="Un usager qui n’a pas d’INS se sert sans que le logiciel le cherche en boucle.",
    steps=("enregistrer une personne sans recherche", "présenter un document pour elle, sans recherche"),
    expected="l’identité passe de provisoire à validée et rien n’est envoyé à INSi",
    mend="ne pas interroger INSi quand la recherche n’est pas demandée",
    film="l’enregistrement d’un patient qui n’a pas d’INS",
)
def not_wanted(bench: Bench) -> None:
    """Somebody without INS is served without any call."""
    subject = bench.start()
    reference = person_known(bench, subject, traits("PAT-TROIS", "DOMINIQUE"))
    value = subject.identify(identity_ref=reference, search=False, document={"type": "PA"}).value or {}
    expect_equal(value.get("status"), "VALI", "statut")
    expect_equal(len(bench.sandbox.exchanges("insi")), 0, "nombre de connexions à INSi")


@checks(
    "insi.forbidden.once-known",
    "S000-07",
    purpose="L’INS se demande une fois par patient, puis se retient.",
    steps=("identifier une personne, qui devient récupérée", "l’identifier de nouveau"),
    expected="une seule demande en tout, et le même statut",
    mend="ne pas interroger INSi quand l’identité porte déjà son INS",
    film="la deuxième visite d’un patient dont l’INS est connu",
)
def once_known(bench: Bench) -> None:
    """A known INS is not asked for again."""
    subject = bench.start()
    for _ in range(2):
        value = subject.identify(traits=traits("ADRUN", "ZOE")).value or {}
        expect_equal(value.get("status"), "RECUP", "statut")
    expect_equal(len(bench.sandbox.exchanges("insi")), 1, "nombre de demandes")
