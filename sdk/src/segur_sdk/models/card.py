"""Cards as plugins report them.

The raw files of a carte Vitale are not publicly specified: field names follow the *API de lecture Vitale*
(``nomPatronymique``, ``dateEnCarte``, ``rangDeNaissance``…) where a practice software will meet them again.
"""

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from segur_sdk.models.base import Moment, Value
from segur_sdk.models.identity import Name, NirFacturation, SearchTraits, Sex
from segur_sdk.models.professional import CardHolder
from segur_sdk.privacy import Patient


class CardFamily(StrEnum):
    """What kind of card was read."""

    VITALE = "vitale"
    APCV = "apcv"
    CPX = "cpx"
    """A professional's card: CPS, CPF, CPE or CPA."""


class CardNature(StrEnum):
    """Real, test (white) or demonstration (green) card."""

    REAL = "R"
    TEST = "T"
    DEMONSTRATION = "D"
    UNKNOWN = "unknown"


class CardPresence(Value):
    """One insertion of one card into one slot.

    Opening it later fails with ``card.swapped`` once the card was removed or another one inserted.
    """

    kind: Literal["presence"] = "presence"
    slot: str = Field(min_length=1, max_length=120)
    atr: str = Field(pattern=r"^(?:[0-9A-F]{2}){2,33}$")
    """Answer to reset, upper-case hexadecimal."""
    insertion: str = Field(min_length=1, max_length=64)
    """Opaque number of this insertion, given by the host."""
    inserted_at: Moment


class ApcvContext(Value):
    """What the appli carte Vitale showed: an opaque text, passed through byte for byte."""

    kind: Literal["apcv"] = "apcv"
    payload: Patient[str] = Field(min_length=1, max_length=8192)


class SuppliedBeneficiary(Value):
    """A beneficiary as the practice software's own component read it."""

    nom_patronymique: Patient[Name]
    nom_usuel: Patient[Name | None] = None
    prenom_usuel: Patient[Name]
    date: Patient[str | None] = Field(default=None, pattern=r"^[0-9]{8}$")
    """``YYYYMMDD``; absent when the card bears no century."""
    date_en_carte: Patient[str | None] = Field(default=None, pattern=r"^[0-9]{6}(?:[0-9]{2})?$")
    """As on the card, ``YYMMDD``, possibly lunar."""
    rang_de_naissance: int = Field(default=1, ge=1, le=9)
    sexe: Patient[Sex | None] = None
    nir: Patient[str | None] = Field(default=None, max_length=15)
    nir_certifie: Patient[str | None] = Field(default=None, max_length=15)


class HostSuppliedReading(Value):
    """A reading that the practice software already holds through the official components."""

    kind: Literal["supplied"] = "supplied"
    component: str = Field(min_length=1, max_length=100)
    """What read the card, with its version: for the trace."""
    nature: CardNature
    serial: str | None = Field(default=None, pattern=r"^[0-9]{1,12}$")
    beneficiaries: tuple[SuppliedBeneficiary, ...] = Field(min_length=1, max_length=19)


class ReadingFlag(StrEnum):
    """What a user must know of a beneficiary before anything is done with it."""

    NIR_KEY = "nir_key"
    NIR_MISSING = "nir_missing"
    NIR_PROVISIONAL = "nir_provisional"
    LUNAR_DATE = "lunar_date"
    CENTURY_MISSING = "century_missing"
    SAME_BIRTH_DATE = "same_birth_date"


class Beneficiary(Value):
    """One person on a card: the insured or a dependant."""

    position: int = Field(ge=1, le=19)
    """1-based place on the card; joins identity and number."""
    nom: Patient[Name]
    nom_usage: Patient[Name | None] = None
    prenom: Patient[Name]
    date_naissance: Patient[date | None] = None
    """Complete date, or nothing when the card's is lunar or lacks its century."""
    date_en_carte: Patient[str]
    """Date as on the card: kept for billing, whatever it holds."""
    rang_naissance: int = Field(default=1, ge=1, le=9)
    """Rang gémellaire."""
    sexe: Patient[Sex | None] = None
    nir: NirFacturation | None = None
    """Number under which this person is billed: the insured's."""
    nir_certifie: NirFacturation | None = None
    """This person's own certified number, when the component that read the card gives it."""
    flags: tuple[ReadingFlag, ...] = ()

    def for_search(self) -> SearchTraits:
        """Return what the card tells of this person, to ask INSi by traits."""
        return SearchTraits(
            nom_naissance=self.nom,
            prenoms_naissance=(self.prenom,),
            sexe=self.sexe,
            date_naissance=self.date_naissance,
        )


class CardReading(Value):
    """What a card holds: beneficiaries, or a professional. Several beneficiaries: none is chosen here."""

    family: CardFamily
    nature: CardNature
    beneficiaries: tuple[Beneficiary, ...] = Field(default=(), max_length=19)
    """At least one on a patient's card, none on a professional's."""
    holder: CardHolder | None = None
    """The professional of a ``cpx`` card."""
    provenance: str = Field(min_length=1, max_length=120)
    """``apdu``, ``token``, ``supplied:<component>`` or ``apcv``."""
    presence: CardPresence | None = None
    """The insertion that was read; nothing for a supplied reading."""
    serial: str | None = Field(default=None, pattern=r"^[0-9]{1,12}$")
    read_at: Moment

    @model_validator(mode="after")
    def _patients_or_professional(self) -> "CardReading":
        professional = self.family is CardFamily.CPX
        if professional != (self.holder is not None) or professional == bool(self.beneficiaries):
            raise ValueError("a professional's card has its holder, any other has beneficiaries")
        return self
