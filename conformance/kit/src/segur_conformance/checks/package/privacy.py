"""No patient data where none may be: what is printed, noted, named or left behind."""

import json
from collections.abc import Iterator
from typing import Final

from segur_conformance.canaries import Canaries
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.package.samples import asked, opened, ordinary, rare, started
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect
from segur_conformance.targets.subject import Subject

checks = CheckSet()

PLANTED: Final = "HERMANN"
_FAULTS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("garbage", {}),
    ("error5xx", {}),
    ("truncated", {}),
    ("wrong_answer", {"variant": "other_person"}),
)


@checks(
    "package.privacy.no-leak",
    "PKG-08",
    purpose="Aucune donnée de patient ne sort des réponses : ni journal, ni erreur, ni nom de fichier.",
    steps=(
        "donner au module les événements courants et rares de personnes publiées, services en panne compris",
        "chercher leurs traits, sous toutes les formes, dans l’audit, les erreurs, les sorties et les fichiers",
    ),
    expected="rien n’est trouvé ; un nom posé exprès l’est",
    mend="ne mettre dans les erreurs et l’audit que des codes, des comptes et des noms de champs",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
    judges_the_run=True,
)
def no_leak(bench: Bench) -> None:
    """Nothing of the canaries is found, and a planted one is."""
    canaries = Canaries()
    subject = started(bench)
    if not ordinary(bench):
        raise NotApplicable("le module ne reçoit aucune donnée de patient")
    errors = "\n".join(_errors(bench, subject))
    audit = json.dumps(subject.ask("observe").value["audit"], ensure_ascii=False)
    opened(bench)
    record = bench.record
    places = {
        "les erreurs": errors.encode(),
        "l’audit": audit.encode(),
        "les sorties": b"\n".join(record.printed.values()),
        "les noms de fichiers": "\n".join(record.left).encode(),
        **{f"le fichier {number + 1}": content for number, content in enumerate(record.left.values())},
    }
    for place, content in places.items():
        if PLANTED not in canaries.found_in(content + f"\n{PLANTED.lower()}".encode()):
            raise RuntimeError("the search finds nothing any more")
        expect(not canaries.found_in(content), f"données de patient dans {place}")


def _errors(bench: Bench, subject: Subject) -> Iterator[str]:
    samples = (*ordinary(bench), *rare(bench))
    for sample in samples:
        yield json.dumps([one.get("error") for one in asked(subject, sample).outcomes], ensure_ascii=False)
    if not bench.plugin.declared.get("network"):
        return
    for fault, more in _FAULTS:
        bench.sandbox.fault("insi", fault, count=2, **more)
        for sample in samples[:1]:
            yield json.dumps([one.get("error") for one in asked(subject, sample).outcomes], ensure_ascii=False)
