"""Who is on a card: everybody, in the order of the card, each under his own number; a human chooses."""

from typing import Any, Final

import attrs

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.vitale.card_content import (
    ANTHONY,
    DOMINIQUE,
    FAMILY,
    MICHELANGELO,
    RUTH,
    TOUSSAINT,
    ZOE,
    identity_file,
    number_file,
)
from segur_conformance.checks.vitale.judging import (
    expect_refused,
    needs_insi,
    read_named,
    read_own,
    reading_in,
    seen,
    written,
)
from segur_conformance.checks.vitale.own_reader import OwnReader
from segur_conformance.checks.vitale.virtual_card import VirtualCard
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

PROVEN: Final = frozenset({"QUAL", "VALI"})


@checks(
    "vitale.people.none-chosen",
    "CARD-07",
    purpose="Sur une carte familiale, c’est l’utilisateur qui désigne le patient.",
    steps=("lire la carte « family »", "identifier son porteur sans dire lequel"),
    expected="les trois bénéficiaires dans l’ordre ; sans choix, input.beneficiary_to_choose et aucun appel à INSi",
    mend="rendre tous les bénéficiaires avec leur position ; demander lequel avant toute recherche",
    film="la liste des bénéficiaires, aucun présélectionné",
)
def none_chosen(bench: Bench) -> None:
    """Everybody is listed, nobody is taken by default."""
    subject = bench.start()
    found = seen(read_named(bench, subject, "family"))
    expect(found == written(FAMILY), "les bénéficiaires lus ne sont pas ceux de la carte")
    answer = subject.identify(card={"slot": bench.readers[0]})
    expect_equal((answer.value, answer.error), (None, "input.beneficiary_to_choose"), "identification sans choix")
    expect(not bench.sandbox.exchanges("insi"), "INSi a été interrogé pour un bénéficiaire que personne n’a choisi")


