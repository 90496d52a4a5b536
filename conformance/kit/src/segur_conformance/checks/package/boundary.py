"""What the monitor saw during the whole run: whatever touches the outside world goes through the host."""

import time
import tomllib
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakSet

from segur_conformance.boundary.acts import Act
from segur_conformance.boundary.reckoning import Reckoning, reckon_cards, reckon_http
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.package.runs import declared_jobs, ran
from segur_conformance.checks.package.samples import asked, opened, ordinary, refusal, started
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect

checks = CheckSet()

SETTLING_S: Final = 2.0
"""A connection that says nothing is known to the sandbox only when it ends, a little later."""
_SHOWN: Final = 3


_LIVED: Final["WeakSet[Bench]"] = WeakSet()
"""Runs in which the plugin has lived an ordinary day for those who judge."""


def _seen(bench: Bench, *acts: Act) -> list[str]:
    """Return what the monitor saw of these acts in the whole run, an ordinary day included."""
    if bench not in _LIVED:
        subject = opened(bench)
        if refusal(bench, subject) is None:
            for sample in ordinary(bench):
                asked(subject, sample)
            for job in declared_jobs(bench):
                ran(bench, subject, job)
        opened(bench)
        _LIVED.add(bench)
    seen = [found for _, found in bench.record.violations if found.act in acts]
    told = dict.fromkeys(f"{one.owner} : {one.event} dans {one.file or '?'} ({one.function or '?'})" for one in seen)
    return list(told)


def _expect_none(seen: list[str]) -> None:
    more = f", et {len(seen) - _SHOWN} autres" if len(seen) > _SHOWN else ""
    expect(not seen, f"{', '.join(seen[:_SHOWN])}{more}")


_STEPS: Final = ("surveiller chaque geste du module pendant toute l’épreuve (événements d’audit de l’interpréteur)",)
_FILM: Final = "rien à filmer"


@checks(
    "package.boundary.network",
    "PKG-07",
    "PKG-09",
    purpose="Le module ne joint personne par lui-même : l’hôte tient les connexions, leur TLS et leurs certificats.",
    steps=_STEPS,
    expected="aucune connexion, écoute ni résolution de nom hors de l’hôte",
    mend="passer par ctx.http(usage) et ctx.cards",
    film=_FILM,
    kinds=PLUGIN_KINDS,
    judges_the_run=True,
)
def network(bench: Bench) -> None:
    """No connection but the host's."""
    _expect_none(_seen(bench, Act.NETWORK))


@checks(
    "package.boundary.processes",
    "KIT-PKG-01",
    purpose="Processus, bibliothèques natives et fils d’exécution échappent aux délais et à la surveillance de l’hôte.",
    steps=_STEPS,
    expected="ni processus, ni bibliothèque chargée, ni fil d’exécution",
    mend="déclarer un pilote ou une tâche, que l’hôte fait tourner à part",
    film=_FILM,
    kinds=PLUGIN_KINDS,
    judges_the_run=True,
)
def processes(bench: Bench) -> None:
    """No process, library or thread of its own."""
    _expect_none(_seen(bench, Act.PROCESS, Act.LIBRARY, Act.THREAD))


@checks(
    "package.boundary.files",
    "KIT-PKG-02",
    "PKG-08",
    purpose="Un fichier que l’hôte ne connaît pas n’est ni chiffré, ni purgé.",
    steps=_STEPS,
    expected="aucun fichier créé, modifié ou supprimé",
    mend="garder ce qui doit l’être par ctx.store, déclaré dans [data]",
    film=_FILM,
    kinds=PLUGIN_KINDS,
    judges_the_run=True,
)
def files(bench: Bench) -> None:
    """No file is written."""
    _expect_none(_seen(bench, Act.WRITE))


@checks(
    "package.boundary.secrets",
    "PKG-11",
    purpose="Clés, mots de passe et données de l’hôte ne sont lus que par lui.",
    steps=_STEPS,
    expected="aucune clé, aucun certificat, aucun fichier de l’hôte n’est ouvert par le module",
    mend="se servir de ctx.keys.certificate(usage) ; l’hôte signe et s’authentifie lui-même",
    film=_FILM,
    kinds=PLUGIN_KINDS,
    judges_the_run=True,
)
def secrets(bench: Bench) -> None:
    """No key, credential or data of the host is read."""
    _expect_none(_seen(bench, Act.READ_KEPT))


