"""What is kept of each search: every call, every return, in order."""

from collections.abc import Mapping
from typing import Any, Final

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.insi.asking import HOUILLES, TCHITCHI, ask_by_traits, criteria
from segur_conformance.checks.insi.sent import Sent, requests
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

_OK: Final = 200


@checks(
    "insi.trace.every-attempt",
    "SC.INS/va1.38",
    "SC.INS/va1.35",
    "R5",
    "REQ-11",
    purpose="Chaque appel à INSi se retrouve après coup : qui était cherché, quand, et ce qui a été répondu.",
    steps=(
        "rechercher une personne trouvée à la deuxième demande, une jamais trouvée, une parmi plusieurs",
        "rechercher une personne alors que la première demande tombe en panne",
    ),
    expected="autant de tentatives que d’échanges, dans l’ordre, avec identifiant, critères, code ou erreur",
    mend="ajouter chaque échange à attempts, échecs compris",
    film="la trace des appels INSi d’un patient",
)
def every_attempt(bench: Bench) -> None:
    """Attempts are the exchanges, one by one."""
    subject = bench.start()
    for what, person, codes in (
        ("trouvée à la deuxième demande", TCHITCHI, ["01", "00"]),
        ("jamais trouvée", HOUILLES, ["01"] * 4),
        ("parmi plusieurs", criteria("DE VINCI", "LEONARDO"), None),
    ):
        attempts = _attempts(bench, subject, person, what)
        expect(codes in (None, [one["cr"] for one in attempts]), f"personne {what} : codes mal rapportés")
    bench.sandbox.fault("insi", "wrong_answer", variant="desir_1020", count=1)
    _attempts(bench, subject, criteria("ADRUN", "ZOE"), "après une panne")


def _attempts(bench: Bench, subject: Subject, person: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    before = len(requests(bench))
    value = ask_by_traits(subject, person).value
    if value is None:
        # Only a failure may be told at once, instead of asking again.
        expect_equal(what, "après une panne", "recherche sans réponse")
        return []
    sent, attempts = requests(bench)[before:], value["attempts"]
    expect_equal(len(attempts), len(sent), f"personne {what} : tentatives rapportées")
    for one, attempt in zip(sent, attempts, strict=True):
        _expect_same(one, attempt, what)
    return list(attempts)


def _expect_same(sent: Sent, attempt: dict[str, Any], what: str) -> None:
    expect(
        attempt["message_id"].endswith(sent.message_id.rpartition(":")[2]), f"personne {what} : identifiant d’échange"
    )
    expect_equal(attempt["operation"], sent.operation, f"personne {what} : opération rapportée")
    criteria_told = (" ".join(attempt["criteria"]["prenoms_naissance"]), attempt["criteria"]["lieu_naissance"])
    expect(criteria_told == (sent.prenom, sent.birthplace), f"personne {what} : critères rapportés")
    failed = sent.exchange["answer"] is None or sent.exchange["answer"]["status"] != _OK
    expect((attempt["cr"] is None) == failed, f"personne {what} : code rapporté pour un échange en échec")
    expect(bool(attempt["fault"]) == failed, f"personne {what} : erreur non rapportée")
