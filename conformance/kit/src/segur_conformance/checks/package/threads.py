"""Calls do not depend on each other: neither on those before, nor on those at the same time."""

from typing import Any, Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.package.samples import asked, calls_of, lasting, ordinary, started, two_people
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect
from segur_conformance.targets.subject import Answer

checks = CheckSet()

TURNS: Final = 4


@checks(
    "package.calls.same-answer",
    "KIT-PKG-07",
    purpose="On recommence un geste au comptoir : la même demande a la même réponse.",
    steps=("donner deux fois chaque événement courant au module",),
    expected="la même réponse, dates et identifiants à part",
    mend="ne rien garder d’un appel à l’autre hors de ctx.store",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def same_answer(bench: Bench) -> None:
    """The same event is answered in the same way twice."""
    subject = started(bench)
    calls_of(bench, subject, ordinary(bench)[:1])
    for sample in ordinary(bench):
        first, second = (_kept(asked(subject, sample)) for _ in range(2))
        expect(first == second, f"{sample.hook}, {sample.name} : la seconde réponse n’est pas la première")


@checks(
    "package.calls.two-at-once",
    "KIT-PKG-07",
    purpose="Deux comptoirs appellent à la fois : l’un ne reçoit jamais le patient de l’autre.",
    steps=("demander une personne, puis une autre", "demander les deux à la fois, plusieurs fois"),
    expected="chaque réponse est celle de la personne demandée",
    mend="ne garder aucun état dans le module : tout passe par l’événement et le contexte",
    film="deux postes qui appellent ensemble",
    kinds=PLUGIN_KINDS,
)
def two_at_once(bench: Bench) -> None:
    """Two calls at once are not mixed up."""
    subject = started(bench)
    pairs = two_people(bench)
    if not pairs:
        raise NotApplicable("aucun moment du module ne concerne deux personnes à la fois")
    for pair in pairs:
        alone = [_kept(asked(subject, sample)) for sample in pair]
        calls = [{"hook": sample.hook, "event": sample.event} for sample in pair * TURNS]
        together = subject.ask("together", calls=calls).value
        for number, one in enumerate(together):
            found = _kept(Answer(one["value"], None, tuple(one["outcomes"])))
            expect(found == alone[number % 2], f"{pair[0].hook} : deux appels à la fois se mêlent")


@checks(
    "package.calls.lets-go",
    "KIT-PKG-08",
    purpose="Le contexte d’un appel porte les droits de cet appel : il finit avec lui.",
    steps=("donner au module chaque événement courant", "chercher les contextes qui vivent encore"),
    expected="aucun contexte ne survit à son appel",
    mend="ne pas garder ctx dans un attribut, un cache ou une fonction",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def lets_go(bench: Bench) -> None:
    """No context outlives its call."""
    subject = started(bench)
    calls_of(bench, subject, ordinary(bench))
    kept = subject.ask("kept").value
    expect(kept == 0, f"{kept} contexte(s) gardé(s) après l’appel")


def _kept(answer: Answer) -> Any:
    statuses = [(one["plugin"], one["status"], (one.get("error") or {}).get("code")) for one in answer.outcomes]
    return lasting(answer.value), statuses, answer.error
