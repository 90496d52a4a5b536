"""Professionals of the services' Pro Santé Connect whom the checks of this profile know; all of them are fictitious."""

from collections.abc import Mapping
from typing import Any, Final

import attrs


@attrs.frozen
class Professional:
    """What is published of one.

    Attributes:
        national_id: his ``SubjectNameID``.
        rpps: what of it is an RPPS.
        family_name: as the RPPS has it.
        structures: names of those in which he practises, in their order.
    """

    national_id: str
    rpps: str | None
    family_name: str
    structures: tuple[str, ...] = ()


OFFICINE: Final = "PHARMACIE DU BAC A SABLE"
TITULAIRE: Final = "pharmacien-titulaire"
DOCTOR: Final = "medecin"
PREPARATEUR: Final = "preparateur"
STUDENT: Final = "etudiant"
SECRETARY: Final = "secretaire"
ADMINISTRATOR: Final = "administrateur"
EDITOR: Final = "editeur"
MINIMAL: Final = "minimal"

PEOPLE: Final[Mapping[str, Professional]] = {
    TITULAIRE: Professional("899700075122", "99700075122", "PHARMACH0007512", (OFFICINE,)),
    DOCTOR: Professional("899700366240", "99700366240", "DOC0036624", ("CABINET M DOC0036624", "HOPITAL GENERIQUE")),
    STUDENT: Professional("899700000013", "99700000013", "ETUDIANT FICTIF"),
    SECRETARY: Professional("30B0152872/000000002", None, "SECRETAIRE FICTIVE", (OFFICINE,)),
    ADMINISTRATOR: Professional("500000000029751/CPAT0001", None, "ADMINISTRATEUR FICTIF"),
    EDITOR: Professional("ANS20231122132732", None, "EDITEUR FICTIF"),
}

ON_TELEPHONE: Final[Mapping[str, Any]] = {
    "flow": "ciba",
    "device": "MOBILE",
    "national_id": PEOPLE[TITULAIRE].national_id,
    "hurried": True,
}
"""How the pharmacist signs in on her telephone, as for ``Host.login``; what is waited for her passes at once."""
