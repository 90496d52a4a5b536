"""Situations of a card as the host offers them to the professional, who chooses one."""

from typing import Final

from segur_plugin_cps.nomenclature import profession_label, sector_label
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.models.professional import CardHolder, ExerciceSituation

_MAX_LABEL: Final = 200
_NONE: Final = "-"


def exercices_of(holder: CardHolder) -> tuple[Exercice, ...]:
    """Return the situations of a holder, each with structure and sector of that very situation; none is chosen."""
    return tuple(_exercice(holder, one) for one in holder.situations or ())


def _exercice(holder: CardHolder, situation: ExerciceSituation) -> Exercice:
    structure = situation.structure_name or situation.structure_id or f"Situation n° {situation.number}"
    profession = None if holder.profession is None else profession_label(holder.profession, holder.card_type)
    sector = None if situation.sector is None else sector_label(situation.sector)
    label = " · ".join(part for part in (structure, sector, profession) if part is not None)
    return Exercice(
        id=f"{situation.structure_id or _NONE}/{situation.sector or _NONE}/{situation.number:02d}",
        label=label[:_MAX_LABEL],
        structure_id=situation.structure_id,
    )
