"""What a professional is, as the VIHF says it: his profession, and beside it what some professions add.

Source: NOS, TRE_G15 (professions), TRE_G16 (formations), TRE_G05 (tableaux of the Ordre national des pharmaciens),
TRE_R01 (spécialités RPPS); TRE_A02 for how documents join them.
"""

from typing import Final

import attrs

PROFESSION: Final = "1.2.250.1.71.1.2.7"
FORMATION: Final = "1.2.250.1.71.1.2.8"
SPECIALITY: Final = "1.2.250.1.71.4.2.5"
TABLEAU: Final = "1.2.250.1.71.4.2.6"

_PHYSICIAN: Final = "10"
_PHARMACIST: Final = "21"
_SECOND: Final = {_PHYSICIAN: SPECIALITY, _PHARMACIST: TABLEAU}
"""Professions whose second role is expected, and its code list."""
_PROFESSIONS: Final = {
    "10": "Médecin",
    "21": "Pharmacien",
    "39": "Préparateur en pharmacie (officine)",
    "40": "Chirurgien-dentiste",
    "50": "Sage-femme",
    "60": "Infirmier",
    "69": "Infirmier psychiatrique",
    "70": "Masseur-kinésithérapeute",
    "80": "Pédicure-podologue",
}
_TABLEAUX: Final = {
    "A": "Titulaire d’officine",
    "D": "Adjoint, remplaçant ou gérant d’officine",
    "DA": "Adjoint d’officine",
    "DM": "Pharmacie mutualiste ou minière",
    "G": "Biologiste",
    "H": "Établissement de santé",
}


@attrs.frozen
class Role:
    """One value of ``subject:role``."""

    code: str
    system: str
    label: str


def roles_of(author_role: str) -> tuple[Role, ...]:
    """Return the roles of a professional.

    Args:
        author_role: ``G15_21/A``, as documents have it (TRE_A02).

    Returns:
        One or two roles. A label that is not known here is the code itself.
    """
    list_name, _, rest = author_role.partition("_")
    code, _, more = rest.partition("/")
    first = Role(code, FORMATION if list_name == "G16" else PROFESSION, _PROFESSIONS.get(code, code))
    if not more:
        return (first,)
    system = _SECOND.get(code, SPECIALITY)
    return first, Role(more, system, _TABLEAUX.get(more, more) if system == TABLEAU else more)


def lacks_second_role(author_role: str) -> bool:
    """Tell whether the profession is one whose second role the DMP expects, and it is not there."""
    return author_role in {f"G15_{code}" for code in _SECOND}
