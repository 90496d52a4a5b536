"""Honest variants: other choices of the plugin that are just as right."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Variant

PLUGIN: Final = "segur_plugin_cps"

VARIANTS: Final = (
    Variant("cps.as-it-is", "rien"),
    Variant("cps.latin-1", "lit les textes de la carte en Latin-1", settings={"cps": {"encoding": "iso-8859-1"}}),
    Variant(
        "cps.signature-first",
        "donne le certificat de signature avant celui d’authentification",
        (
            Change(
                PLUGIN,
                "holder.py",
                "certificates=tuple(one.for_contract() for one in self.pair.certificates),",
                "certificates=tuple(one.for_contract() for one in self.pair.certificates[::-1]),",
            ),
        ),
    ),
    Variant(
        "cps.family-name-first",
        "met le nom de famille devant le prénom",
        (
            Change(
                PLUGIN,
                "signing_in.py",
                "    names = (holder.given_name, holder.family_name)\n",
                "    names = (holder.family_name, holder.given_name)\n",
            ),
        ),
    ),
    Variant(
        "cps.last-situation-first",
        "propose les situations dans l’ordre inverse de la carte",
        (
            Change(
                PLUGIN,
                "signing_in.py",
                "exercices=exercices_of(holder),",
                "exercices=exercices_of(holder)[::-1],",
            ),
        ),
    ),
)
