"""Mutants of what carries the plugin: the host that opens cards, the SDK that reads them, the driver of the readers."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant

HOST: Final = "segur_host"
SDK: Final = "segur_sdk"
DRIVER: Final = "segur_plugin_pcsc"

MUTANTS: Final = (
    Mutant(
        "vitale.absent-is-mute",
        "dit muette une carte absente",
        ("vitale.reading.absent-card",),
        (
            Change(
                HOST,
                "broker/cards.py",
                '"card.mute" if state.present else "card.absent"',
                '"card.mute"',
            ),
        ),
    ),
    Mutant(
        "vitale.insertion-unchecked",
        "reconnaît une carte à son seul ATR",
        ("vitale.insertion.swapped-meanwhile",),
        (
            Change(
                HOST,
                "broker/cards.py",
                "if str(state.insertion) != presence.insertion or state.atr != presence.atr:",
                "if state.atr != presence.atr:",
            ),
        ),
    ),
    Mutant(
        "vitale.service-given-up",
        "ne regarde plus les lecteurs une fois que le service de lecture s’est arrêté",
        ("vitale.service.restarted",),
        (
            Change(
                DRIVER,
                "watching.py",
                "        except CardError:\n            self._stopped.wait(AGAIN_S)\n",
                "        except CardError:\n            self._stopped.set()\n",
            ),
        ),
        readers="pcsc",
    ),
    Mutant(
        "vitale.first-chosen",
        "choisit le premier bénéficiaire quand personne ne l’a désigné",
        ("vitale.people.none-chosen",),
        (
            Change(
                HOST,
                "identities/beneficiary.py",
                "        if len(reading.beneficiaries) > 1:\n",
                "        if not reading.beneficiaries:\n",
            ),
        ),
    ),
    Mutant(
        "vitale.six-c-unknown",
        "ne sait pas refaire une commande dont la longueur est refusée",
        ("vitale.files.status-words",),
        (
            Change(
                SDK,
                "cards/status_words.py",
                "0x6C: StatusMeaning(Behaviour.WRONG_LE,",
                "0x6C: StatusMeaning(Behaviour.BAD_COMMAND,",
            ),
        ),
    ),
    Mutant(
        "vitale.rest-not-fetched",
        "ne va pas chercher la suite qu’annonce la carte",
        ("vitale.files.status-words",),
        (
            Change(
                SDK,
                "cards/status_words.py",
                '0x61: StatusMeaning(Behaviour.MORE_DATA, "more data to fetch")',
                '0x61: StatusMeaning(Behaviour.DONE, "more data to fetch")',
            ),
        ),
    ),
    Mutant(
        "vitale.one-byte-tags",
        "ne connaît que les étiquettes d’un octet",
        ("vitale.files.tags-and-padding", "vitale.files.unreadable"),
        (
            Change(
                SDK,
                "cards/tlv.py",
                "    if first & _LOW_BITS != _LOW_BITS:\n",
                "    if first:\n",
            ),
        ),
    ),
    Mutant(
        "vitale.length-cut",
        "coupe à la fin du fichier un objet qui la dépasse",
        ("vitale.files.unreadable",),
        (
            Change(
                SDK,
                "cards/tlv.py",
                "            if length > end - position:\n"
                '                raise self._refused("beyond_end", tag_at, tag)\n',
                "            length = min(length, end - position)\n",
            ),
        ),
    ),
    Mutant(
        "vitale.endless-rest",
        "va chercher sans fin la suite qu’annonce une carte",
        ("vitale.files.endless",),
        (Change(SDK, "cards/iso7816.py", "_MAX_GET_RESPONSES: Final = 64", "_MAX_GET_RESPONSES: Final = 1_500"),),
    ),
    Mutant(
        "vitale.real-card-anywhere",
        "accepte une carte réelle hors de la production",
        ("vitale.nature.environment",),
        (
            Change(
                SDK,
                "cards/nature.py",
                "    elif environment is Environment.TEST and nature is CardNature.REAL:\n",
                "    elif environment is Environment.TEST and nature is None:\n",
            ),
        ),
    ),
    Mutant(
        "vitale.card-proves",
        "tient l’INS trouvé par la carte Vitale pour une identité prouvée",
        ("vitale.people.never-proven",),
        (
            Change(
                SDK,
                "identity/importing.py",
                "EvidenceSource.INSI_CARD: (IdentityEvent.INS_FOUND,",
                "EvidenceSource.INSI_CARD: (IdentityEvent.APCV_INS,",
            ),
        ),
    ),
    Mutant(
        "vitale.number-becomes-ins",
        "fait du numéro porté par la carte le matricule du bénéficiaire",
        ("vitale.people.own-matricule",),
        (
            Change(
                "segur_plugin_insi",
                "qualification.py",
                "        return self._evidence(EvidenceSource.INSI_CARD, answer.cr, answer.individual,",
                "        found = answer.individual\n"
                "        if found is not None:\n"
                '            borne = {"value": person.insured_number + person.insured_key}\n'
                '            found = found.model_copy(update={"matricule": found.matricule.model_copy(update=borne)})\n'
                "        return self._evidence(EvidenceSource.INSI_CARD, answer.cr, found,",
            ),
        ),
    ),
)
