"""The structures, editors and administrators that the platform knows; none of them exists."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import attrs

from segur_sandbox.pki.material import JURIDIQUE
from segur_sandbox.pki.store import DEPARTMENT, FINESS, ORGANISATION

CardState = Literal["active", "none", "expired"]


@attrs.frozen
class Structure:
    """Who certificates are for.

    Attributes:
        unit: As in the OU: type digit and identifier.
        name: O of its certificates.
        department: ST of its certificates.
        since: When it got its identifier.
        contract: When it signed, `None` if it did not.
        director_card: Whether the director has a card.
        juridique: Whether the FINESS is that of the legal entity.
    """

    unit: str
    name: str
    department: str
    since: date
    contract: date | None
    director_card: bool = True
    juridique: bool = False

    @property
    def has_titulaire(self) -> bool:
        """Whether it is designated by its holder's RPPS and rank."""
        return self.unit.startswith("4")


@attrs.frozen
class Administrator:
    """An *administrateur technique*; `editor` names whose employee, `None` for a structure's own."""

    name: str
    mail: str
    card: CardState = "active"
    editor: str | None = None


_OPENED = date(2015, 1, 5)
_SIGNED = date(2021, 3, 1)

STRUCTURES: Mapping[str, Structure] = {
    one.unit: one
    for one in (
        Structure(f"1{FINESS}", ORGANISATION, DEPARTMENT, _OPENED, _SIGNED),
        Structure("499700367909006", "CABINET M DOC0036790", "Paris (75)", _OPENED, _SIGNED),
        Structure("12A0000014", "SPSTI FICTIF", "Corse-du-Sud (2A)", _OPENED, _SIGNED),
        Structure("12B0000020", "PHARMACIE SANS CONTRAT", DEPARTMENT, _OPENED, None),
        Structure("1670780055", "CONTRAT ANTERIEUR", "Bas-Rhin (67)", date(2022, 6, 1), _SIGNED),
        Structure("1590780193", "DIRECTEUR SANS CARTE", "Nord (59)", _OPENED, _SIGNED, director_card=False),
        Structure(f"1{JURIDIQUE}", "ENTITE JURIDIQUE FICTIVE", "Paris (75)", _OPENED, _SIGNED, juridique=True),
    )
}
EDITORS: Mapping[str, bool] = {"editeur": True, "editeur-sans-contrat": False}
"""Editor → whether it signed its own contract."""

ADMINISTRATORS: tuple[Administrator, ...] = (
    Administrator("admin", "certificats@pharmacie.invalid"),
    Administrator("suppleant", "suppleant@pharmacie.invalid"),
    Administrator("sans-carte", "sans-carte@pharmacie.invalid", "none"),
    Administrator("carte-expiree", "carte-expiree@pharmacie.invalid", "expired"),
    Administrator("admin-editeur", "certificats@editeur.invalid", editor="editeur"),
    Administrator("admin-editeur-sans-contrat", "certificats@autre.invalid", editor="editeur-sans-contrat"),
)
