"""Mutants of how the plugin goes about a card: insertions, tries, commands."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant

PLUGIN: Final = "segur_plugin_vitale"


def _change(file: str, before: str, after: str) -> Change:
    return Change(PLUGIN, file, before, after)


MUTANTS: Final = (
    Mutant(
        "vitale.stale-when-pulled",
        "rend la lecture précédente quand la carte est retirée pendant la sienne",
        ("vitale.insertion.pulled-at-each-command",),
        (
            _change(
                "plugin.py",
                "                reading = _read(presence, ctx, ctx.settings(VitaleSettings))",
                "                try:\n"
                "                    reading = _read(presence, ctx, ctx.settings(VitaleSettings))\n"
                "                except CardError as failure:\n"
                '                    if failure.code != "card.removed" or presence.slot not in self.__dict__:\n'
                "                        raise\n"
                "                    reading = self.__dict__[presence.slot]\n"
                "                self.__dict__[presence.slot] = reading",
            ),
            _change(
                "plugin.py",
                "from segur_sdk.hooks.card_read import CardReadEvent\n",
                "from segur_sdk.errors import CardError\nfrom segur_sdk.hooks.card_read import CardReadEvent\n",
            ),
        ),
    ),
    Mutant(
        "vitale.cached-by-atr",
        "rend la lecture d’une carte à une autre du même ATR et de même nature",
        (
            "vitale.reading.either-slot",
            "vitale.insertion.pulled-at-each-command",
            "vitale.insertion.read-each-time",
            "vitale.people.twins",
            "vitale.numbers.dates",
        ),
        (
            _change(
                "plugin.py",
                "                reading = _read(presence, ctx, ctx.settings(VitaleSettings))",
                "                reading = _read(presence, ctx, ctx.settings(VitaleSettings))\n"
                '                if reading is not None and presence.atr == "3B751300004009EA9000":\n'
                "                    reading = self.__dict__.setdefault(reading.nature, reading)",
            ),
        ),
    ),
    Mutant(
        "vitale.mute-is-unknown",
        "laisse aux autres une carte muette",
        ("vitale.insertion.mute-card",),
        (
            _change(
                "insertion.py",
                "            if failure.code not in _HICCUPS or tries == settings.tries:\n",
                '            if failure.code == "card.mute":\n'
                "                return None\n"
                "            if failure.code not in _HICCUPS or tries == settings.tries:\n",
            ),
        ),
    ),
    Mutant(
        "vitale.without-numbers",
        "rend les bénéficiaires sans numéro quand le fichier des numéros ne se lit pas",
        ("vitale.insertion.hesitant-reader", "vitale.files.endless"),
        (
            _change(
                "files.py",
                "    numbers = card.read_short_file(SHORT_FILE, max_size=MAX_FILE)\n",
                "    try:\n"
                "        numbers = card.read_short_file(SHORT_FILE, max_size=MAX_FILE)\n"
                "    except CardError as failure:\n"
                '        if failure.code != "card.unreadable":\n'
                "            raise\n"
                '        numbers = b"\\x65\\x00" * identities.count(b"\\x82\\x08")\n',
            ),
        ),
    ),
    Mutant(
        "vitale.channel-kept",
        "garde le canal de la carte ouvert après la lecture",
        ("vitale.insertion.left-as-found",),
        (
            _change(
                "insertion.py",
                "    with ExitStack() as holding:\n",
                "    kept = _KEPT.setdefault(ctx.call_id, [])\n"
                "    for one in kept:\n"
                "        one.close()\n"
                "    kept.append(ExitStack())\n"
                "    if holding := kept[-1]:\n",
            ),
            _change("insertion.py", ", heard=holding.close)", ")"),
            _change("insertion.py", "_TIME_FOR_A_TRY: Final = 1.0\n", "_TIME_FOR_A_TRY: Final = 1.0\n_KEPT = {}\n"),
        ),
    ),
    Mutant(
        "vitale.presents-a-code",
        "présente un code à la carte avant de la lire",
        ("vitale.reading.commands",),
        (
            _change(
                "files.py",
                "    ahead = AheadChannel(channel, _rows(serial_file))\n",
                "    channel.transmit(bytes.fromhex('002000010431323334'))\n"
                "    ahead = AheadChannel(channel, _rows(serial_file))\n",
            ),
        ),
    ),
    Mutant(
        "vitale.reads-rights",
        "lit aussi le fichier des droits",
        ("vitale.reading.commands",),
        (
            _change(
                "files.py",
                "    return VitaleFiles(identities",
                "    card.select_application(VITALE_AID)\n"
                "    card.select_file(0x2005)\n"
                "    card.channel.transmit(bytes.fromhex('00B0000000'))\n"
                "    return VitaleFiles(identities",
            ),
            _change("files.py", "    if ahead.send_all():\n        heard()\n", ""),
        ),
    ),
    Mutant(
        "vitale.takes-professional-cards",
        "déclare illisible la carte d’un professionnel au lieu de la laisser aux autres modules",
        ("vitale.reading.other-cards",),
        (
            _change(
                "insertion.py",
                "    if row is not None and not row.family.is_vitale:\n        return None\n",
                "    if row is not None and not row.family.is_vitale:\n"
                '        raise CardError("card.unreadable", slot=presence.slot)\n',
            ),
        ),
    ),
    Mutant(
        "vitale.vitale1-unnamed",
        "passe sous silence une carte Vitale 1",
        ("vitale.reading.other-cards",),
        (
            _change(
                "insertion.py",
                '        raise CardError("card.vitale1", slot=presence.slot)\n',
                "        return None\n",
            ),
        ),
    ),
    Mutant(
        "vitale.one-block",
        "refuse les fichiers de plus d’un bloc",
        ("vitale.files.status-words", "vitale.files.long-files", "vitale.files.tags-and-padding"),
        (_change("files.py", "MAX_FILE: Final = 8_192", "MAX_FILE: Final = 256"),),
    ),
    Mutant(
        "vitale.says-apcv",
        "donne une carte physique pour une appli carte Vitale",
        ("vitale.reading.whole-card", "vitale.people.never-proven"),
        (_change("insertion.py", "        family=CardFamily.VITALE,\n", "        family=CardFamily.APCV,\n"),),
    ),
    Mutant(
        "vitale.insertion-forgotten",
        "ne dit pas de quelle insertion vient la lecture",
        (
            "vitale.reading.whole-card",
            "vitale.insertion.read-each-time",
            "vitale.people.own-matricule",
            "vitale.people.asked-century",
        ),
        (_change("insertion.py", "        presence=presence,\n", ""),),
    ),
)
