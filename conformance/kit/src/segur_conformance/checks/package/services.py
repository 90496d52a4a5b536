"""Slow, absent or suspect services: the plugin keeps to its time, says what is wrong, and goes on afterwards."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.package.samples import MIXED_UP, Sample, calls_of, code_of, ordinary, started
from segur_conformance.outcomes import CheckBlocked, NotApplicable
from segur_conformance.runner.bench import Bench, expect
from segur_conformance.targets.subject import Subject

checks = CheckSet()

DEADLINE_S: Final = 1.6
"""Instead of each hook's own deadline, which is far longer than a check may last."""
SLOW_S: Final = 3.0
_WELL: Final = frozenset({"ok", "declined"})


@checks(
    "package.services.deadline",
    "PKG-05",
    purpose="Un service lent ne retient jamais le comptoir : le module rend la main dans le délai donné.",
    steps=(
        "raccourcir les délais de l’hôte",
        "ralentir chaque service déclaré",
        "appeler le module",
    ),
    expected="une réponse ou un refus avant l’échéance, jamais timed_out",
    mend="attendre par ctx.http et ctx.cards, qui tiennent le délai ; regarder ctx.deadline.remaining() avant de "
    "recommencer ; ne jamais dormir",
    film="le comptoir pendant qu’un service est lent",
    kinds=PLUGIN_KINDS,
)
def deadline(bench: Bench) -> None:
    """A slow service never makes the plugin outlive its deadline."""
    subject = started(bench)
    for service in services_of(bench):
        bench.sandbox.fault(service, "delay", seconds=SLOW_S)
    subject.ask("hurry", seconds=DEADLINE_S)
    for sample, outcome in calls_of(bench, subject, _one_by_hook(bench)):
        expect(outcome["status"] != "timed_out", f"{sample.hook}, {sample.name} : l’échéance est passée sans réponse")


@checks(
    "package.services.offline",
    "PKG-06",
    purpose="Un service absent n’arrête pas le comptoir.",
    steps=("refuser toute connexion aux services déclarés", "appeler le module", "rétablir, appeler de nouveau"),
    expected="une réponse, rien, ou une erreur typée qu’on peut retenter ; puis la réponse d’avant la panne",
    mend="laisser passer ServiceError, ou la traduire avec retryable=True ; ne rien garder de la panne",
    film="le comptoir sans réseau, puis le réseau revenu",
    kinds=PLUGIN_KINDS,
)
def offline(bench: Bench) -> None:
    """An absent service is said to be absent, and nothing of that lasts."""
    subject = started(bench)
    samples = _one_by_hook(bench)
    before = [outcome["status"] for _, outcome in calls_of(bench, subject, samples)]
    for service in services_of(bench):
        bench.sandbox.fault(service, "refuse")
    for sample, outcome in calls_of(bench, subject, samples):
        error, place = outcome.get("error") or {}, f"{sample.hook}, {sample.name}"
        said = outcome["status"] == "failed" and code_of(outcome) != MIXED_UP
        expect(outcome["status"] in _WELL or said, f"{place}, service absent : {outcome['status']} {code_of(outcome)}")
        expect(not error or error["retryable"], f"{place} : {code_of(outcome)} ne dit pas qu’on peut retenter")
    bench.sandbox.reset()
    after = [outcome["status"] for _, outcome in calls_of(bench, subject, samples)]
    expect(after == before, f"la panne est finie, les réponses ne sont plus les mêmes : {after}, avant {before}")


@checks(
    "package.services.tls",
    "PKG-09",
    "SC.SSI/GEN.12",
    purpose="Un serveur qui ne prouve pas son identité ne reçoit aucune donnée de patient.",
    steps=(
        "présenter le certificat expiré d’un service déclaré, appeler le module",
        "retirer l’autorité du service des autorités de confiance, appeler le module",
    ),
    expected="un refus typé ; le service n’a reçu aucune demande",
    mend="passer par ctx.http, qui vérifie toujours ; ne pas ouvrir de client à soi",
    film="le message affiché quand le certificat du service a expiré",
    kinds=PLUGIN_KINDS,
)
def tls(bench: Bench) -> None:
    """Nothing is said to a server that does not prove who it is."""
    subject = started(bench)
    asking = [sample for sample in _one_by_hook(bench) if _reaches_out(bench, subject, sample)]
    if not asking:
        raise NotApplicable("aucun événement courant ne fait appeler un service")
    bench.sandbox.reset()
    for service in services_of(bench):
        bench.sandbox.fault(service, "expired_certificate")
    _refused(bench, subject, asking, "certificat expiré")
    bench.sandbox.reset()
    foreign = bench.sandbox.descriptor["certificates"]["foreign-ca"]["cert"]
    anchors = dict.fromkeys(_config(bench).get("trust", {}), foreign)
    _refused(bench, started(bench, trust=anchors), asking, "autorité inconnue")


def _refused(bench: Bench, subject: Subject, samples: list[Sample], what: str) -> None:
    for sample, outcome in calls_of(bench, subject, tuple(samples)):
        status = outcome["status"]
        said = status == "failed" and code_of(outcome) != MIXED_UP
        expect(said, f"{sample.hook}, {what} : {status} {code_of(outcome)}, un refus typé était attendu")
        heard = sum(map(len, _requests(bench).values()))
        expect(not heard, f"{sample.hook}, {what} : le service a reçu {heard} demande(s)")


def _reaches_out(bench: Bench, subject: Subject, sample: Sample) -> bool:
    bench.sandbox.reset()
    calls_of(bench, subject, (sample,))
    return any(_requests(bench).values())


def _requests(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    """Return what each service was asked; a connection that never became a request is no question."""
    return {
        service: [one for one in bench.sandbox.exchanges(service) if one.get("request")]
        for service in services_of(bench)
    }


def _one_by_hook(bench: Bench) -> tuple[Sample, ...]:
    return tuple({sample.hook: sample for sample in reversed(ordinary(bench))}.values())


def services_of(bench: Bench) -> tuple[str, ...]:
    """Return the services of the sandbox that stand behind the plugin's declared purposes.

    Raises:
        CheckBlocked: ``service:PURPOSE``: the sandbox does not play it.
    """
    return tuple(dict.fromkeys(_each_service(bench)))


def _each_service(bench: Bench) -> Iterator[str]:
    addresses = _config(bench).get("network", {})
    played = _played(bench.sandbox.descriptor["services"])
    for use in bench.plugin.declared.get("network", []):
        if use.get("protocol") == "browser":
            # Whoever sits there goes to that place, and the plugin does not.
            continue
        address = addresses.get(use.get("purpose"), {}).get("url")
        if address not in played:
            raise CheckBlocked(f"service:{use.get('purpose')}")
        yield played[address]


def _played(services: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of each service by the address at which the sandbox plays it."""
    played = {one["url"]: name for name, one in services.items() if "url" in one}
    if "psc" in services:
        issuer = urlsplit(services["psc"]["issuer"])
        played[f"{issuer.scheme}://{issuer.netloc}"] = "psc"
    if "igc" in services:
        lists = {address.rpartition("/")[0] for address in services["igc"]["crl"].values()}
        played |= dict.fromkeys((*lists, services["igc"]["ocsp"]), "igc")
    return played


def _config(bench: Bench) -> Mapping[str, Any]:
    return tomllib.loads(bench.sandbox.config.read_text("utf-8"))
