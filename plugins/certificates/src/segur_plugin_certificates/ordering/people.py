"""Structure and people of an order: no patient, and nothing that the forms do not ask. No ``repr`` names anybody."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from segur_sdk.identifiers.structure_id import StructureIdType
from segur_sdk.models.base import Value

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("not printable")
    return text


Mail = Annotated[
    str,
    StringConstraints(max_length=254, pattern=r"^[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]+\.[^@\s,;<>\".]+$"),
    AfterValidator(_printable),
]


class FinessNature(StrEnum):
    """What a FINESS is the number of. The number does not tell: the register does, and the question is asked."""

    GEOGRAPHIQUE = "geographique"
    JURIDIQUE = "juridique"


class OrderingStructure(Value):
    """The structure that the certificate is for."""

    name: Name
    department: Name
    """As the certificate will bear it: ``Paris (75)``."""
    type: StructureIdType
    number: str = Field(pattern=r"^[0-9AB]{9,14}$")
    finess_nature: FinessNature | None = None
    attributed_on: date | None = None
    """Day on which the FINESS was given."""


class Doer(StrEnum):
    """Who goes through the steps."""

    STRUCTURE = "structure"
    EDITOR = "editor"


class AdministratorCard(StrEnum):
    """Card of an *administrateur technique*."""

    CPS = "CPS"
    CPE = "CPE"
    CPA = "CPA"


class Administrator(Value):
    """The *administrateur technique*; one may manage certificates of several structures."""

    name: Name = Field(repr=False)
    mail: Mail = Field(repr=False)
    card: AdministratorCard
    card_active: bool
    editor_contract: bool = False
    """For one of the editor: the editor has a contract of its own with the agency."""


class SignatoryBox(StrEnum):
    """Box of the form F413, part 3.2: in what quality the legal representative signs."""

    RESPONSABLE = "responsable"
    MANDATAIRE = "mandataire"
    TITULAIRE = "titulaire"
    """*Titulaire du cabinet*: only for a structure that an RPPS and rang identify."""


class Signatory(Value):
    """The legal representative who signs the form."""

    name: Name = Field(repr=False)
    box: SignatoryBox
    mail: Mail = Field(repr=False)
    """A generic mailbox is advised: a certificate outlives three years of staff."""


class DirectorCard(StrEnum):
    """Where the director's card (CPE) stands."""

    NONE = "none"
    ORDERED = "ordered"
    HELD = "held"
