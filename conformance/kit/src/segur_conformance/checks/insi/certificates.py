"""Which certificate calls INSi, and what is found out about it before a byte leaves."""

from pathlib import Path
from typing import Any

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.insi.asking import (
    ask_by_traits,
    criteria,
    expect_refused,
    expect_temporary,
    individual,
)
from segur_conformance.checks.insi.sent import requests
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()


def _keys(bench: Bench, role: str) -> dict[str, Any]:
    """Return keys of the host's configuration where one role of the sandbox stands for both uses."""
    files = bench.sandbox.descriptor["certificates"][role]
    # The sandbox leaves each password in a private file beside its PKCS#12.
    key = {"p12": files["p12"], "password": {"file": f"{Path(files['p12'])}.password"}}
    return {"insi-auto": key, "insi-manu": key}


@checks(
    "insi.certificates.by-who-calls",
    "S003-13",
    "SC.INS/va1.65",
    purpose="INSi distingue ce qu’une personne déclenche de ce qu’un automate fait.",
    steps=("rechercher à la main", "rechercher dans un traitement automatique"),
    expected="la première demande présente le certificat INSI-MANU, la seconde INSI-AUTO",
    mend="choisir la clé insi-auto quand l’événement dit automatic, insi-manu sinon",
    film="les deux certificats de la structure et les deux échanges",
)
def by_who_calls(bench: Bench) -> None:
    """One certificate for each kind of call."""
    subject = bench.start()
    person = criteria("ADRUN", "ZOE")
    individual(ask_by_traits(subject, person))
    individual(ask_by_traits(subject, person, automatic=True))
    names = [one.exchange["client"]["cn"] for one in requests(bench)]
    expect_equal(names, ["INSI-MANU", "INSI-AUTO"], "certificats présentés")


@checks(
    "insi.certificates.wrong-name",
    "S003-28",
    "S003-13",
    "SC.INS/va1.65",
    purpose="Un certificat d’un autre usage est refusé par INSi : le dire avant d’appeler évite de chercher ailleurs.",
    steps=("configurer un certificat dont le nom n’est ni INSI-AUTO ni INSI-MANU", "rechercher à la main, puis non"),
    expected="une erreur typée et durable, qui nomme le niveau du certificat, sans aucune connexion",
    mend="comparer le CN du certificat, à la lettre, avant d’ouvrir la connexion",
    film="le refus du certificat et son message",
    kinds=PLUGIN_KINDS,
)
def wrong_name(bench: Bench) -> None:
    """Refused before anything is sent, whoever calls."""
    subject = bench.start(keys=_keys(bench, "wrong-cn"))
    for automatic in (False, True):
        answer = ask_by_traits(subject, criteria("ADRUN", "ZOE"), automatic=automatic)
        expect_refused(answer, "certificat d’un autre nom")
        expect_temporary(answer, "certificat d’un autre nom", temporary=False)
    expect_equal(len(bench.sandbox.exchanges("insi")), 0, "nombre de connexions à INSi")


@checks(
    "insi.certificates.unusable",
    "KIT-INSI-09",
    purpose="Un certificat expiré, ou fait pour signer, explique à lui seul que rien ne marche.",
    steps=("configurer un certificat de signature, puis un certificat expiré", "rechercher une personne"),
    expected="une erreur typée et durable à chaque fois, sans aucune connexion",
    mend="vérifier les dates et l’usage du certificat avant d’ouvrir la connexion",
    film="le message d’un certificat expiré",
    kinds=PLUGIN_KINDS,
)
def unusable(bench: Bench) -> None:
    """Usage and dates are looked at before anything is sent."""
    for role, automatic in (("wrong-usage", False), ("expired", True)):
        subject = bench.start(keys=_keys(bench, role))
        answer = ask_by_traits(subject, criteria("ADRUN", "ZOE"), automatic=automatic)
        expect_refused(answer, f"certificat {role}")
        expect_temporary(answer, f"certificat {role}", temporary=False)
    expect_equal(len(bench.sandbox.exchanges("insi")), 0, "nombre de connexions à INSi")


@checks(
    "insi.certificates.refused-by-service",
    "KIT-INSI-09",
    purpose="Un certificat révoqué, ou d’une autre autorité, ne se voit qu’à la connexion.",
    steps=("configurer un certificat révoqué, puis un certificat d’une autre autorité", "rechercher une personne"),
    expected="une erreur typée, aucune réponse inventée, et au plus trois tentatives",
    mend="rendre l’échec de la connexion ; ne pas insister",
    film="le message affiché quand le service refuse le certificat",
    kinds=PLUGIN_KINDS,
)
def refused_by_service(bench: Bench) -> None:
    """A refused handshake is an error, and not insisted upon."""
    for number, role in enumerate(("revoked", "foreign-ca"), start=1):
        subject = bench.start(keys=_keys(bench, role))
        expect_refused(ask_by_traits(subject, criteria("ADRUN", "ZOE"), automatic=True), f"certificat {role}")
        tried = len(bench.sandbox.exchanges("insi"))
        expect(number <= tried <= 3 * number, f"certificat {role} : {tried} connexions en tout")
    expect_equal(len(requests(bench)), 0, "nombre de demandes envoyées")
