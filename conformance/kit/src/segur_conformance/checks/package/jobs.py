"""Jobs: done when nobody looks, so that whatever goes wrong has to be said, in time, and to nobody in particular."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from segur_conformance.canaries import Canaries
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.package.runs import jobs_of, ran
from segur_conformance.checks.package.samples import MIXED_UP, asked, code_of, ordinary, started
from segur_conformance.checks.package.services import DEADLINE_S, SLOW_S, services_of
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

UNKNOWN: Final = "tache-que-personne-ne-declare"
UNKNOWN_CODE: Final = "input.job_unknown"
UNEXPLAINED: Final = "ne sait pas expliquer"
"""What the host says of a code for which nobody brings a text."""
_registered: Final = partial(
    checks, film="rien à filmer : une tâche se fait quand personne ne regarde", kinds=PLUGIN_KINDS
)


@_registered(
    "package.jobs.run",
    "PKG-02",
    "KIT-PKG-10",
    purpose="Une tâche se refait sans dommage : l’hôte recommence celle qu’un arrêt a coupée.",
    steps=("demander chaque tâche déclarée", "la redemander aussitôt"),
    expected="la tâche est faite, ou dit pourquoi en français ; la seconde fois comme la première, sans accès refusé",
    mend="rendre JobDone même s’il n’y a rien à faire ; lever une erreur de segur_sdk.errors ; déclarer chaque accès",
)
def run(bench: Bench) -> None:
    """Every job that is declared can be run, and run again at once."""
    subject = started(bench)
    for job in jobs_of(bench):
        first, second = (ran(bench, subject, job)["outcome"] for _ in range(2))
        for outcome in (first, second):
            _expect_said(outcome, f"tâche {job}")
        expect_equal(second["status"], first["status"], f"tâche {job}, redemandée aussitôt")


@_registered(
    "package.jobs.unknown",
    "KIT-PKG-10",
    purpose="Une tâche qu’on croit faite et que personne n’a faite ne se remarque jamais.",
    steps=(
        "demander à l’hôte une tâche que le module ne déclare pas",
        "si le module en déclare plusieurs, la lui demander sous un nom inconnu",
    ),
    expected="un refus typé, dit en français",
    mend="distinguer les tâches par run.job ; lever input.job_unknown pour un autre nom",
)
def unknown(bench: Bench) -> None:
    """A name that nobody declared is refused."""
    subject, jobs = started(bench), jobs_of(bench)
    answer = subject.ask("run_job", job=f"{bench.plugin.id}.{UNKNOWN}")
    expect_equal(answer.error, UNKNOWN_CODE, "une tâche que personne ne déclare")
    # A plugin with one job need not look at the name.
    if len(jobs) > 1:
        outcome = ran(bench, subject, jobs[0], told=UNKNOWN)["outcome"]
        _expect_said(outcome, "tâche inconnue")
        expect_equal(outcome["status"], "failed", "tâche inconnue du module")


@_registered(
    "package.jobs.alone",
    "KIT-PKG-10",
    purpose="Une tâche ne dépend pas de qui se trouve là : personne n’est là.",
    steps=("demander chaque tâche déclarée", "relever ce qu’elle demande ou montre à une personne"),
    expected="rien",
    mend="ne se servir ni de ctx.ask, ni de ctx.show dans run_job ; dire par JobDone.notices ce qu’il faut savoir",
)
def alone(bench: Bench) -> None:
    """Nobody is asked, and nobody is shown anything."""
    subject = started(bench)
    for job in jobs_of(bench):
        put = ran(bench, subject, job)["asked"]
        expect(not put, f"tâche {job} : s’adresse à quelqu’un ({', '.join(put)})")


@_registered(
    "package.jobs.deadline",
    "PKG-05",
    "KIT-PKG-10",
    purpose="Une tâche qui dépasse son délai est abandonnée, et finit par suspendre le module.",
    steps=("raccourcir le délai des tâches", "ralentir chaque service déclaré", "demander chaque tâche"),
    expected="la tâche est faite, ou dit pourquoi, avant l’échéance",
    mend="attendre par ctx.http, qui tient le délai ; regarder ctx.deadline.remaining() avant de recommencer",
)
def deadline(bench: Bench) -> None:
    """A slow service never makes a job outlive its deadline."""
    jobs = jobs_of(bench)
    if not bench.plugin.declared.get("network"):
        raise NotApplicable("le module ne déclare aucun réseau")
    subject = started(bench)
    for service in services_of(bench):
        bench.sandbox.fault(service, "delay", seconds=SLOW_S)
    for job in jobs:
        outcome = ran(bench, subject, job, seconds=DEADLINE_S)["outcome"]
        expect(outcome["status"] != "timed_out", f"tâche {job} : l’échéance est passée sans réponse")


@_registered(
    "package.jobs.private",
    "PKG-08",
    "KIT-PKG-10",
    purpose="Ce qu’une tâche fait savoir se montre à tous, longtemps après, et sans session.",
    steps=(
        "donner au module les événements courants de personnes publiées",
        "demander chaque tâche",
        "chercher leurs traits dans ses avis, ses erreurs et l’audit",
    ),
    expected="rien n’est trouvé",
    mend="ne mettre dans JobDone.notices et dans les erreurs que des codes, des comptes et des dates",
)
def private(bench: Bench) -> None:
    """No patient in what a job tells."""
    jobs, canaries, subject = jobs_of(bench), Canaries(), started(bench)
    for sample in ordinary(bench):
        asked(subject, sample)
    for job in jobs:
        done = ran(bench, subject, job)
        for place, told in {"ses avis": done["notices"], "son erreur": done["outcome"].get("error")}.items():
            found = canaries.found_in(json.dumps(told, ensure_ascii=False).encode())
            expect(not found, f"tâche {job} : données de patient dans {place}")
    audit = json.dumps(subject.ask("observe").value["audit"], ensure_ascii=False)
    expect(not canaries.found_in(audit.encode()), "données de patient dans l’audit")


def _expect_said(outcome: Mapping[str, Any], what: str) -> None:
    """Fail unless a run succeeded, or failed for a reason that is told in French."""
    error, code = outcome.get("error") or {}, code_of(outcome)
    expect(outcome["status"] in {"ok", "failed"}, f"{what} : {outcome['status']} {code}")
    expect(code != MIXED_UP, f"{what} : exception qui n’est pas une erreur du SDK [{error.get('cause', '')}]")
    expect(UNEXPLAINED not in str(error.get("cause", "")), f"{what} : le code {code} n’a pas de texte en français")
