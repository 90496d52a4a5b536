"""Creation: five strict traits, no sixth, complete dates, names as people bear them."""

from html import unescape
from typing import Final

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.identity.counter import Counter, expect_status
from segur_conformance.checks.identity.register import ANTHONY, ARTAGNAN, DOMINIQUE, HOUILLES, ZOE, as_typed, changed
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

FIVE: Final = ("nom_naissance", "premier_prenom", "sexe", "date_naissance", "lieu_naissance")


@checks(
    "identity.creation.five-traits",
    "PD-15",
    "SC.INS.09.LGO",
    "SC.INS/va1.21",
    "SC.INS/va1.22",
    "S000-01",
    purpose="Une identité se crée avec les cinq traits stricts, tous les cinq et rien d’autre.",
    steps=("donner les cinq traits sans l’un, pour chacun", "donner les cinq traits et aucun autre champ"),
    expected="aucune identité tant qu’il manque un trait ; avec les cinq, une identité provisoire",
    mend="exiger les cinq traits, n’exiger aucun sixième champ, ne remplacer aucun trait absent par une valeur",
    film="l’écran de création, un trait vide puis les cinq remplis",
)
def five_traits(bench: Bench) -> None:
    """Each of the five is needed, and no sixth."""
    counter = Counter(bench)
    whole = {name: ZOE[name] for name in FIVE}
    for missing in FIVE:
        answer = counter.subject.identify(traits=changed(whole, **{missing: None}), search=False)
        expect(answer.error or answer.value["identity_ref"] is None, f"identité créée sans {missing}")
    expect_status(counter.recorded(whole), "PROV", "les cinq traits")


@checks(
    "identity.creation.from-insi",
    "S000-25",
    purpose="Une fiche peut naître de la réponse d’INSi.",
    steps=(
        "identifier par une saisie partielle quelqu’un qu’INSi trouve",
        "donner ensuite ses cinq traits",
        "identifier par une saisie partielle quelqu’un qu’INSi ne trouve pas",
    ),
    expected="une identité récupérée avec les traits d’INSi, retrouvée par eux ; aucune pour l’autre personne",
    mend="reprendre de la réponse les traits qui manquent à la saisie, et seulement d’elle",
    film="une fiche créée d’après INSi",
)
def from_insi(bench: Bench) -> None:
    """What is missing comes from the answer, or the person is not recorded."""
    counter = Counter(bench)
    made = counter.identify("saisie partielle", traits=as_typed(ZOE))
    expect_status(made, "RECUP", "saisie partielle, INSi 00")
    again = counter.recorded(ZOE)
    expect(again.ref == made.ref, "les traits rendus par INSi ne retrouvent pas la fiche qu’ils ont créée")
    unknown = counter.identify("saisie partielle", traits=as_typed(HOUILLES))
    expect(unknown.ref is None, "une fiche est créée d’une saisie partielle qu’INSi ne connaît pas")


@checks(
    "identity.creation.unusual-names",
    "PD-15",
    "SC.INS/va1.25",
    "SC.INS/va1.56",
    purpose="Apostrophes, doubles traits d’union et naissances en Corse passent partout.",
    steps=(
        "enregistrer D’ARTAGNAN, puis le saisir autrement",
        "interroger INSi pour lui et pour deux personnes nées en Corse (2A, 2B)",
        "interroger INSi pour un nom à double trait d’union, puis pour un prénom qui en porte un",
    ),
    expected="une seule fiche, trois identités récupérées ; le nom part tel quel, le prénom ne part pas",
    mend="rapprocher les noms sans casse, accents ni typographie ; n’appliquer au nom que les règles du nom",
    film="la recherche de D’Artagnan saisi de trois façons",
)
def unusual_names(bench: Bench) -> None:
    """One file whatever the typography; INSi's profiles for what leaves."""
    counter = Counter(bench)
    first = counter.recorded(ARTAGNAN)
    for typed in ("d'artagnan de l'hérault", "D’ARTAGNAN DE L’HERAULT"):
        again = counter.recorded(changed(ARTAGNAN, nom_naissance=typed, premier_prenom="Pierre-Alain"))
        expect(again.ref == first.ref, "la même personne, saisie autrement, ouvre une deuxième fiche")
    expect_status(counter.again(first.ref, "apostrophes", search=True), "RECUP", "nom à apostrophes")
    for person in (ANTHONY, DOMINIQUE):
        expect_status(counter.recorded(person, search=True), "RECUP", "naissance en Corse")
    before = counter.calls
    counter.recorded(changed(ZOE, nom_naissance="ADRUN--DEUX"), search=True)
    sent = bench.sandbox.exchanges("insi")[before:]
    expect(sent, "un nom à double trait d’union n’est pas envoyé à INSi")
    expect_equal([one["reason"] for one in sent if one["unexpected"]], [], "refus d’INSi")
    expect(all(">ADRUN--DEUX<" in unescape(one["request"]["body"]) for one in sent), "le nom n’est pas parti tel quel")
    before = counter.calls
    counter.subject.identify(traits=changed(ZOE, premier_prenom="ZOE--RUTH", prenoms_naissance=("ZOE--RUTH",)))
    expect_equal(counter.calls - before, 0, "envois d’un prénom à double trait d’union")


INCOMPLETE: Final = ("1975-00-31", "1975-12-00", "1975-00-00", "0000-12-31", "1975-12", "1975-02-30")


@checks(
    "identity.creation.complete-birth-date",
    "SC.INS/va1.56",
    "KIT-IDENTITY-02",
    purpose="L’identité sanitaire ne porte jamais de date de naissance incomplète ou impossible.",
    steps=("enregistrer une personne avec une date incomplète", "l’enregistrer avec la date complétée et signalée"),
    expected="chaque date incomplète refusée ; la date complétée acceptée avec date_interpretee",
    mend="faire compléter la date (01 pour le jour, 01 pour le mois, 31/12 pour les deux) et le signaler, sans deviner",
    film="la saisie d’une date sans jour, complétée et signalée",
)
def complete_birth_date(bench: Bench) -> None:
    """A date with an unknown part is completed by the user, and marked."""
    counter = Counter(bench)
    for born in INCOMPLETE:
        answer = counter.subject.identify(traits=changed(ZOE, date_naissance=born), search=False)
        expect(answer.error or answer.value["identity_ref"] is None, f"date enregistrée telle quelle : {born}")
    completed = changed(ZOE, date_naissance="1975-12-31", date_interpretee=True)
    expect_status(counter.recorded(completed), "PROV", "date complétée")
