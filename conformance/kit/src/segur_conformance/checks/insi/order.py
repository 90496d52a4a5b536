"""In which order INSi is asked for somebody with several given names, and when asking ends."""

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.insi.asking import (
    HOUILLES,
    TCHITCHI,
    ask_by_traits,
    criteria,
    expect_refused,
    individual,
    matricule,
    told,
)
from segur_conformance.checks.insi.namespaces import OID_NIR
from segur_conformance.checks.insi.sent import requests
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()


@checks(
    "insi.order.stops-when-found",
    "PD-01",
    "SC.INS/va1.38",
    "KIT-INSI-07",
    purpose="Le premier prénom saisi n’est pas toujours celui que l’état civil a retenu.",
    steps=("rechercher TCHITCHI, prénoms OLA, CATARINA et BELLA",),
    expected="exactement deux demandes, OLA puis CATARINA, et l’INS de la seconde réponse",
    mend="envoyer un prénom par demande, dans l’ordre, et s’arrêter au premier code 00",
    film="la recherche de TCHITCHI et les deux échanges",
)
def stops_when_found(bench: Bench) -> None:
    """One given name per call, in order, until one is found."""
    found = individual(ask_by_traits(bench.start(), TCHITCHI))
    prenoms = [one.prenom for one in requests(bench)]
    expect(prenoms == ["OLA", "CATARINA"], f"attendu OLA puis CATARINA, {len(prenoms)} demande(s) autrement")
    expect(told(found) == (matricule("TCHITCHI", "CATARINA"), OID_NIR), "l’INS rendu n’est pas celui de la réponse")


@checks(
    "insi.order.whole-list-last",
    "PD-01",
    "SC.INS/va1.38",
    "KIT-INSI-07",
    purpose="Avant de conclure que personne n’est trouvé, toutes les formes des prénoms ont été essayées.",
    steps=(
        "rechercher HOUILLES, prénoms PIERRE, PAUL et JACQUES, inconnu du service",
        "le rechercher de nouveau avec le seul prénom PIERRE",
    ),
    expected="un prénom à la fois puis la liste entière, quatre demandes et le code 01 ; puis une seule demande",
    mend="terminer par la liste entière dans un seul élément Prenom, sauf si elle n’a qu’un prénom ; rendre le code 01",
    film="la recherche de HOUILLES, ses quatre échanges et « aucune identité trouvée »",
)
def whole_list_last(bench: Bench) -> None:
    """Three given names make four calls, then 01; a single one makes one."""
    subject = bench.start()
    answer = ask_by_traits(subject, HOUILLES)
    prenoms = [one.prenom for one in requests(bench)]
    wanted = ["PIERRE", "PAUL", "JACQUES", "PIERRE PAUL JACQUES"]
    expect(prenoms == wanted, f"attendu chaque prénom puis la liste entière, {len(prenoms)} demande(s) autrement")
    value = answer.value or {}
    expect_equal((value.get("cr"), value.get("individual")), ("01", None), "réponse rendue")
    ask_by_traits(subject, {**HOUILLES, "prenoms_naissance": ["PIERRE"]})
    expect_equal(len(requests(bench)) - len(wanted), 1, "nombre de demandes pour un seul prénom")


@checks(
    "insi.order.stops-at-fault",
    "KIT-INSI-07",
    purpose="Une panne n’est pas une absence : continuer avec d’autres prénoms ferait conclure à tort.",
    steps=("mettre la recherche en panne", "rechercher une personne à trois prénoms"),
    expected="aucun autre prénom que le premier n’est envoyé, et une erreur est rendue, pas le code 01",
    mend="arrêter la suite des prénoms à la première panne",
    film="la recherche pendant une panne du service",
)
def stops_at_fault(bench: Bench) -> None:
    """A technical fault ends the walk through given names."""
    bench.sandbox.fault("insi", "wrong_answer", variant="insi_102")
    expect_refused(ask_by_traits(bench.start(), TCHITCHI), "panne du service")
    expect({one.prenom for one in requests(bench)} == {"OLA"}, "d’autres prénoms ont été essayés après une panne")


@checks(
    "insi.order.several-narrowed",
    "S000-15",
    "KIT-INSI-08",
    purpose="Quand plusieurs personnes répondent, il faut préciser la question, pas en poser une autre.",
    steps=(
        "faire répondre « plusieurs identités » à toute demande",
        "rechercher une personne à deux prénoms dont le lieu de naissance est connu",
        "recommencer en ne faisant répondre ainsi qu’à la première demande",
    ),
    expected="le premier prénom, puis tous ensemble, puis avec le lieu, et le code 02 ; puis la personne trouvée",
    mend="après un code 02, ajouter les autres prénoms puis le lieu ; rendre 02 si rien ne départage",
    film="la recherche d’un homonyme et ses échanges",
)
def several_narrowed(bench: Bench) -> None:
    """After 02: the other given names, then the birthplace; never another name alone. Then whoever is found."""
    bench.sandbox.fault("insi", "wrong_answer", variant="several")
    answer = ask_by_traits(bench.start(), criteria("NESSI", "RUTH", lieu_naissance="63220"))
    asked = [(one.prenom, one.birthplace) for one in requests(bench)]
    names = [*dict.fromkeys(prenom for prenom, _ in asked)]
    expect(names == ["RUTH", "RUTH ISABELLE"], "après le code 02, les autres prénoms n’ont pas été ajoutés au premier")
    expect(asked[-1] == ("RUTH ISABELLE", "63220"), "le lieu de naissance n’a pas été ajouté en dernier")
    value = answer.value or {}
    expect_equal((value.get("cr"), value.get("individual")), ("02", None), "réponse rendue")
    bench.sandbox.reset()
    bench.sandbox.fault("insi", "wrong_answer", variant="several", count=1)
    found = individual(ask_by_traits(bench.start(), criteria("NESSI", "RUTH", lieu_naissance="63220")))
    expect(told(found) == (matricule("NESSI", "RUTH"), OID_NIR), "l’INS rendu n’est pas celui de la réponse")


@checks(
    "insi.order.several-imports-nothing",
    "S000-15",
    "SC.INS/va1.35",
    purpose="Choisir au hasard parmi plusieurs personnes mélange deux dossiers.",
    steps=("identifier DE VINCI LEONARDO, pour qui INSi trouve plusieurs identités",),
    expected="l’identité reste provisoire, le code 02 est rendu et des critères de plus sont demandés",
    mend="rendre le code 02 tel quel : l’hôte affiche ce qu’il faut compléter",
    film="le message « plusieurs identités » et ce qu’il demande de compléter",
)
def several_imports_nothing(bench: Bench) -> None:
    """02 leaves the identity provisional and asks for more."""
    person = criteria("DE VINCI", "LEONARDO")
    known = {**person, "premier_prenom": person["prenoms_naissance"][0], "lieu_naissance": "99999"}
    value = bench.start().identify(traits=known).value or {}
    expect_equal((value.get("status"), value.get("cr")), ("PROV", "02"), "statut et code")
    notices = value.get("notices", [])
    asked = any(one.get("code") == "identity.ins_several" and one.get("action") for one in notices)
    expect(asked, "rien ne demande de compléter les traits")
