"""Importing a plugin does nothing but define what it is."""

from typing import Any, Final
from weakref import WeakKeyDictionary

from segur_conformance.boundary.acts import Act
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.package.samples import TOO_SLOW, opened, refusal, started
from segur_conformance.runner.bench import Bench, expect

checks = CheckSet()

MAX_IMPORT_RATIO: Final = 4.0
"""Processor time of an import, beside that of the SDK with pydantic in the same interpreter. Certified runs keep it."""
PATIENCE: Final = 0.25
"""Seconds of processor time that nobody counts: below, a ratio says more of the machine than of the plugin."""


_IMPORTED: Final["WeakKeyDictionary[Bench, dict[str, Any]]"] = WeakKeyDictionary()
"""One import is enough for all who look at it, in one run."""


def _imported(bench: Bench) -> dict[str, Any]:
    subject = started(bench)
    if bench not in _IMPORTED:
        declared = bench.plugin.declared
        paths = [str(declared[key]) for key in ("entry", "settings") if key in declared]
        modules = [path.partition(":")[0] for path in paths]
        _IMPORTED[bench] = subject.ask("import", plugin=bench.plugin.id, modules=modules).value
    found = _IMPORTED[bench]
    told = found["told"]
    expect(told is not None, f"le processus s’est arrêté pendant l’import (statut {found['status']})")
    expect(told["failure"] is None, f"l’import a échoué : {told['failure']}")
    return found


@checks(
    "package.import.no-effect",
    "PKG-03",
    purpose="Installer un module ne doit rien faire : l’hôte importe avant de décider.",
    steps=("importer le module dans un interpréteur neuf et surveillé",),
    expected="ni réseau, ni fichier écrit, ni secret lu, ni fil d’exécution, ni processus, ni bibliothèque chargée",
    mend="déplacer ce travail dans la réponse à un événement, par le contexte que l’hôte donne",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def no_effect(bench: Bench) -> None:
    """Nothing goes round the broker while the plugin is imported."""
    acts = [f"{one['event']} ({one['file']})" for one in _imported(bench)["violations"] if one["act"] != Act.PATCH]
    expect(not acts, f"pendant l’import : {', '.join(acts)}")


@checks(
    "package.import.silent",
    "PKG-03",
    "KIT-PKG-03",
    purpose="La sortie standard appartient à l’hôte : ce qu’on y écrit casse son JSON.",
    steps=("importer le module dans un interpréteur neuf",),
    expected="rien n’est écrit sur les sorties",
    mend="retirer print, les avertissements et les journaux qui vont à l’écran",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def silent(bench: Bench) -> None:
    """Nothing is printed while the plugin is imported."""
    printed = _imported(bench)["printed"]
    expect(not printed, f"{len(printed)} caractères écrits pendant l’import")


@checks(
    "package.import.shared-state",
    "PKG-03",
    "KIT-PKG-04",
    purpose="Tout le processus est commun à l’hôte et aux autres modules.",
    steps=(
        "comparer, avant et après l’import : environnement, dossier, signaux, langue, chemins d’import, journaux",
        "comparer les fonctions et les classes communes",
    ),
    expected="rien n’a changé",
    mend="ne toucher à aucun réglage du processus",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def shared_state(bench: Bench) -> None:
    """What all code of the process shares is as it was."""
    found = _imported(bench)
    replaced = [one["function"] for one in found["violations"] if one["act"] == Act.PATCH]
    changed = [*found["told"]["changed"], *replaced]
    expect(not changed, f"l’import a changé : {', '.join(changed[:5])}")


@checks(
    "package.import.budget",
    "PKG-04",
    purpose="Le comptoir s’ouvre le matin : chaque module en retarde l’ouverture.",
    steps=("mesurer le temps de processeur de l’import, à côté de celui du SDK et de pydantic",),
    expected=f"au plus {MAX_IMPORT_RATIO:g} fois le temps du SDK et de pydantic",
    mend="importer plus tard ce qui ne sert qu’à un événement",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def budget(bench: Bench) -> None:
    """The import takes its share of time, and no more."""
    given_up = refusal(bench, opened(bench)) == TOO_SLOW
    expect(not given_up, "l’hôte renonce à charger le module, trop long à importer")
    told = _imported(bench)["told"]
    allowed = max(MAX_IMPORT_RATIO * told["sdk_s"], PATIENCE)
    expect(told["plugin_s"] <= allowed, f"{told['plugin_s']:.2f} s de processeur, {allowed:.2f} permises")
