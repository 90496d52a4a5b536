"""Answers in every shape that was seen on the wire: what they say is kept, as it was said."""

from collections.abc import Mapping
from typing import Any, Final

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.insi import replies
from segur_conformance.checks.insi.asking import ask_by_traits, criteria, expect_unchanged, individual, matricule, told
from segur_conformance.checks.insi.namespaces import OID_NIA, OID_NIR
from segur_conformance.people import published, traits
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

_ZOE: Final = {
    "NomNaissance": "ADRUN",
    "ListePrenom": "ZOE",
    "Sexe": "F",
    "DateNaissance": "1975-12-31",
    "LieuNaissance": "63220",
}


@checks(
    "insi.answers.histories",
    "SC.INS/va1.35",
    "KIT-INSI-10",
    purpose="Les anciens matricules retrouvent des documents partis sous un autre INS.",
    steps=(
        "rechercher une personne qui a un seul ancien matricule, dont la fin précède le début",
        "lui faire répondre deux anciens matricules, d’OID différents",
    ),
    expected="une liste d’un élément, puis de deux, dans l’ordre reçu, avec OID et dates inchangés",
    mend="lire INSHISTO comme une liste, même seul ; ne rien refuser pour l’ordre des dates",
    film="l’historique des matricules d’ECETINSI",
)
def histories(bench: Bench) -> None:
    """One or several INSHISTO are a list, dates and OIDs as received."""
    subject = bench.start()
    person = criteria("ECETINSI", "PIERRE-ALAIN")
    found = individual(ask_by_traits(subject, person))
    (former,) = published("ECETINSI", "PIERRE-ALAIN")["historique"]
    known = (f"{former['numero']}{former['cle']}", OID_NIR, former["debut"], former["fin"])
    expect(_history(found) == [known], "l’historique d’un seul matricule n’est pas celui reçu")
    numbers = (
        replies.number("209076322083439", OID_NIA, "2009-07-14", "2019-02-28"),
        replies.number("209066322012355"),
    )
    active = replies.number(matricule("ECETINSI", "PIERRE-ALAIN"))
    tiq = {**_ZOE, "NomNaissance": "ECETINSI", "ListePrenom": "PIERRE-ALAIN", "Sexe": "M"}
    bench.sandbox.replay("insi", replies.resultat("00", replies.individual(active, tiq, numbers)))
    found = individual(ask_by_traits(subject, person))
    wanted = [("209076322083439", OID_NIA, "2009-07-14", "2019-02-28"), ("209066322012355", OID_NIR, None, None)]
    expect(_history(found) == wanted, "l’historique de deux matricules n’est pas celui reçu")


@checks(
    "insi.answers.active-not-repeated",
    "SC.INS/va1.35",
    "KIT-INSI-10",
    purpose="INSi répète parfois le matricule actif parmi les anciens : l’afficher ferait croire à un changement.",
    steps=("rechercher CORSE puis HERMANN, dont l’historique répète le matricule actif",),
    expected="aucun ancien matricule pour CORSE, un seul pour HERMANN, l’actif inchangé",
    mend="retirer de l’historique le matricule actif de même OID",
    film="les fiches de CORSE et de HERMANN",
)
def active_not_repeated(bench: Bench) -> None:
    """The active matricule is not one of the former ones."""
    subject = bench.start()
    for name, given_name, count in (("CORSE", "ANTHONY", 0), ("HERMANN", "GATIEN", 1)):
        found = individual(ask_by_traits(subject, criteria(name, given_name)))
        expect(told(found)[0] == matricule(name, given_name), f"{name} : le matricule actif n’est pas celui reçu")
        expect_equal(len(found["history"]), count, f"{name} : anciens matricules")


@checks(
    "insi.answers.any-prefix",
    "KIT-INSI-11",
    purpose="Les réponses en service et les réponses fournies n’ont pas les mêmes préfixes XML.",
    steps=("faire répondre avec les préfixes soap, S, un préfixe inconnu, puis sans préfixe",),
    expected="la même personne à chaque fois",
    mend="lire les éléments par espace de noms et nom local",
    film="une réponse fournie rejouée, et la fiche obtenue",
)
def any_prefix(bench: Bench) -> None:
    """Prefixes mean nothing."""
    subject = bench.start()
    found = replies.individual(replies.number(matricule("ADRUN", "ZOE")), _ZOE)
    for prefix in ("soap", "S", "abc", ""):
        bench.sandbox.replay("insi", replies.resultat("00", found, prefix=prefix))
        _expect_zoe(subject, f"préfixe {prefix or 'absent'}")


