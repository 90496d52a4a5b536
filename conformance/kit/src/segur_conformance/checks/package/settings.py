"""Settings are complete, closed, and hold no secret."""

import re
from typing import Any, Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.package.samples import opened, refusal, started
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

UNKNOWN: Final = "reglage_qui_n_existe_pas"
_SECRET: Final = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|secret|token|pin|passphrase|credentials?|api_?key|private_?key|mot_de_passe|jeton)"
    r"(?:_|$)"
)


@checks(
    "package.settings.complete",
    "PKG-10",
    purpose="Un module fraîchement installé doit démarrer, ou dire ce qu’il attend.",
    steps=("ouvrir l’hôte avec les réglages du plan seulement", "lire le modèle des réglages"),
    expected="le module démarre ; chaque réglage a une valeur par défaut, ou une description et une valeur du plan",
    mend="donner une valeur par défaut, ou une description (Field(description=…)) à ce qui est obligatoire",
    film="le fichier de configuration et la liste des modules",
    kinds=PLUGIN_KINDS,
)
def complete(bench: Bench) -> None:
    """Every setting has a default, or says what it expects."""
    subject = opened(bench)
    reason = refusal(bench, subject)
    expect(reason is None or not reason.startswith("config."), f"le module ne démarre pas : {reason}")
    for name, setting in _known(bench).items():
        expect("default" in setting or setting.get("description"), f"le réglage {name} n’a ni défaut ni description")


@checks(
    "package.settings.closed",
    "PKG-10",
    purpose="Une faute de frappe dans un réglage ne doit pas passer inaperçue.",
    steps=(f"ouvrir l’hôte avec un réglage {UNKNOWN}",),
    expected="le module est refusé avec config.plugin_settings",
    mend='garder extra="forbid", hérité de PluginSettings',
    film="le refus dans la liste des modules",
    kinds=PLUGIN_KINDS,
)
def closed(bench: Bench) -> None:
    """An unknown setting is refused."""
    started(bench)
    subject = opened(bench, settings={bench.plugin.id: {UNKNOWN: 1}})
    expect_equal(refusal(bench, subject), "config.plugin_settings", "réglage inconnu")


@checks(
    "package.settings.no-secret",
    "PKG-11",
    "SC.SSI/GEN.14",
    purpose="Une configuration se copie et s’envoie au support : aucun secret n’y est en clair.",
    steps=("lire le modèle des réglages",),
    expected="aucun réglage ne reçoit un mot de passe, un jeton, un code ou une clé",
    mend="déclarer [[keys]] et se servir de ctx.keys et de ctx.http : les secrets restent à l’hôte",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def no_secret(bench: Bench) -> None:
    """No setting takes a secret."""
    known = _known(bench)
    if not known:
        raise NotApplicable("le module n’a aucun réglage")
    named = [name for name, one in known.items() if _SECRET.search(name.lower()) or _hides(one)]
    expect(not named, f"réglages qui recevraient un secret : {', '.join(named)}")


def _hides(setting: dict[str, Any]) -> bool:
    return bool(setting.get("writeOnly")) or setting.get("format") == "password"


def _known(bench: Bench) -> dict[str, dict[str, Any]]:
    schema = started(bench).ask("settings", plugin=bench.plugin.id).value or {}
    return dict(schema.get("properties", {}))
