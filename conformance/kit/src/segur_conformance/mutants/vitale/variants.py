"""Honest variants: other choices of the plugin that are just as right."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Variant

PLUGIN: Final = "segur_plugin_vitale"

VARIANTS: Final = (
    Variant("vitale.as-it-is", "rien"),
    Variant("vitale.single-try", "ne lit une carte qu’une fois, sans nouvel essai", settings={"vitale": {"tries": 1}}),
    Variant("vitale.many-tries", "essaie jusqu’à dix fois", settings={"vitale": {"tries": 10}}),
    Variant(
        "vitale.latin-9",
        "lit les noms en Latin-9, qui a les mêmes lettres que Latin-1 dans les noms présentés",
        settings={"vitale": {"encoding": "iso-8859-15"}},
    ),
    Variant(
        "vitale.flags-in-another-order",
        "donne les remarques dans un autre ordre",
        (
            Change(
                PLUGIN,
                "templates.py",
                "flags=(*number.flags, *birth.flags, *same)",
                "flags=(*same, *birth.flags, *number.flags[::-1])",
            ),
        ),
    ),
    Variant(
        "vitale.application-first",
        "s’assure de l’application VITALE sur chaque carte, même reconnue à son ATR",
        (Change(PLUGIN, "insertion.py", "known=row is not None)", "known=False)"),),
    ),
    Variant(
        "vitale.serial-first",
        "cherche le numéro de série avant les bénéficiaires",
        (
            Change(
                PLUGIN,
                "files.py",
                "    if not _is_there(card.select_file(MASTER_FILE)):\n        return None\n    identities",
                "    serial = None if serial_file is None else _read_serial(card, serial_file)\n"
                "    if not _is_there(card.select_file(MASTER_FILE)):\n        return None\n    identities",
            ),
            Change(
                PLUGIN,
                "files.py",
                "    numbers = card.read_short_file(SHORT_FILE, max_size=MAX_FILE)\n"
                "    serial = None if serial_file is None else _read_serial(card, serial_file)\n",
                "    numbers = card.read_short_file(SHORT_FILE, max_size=MAX_FILE)\n",
            ),
            Change(PLUGIN, "files.py", "        rows.append((master,", "        rows.insert(0, (master,"),
        ),
    ),
)
