"""What a role may do, by how strongly its user proved who he is: a table, in ``rights.toml``."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.base import Value

NATIONAL: Final = "national"
"""Right to have national services called in one's name: given by who acknowledged that his identifier is sent."""


class Role(StrEnum):
    """What somebody is in the structure."""

    TITULAIRE = "titulaire"
    ADJOINT = "adjoint"
    PREPARATEUR = "preparateur"
    ETUDIANT = "etudiant"
    SECRETAIRE = "secretaire"
    MEDECIN = "medecin"


class RoleRights(Value):
    """One row of the table."""

    label: str
    """French, for screens."""
    strong: frozenset[str]
    local: frozenset[str]

    def by(self, means: SessionMeans) -> frozenset[str]:
        """Return the rights of a session that was opened by ``means``."""
        return self.local if means is SessionMeans.LOCAL else self.strong


@cache
def rights_table() -> Mapping[Role, RoleRights]:
    """Return the whole table."""
    content = tomllib.loads(files("segur_host.operators").joinpath("rights.toml").read_text(encoding="utf-8"))
    return {role: RoleRights.model_validate(content[role]) for role in Role}


def role_of_profession(profession: str | None) -> Role | None:
    """Return the role of somebody without an account, by the code of his profession (TRE_G15); nothing if unsure.

    Who is *titulaire* is known by the structure only: a pharmacist without an account acts as *adjoint*.
    """
    return {"10": Role.MEDECIN, "21": Role.ADJOINT, "39": Role.PREPARATEUR}.get(profession or "")
