"""Of whom INSi answers what: the people of these checks, all of them published test identities."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from segur_conformance.people import published, traits

Traits = Mapping[str, Any]


def _of_unknown_birthplace(name: str, given_name: str) -> Traits:
    """Complete somebody whose birthplace was never published."""
    one = published(name, given_name)
    place = {"premier_prenom": given_name, "prenoms_naissance": one["prenoms"], "lieu_naissance": "63220"}
    return MappingProxyType({field: one[field] for field in ("nom_naissance", "sexe", "date_naissance")} | place)


ZOE: Final[Traits] = MappingProxyType(traits("ADRUN", "ZOE"))
TOUSSAINT: Final[Traits] = MappingProxyType(traits("ADRTROIS", "TOUSSAINT"))
DOMINIQUE: Final[Traits] = MappingProxyType(traits("ADRTROIS", "DOMINIQUE"))
ANTHONY: Final[Traits] = MappingProxyType(traits("CORSE", "ANTHONY"))
ARTAGNAN: Final[Traits] = MappingProxyType(traits("D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN"))
ECETINSI: Final[Traits] = MappingProxyType(traits("ECETINSI", "PIERRE-ALAIN"))
RUTH: Final[Traits] = MappingProxyType(traits("NESSI", "RUTH"))
FOUND: Final = (ZOE, TOUSSAINT, DOMINIQUE, ANTHONY, ARTAGNAN, RUTH)
"""Adults whom INSi finds, all with the same traits."""
HOUILLES: Final[Traits] = MappingProxyType(
    {
        "nom_naissance": "HOUILLES",
        "premier_prenom": "PIERRE",
        "prenoms_naissance": ("PIERRE", "PAUL", "JACQUES"),
        "sexe": "M",
        "date_naissance": "1993-01-27",
        "lieu_naissance": "63220",
    }
)
"""INSi finds nobody, whichever given name is sent (``REP_CR01.xml`` of the approval tests)."""
LEONARDO: Final[Traits] = _of_unknown_birthplace("DE VINCI", "LEONARDO")
"""INSi finds several."""
ARIANA: Final[Traits] = _of_unknown_birthplace("VANDERMONDE", "ARIANA")
"""INSi answers a technical fault, ``siram_40``."""


def as_typed(person: Traits) -> dict[str, Any]:
    """Return what somebody types to search with: no first given name apart from the list, no birthplace."""
    return {name: value for name, value in person.items() if name not in {"premier_prenom", "lieu_naissance"}}


def changed(person: Traits, **values: Any) -> dict[str, Any]:
    """Return the traits of a person, some of them replaced; ``None`` leaves one out."""
    return {name: value for name, value in {**person, **values}.items() if value is not None}
