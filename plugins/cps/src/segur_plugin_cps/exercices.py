"""Situations of a card as the host offers them to the professional, who chooses one."""

from contextlib import suppress
from typing import Final

from segur_plugin_cps.nomenclature import profession_label, sector_label
from segur_sdk.errors import InputError
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.identifiers import structure_id
from segur_sdk.identifiers.structure_id import StructureIdType
from segur_sdk.models.actor import Structure
from segur_sdk.models.professional import CardHolder, ExerciceSituation

_MAX_LABEL: Final = 200
_MAX_NAME: Final = 100
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
        structure=_structure(situation),
    )


def _structure(situation: ExerciceSituation) -> Structure | None:
    """Return the structure of a situation, with the number that its identifier is and no other.

    The identifier of a *cabinet* is that of its holder and a rank: neither FINESS nor SIRET.
    """
    name = (situation.structure_name or situation.structure_id or "")[:_MAX_NAME]
    if not name:
        return None
    number = None
    with suppress(InputError):
        number = structure_id.parse(situation.structure_id or "")
    return Structure(
        name=name,
        finess=number.value if number is not None and number.type is StructureIdType.FINESS else None,
        siret=number.value if number is not None and number.type is StructureIdType.SIRET else None,
    )
