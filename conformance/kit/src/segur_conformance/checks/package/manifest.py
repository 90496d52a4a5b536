"""The manifest tells the truth, and asks for no more than it needs."""

import ipaddress
import re
from typing import Any, Final
from urllib.parse import urlsplit

import segur_sdk
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.package.samples import TOO_SLOW, calls_of, opened, ordinary, refusal, started
from segur_conformance.outcomes import NotApplicable
from segur_conformance.requirements.registry import Registry
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_sdk.errors import SegurError
from segur_sdk.manifest import parse_manifest

checks = CheckSet()

_WINDOW: Final = re.compile(r">=(\d+)\.(\d+),<(\d+)")
LAST_MAJOR_OF_A_BEGINNING: Final = 2
"""A plugin written for 0.x may announce 1.x, which is the first stable contract; nobody may announce more."""


@checks(
    "package.manifest.true",
    "PKG-01",
    "PKG-02",
    purpose="Un hôte accorde ce que la déclaration annonce : elle doit être vraie.",
    steps=("lire la déclaration sans importer le module", "ouvrir l’hôte avec ce seul module et ses compagnons"),
    expected="la déclaration est valable, porte le nom du point d’entrée, et l’hôte admet le module : ce qui est "
    "annoncé est présent, ce qui est présent est annoncé",
    mend="corriger segur_plugin.toml ou la classe du module, d’après le code donné",
    film="la liste des modules avec leur état",
    kinds=PLUGIN_KINDS,
)
def true(bench: Bench) -> None:
    """What is declared is there, and nothing else is."""
    try:
        manifest = parse_manifest(bench.plugin.manifest)
    except SegurError as refused:
        fields = refused.facts.get("fields") or refused.facts.get("reason") or ""
        expect(held=False, reason=f"la déclaration n’est pas valable : {refused.code} {fields}")
        return
    expect_equal(manifest.id, bench.plugin.id, "nom du module")
    reason = refusal(bench, opened(bench))
    # Settings that lack a value and imports that take too long have checks of their own.
    elsewhere = reason is None or reason.startswith("config.") or reason == TOO_SLOW
    expect(elsewhere, f"l’hôte n’admet pas le module : {reason}")


@checks(
    "package.manifest.sdk-window",
    "PKG-01",
    purpose="Une version majeure du SDK peut rompre le contrat : un module n’annonce que celles qu’il connaît.",
    steps=("lire la fenêtre « sdk » de la déclaration",),
    expected="elle contient la version présente du SDK et s’arrête à la majeure suivante",
    mend='écrire sdk = ">=1.N,<2"',
    film="la déclaration du module",
    kinds=PLUGIN_KINDS,
)
def sdk_window(bench: Bench) -> None:
    """The window ends at the next major version."""
    given = str(bench.plugin.declared.get("sdk", ""))
    window = _WINDOW.fullmatch(given)
    expect(window is not None, f"fenêtre illisible : {given!r}")
    assert window is not None
    major, minor = (int(part) for part in segur_sdk.__version__.split(".")[:2])
    low, end = (int(window[1]), int(window[2])), int(window[3])
    expect(low <= (major, minor) and major < end, f"la version {segur_sdk.__version__} du SDK n’est pas dans {given}")
    allowed = max(major + 1, LAST_MAJOR_OF_A_BEGINNING)
    expect(end <= allowed, f"{given} annonce des versions que personne ne connaît encore (au plus <{allowed})")


@checks(
    "package.manifest.enough-granted",
    "PKG-01",
    "PKG-07",
    purpose="Ce qui n’est pas déclaré est refusé au comptoir, devant le patient.",
    steps=("ouvrir l’hôte", "donner au module chaque événement courant de ses moments déclarés"),
    expected="jamais plugin.not_granted : tout ce dont le module se sert est déclaré",
    mend="déclarer l’accès qui manque (cards, prompts, keys, network, uses, data.stores), ou ne plus s’en servir",
    film="un événement courant et sa réponse",
    kinds=PLUGIN_KINDS,
)
def enough_granted(bench: Bench) -> None:
    """Everything that the plugin uses is declared."""
    for sample, outcome in calls_of(bench, started(bench), ordinary(bench)):
        error = outcome.get("error") or {}
        wanting = outcome["status"] == "not_granted"
        expect(not wanting, f"{sample.hook}, {sample.name} : accès non déclaré [{error.get('cause', '')}]")


@checks(
    "package.manifest.requirements",
    "PKG-01",
    purpose="Un module qui nomme une exigence doit nommer une exigence qui existe.",
    steps=("lire « requirements » dans la déclaration", "chercher chacune dans le registre"),
    expected="chaque identifiant est connu du registre",
    mend="corriger l’identifiant ; segur requirements list donne ceux qui existent",
    film="segur requirements show IDENTIFIANT",
    kinds=PLUGIN_KINDS,
)
def requirements(bench: Bench) -> None:
    """Every requirement that is named exists."""
    named = bench.plugin.declared.get("requirements", [])
    if not named:
        raise NotApplicable("le module ne nomme aucune exigence")
    unknown = Registry.load().unknown(map(str, named))
    expect(not unknown, f"exigences inconnues du registre : {', '.join(unknown)}")


@checks(
    "package.manifest.addresses",
    "PKG-07",
    "KIT-PKG-09",
    purpose="Un essai n’atteint jamais la production, ni l’inverse.",
    steps=("lire les adresses de chaque usage du réseau, par environnement",),
    expected="https, un nom d’hôte public, et jamais la même adresse pour l’essai et la production ; http pour ce que "
    "les autorités publient signé, à la même adresse si elles le font",
    mend="corriger [network.addresses] ; l’adresse du bac à sable vient de la configuration",
    film="la déclaration du module",
    kinds=PLUGIN_KINDS,
)
def addresses(bench: Bench) -> None:
    """Test and production are different places, and both have names."""
    uses: list[dict[str, Any]] = bench.plugin.declared.get("network", [])
    if not uses:
        raise NotApplicable("le module ne déclare aucun usage du réseau")
    for use in uses:
        known = {str(name): str(address) for name, address in use.get("addresses", {}).items()}
        published = use.get("protocol") == "http"
        scheme = "http" if published else "https"
        for name, address in known.items():
            parts = urlsplit(address)
            expect(parts.scheme == scheme and _is_public(parts.hostname), f"{use.get('purpose')}, {name} : {address}")
        distinct = published or len(set(known.values())) == len(known)
        expect(distinct, f"{use.get('purpose')} : une adresse sert deux environnements")


def _is_public(host: str | None) -> bool:
    if not host or host == "localhost" or "." not in host:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
