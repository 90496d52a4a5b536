"""Readings that the practice software hands over: as good as those of a reader, and checked as much."""

from typing import Any, Final

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.vitale.card_content import DOMINIQUE, ZOE
from segur_conformance.checks.vitale.judging import flags, needs_insi, reading_in
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer, Subject

checks = CheckSet()

COMPONENT: Final = "API de lecture Vitale 6.30"
SERIAL: Final = "1001"
PERSON: Final = {
    "nom_patronymique": ZOE.nom,
    "prenom_usuel": ZOE.prenom,
    "date": ZOE.date,
    "date_en_carte": ZOE.date[2:],
    "nir": ZOE.nir,
}
DATES: Final[tuple[tuple[str | None, str | None, str | None, str, list[str]], ...]] = (
    ("19751231", None, "1975-12-31", "19751231", []),
    (None, "19751231", "1975-12-31", "19751231", []),
    (None, "751231", None, "751231", ["century_missing"]),
    (None, "19752000", None, "19752000", ["lunar_date"]),
    ("19750101", "19752000", None, "19752000", ["lunar_date"]),
    ("19750101", "752000", None, "752000", ["century_missing", "lunar_date"]),
)
"""``date``, ``date_en_carte``; then the complete date, the date kept, and what is odd. The official component brings
lunar dates to 1 January (règle CP02): that is an age, not a date of birth."""
NUMBERS: Final[tuple[tuple[dict[str, Any], list[str]], ...]] = (
    ({"nir": ZOE.nir, "nir_certifie": DOMINIQUE.nir}, []),
    ({"nir": ZOE.nir, "nir_certifie": None}, []),
    ({"nir": "275126322074975", "nir_certifie": None}, ["nir_key"]),
    ({"nir": ZOE.nir, "nir_certifie": "297022A02077879"}, ["nir_key"]),
    ({"nir": None, "nir_certifie": None}, ["nir_missing"]),
)
INCOHERENT: Final[dict[str, dict[str, Any]]] = {
    "aucune date": {"date": None, "date_en_carte": None},
    "un autre jour sur la carte": {"date_en_carte": "751230"},
    "une autre année sur la carte": {"date_en_carte": "19741231"},
    "une autre année, date lunaire": {"date_en_carte": "742000"},
    "un numéro trop court": {"nir": "27512632207"},
    "une lettre dans le numéro": {"nir": "27512632207497X"},
    "un numéro certifié sans sa forme": {"nir_certifie": "X"},
}


def supplied(*changes: dict[str, Any], nature: str | None = "T") -> dict[str, Any]:
    """Return a reading as a practice software gives it: one person for each of ``changes``, one without any."""
    return {
        "kind": "supplied",
        "component": COMPONENT,
        "nature": nature or "unknown",
        "serial": SERIAL,
        "beneficiaries": [{**PERSON, **change} for change in changes or ({},)],
    }


def _hand_over(subject: Subject, *changes: dict[str, Any]) -> Answer:
    return subject.call("on_card_read", {"card": supplied(*changes)})


@checks(
    "vitale.supplied.as-good",
    "R20",
    "S000-11",
    purpose="Un logiciel agréé lit déjà la carte par le composant officiel : sa lecture vaut celle d’un lecteur.",
    steps=("ôter toute carte", "transmettre une lecture avec nom d’usage, sexe, rang et deux bénéficiaires"),
    expected="les mêmes données, la provenance supplied:composant, aucun lecteur sollicité",
    mend="traiter HostSuppliedReading comme une lecture de plein droit et garder chaque donnée transmise",
    film="la lecture par le composant du logiciel et l’identité qui s’affiche",
)
def as_good(bench: Bench) -> None:
    """Everything supplied is in the reading, which says where it comes from."""
    for reader in bench.readers:
        bench.sandbox.insert(reader, None)
    more = {"nom_usuel": "TCHITCHI", "sexe": "F", "rang_de_naissance": 2}
    reading = reading_in(_hand_over(bench.start(), more, {"prenom_usuel": "RUTH"}), "lecture transmise")
    first, second = reading["beneficiaries"]
    names = (first["nom"], first["nom_usage"], first["prenom"], second["prenom"])
    expect(names == (ZOE.nom, "TCHITCHI", ZOE.prenom, "RUTH"), "les noms transmis ne sont pas ceux de la lecture")
    expect_equal((first["sexe"], first["rang_naissance"], second["sexe"]), ("F", 2, None), "sexe et rang")
    expect_equal((first["position"], second["position"]), (1, 2), "places")
    expect_equal(first["date_naissance"], ZOE.birth_date, "date de naissance")
    expect_equal(flags(reading), [["same_birth_date"]] * 2, "remarques")
    expect_equal(reading["family"], "vitale", "famille de carte")
    expect_equal((reading["nature"], reading["serial"]), ("T", SERIAL), "nature et numéro de série")
    expect_equal((reading["provenance"], reading["presence"]), (f"supplied:{COMPONENT}", None), "provenance")
    expect(not bench.sandbox.exchanges("cards"), "un lecteur a été sollicité")


