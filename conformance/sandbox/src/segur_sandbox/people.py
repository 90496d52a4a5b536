"""The people of the sandbox: the published test identities, and those a tester adds in `DIR/people.json`."""

import unicodedata
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from segur_sandbox.data_files import read_data_file

OID_NIR = "1.2.250.1.213.1.4.8"
OID_NIA = "1.2.250.1.213.1.4.9"
_CLOSED = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Matricule(BaseModel):
    """A matricule INS: 13 characters, 2-digit key, OID of its authority, period of an older one.

    The key is not checked: the published HERMANN identity has a wrong one, and it must be served as it is.
    """

    model_config = _CLOSED

    numero: str = Field(pattern=r"^\d{6}[A-Za-z0-9]\d{6}$")
    cle: str = Field(pattern=r"^\d{2}$")
    oid: str = OID_NIR
    debut: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    fin: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")


class Person(BaseModel):
    """One identity of the register.

    Attributes:
        nom_naissance: Upper case, no diacritic.
        prenoms: All birth given names, in order.
        sexe: `M` or `F`.
        date_naissance: `YYYY-MM-DD`.
        lieu_naissance: COG code, 5 characters.
        matricule: The active one; absent when the published reply is 02 or a fault.
        historique: Older matricules, as the reply lists them.
        avec_prenom: The published reply carries a `Prenom` element besides `ListePrenom`.
        reponse: The published reply when it is not 00: `02`, or the code of a technical fault.
    """

    model_config = _CLOSED

    nom_naissance: str
    prenoms: tuple[str, ...] = Field(min_length=1)
    sexe: Literal["M", "F"]
    date_naissance: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    lieu_naissance: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{5}$")
    matricule: Matricule | None = None
    historique: tuple[Matricule, ...] = ()
    avec_prenom: bool = False
    reponse: Literal["02", "insi_102", "desir_1020"] | None = None

    def answers_to(self, prenom: str) -> bool:
        """Tell whether one `Prenom` element designates this person: any given name, or the whole list."""
        return prenom in self.prenoms or prenom == " ".join(self.prenoms)


class _PeopleFile(BaseModel):
    model_config = _CLOSED

    version: Literal[1]
    people: tuple[Person, ...]


class Register:
    """Searches people the way the teleservice is seen to do it: exact traits, one given name."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = tuple(people)

    def __len__(self) -> int:
        return len(self._people)

    @property
    def everybody(self) -> tuple[Person, ...]:
        """Everybody, in the order of the files."""
        return self._people

    def search(
        self,
        nom: str,
        prenom: str,
        date_naissance: str,
        *,
        sexe: str | None = None,
        lieu_naissance: str | None = None,
    ) -> tuple[Person, ...]:
        """Return everybody with these traits; `None` means the criterion was not given."""
        return tuple(
            person
            for person in self._people
            if person.nom_naissance == nom
            and person.answers_to(prenom)
            and person.date_naissance == date_naissance
            and sexe in (None, person.sexe)
            and lieu_naissance in (None, person.lieu_naissance)
        )

    def other_than(self, person: Person | None) -> Person:
        """Return some registered person with a matricule who is not `person`."""
        return next(other for other in self._people if other.matricule and other != person)


def load_register(extra: Path | None = None) -> Register:
    """Return the published identities, plus those of `extra` when that file exists.

    Raises:
        DataFileError: the file is not a people file of version 1.
    """
    published = resources.files("segur_sandbox").joinpath("published_people.json").read_bytes()
    people = list(read_data_file(published, "published_people.json", _PeopleFile).people)
    if extra is not None and extra.exists():
        people.extend(read_data_file(extra.read_bytes(), extra.name, _PeopleFile).people)
    return Register(people)


def without_diacritics(text: str) -> str:
    """Return `text` in upper case without diacritics, as names are sent to the teleservice."""
    decomposed = unicodedata.normalize("NFD", text.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(char for char in decomposed if not unicodedata.combining(char)).upper()