@checks(
    "package.boundary.identities",
    "KIT-PKG-06",
    purpose="Le statut d’une identité ne se fabrique pas : il porte le sceau de l’hôte.",
    steps=_STEPS,
    expected="aucune identité forgée ou périmée n’est présentée à l’hôte",
    mend="ne rendre que des preuves ; l’hôte calcule le statut",
    film=_FILM,
    kinds=PLUGIN_KINDS,
    judges_the_run=True,
)
def identities(bench: Bench) -> None:
    """No identity is offered that the host refuses."""
    _expect_none(_seen(bench, Act.IDENTITY))


@checks(
    "package.boundary.patches",
    "KIT-PKG-04",
    purpose="Remplacer une fonction d’autrui change l’hôte et tous les autres modules.",
    steps=("comparer, avant et après, les fonctions et les classes communes à tous",),
    expected="aucune fonction ni classe de l’hôte, du SDK, de Python ou d’une bibliothèque commune n’est remplacée",
    mend="passer par les contrats du SDK ; proposer au SDK ce qui manque",
    film=_FILM,
    kinds=PLUGIN_KINDS,
    judges_the_run=True,
)
def patches(bench: Bench) -> None:
    """Nothing of others is replaced."""
    _expect_none(_seen(bench, Act.PATCH))


@checks(
    "package.boundary.prints",
    "KIT-PKG-03",
    purpose="La sortie standard appartient à l’hôte, et finit souvent dans un journal.",
    steps=("recueillir tout ce qui est écrit sur les sorties pendant l’épreuve",),
    expected="rien",
    mend="retirer print et les journaux ; noter des codes par ctx.audit.note",
    film=_FILM,
    kinds=PLUGIN_KINDS,
    judges_the_run=True,
)
def prints(bench: Bench) -> None:
    """Nothing is printed."""
    _seen(bench)
    printed = {check: len(text) for check, text in bench.record.printed.items() if text.strip()}
    place = next(iter(printed), "")
    expect(not printed, f"{sum(printed.values())} octets écrits sur les sorties, d’abord pendant {place}")


@checks(
    "package.boundary.tickets",
    "PKG-07",
    purpose="Ce que les services ont vu est ce que l’hôte a permis, ni plus, ni moins.",
    steps=(
        "donner au module chaque événement courant, et faire ses tâches",
        "comparer échanges et connexions des services avec l’audit",
    ),
    expected="autant d’échanges que de permissions, autant de connexions que l’hôte en a ouvert, carte comprise",
    mend="passer par ctx.http et ctx.cards pour tout échange",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def tickets(bench: Bench) -> None:
    """What services saw is what the host allowed."""
    declared = bench.plugin.declared
    if not declared.get("network") and not declared.get("cards"):
        raise NotApplicable("le module ne déclare ni réseau, ni carte")
    config = tomllib.loads(bench.sandbox.config.read_text("utf-8"))
    subject = started(bench, **({"readers": config["readers"]} if bench.product.in_memory else {}))
    for sample in ordinary(bench):
        asked(subject, sample)
    for job in declared_jobs(bench):
        ran(bench, subject, job)
    observed = subject.ask("observe").value
    until = time.monotonic() + SETTLING_S
    while (uneven := _uneven(bench, observed)) and time.monotonic() < until:
        time.sleep(0.05)
    told = ", ".join(f"{one.what} : {one.seen} vus, {one.granted} permis" for one in uneven)
    expect(not uneven, told)


def _uneven(bench: Bench, observed: dict[str, Any]) -> list[Reckoning]:
    return [one for one in (*_by_http(bench, observed), *_by_card(bench, observed)) if not one.even]


def _by_http(bench: Bench, observed: dict[str, Any]) -> Iterable[Reckoning]:
    for name, service in bench.sandbox.descriptor["services"].items():
        if "url" in service:
            place = urlsplit(service["url"])
            connects = observed["connects"].count([place.hostname, place.port])
            records = [one for one in observed["audit"] if f'"host":"{place.netloc}"' in one["facts"]]
            yield from reckon_http(bench.sandbox.exchanges(name), records, connects)


def _by_card(bench: Bench, observed: dict[str, Any]) -> Iterable[Reckoning]:
    if not bench.product.in_memory:
        return ()  # the system's service powers each card itself, whoever uses it then
    return reckon_cards(bench.sandbox.ledger("cards"), bench.sandbox.exchanges("cards"), observed["audit"])
