"""What the sandbox's professionals' cards say, as a reading must give it back."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

PHARMACIST: Final = "cps:pharmacist"
PHARMACIST_CPS3: Final = "cps:pharmacist-cps3"
PHYSICIAN: Final = "cps:physician"
EXPIRED: Final = "cps:expired"
LOCKED: Final = "cps:locked"
STUDENT: Final = "cpf"
EMPLOYEE: Final = "cpe"
AUTHORISED: Final = "cpa"

Situation = tuple[int, str, str, str]
"""Number on the card, raison sociale, Struct_IdNat, secteur d'activité."""


@attrs.frozen
class Holder:
    """Whom one card is for."""

    card_type: str
    national_id: str
    rpps: str | None
    family_name: str
    given_name: str
    profession: str | None = None
    speciality: str | None = None
    named: bool = True
    situations: tuple[Situation, ...] = ()

    @property
    def names(self) -> tuple[Any, ...]:
        """Who it is, as ``names_in`` finds it in a reading."""
        return (self.national_id, self.rpps, self.family_name, self.given_name, self.named)

    @property
    def profession_and_type(self) -> tuple[Any, ...]:
        """What he is, as ``profession_in`` finds it in a reading."""
        return (self.card_type, self.profession, self.speciality)


_PHARMACIST: Final = Holder(
    "CPS",
    "899700075122",
    "99700075122",
    "PHARMACH0007512",
    "CAROLE",
    profession="21",
    situations=(
        (1, "PHARMACIE DU BAC A SABLE", "10B0152872", "SA33"),
        (3, "HOPITAL GENERIQUE", "10B0307377", "SA01"),
        (16, "PHARMACIE FICTIVE DU SEIZE", "10B0000006", "SA33"),
    ),
)
HOLDERS: Final[Mapping[str, Holder]] = MappingProxyType(
    {
        PHARMACIST: _PHARMACIST,
        PHARMACIST_CPS3: _PHARMACIST,
        PHYSICIAN: Holder(
            "CPS",
            "899700366240",
            "99700366240",
            "DOC0036624",
            "KIT",
            profession="10",
            speciality="SM26",
            situations=(
                (1, "CABINET M DOC0036624", "499700366240007", "SA07"),
                (2, "HOPITAL GENERIQUE", "10B0307377", "SA01"),
            ),
        ),
        STUDENT: Holder("CPF", "899700000013", "99700000013", "ETUDIANT FICTIF", "CAMILLE", profession="21"),
        EMPLOYEE: Holder(
            "CPE",
            "30B0152872/000000001",
            None,
            "PHARMACIE DU BAC A SABLE",
            "30B0152872-000000001",
            named=False,
        ),
        AUTHORISED: Holder("CPA", "500000000029751/CPAT0001", None, "ADMINISTRATEUR FICTIF", "PATRICE"),
    }
)
"""By name of the card. A card that names nobody is named after its structure and its own identifier (PDT-INF-617)."""


def names_in(reading: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return whom a reading names."""
    return tuple(reading["holder"][part] for part in ("national_id", "rpps", "family_name", "given_name", "named"))


def profession_in(reading: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what the person of a reading is."""
    return tuple(reading["holder"][part] for part in ("card_type", "profession", "speciality"))


def situations_in(reading: Mapping[str, Any]) -> tuple[Situation, ...] | None:
    """Return the situations of a reading; nothing when it has none because the PIN was not verified."""
    found = reading["holder"]["situations"]
    if found is None:
        return None
    return tuple((one["number"], one["structure_name"], one["structure_id"], one["sector"]) for one in found)