@checks(
    "vitale.supplied.searched",
    "R20",
    "CARD-09",
    purpose="La lecture transmise mène à l’INS comme celle d’un lecteur, et ne prouve pas davantage.",
    steps=("identifier la personne d’une lecture transmise, dont le sexe est connu",),
    expected="INSi interrogé sans question à l’utilisateur, identité récupérée, ni validée ni qualifiée",
    mend="rendre les traits transmis, sexe compris",
    film="l’identité récupérée après la lecture du composant",
)
def searched(bench: Bench) -> None:
    """A supplied reading leads to the INS by traits."""
    needs_insi(bench)
    answer = bench.start().identify(card=supplied({"sexe": "F"}))
    expect_equal(answer.error, None, "identification par une lecture transmise")
    expect_equal(answer.value["status"], "RECUP", "statut")


@checks(
    "vitale.supplied.dates",
    "R20",
    "CARD-08",
    purpose="Le composant officiel ramène une date lunaire au 1er janvier : c’est un âge, non une date de naissance.",
    steps=("transmettre des dates complètes, sans siècle, lunaires, lunaires ramenées au 1er janvier",),
    expected="la date de la carte gardée, aucune date complète inventée, la remarque qui convient",
    mend="rapprocher date et dateEnCarte ; une date lunaire le reste",
    film="une date lunaire transmise, telle qu’affichée",
)
def dates(bench: Bench) -> None:
    """Supplied dates are joined and never completed."""
    subject = bench.start()
    for date, on_card, complete, kept, odd in DATES:
        what = f"date {date}, en carte {on_card}"
        reading = reading_in(_hand_over(subject, {"date": date, "date_en_carte": on_card}), what)
        (person,) = reading["beneficiaries"]
        found = (person["date_naissance"], person["date_en_carte"], sorted(person["flags"]))
        expect_equal(found, (complete, kept, odd), what)


@checks(
    "vitale.supplied.numbers",
    "R20",
    "CARD-08",
    "R6",
    purpose="Le numéro de l’assuré et celui du bénéficiaire restent distincts, vérifiés et jamais corrigés.",
    steps=("transmettre nir et nirCertifie, justes, à la clé fausse, ou absents",),
    expected="chacun à sa place, tel que transmis ; nir_key ou nir_missing selon le cas",
    mend="garder nir et nir_certifie séparés et vérifier la clé de chacun",
    film="rien à filmer : les numéros sont dans les preuves",
)
def numbers(bench: Bench) -> None:
    """Supplied numbers are kept apart, flagged, never corrected."""
    subject = bench.start()
    for case, (given, odd) in enumerate(NUMBERS, start=1):
        reading = reading_in(_hand_over(subject, given), f"numéros, cas {case}")
        (person,) = reading["beneficiaries"]
        found = {name: (person[name] or {}).get("value") for name in given}
        expect(found == given, f"numéros, cas {case} : ils ne sont pas tels que transmis")
        expect_equal(flags(reading), [odd], f"remarques, numéros, cas {case}")


@checks(
    "vitale.supplied.incoherent",
    "R20",
    "KIT-VITALE-06",
    purpose="Une lecture transmise qui se contredit ne désigne personne.",
    steps=("transmettre deux bénéficiaires, dont le second sans date, à dates contradictoires ou au numéro informe",),
    expected="une erreur et aucun bénéficiaire, pas même le premier",
    mend="vérifier chaque bénéficiaire avant d’en rendre un seul",
    film="le message d’une lecture incohérente",
)
def incoherent(bench: Bench) -> None:
    """A reading that contradicts itself is refused whole."""
    subject = bench.start()
    for what, change in INCOHERENT.items():
        answer = _hand_over(subject, {}, change)
        expect(answer.value is None, f"{what} : des bénéficiaires sont rendus")
        expect(answer.failure, f"{what} : aucune erreur")
        refused_by_host = str(answer.failure).startswith(("plugin.", "host."))
        expect(not refused_by_host, f"{what} : {answer.failure}, attendu une erreur typée du module")
