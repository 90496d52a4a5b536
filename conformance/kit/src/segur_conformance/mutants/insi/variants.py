"""Plugins that make other choices, just as valid."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Variant

VARIANTS: Final[tuple[Variant, ...]] = (
    Variant("insi.as-it-is", "rien"),
    Variant("insi.never-again", "aucune demande n’est refaite", settings={"insi": {"retries": 0}}),
    Variant("insi.twice-again", "une demande est refaite deux fois", settings={"insi": {"retries": 2}}),
    Variant(
        "insi.card-by-traits",
        "les personnes d’une carte sont recherchées par les traits lus",
        settings={"insi": {"vitale_assertion": "none"}},
    ),
    Variant(
        "insi.bare-message-id",
        "MessageID est un UUID nu",
        (Change("segur_plugin_insi", "envelope.py", 'f"uuid:{message_id}"', "message_id"),),
    ),
    Variant(
        "insi.birthplace-from-the-start",
        "le lieu de naissance connu part dès la première demande",
        (
            Change(
                "segur_plugin_insi",
                "criteria.py",
                "self.lieu_naissance if step.with_birthplace else None",
                "self.lieu_naissance",
            ),
        ),
    ),
    Variant(
        "insi.addressing-first",
        "les en-têtes d’adressage précèdent les contextes",
        (Change("segur_plugin_insi", "envelope.py", "*contexts, *addressing", "*addressing, *contexts"),),
    ),
)
