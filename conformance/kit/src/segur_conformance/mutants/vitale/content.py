"""Mutants of what the plugin makes of a card's content, or of a reading that is handed over."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant

PLUGIN: Final = "segur_plugin_vitale"


def _change(file: str, before: str, after: str) -> Change:
    return Change(PLUGIN, file, before, after)


_JOINED: Final = "_beneficiary(identity, number, shared, settings) for identity, number in zip("

MUTANTS: Final = (
    Mutant(
        "vitale.error-tells-content",
        "répète dans l’erreur ce que l’objet refusé porte",
        ("vitale.reading.failure-texts",),
        (
            _change(
                "objects.py",
                'CardError("card.unreadable", reason=reason, file=self.file, tag=',
                'CardError("card.unreadable", reason=reason, file=self.file, value=str(self.tlv.value), tag=',
            ),
        ),
    ),
    Mutant(
        "vitale.padding-is-text",
        "prend les zéros qui complètent un nom pour du texte",
        ("vitale.files.tags-and-padding",),
        (_change("objects.py", '_PADDING: Final = " \\x00"', '_PADDING: Final = " "'),),
    ),
    Mutant(
        "vitale.sick-beneficiary-skipped",
        "saute un bénéficiaire illisible et rend les autres",
        ("vitale.files.unreadable",),
        (
            _change(
                "templates.py",
                "    beneficiaries = tuple(\n"
                "        _beneficiary(identity, number, shared, settings) for identity, number in "
                "zip(identities, numbers, strict=True)\n"
                "    )\n",
                "    read = []\n"
                "    for identity, number in zip(identities, numbers, strict=True):\n"
                "        try:\n"
                "            read.append(_beneficiary(identity, number, shared, settings))\n"
                "        except CardError:\n"
                "            if not read:\n"
                "                raise\n"
                "    beneficiaries = tuple(read)\n",
            ),
        ),
    ),
    Mutant(
        "vitale.numbers-reversed",
        "joint les numéros dans l’ordre inverse des bénéficiaires",
        (
            "vitale.people.own-place",
            "vitale.files.status-words",
            "vitale.files.long-files",
            "vitale.numbers.odd",
            "vitale.numbers.key",
        ),
        (_change("templates.py", _JOINED + "identities, numbers,", _JOINED + "identities, numbers[::-1],"),),
    ),
    Mutant(
        "vitale.counts-ignored",
        "rend ceux qui ont un numéro quand les deux fichiers ne se répondent pas",
        ("vitale.people.own-place", "vitale.files.unreadable"),
        (
            _change("templates.py", "    if len(identities) != len(numbers):\n", "    if not numbers:\n"),
            _change("templates.py", "zip(identities, numbers, strict=True)", "zip(identities, numbers, strict=False)"),
        ),
    ),
    Mutant(
        "vitale.rank-lost",
        "donne le rang 1 à tous les jumeaux",
        ("vitale.people.twins",),
        (_change("templates.py", "    return int(text)\n", "    return 1\n"),),
    ),
    Mutant(
        "vitale.same-date-unsaid",
        "ne signale pas deux bénéficiaires nés le même jour",
        ("vitale.people.twins", "vitale.supplied.as-good"),
        (_change("birth_dates.py", "if bearers > 1)", "if bearers > 19)"),),
    ),
    Mutant(
        "vitale.letters-replaced",
        "remplace les lettres accentuées",
        ("vitale.people.letters",),
        (
            _change(
                "objects.py",
                "        return value.decode(encoding).strip(_PADDING)\n",
                '        return value.decode("ascii", errors="replace").strip(_PADDING)\n',
            ),
        ),
    ),
    Mutant(
        "vitale.serial-lost",
        "ne rend pas le numéro de série de la carte",
        ("vitale.people.own-matricule", "vitale.people.asked-century"),
        (_change("insertion.py", "        serial=content.serial,\n", ""),),
    ),
    Mutant(
        "vitale.century-guessed",
        "devine le siècle qui manque sur la carte",
        ("vitale.people.asked-century", "vitale.numbers.dates", "vitale.supplied.dates"),
        (
            _change(
                "birth_dates.py",
                "    return CardDate(None if flags else found, tuple(flags))",
                "    return CardDate(found, tuple(flags))",
            ),
        ),
    ),
    Mutant(
        "vitale.lunar-completed",
        "ramène une date lunaire au 1er janvier",
        ("vitale.numbers.dates", "vitale.supplied.dates"),
        (
            _change(
                "birth_dates.py",
                "    except ValueError:\n        return None\n",
                "    except ValueError:\n        return date(int(year), 1, 1)\n",
            ),
        ),
    ),
    Mutant(
        "vitale.key-corrected",
        "corrige la clé fausse d’un numéro",
        ("vitale.numbers.key", "vitale.numbers.odd", "vitale.supplied.numbers"),
        (
            _change(
                "numbers.py",
                "    return CardNumber(NirFacturation(value=text), tuple(flags))",
                "    return CardNumber(NirFacturation(value=text[:13] + compute_key(text[:13])), tuple(flags))",
            ),
            _change(
                "numbers.py",
                "from segur_sdk.identifiers.nir import key_is_valid\n",
                "from segur_sdk.identifiers.nir import compute_key, key_is_valid\n",
            ),
        ),
    ),
    Mutant(
        "vitale.key-unchecked",
        "ne signale pas la clé fausse d’un numéro",
        ("vitale.numbers.key", "vitale.numbers.odd", "vitale.supplied.numbers"),
        (_change("numbers.py", "    if not key_is_valid(text):\n", "    if not text:\n"),),
    ),
    Mutant(
        "vitale.corsica-confused",
        "compte la Haute-Corse comme la Corse-du-Sud",
        ("vitale.numbers.key",),
        (_change("numbers.py", "key_is_valid(text):", 'key_is_valid(text.replace("2B", "2A")):'),),
    ),
    Mutant(
        "vitale.provisional-unsaid",
        "ne signale pas un numéro provisoire",
        ("vitale.numbers.odd",),
        (_change("numbers.py", '_PROVISIONAL: Final = "555555"', '_PROVISIONAL: Final = "999999"'),),
    ),
    Mutant(
        "vitale.missing-number-unsaid",
        "ne signale pas un numéro absent",
        ("vitale.numbers.odd", "vitale.supplied.numbers"),
        (_change("numbers.py", "CardNumber(None, (ReadingFlag.NIR_MISSING,))", "CardNumber(None, ())"),),
    ),
    Mutant(
        "vitale.nature-presumed",
        "tient pour réelle une carte qui ne dit pas sa nature",
        ("vitale.nature.shown", "vitale.nature.environment"),
        (
            _change(
                "templates.py",
                "    if len(found) != 1:\n        return CardNature.UNKNOWN\n",
                "    if len(found) != 1:\n        return CardNature.REAL\n",
            ),
        ),
    ),
    Mutant(
        "vitale.test-card-real",
        "tient une carte de démonstration pour une carte réelle",
        ("vitale.nature.shown", "vitale.nature.environment"),
        (
            _change(
                "templates.py",
                "{nature.value: nature for nature in (CardNature.REAL, CardNature.TEST, CardNature.DEMONSTRATION)}",
                '{"R": CardNature.REAL, "T": CardNature.TEST, "D": CardNature.REAL}',
            ),
        ),
    ),
    Mutant(
        "vitale.supplied-unsaid",
        "donne une lecture transmise pour une lecture du module",
        ("vitale.supplied.as-good",),
        (_change("supplied.py", 'provenance=f"supplied:{supplied.component}"', 'provenance="apdu"'),),
    ),
    Mutant(
        "vitale.supplied-sex-lost",
        "perd le sexe d’une lecture transmise",
        ("vitale.supplied.as-good", "vitale.supplied.searched"),
        (_change("supplied.py", "        sexe=person.sexe,\n", ""),),
    ),
    Mutant(
        "vitale.supplied-lunar-trusted",
        "prend pour date de naissance le 1er janvier qui remplace une date lunaire",
        ("vitale.supplied.dates",),
        (
            _change(
                "supplied.py",
                '            raise _refused(position, "date")\n        return card\n',
                '            raise _refused(position, "date")\n        return whole\n',
            ),
        ),
    ),
    Mutant(
        "vitale.own-number-for-insured",
        "met le numéro du bénéficiaire à la place de celui de l’assuré",
        ("vitale.supplied.numbers",),
        (_change("supplied.py", "        nir=number.nir,\n", "        nir=certified.nir or number.nir,\n"),),
    ),
    Mutant(
        "vitale.supplied-dates-unjoined",
        "n’oppose pas la date transmise à celle de la carte",
        ("vitale.supplied.incoherent",),
        (
            _change(
                "supplied.py",
                "    if person.date[compared] != on_card:\n",
                "    if not person.date[compared]:\n",
            ),
        ),
    ),
)