@checks(
    "vitale.people.own-place",
    "CARD-07",
    purpose="Le numéro d’un bénéficiaire est celui de son rang dans le fichier, jamais celui de son voisin.",
    steps=("lire une carte dont les trois bénéficiaires ont chacun leur numéro", "ôter ou ajouter un numéro"),
    expected="chacun avec son numéro ; si les deux fichiers ne se répondent pas, une erreur et personne",
    mend="joindre identités et numéros par leur rang, et refuser deux fichiers de longueurs différentes",
    film="rien à filmer : les numéros sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def own_place(bench: Bench) -> None:
    """Identities and numbers are joined by place, or not at all."""
    people = (ANTHONY, DOMINIQUE, ZOE)
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        reading = reading_in(read_own(subject, reader, VirtualCard.of(*people)), "trois numéros")
        expect(seen(reading) == written(people), "un bénéficiaire porte le numéro d’un autre")
        for what, owners in (("un numéro de moins", people[:2]), ("un numéro de plus", (*people, RUTH))):
            card = VirtualCard(identity_file(people), number_file(owners))
            expect_refused(read_own(subject, reader, card), what)


@checks(
    "vitale.people.twins",
    "CARD-07",
    purpose="Des jumeaux ont le même nom et la même date : leur rang et un avertissement les distinguent.",
    steps=("lire la carte « twins »", "lire la carte « same-birthdate »"),
    expected="les rangs 1 et 2 gardés ; same_birth_date sur ceux qui partagent leur date et sur eux seuls",
    mend="lire le rang gémellaire de chaque bénéficiaire et comparer les dates de la carte",
    film="les jumeaux dans la liste, avec leur rang",
)
def twins(bench: Bench) -> None:
    """Ranks are kept, and people of one birth date are flagged."""
    subject = bench.start()
    reading = read_named(bench, subject, "twins")
    expect_equal([one["rang_naissance"] for one in reading["beneficiaries"]], [1, 1, 2], "rangs gémellaires")
    expect_equal(_warned(reading), [False, True, True], "avertis de la carte « twins »")
    for card, warned in (("same-birthdate", [True, True]), ("family", [False, False, False])):
        expect_equal(_warned(read_named(bench, subject, card)), warned, f"avertis de la carte « {card} »")


def _warned(reading: dict[str, Any]) -> list[bool]:
    return ["same_birth_date" in one["flags"] for one in reading["beneficiaries"]]


@checks(
    "vitale.people.letters",
    "KIT-VITALE-05",
    purpose="Un nom mal décodé fait échouer la recherche de l’INS ou désigne quelqu’un d’autre.",
    steps=("lire la carte « accents »", "lire un nom qui porte des octets de commande"),
    expected="les lettres accentuées telles quelles ; un nom indéchiffrable est refusé, non remplacé",
    mend="décoder strictement, dans le codage réglé, et refuser ce qui n’est pas du texte",
    film="un nom accentué à l’écran",
    kinds=PLUGIN_KINDS,
)
def letters(bench: Bench) -> None:
    """Letters are read as they stand, or the card is refused."""
    with OwnReader(VirtualCard.of(attrs.evolve(ZOE, nom="ADR\x07UN"))) as reader:
        subject = bench.start(**reader.beside(bench.sandbox))
        people = read_named(bench, subject, "accents")["beneficiaries"]
        names = (people[0]["nom"], people[1]["prenom"])
        expect(names == ("D'ARTAGNAN DE L'HÉRAULT", "ZOÉ"), "les accents sont altérés")
        answer = subject.call("on_card_read", reader.event)
    expect_refused(answer, "nom indéchiffrable")


@checks(
    "vitale.people.own-matricule",
    "S000-02",
    "R6",
    purpose="Toute une famille est remboursée sous le NIR de l’assuré, mais chacun a son propre matricule INS.",
    steps=("identifier tour à tour les trois bénéficiaires de la carte « family »",),
    expected="trois identités, trois matricules différents, chacun celui qu’INSi a répondu",
    mend="rendre le NIR comme numéro de facturation (nir) et laisser le matricule à INSi",
    film="deux membres d’une famille et leurs deux matricules",
    kinds=PLUGIN_KINDS,
)
def own_matricule(bench: Bench) -> None:
    """The number on the card never becomes anybody's INS."""
    needs_insi(bench)
    reader = bench.readers[0]
    bench.sandbox.insert(reader, "family")
    subject = bench.start()
    owned = (DOMINIQUE, TOUSSAINT, MICHELANGELO)
    for place, person in enumerate(owned, start=1):
        answer = subject.identify(card={"slot": reader}, beneficiary=place)
        found = (answer.value or {}).get("identity_ref")
        expect(found, f"bénéficiaire {place} : INSi ne l’a pas trouvé ({answer.error or 'aucune identité'})")
        record: dict[str, Any] = subject.ask("history", input={"identity_ref": found}).value[-1]["record"]
        matricule = (record["matricule"] or {}).get("value")
        expect(matricule, f"bénéficiaire {place} : aucun matricule")
        expect(matricule == person.nir, f"bénéficiaire {place} : ce matricule n’est pas le sien")


@checks(
    "vitale.people.never-proven",
    "CARD-09",
    purpose="La carte Vitale ne prouve pas l’identité : sa lecture seule ne qualifie ni ne valide personne.",
    steps=("lire la carte « single »", "identifier sa porteuse sans aucune pièce", "l’identifier de nouveau"),
    expected="une lecture qui se dit carte Vitale, non appli carte Vitale ; ni statut qualifiée, ni statut validée",
    mend="rendre family=vitale et la provenance de la lecture ; la pièce d’identité se demande à part",
    film="le statut après la lecture de la carte, sans pièce",
    kinds=PLUGIN_KINDS,
)
def never_proven(bench: Bench) -> None:
    """Reading a physical card, even with an INS found, proves nothing."""
    card = {"slot": bench.readers[0]}
    subject = bench.start()
    reading = read_named(bench, subject, "single")
    expect_equal(reading["family"], "vitale", "famille de carte")
    expect(str(reading["provenance"]) != "apcv", "la lecture se dit faite sur une appli carte Vitale")
    for document in (None, {"none_because": "none_presented"}, None):
        given = {"card": card} if document is None else {"card": card, "document": document}
        answer = subject.identify(**given)
        expect_equal(answer.error, None, "identification par la carte")
        status = answer.value["status"]
        expect(status not in PROVEN, f"statut {status} après la seule lecture de la carte")


@checks(
    "vitale.people.asked-century",
    "CARD-08",
    purpose="Un siècle qui manque sur la carte se demande à l’utilisateur avant toute recherche.",
    steps=("identifier le porteur de la carte « no-century » sans réponse", "recommencer en répondant à la question"),
    expected="aucun appel à INSi sans réponse ; l’identité retrouvée avec elle",
    mend="rendre date_naissance absente et date_en_carte telle quelle, avec la remarque century_missing",
    film="la question posée au comptoir",
    kinds=PLUGIN_KINDS,
)
def asked_century(bench: Bench) -> None:
    """Nobody guesses a century."""
    needs_insi(bench)
    reader = bench.readers[0]
    bench.sandbox.insert(reader, "no-century")
    subject = bench.start()
    answer = subject.identify(card={"slot": reader})
    expect((answer.value or {}).get("identity_ref") is None, "une identité sans que le siècle soit connu")
    expect(not bench.sandbox.exchanges("insi"), "INSi a été interrogé avec un siècle deviné")
    answer = subject.identify(card={"slot": reader}, answers={"insi.date_naissance": ZOE.birth_date})
    expect((answer.value or {}).get("identity_ref"), "la réponse à la question ne suffit pas à retrouver l’identité")
