"""The reply files supplied for the approval tests, replayed as they are. They are not distributed with the kit."""

from collections.abc import Mapping
from typing import Any

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.insi.asking import ask_by_traits, criteria, individual, told
from segur_conformance.checks.insi.namespaces import OID_NIA, OID_NIR
from segur_conformance.checks.insi.sent import requests
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()


def _replayed(bench: Bench, subject: Subject, file: str, person: Mapping[str, Any]) -> dict[str, Any]:
    body = bench.asset(f"insi/replies/{file}").read_text("utf-8")
    before = len(requests(bench))
    bench.sandbox.replay("insi", body)
    found = individual(ask_by_traits(subject, person))
    made = requests(bench)[before:]
    expect(made and made[0].exchange["injected"], f"{file} n’a pas été la réponse rendue")
    expect_equal(len(made), 1, f"{file} : nombre de demandes")
    return found


@checks(
    "insi.supplied.case-2-04",
    "PD-01",
    "SC.INS/va1.35",
    purpose="Le cas 2.04 de l’autorisation présente deux anciens matricules, l’un avec ses dates en tête.",
    steps=("rejouer la réponse fournie 2.04, cas 2",),
    expected="l’INS actif et les deux anciens matricules, avec leur OID ; la fin avant le début est gardée",
    mend="lire les éléments par nom, dans n’importe quel ordre",
    film="le cas 2.04 rejoué : segur sandbox replay insi TEST_2.04_cas2.xml",
    asset="insi/replies/TEST_2.04_cas2.xml",
)
def case_2_04(bench: Bench) -> None:
    """Two former matricules, the first one out of order."""
    found = _replayed(bench, bench.start(), "TEST_2.04_cas2.xml", criteria("ECETINSI", "PIERRE-ALAIN"))
    expect(told(found) == ("109076322083489", OID_NIR), "l’INS actif n’est pas celui de la réponse fournie")
    former = [(*told(one), one["start"], one["end"]) for one in found["history"]]
    wanted = [("209076322083439", OID_NIR, "2019-03-01", "2019-02-28"), ("209066322012355", OID_NIR, None, None)]
    expect(former == wanted, "les anciens matricules ne sont pas ceux de la réponse fournie")


@checks(
    "insi.supplied.case-2-05",
    "PD-01",
    "S004-02",
    purpose="Le cas 2.05 de l’autorisation présente un matricule d’attente (NIA).",
    steps=("rejouer la réponse fournie 2.05",),
    expected="le matricule et l’OID des NIA, tels quels",
    mend="garder l’OID reçu avec le matricule",
    film="le cas 2.05 rejoué : segur sandbox replay insi TEST_2.05.xml",
    asset="insi/replies/TEST_2.05.xml",
)
def case_2_05(bench: Bench) -> None:
    """The OID says that it is a NIA."""
    found = _replayed(bench, bench.start(), "TEST_2.05.xml", criteria("PROVISOIRE", "MATRICULE"))
    expect(told(found) == ("109076322088835", OID_NIA), "le NIA n’est pas celui de la réponse fournie")
    expect_equal(found["history"], [], "anciens matricules")


@checks(
    "insi.supplied.case-2-08",
    "PD-01",
    "SC.INS/va1.35",
    purpose="Les cas 2.08 de l’autorisation répètent le matricule actif dans l’historique, et portent une clé fausse.",
    steps=("rejouer les réponses fournies 2.08, cas 1 et cas 2",),
    expected="l’INS actif tel quel ; aucun ancien matricule au cas 1, un seul au cas 2",
    mend="retirer le matricule actif de l’historique ; ne rien refuser pour une clé",
    film="les cas 2.08 rejoués : segur sandbox replay insi TEST_2.08_cas1.xml, puis cas 2",
    asset="insi/replies/TEST_2.08_cas1.xml",
)
def case_2_08(bench: Bench) -> None:
    """The active matricule is repeated, and a key is wrong."""
    subject = bench.start()
    found = _replayed(bench, subject, "TEST_2.08_cas1.xml", criteria("CORSE", "ANTHONY"))
    expect((told(found)[0], found["history"]) == ("180032B02040123", []), "le cas 1 n’est pas rendu tel que fourni")
    found = _replayed(bench, subject, "TEST_2.08_cas2.xml", criteria("HERMANN", "GATIEN"))
    former = [told(one) for one in found["history"]]
    expect(told(found) == ("181036322045660", OID_NIR), "l’INS actif du cas 2 n’est pas celui fourni")
    expect(former == [("281036322045610", OID_NIR)], "l’ancien matricule du cas 2 n’est pas celui fourni")
