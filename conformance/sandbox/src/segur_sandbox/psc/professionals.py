"""Professionals who can log in: the catalogue, and those a tester adds in `DIR/professionals.json`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from segur_sandbox.data_files import read_data_file

Means = Literal["CARD", "MOBILE"]
SUB_PREFIX = "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:"
"""Keycloak's identifier of the store of users, as in every public capture."""


class UnknownProfessionalError(ValueError):
    """Nobody in the catalogue has this name."""

    def __init__(self) -> None:
        super().__init__("no such professional, see GET /psc")


class Professional(BaseModel):
    """Somebody registered with Pro Santé Connect.

    Attributes:
        name: His name in the catalogue.
        description: In French, for whoever chooses him.
        national_id: `SubjectNameID`: type digit, then identifier.
        given_name: Exercise given name.
        family_name: Exercise family name.
        means: What he can log in with: `CARD` (CPS), `MOBILE` (e-CPS).
        claims: The other claims of his userinfo.
        named: Whether his tokens and userinfo carry his names; false for the shortest userinfo seen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9\-]{0,63}$")
    description: str = Field(min_length=1, max_length=200)
    national_id: str = Field(min_length=2, max_length=64)
    given_name: str = Field(min_length=1, max_length=100)
    family_name: str = Field(min_length=1, max_length=100)
    means: tuple[Means, ...] = Field(default=("CARD", "MOBILE"), min_length=1)
    claims: dict[str, Any] = Field(default_factory=dict)
    named: bool = True

    @property
    def sub(self) -> str:
        """The subject of his tokens."""
        return SUB_PREFIX + self.national_id

    def identity(self) -> dict[str, Any]:
        """Return the claims that tokens and userinfo share."""
        claims = {"sub": self.sub, "SubjectNameID": self.national_id}
        if not self.named:
            return claims
        names = {"given_name": self.given_name, "family_name": self.family_name}
        return claims | {"preferred_username": self.national_id} | names

    def userinfo(self, means: str) -> dict[str, Any]:
        """Return his userinfo after a login by `means`."""
        if not self.named:
            return self.identity()
        return self.identity() | {"email_verified": False, **self.claims, "authMode": means}


class _ProfessionalsFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: Literal[1]
    professionals: tuple[Professional, ...]


class Professionals:
    """Finds professionals by name or national identifier."""

    def __init__(self, people: Iterable[Professional]) -> None:
        self.all = tuple(people)

    def named(self, name: str) -> Professional:
        """Return whom the catalogue calls `name`, or whose `SubjectNameID` it is.

        Raises:
            UnknownProfessionalError: nobody.
        """
        found = next((one for one in self.all if name in (one.name, one.national_id)), None)
        if found is None:
            raise UnknownProfessionalError
        return found

    def identified(self, national_id: str) -> Professional | None:
        """Return whose `SubjectNameID` this is."""
        return next((one for one in self.all if one.national_id == national_id), None)


def added_professionals(path: Path) -> tuple[Professional, ...]:
    """Return those of the file `path`, nobody when it does not exist.

    Raises:
        DataFileError: the file is not a professionals file of version 1.
    """
    if not path.exists():
        return ()
    return read_data_file(path.read_bytes(), path.name, _ProfessionalsFile).professionals
