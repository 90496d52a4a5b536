"""Mutants of what the plugin makes of a card."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant

PLUGIN: Final = "segur_plugin_cps"


def _change(file: str, before: str, after: str) -> Change:
    return Change(PLUGIN, file, before, after)


_READ: Final = "        return read_insertion(event.card, ctx) if isinstance(event.card, CardPresence) else None\n"
_OBJECTS: Final = "    objects = token.data()\n"
_IMPORTED: Final = "from segur_sdk.models.card import CardPresence, CardReading\n"
_ERRORS: Final = _change("plugin.py", _IMPORTED, f"from segur_sdk.errors import CardError\n{_IMPORTED}")

MUTANTS: Final = (
    Mutant(
        "cps.no-situation",
        "dit qu’une carte n’a pas de situation, quand son code manque pour les lire",
        ("cps.reading.public-phase", "cps.session.card-removed", "cps.session.logout"),
        (_change("insertion.py", "if token.state.pin.unlocked else None", "if token.state.pin.unlocked else ()"),),
    ),
    Mutant(
        "cps.every-certificate-authenticates",
        "dit de chaque certificat qu’il authentifie",
        ("cps.reading.public-phase",),
        (
            _change(
                "certificates.py",
                "client_authentication=usage is CardKeyUsage.AUTHENTICATION",
                "client_authentication=True",
            ),
        ),
    ),
    Mutant(
        "cps.serial-cut",
        "ne garde que le début du numéro de la carte",
        ("cps.reading.same-on-both", "cps.login.opens"),
        (
            _change(
                "insertion.py",
                "serial=card.pair.ans.card_number,",
                'serial=(card.pair.ans.card_number or "")[:6] or None,',
            ),
        ),
    ),
    Mutant(
        "cps.identifier-as-it-is",
        "garde les caractères spéciaux de l’identifiant d’une carte qui ne nomme personne",
        ("cps.reading.names",),
        (
            _change(
                "holder.py",
                'return subject.organisation, _SPECIAL.sub("-", subject.common_name)[:MAX_TEXT]',
                "return subject.organisation, subject.common_name",
            ),
        ),
    ),
    Mutant(
        "cps.subject-by-position",
        "prend pour nom le dernier attribut du sujet d’une CPA",
        ("cps.reading.names",),
        (
            _change(
                "subject.py",
                "        surname=_one(name, NameOID.SURNAME),\n",
                "        surname=_one(name, NameOID.SURNAME)\n"
                "        if _one(name, NameOID.ORGANIZATION_NAME) is None or len(list(name.rdns[-1])) == 1\n"
                "        else str(list(name.rdns[-1])[-1].value),\n",
            ),
        ),
    ),
    Mutant(
        "cps.training-unknown",
        "ne connaît pas la profession d’un étudiant",
        ("cps.reading.professions",),
        (
            _change(
                "ans_extensions.py",
                "PROFESSION_IN_TRAINING if kind is CpxType.CPF else PROFESSION",
                "PROFESSION",
            ),
        ),
    ),
    Mutant(
        "cps.never-ends",
        "repousse la fin des cartes qui sont arrivées à leur terme",
        ("cps.reading.expired", "cps.login.expired"),
        (
            _change(
                "pair.py",
                "        return min(one.info.not_after for one in self.certificates)\n",
                "        from datetime import UTC, timedelta\n\n"
                "        ends = min(one.info.not_after for one in self.certificates)\n"
                "        return max(ends, datetime.now(UTC) + timedelta(hours=1))\n",
            ),
        ),
    ),
    Mutant(
        "cps.every-card-is-mine",
        "se croit chargé de toutes les cartes connues",
        ("cps.readers.other-cards",),
        (_change("insertion.py", "    if row is None or row.family.is_vitale:\n", "    if row is None:\n"),),
    ),
    Mutant(
        "cps.no-text",
        "n’a pas de texte pour dire qu’aucune carte n’est là",
        ("cps.readers.other-cards", "cps.readers.no-card"),
        (_change("messages_fr.toml", '["cps.no_card"]', '["cps.nothing"]'),),
    ),
    Mutant(
        "cps.first-insertion-kept",
        "donne à une carte l’insertion de la première du même ATR",
        ("cps.readers.swapped",),
        (
            _change(
                "plugin.py",
                _READ,
                "        if not isinstance(event.card, CardPresence):\n"
                "            return None\n"
                "        found = read_insertion(event.card, ctx)\n"
                "        first = self.__dict__.setdefault(event.card.atr, event.card)\n"
                '        return None if found is None else found.model_copy(update={"presence": first})\n',
            ),
        ),
    ),
    Mutant(
        "cps.stale-when-pulled",
        "rend la lecture précédente quand la carte est retirée pendant la sienne",
        ("cps.damage.pulled-while-read",),
        (
            _change(
                "plugin.py",
                _READ,
                "        if not isinstance(event.card, CardPresence):\n"
                "            return None\n"
                "        try:\n"
                '            self.__dict__["last"] = read_insertion(event.card, ctx)\n'
                "        except CardError as failure:\n"
                '            if failure.code != "card.removed" or "last" not in self.__dict__:\n'
                "                raise\n"
                '        return self.__dict__["last"]\n',
            ),
            _ERRORS,
        ),
    ),
    Mutant(
        "cps.objects-optional",
        "se passe des objets de données qu’il n’a pas pu lire",
        ("cps.damage.hesitant-card",),
        (
            _change(
                "holder.py",
                _OBJECTS,
                "    try:\n"
                "        objects = token.data()\n"
                "    except CardError as failure:\n"
                '        if failure.code in {"card.removed", "card.mute"}:\n'
                "            raise\n"
                "        objects = ()\n",
            ),
        ),
    ),
    Mutant(
        "cps.mute-is-unknown",
        "laisse aux autres une carte muette",
        ("cps.damage.mute-card",),
        (
            _change(
                "plugin.py",
                _READ,
                "        if not isinstance(event.card, CardPresence):\n"
                "            return None\n"
                "        try:\n"
                "            return read_insertion(event.card, ctx)\n"
                "        except CardError as failure:\n"
                '            if failure.code != "card.mute":\n'
                "                raise\n"
                "        return None\n",
            ),
            _ERRORS,
        ),
    ),
    Mutant(
        "cps.fifteen-situations",
        "s’arrête à la quinzième situation",
        ("cps.situations.all", "cps.situations.chosen"),
        (
            _change(
                "situations.py",
                "sorted(found.items()) if situation is not None)",
                "sorted(found.items()) if situation is not None and situation.number < 16)",
            ),
        ),
    ),
    Mutant(
        "cps.sector-of-another",
        "donne à toutes les situations le secteur de la première",
        ("cps.situations.all",),
        (
            _change(
                "situations.py",
                "    return tuple(situation for _, situation in sorted(found.items()) if situation is not None)\n",
                "    listed = [situation for _, situation in sorted(found.items()) if situation is not None]\n"
                '    return tuple(one.model_copy(update={"sector": listed[0].sector}) for one in listed)\n',
            ),
        ),
    ),
)
