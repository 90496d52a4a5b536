"""The professional on a CPx card (CPS, CPF, CPE, CPA), as his card names him."""

from enum import StrEnum

from pydantic import Field

from segur_sdk.models.base import Moment, Value
from segur_sdk.models.certificate import CertificateInfo


class CpxType(StrEnum):
    """Kind of card, code list TRE_G02 of the ANS."""

    CPS = "CPS"
    """Registered professional."""
    CPF = "CPF"
    """Professional in training."""
    CPE = "CPE"
    """Director (CDE) or employee of a care structure."""
    CPA = "CPA"
    """Director (CDA) or authorised staff of an authorised structure."""
    OTHER = "CPX"
    """A type that the code list did not have."""


class CardKeyUsage(StrEnum):
    """What a certificate of the card is for; never the one for the other."""

    AUTHENTICATION = "authentication"
    SIGNATURE = "signature"


class CardCertificate(Value):
    """A certificate of the card."""

    usage: CardKeyUsage
    key: str = Field(pattern=r"^(?:[0-9A-F]{2})+$", max_length=128)
    """``CKA_ID`` of the private key beside it, upper-case hexadecimal."""
    info: CertificateInfo


class ExerciceSituation(Value):
    """A *situation d'exercice*: where the professional practises, as his card says."""

    number: int = Field(ge=1, le=16)
    """Index on the card; indices may have gaps."""
    structure_name: str = Field(max_length=200)
    """Raison sociale."""
    structure_id: str | None = Field(default=None, max_length=64)
    """``Struct_IdNat``: type digit and identifier, for example ``10B0307377``."""
    sector: str | None = Field(default=None, pattern=r"^[A-Z0-9]{4}$")
    """Secteur d'activité, code list TRE_R02, for example ``SA33``."""


class CardHolder(Value):
    """Who holds a CPx card."""

    card_type: CpxType
    national_id: str | None = Field(default=None, min_length=2, max_length=64)
    """``PS_IdNat``: type digit and identifier, for example ``8`` and the RPPS."""
    rpps: str | None = Field(default=None, pattern=r"^[0-9]{11}$")
    adeli: str | None = Field(default=None, pattern=r"^[0-9AB]{9}$")
    family_name: str = Field(min_length=1, max_length=100)
    """For a card that names nobody: the structure."""
    given_name: str | None = Field(default=None, max_length=100)
    """For a card that names nobody: its own identifier."""
    named: bool = True
    """False for a card that names no person: it authenticates nobody personally."""
    profession: str | None = Field(default=None, pattern=r"^[0-9]{2}$")
    """Code list TRE_G15, for a professional in training TRE_G16; for example ``21``, pharmacien."""
    speciality: str | None = Field(default=None, max_length=10)
    """Savoir-faire, code list TRE_R01, for example ``SM26``."""
    situations: tuple[ExerciceSituation, ...] | None = None
    """Nothing as long as the PIN was not verified: they are private objects of the card."""
    certificates: tuple[CardCertificate, ...] = Field(min_length=1)
    valid_until: Moment
    """When the first of the card's certificates ends."""
