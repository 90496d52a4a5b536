"""What is given to begin with: as little as names, or an INS that was scanned or received."""

from typing import Any

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.insi.asking import (
    ask_about,
    ask_by_traits,
    criteria,
    errors,
    expect_refused,
    individual,
    matricule,
    told,
)
from segur_conformance.checks.insi.namespaces import OID_NIR
from segur_conformance.checks.insi.sent import requests
from segur_conformance.people import published
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()


@checks(
    "insi.given.only-missing-is-asked",
    "S000-12",
    "S000-13",
    purpose="Au comptoir, on commence par le nom et le prénom ; le reste se demande, une fois.",
    steps=(
        "rechercher une personne avec ses seuls nom et prénom, et répondre aux questions sexe et date de naissance",
        "en rechercher une autre dont sexe et date sont connus, et une dont seul le sexe manque",
    ),
    expected="les réponses partent quand le trait manque, le trait connu part dans les autres cas",
    mend="demander insi.sexe et insi.date_naissance par ctx.ask quand ils manquent, et alors seulement",
    film="la saisie du nom et du prénom seuls, puis les deux questions",
)
def only_missing_is_asked(bench: Bench) -> None:
    """Sex and date are asked for when they miss, and sent as answered; what is known is sent as it is."""
    subject = bench.start(answers={"insi.sexe": "F", "insi.date_naissance": "1975-12-31"})
    names = {"nom_naissance": "ADRUN", "prenoms_naissance": ["ZOE"]}
    found = individual(ask_by_traits(subject, names))
    expect(told(found) == (matricule("ADRUN", "ZOE"), OID_NIR), "l’INS rendu n’est pas celui de la personne")
    ask_by_traits(subject, criteria("ADRTROIS", "TOUSSAINT"))
    ask_by_traits(subject, criteria("ADRTROIS", "DOMINIQUE", sexe=None))
    sent = [(one.asked("Sexe"), one.asked("DateNaissance")) for one in requests(bench)]
    expect_equal(sent, [("F", "1975-12-31"), ("M", "1960-01-01"), ("F", "1997-02-26")], "sexes et dates envoyés")


@checks(
    "insi.given.nothing-guessed",
    "S000-13",
    "KIT-INSI-06",
    purpose="Un trait deviné désigne quelqu’un d’autre ; une réponse absente n’en est pas une.",
    steps=(
        "rechercher avec les seuls nom et prénom, sans personne pour répondre",
        "répondre par un sexe inconnu, une date qui n’existe pas, une date à venir",
    ),
    expected="chaque recherche est refusée par une erreur typée et rien n’est envoyé",
    mend="refuser ce qui n’est pas l’une des réponses attendues ; ne pas prendre de valeur par défaut",
    film="la question laissée sans réponse",
)
def nothing_guessed(bench: Bench) -> None:
    """Without a usable answer, nothing leaves."""
    names = {"nom_naissance": "ADRUN", "prenoms_naissance": ["ZOE"]}
    for what, answers in (
        ("aucune réponse", {}),
        ("sexe indéterminé", {"insi.sexe": "I", "insi.date_naissance": "1975-12-31"}),
        ("date impossible", {"insi.sexe": "F", "insi.date_naissance": "1975-02-30"}),
        ("date à venir", {"insi.sexe": "F", "insi.date_naissance": "2175-12-31"}),
    ):
        expect_refused(ask_by_traits(bench.start(answers=answers), names), what)
    expect_equal(len(requests(bench)), 0, "nombre de demandes envoyées")


def _candidate(name: str, given_name: str, number: str) -> dict[str, Any]:
    return {
        "matricule": {"value": number, "oid": OID_NIR},
        "traits": criteria(name, given_name, lieu_naissance=published(name, given_name)["lieu_naissance"]),
        "method": "CB",
    }


@checks(
    "insi.given.scanned-is-verified",
    "S000-14",
    "R19",
    purpose="Un INS lu sur un document n’est qu’une indication : INSi doit la confirmer.",
    steps=(
        "présenter l’INS de la personne, puis un ancien matricule d’une autre",
        "présenter, avec les traits de la première, le matricule de quelqu’un d’autre",
    ),
    expected="les deux premiers sont retrouvés avec leur INS actif ; le dernier est refusé et rien n’est repris",
    mend="rechercher par les traits reçus et comparer le matricule trouvé, historique compris",
    film="le datamatrix d’un autre patient présenté pour un dossier",
)
def scanned_is_verified(bench: Bench) -> None:
    """The person found must bear the matricule presented, now or formerly."""
    subject = bench.start()
    zoe, former = matricule("ADRUN", "ZOE"), published("ECETINSI", "PIERRE-ALAIN")["historique"][0]
    found = individual(ask_about(subject, _candidate("ADRUN", "ZOE", zoe)))
    expect(told(found) == (zoe, OID_NIR), "l’INS rendu n’est pas celui de la personne")
    once = _candidate("ECETINSI", "PIERRE-ALAIN", f"{former['numero']}{former['cle']}")
    found = individual(ask_about(subject, once))
    expect(told(found)[0] == matricule("ECETINSI", "PIERRE-ALAIN"), "l’INS actif n’est pas celui rendu")
    other = _candidate("ADRUN", "ZOE", matricule("ADRTROIS", "TOUSSAINT"))
    expect_refused(ask_about(subject, other), "matricule d’une autre personne")


@checks(
    "insi.given.scanned-traits-compared",
    "S000-14",
    "S000-16",
    purpose="Le bon matricule avec d’autres traits est le signe d’une erreur d’identité.",
    steps=("présenter un INS lu", "faire répondre INSi avec une autre date de naissance"),
    expected="la divergence sur la date de naissance est rendue, et aucune identité n’en est tirée",
    mend="comparer les traits présentés avec ceux de la réponse et rendre chaque divergence",
    film="l’écran de comparaison champ par champ",
)
def scanned_traits_compared(bench: Bench) -> None:
    """Divergences between what was scanned and what was answered are told."""
    bench.sandbox.fault("insi", "wrong_answer", variant="divergent_traits")
    candidate = _candidate("ADRUN", "ZOE", matricule("ADRUN", "ZOE"))
    subject = bench.start()
    value = ask_about(subject, candidate).value or {}
    named = [one["trait"] for one in value.get("divergences", ())]
    expect_equal(named, ["date_naissance"], "divergences rendues")
    identified = subject.identify(ins=candidate).value or {}
    expect(identified.get("identity_ref") is None, "une identité a été créée malgré la divergence")


@checks(
    "insi.given.wrong-key-is-said",
    "SC.INS/va1.41",
    "S004-15",
    purpose="Une clé fausse trahit une faute de frappe : mieux vaut le dire que chercher quelqu’un d’autre.",
    steps=("présenter un matricule saisi dont la clé ne correspond pas aux chiffres",),
    expected="une erreur qui nomme la clé, sans rien envoyer à INSi",
    mend="vérifier la clé de ce qui est saisi ou lu, avant toute demande",
    film="la saisie d’un matricule à la clé fausse",
)
def wrong_key_is_said(bench: Bench) -> None:
    """A keyed-in matricule with a wrong key is named as such before any call."""
    number = matricule("ADRUN", "ZOE")
    answer = bench.start().identify(ins=_candidate("ADRUN", "ZOE", f"{number[:13]}{int(number[13:]) - 1:02d}"))
    code = answer.error or next((str(one["code"]) for one in errors(answer)), "")
    expect(code.endswith("key"), f"l’erreur ne nomme pas la clé ({code or 'aucune erreur'})")
    expect_equal(len(requests(bench)), 0, "nombre de demandes envoyées")
