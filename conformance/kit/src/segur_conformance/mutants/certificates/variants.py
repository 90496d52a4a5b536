"""Honest variants: other choices of the plugin that are just as right."""

from typing import Final

from segur_conformance.mutants.certificates.places import plugin
from segur_conformance.mutants.mutant import Variant

VARIANTS: Final = (
    Variant("certificates.as-it-is", "rien"),
    Variant(
        "certificates.other-titles",
        "nomme autrement les entrées du calendrier",
        (plugin("rows.py", '    return f"Fin du certificat {use}"', '    return f"Terme de {use}"'),),
    ),
    Variant(
        "certificates.own-trusts",
        "nomme lui-même l’autorité des structures seule",
        settings={"certificates": {"trusts": ["igc-sante"]}},
    ),
    Variant(
        "certificates.longer-codes",
        "exige des secrets de douze caractères",
        (plugin("sealing.py", "_SHORTEST: Final = 8\n", "_SHORTEST: Final = 12\n"),),
    ),
    Variant(
        "certificates.later-lists",
        "prend les listes plus tard dans la matinée",
        (plugin("refreshing.py", "MORNING: Final = time(6, 10)\n", "MORNING: Final = time(8, 10)\n"),),
    ),
)