@checks(
    "insi.answers.any-content",
    "SC.INS/va1.35",
    "KIT-INSI-11",
    purpose="Les réponses en service omettent ou ajoutent des éléments, et une réponse fournie les présente autrement.",
    steps=(
        "faire répondre sans LieuNaissance, avec Prenom, puis dans l’ordre de la réponse fournie 2.04",
        "identifier la personne quand INSi ne donne pas le lieu de naissance",
    ),
    expected="la même personne à chaque fois, sans invention ; l’identité devient récupérée",
    mend="lire par nom, dans n’importe quel ordre ; laisser vide ce qui manque",
    film="une réponse sans lieu de naissance et la fiche obtenue",
)
def any_content(bench: Bench) -> None:
    """Elements may be missing, added or in another order."""
    subject = bench.start()
    for variant, premier_prenom, lieu in (
        ("without_birthplace", None, None),
        ("with_prenom", "ZOE", "63220"),
        ("history_cnda_order", None, "63220"),
    ):
        bench.sandbox.fault("insi", "wrong_answer", variant=variant, count=1)
        answered = _expect_zoe(subject, f"réponse {variant}")["traits"]
        found = (answered["premier_prenom"], answered["prenoms_naissance"], answered["lieu_naissance"])
        expect(found == (premier_prenom, ["ZOE"], lieu), f"réponse {variant} : les traits ne sont pas ceux reçus")
    bench.sandbox.fault("insi", "wrong_answer", variant="without_birthplace")
    expect_unchanged(subject.identify(traits=traits("ADRUN", "ZOE")), "lieu de naissance absent", "RECUP")


@checks(
    "insi.answers.nia",
    "S004-02",
    "KIT-INSI-10",
    purpose="Un matricule d’attente (NIA) se reconnaît à son OID, jamais à ses chiffres.",
    steps=("rechercher PROVISOIRE MATRICULE, dont le matricule commence par 1 et dont l’OID est celui des NIA",),
    expected="le matricule et l’OID .9 sont rendus tels quels, et l’identité devient récupérée",
    mend="garder l’OID reçu avec le matricule ; ne rien déduire du premier chiffre",
    film="la fiche de PROVISOIRE et la mention NIA",
)
def nia(bench: Bench) -> None:
    """The OID is kept, and accepted."""
    subject = bench.start()
    found = individual(ask_by_traits(subject, criteria("PROVISOIRE", "MATRICULE")))
    expect(told(found) == (matricule("PROVISOIRE", "MATRICULE"), OID_NIA), "le NIA n’est pas rendu tel que reçu")
    expect_unchanged(subject.identify(traits=traits("PROVISOIRE", "MATRICULE")), "NIA", "RECUP")


@checks(
    "insi.answers.wrong-key-kept",
    "KIT-INSI-12",
    purpose="INSi a déjà rendu un matricule à la clé fausse : c’est pourtant celui de la personne.",
    steps=("rechercher puis identifier HERMANN, dont la clé ne correspond pas aux chiffres",),
    expected="le matricule est rendu tel quel, l’identité devient récupérée et l’anomalie est dite",
    mend="vérifier la clé de ce qui est saisi ; avertir seulement pour une réponse d’INSi",
    film="la fiche de HERMANN et son avertissement",
)
def wrong_key_kept(bench: Bench) -> None:
    """A key that does not fit is kept, and said."""
    subject = bench.start()
    found = individual(ask_by_traits(subject, criteria("HERMANN", "GATIEN")))
    expect(told(found) == (matricule("HERMANN", "GATIEN"), OID_NIR), "le matricule n’est pas rendu tel que reçu")
    identified = subject.identify(traits=traits("HERMANN", "GATIEN"))
    expect_unchanged(identified, "clé fausse", "RECUP")
    codes = [one["code"] for one in (identified.value or {})["notices"]]
    expect("identity.key_mismatch" in codes, "l’anomalie de la clé n’est pas signalée")


@checks(
    "insi.answers.incomplete-not-imported",
    "SC.INS/va1.28",
    "SC.INS/va1.31",
    purpose="Une identité au jour ou au mois « 00 », sans nom, sans prénom ou sans sexe ne peut pas être reprise.",
    steps=(
        "faire répondre une date au mois ou au jour 00, puis sans nom, sans prénom, sans sexe",
        "confirmer à chaque fois les valeurs d’INSi",
    ),
    expected="l’identité reste provisoire, même confirmée",
    mend="rendre la réponse telle quelle : ni complétée ni réparée, l’hôte la refuse",
    film="une réponse INSi à la date incomplète",
)
def incomplete_not_imported(bench: Bench) -> None:
    """Nothing is imported, whatever the user confirms."""
    everything = sorted(traits("ADRUN", "ZOE"))
    subject = bench.start()
    for what, change in (
        ("mois 00", {"DateNaissance": "1975-00-31"}),
        ("jour 00", {"DateNaissance": "1975-12-00"}),
        ("sans nom", {"NomNaissance": ""}),
        ("sans prénom", {"ListePrenom": ""}),
        ("sans sexe", {"Sexe": ""}),
    ):
        told_traits = {name: value for name, value in {**_ZOE, **change}.items() if value}
        found = replies.individual(replies.number(matricule("ADRUN", "ZOE")), told_traits)
        bench.sandbox.replay("insi", replies.resultat("00", found))
        expect_unchanged(subject.identify(traits=traits("ADRUN", "ZOE"), confirmed=everything), what)


def _expect_zoe(subject: Subject, what: str) -> Mapping[str, Any]:
    found = individual(ask_by_traits(subject, criteria("ADRUN", "ZOE")))
    expect(told(found) == (matricule("ADRUN", "ZOE"), OID_NIR), f"{what} : le matricule n’est pas celui reçu")
    return found


def _history(found: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [(*told(one), one["start"], one["end"]) for one in found["history"]]
