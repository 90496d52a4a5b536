"""Where a validated document goes, by the rules of its day; what nobody knows is shown."""

from datetime import date, timedelta
from typing import Any, Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.dmp.counter import RPPS
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

HOOK: Final = "on_document_validated"
_FIRST_DAYS: Final = {
    "18761-7": date(2022, 12, 31),
    "34874-8": date(2023, 12, 31),
    "PRESC-KINE": date(2024, 12, 31),
}
"""Type of document → day from which the printed table speaks of it."""
_DMP_ALONE: Final = ("34112-3", "60591-5")
_UNKNOWN: Final = "Compte rendu de visite à la ferme"


@checks(
    "dmp.channels.dated",
    "R13",
    "S004-51",
    "S004-52",
    "S004-53",
    "S004-55",
    purpose="La règle qui compte est celle du jour du document, non celle du jour où on l’envoie.",
    steps=(
        "proposer les canaux d’une lettre de liaison, d’un compte rendu opératoire, d’une prescription d’actes",
        "chacun la veille et le jour où la table imprimée commence d’en parler ; puis ceux d’un document de sortie",
    ),
    expected="la veille aucun canal, le jour même le DMP et des destinataires ; sortie et synthèse : DMP seul",
    mend="lire la table des obligations à la date du document",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def dated(bench: Bench) -> None:
    """The day before, and the day."""
    subject = bench.start()
    for code, day in _FIRST_DAYS.items():
        before = _proposed(subject, document_type=code, day=day - timedelta(days=1))
        expect_equal(_channels(before), set(), f"canaux de {code} la veille")
        found = _channels(_proposed(subject, document_type=code, day=day))
        expect("dmp" in found and len(found) > 1, f"{code}, le jour même : {sorted(found)}")
    for code in _DMP_ALONE:
        found = _channels(_proposed(subject, document_type=code, day=date(2026, 1, 5)))
        expect_equal(found, {"dmp"}, f"canaux de {code}")


@checks(
    "dmp.channels.unknown",
    "S001-12",
    purpose="Un document d’un genre que personne ne connaît reste sous les yeux : le perdre serait pire.",
    steps=("proposer les canaux d’un document d’un nom inconnu, puis d’un code inconnu",),
    expected="il est montré sous son nom ou son code, sans canal, avec un avis",
    mend="rendre ce qui est inconnu avec un avis, jamais rien",
    film="un document de genre inconnu, affiché",
    kinds=PLUGIN_KINDS,
)
def unknown(bench: Bench) -> None:
    """Shown, and sent nowhere."""
    subject = bench.start()
    for given in ({"label": _UNKNOWN}, {"document_type": "99999-0"}):
        found = _proposed(subject, day=date(2026, 1, 5), **given)
        (name,) = given.values()
        expect(name in found["shown"], "un document de genre inconnu n’est pas montré sous son nom")
        expect_equal(_channels(found), set(), "canaux d’un document de genre inconnu")
        expect(found["notices"] and all(one["text"] for one in found["notices"]), "aucun avis sur un genre inconnu")


def _proposed(subject: Subject, *, day: date, **given: Any) -> dict[str, Any]:
    validation = {"validator": RPPS, "validated_at": "2026-01-05T08:00:00Z"}
    event = {"document_ref": "essai-1", "document_date": day.isoformat(), "validation": validation, **given}
    answer = subject.call(HOOK, event)
    expect(answer.failure is None, f"proposition de canaux : {answer.failure}")
    expect(answer.value, "le module ne propose rien, pas même un avis")
    found: dict[str, Any] = answer.value[0]
    return found


def _channels(found: dict[str, Any]) -> set[str]:
    return {one["channel"] for one in found["channels"]}
