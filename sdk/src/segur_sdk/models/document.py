"""A clinical document as practice software knows it, before any wire format: who, about whom, what and when.

Sources: CI-SIS *Structuration minimale de documents médicaux* V1.16.8; HL7 CDA R2; NOS code lists (TRE, JDV).
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.base import LocalMoment, Outbound, Value
from segur_sdk.privacy import Patient

OidText = Annotated[str, Field(pattern=r"^[0-2](?:\.(?:0|[1-9][0-9]*))+$", max_length=64)]
"""An OID of at most 64 characters, no arc of which begins with a zero (PS3.5 9.1, ISO 9834-1)."""


class Concept(Value):
    """A code of a code list, with its label."""

    code: str = Field(min_length=1, max_length=80)
    system: str = Field(min_length=1, max_length=80)
    """OID of the list, or the name that stands for one on the wire (``URN``, ``ASTM``)."""
    label: str = Field(min_length=1, max_length=255)


class Visibility(StrEnum):
    """From whom a document is kept; none of them: seen by the patient and by every authorised professional."""

    MASQUE_PS = "MASQUE_PS"
    INVISIBLE_PATIENT = "INVISIBLE_PATIENT"
    INVISIBLE_REPRESENTANTS_LEGAUX = "INVISIBLE_REPRESENTANTS_LEGAUX"


class CareStructure(Value):
    """A care structure as documents name it."""

    id: str = Field(pattern=r"^[0-4][0-9A-Z]{8,20}$")
    """``Struct_IdNat``: type digit and identifier, ``1`` and the FINESS géographique for a pharmacy."""
    name: str = Field(min_length=1, max_length=100)
    sector: str = Field(default="SA33", pattern=r"^SA[0-9]{2}$")
    """Secteur d'activité (TRE_R02): ``SA33``, pharmacie d'officine."""
    postal_address: str | None = Field(default=None, max_length=200)
    telecom: str | None = Field(default=None, pattern=r"^(?:tel|mailto):\S+$", max_length=200)


class DocumentProfessional(Value):
    """A professional as documents name him."""

    id: str = Field(pattern=r"^[0-9][0-9A-Z/]{8,40}$")
    """``PS_IdNat``: ``8`` and the RPPS."""
    family_name: str = Field(min_length=1, max_length=80)
    given_name: str = Field(min_length=1, max_length=80)
    role: str = Field(pattern=r"^G1[56]_[0-9]{2}(?:/[A-Z0-9]{1,6})?$")
    """Profession and speciality (TRE_A02, JDV_J01): ``G15_21/A``, pharmacien titulaire d'officine."""
    structure: CareStructure
    telecom: str | None = Field(default=None, pattern=r"^(?:tel|mailto):\S+$", max_length=200)
    postal_address: str | None = Field(default=None, max_length=200)


class Recipient(Value):
    """Somebody to whom the document is addressed; he is named in it (SC.DOC.04)."""

    id: str | None = Field(default=None, pattern=r"^[0-9][0-9A-Z/]{8,40}$")
    """``PS_IdNat``, when it is a known professional."""
    family_name: str = Field(min_length=1, max_length=80)
    given_name: str | None = Field(default=None, max_length=80)
    structure_name: str | None = Field(default=None, max_length=100)


class DocumentAct(Value):
    """The act that a document tells of: its dates are the act's, not those of the sending."""

    start: LocalMoment
    stop: LocalMoment | None = None
    performer: DocumentProfessional | None = None
    """Who performed it; nobody named: the author."""
    practice_setting: str = Field(default="AMBULATOIRE", pattern=r"^[A-Z_]{2,20}$")
    """JDV_J04."""
    code: Concept | None = None
    id: OidText | None = None

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.stop is not None and self.stop < self.start:
            raise ValueError("an act ends after it began")
        return self


class Section(Value):
    """A part of a written document."""

    heading: Patient[str] = Field(min_length=1, max_length=200)
    paragraphs: Patient[tuple[str, ...]] = Field(min_length=1)


class WrittenBody(Value):
    """Words of which a PDF/A-1 is made."""

    kind: Literal["written"] = "written"
    sections: tuple[Section, ...] = Field(min_length=1, max_length=100)


class PdfBody(Value):
    """A PDF/A-1 that the practice software made; checked before it is taken."""

    kind: Literal["pdf"] = "pdf"
    pdf: Patient[bytes] = Field(min_length=1, max_length=20_000_000)


class Vaccine(Value):
    """What was given."""

    code: Concept | None = None
    """CIS ``1.2.250.1.213.2.3.1``, CIP ``1.2.250.1.213.2.3.2`` or ATC ``2.16.840.1.113883.6.73``."""
    translations: tuple[Concept, ...] = Field(default=(), max_length=5)
    """The same vaccine in the other lists; a *note de vaccination* needs CIS and ATC."""
    name: Patient[str] = Field(min_length=1, max_length=200)
    lot: Patient[str | None] = Field(default=None, max_length=40)
    expires_on: Patient[date | None] = None


class Vaccination(Value):
    """One vaccine given to the patient."""

    given_at: LocalMoment
    vaccine: Vaccine
    route: Concept | None = None
    site: Concept | None = None
    dose_rank: int | None = Field(default=None, ge=1, le=20)
    performer: DocumentProfessional | None = None
    """Nobody named: the author of the document."""
    comment: Patient[str | None] = Field(default=None, max_length=1000)


class VaccinationBody(Value):
    """The structured body of a *note de vaccination* (CI-SIS VAC-NOTE 2023.01)."""

    kind: Literal["vaccination"] = "vaccination"
    vaccinations: tuple[Vaccination, ...] = Field(min_length=1, max_length=20)


DocumentBody = Annotated[WrittenBody | PdfBody | VaccinationBody, Field(discriminator="kind")]


class DocumentVersion(Value):
    """Which document it is, and which version of it."""

    id: OidText
    """Of this very version; never given twice."""
    set_id: OidText
    """The same for all versions."""
    number: int = Field(default=1, ge=1, le=9999)
    replaces: OidText | None = None
    """``id`` of the version before it."""

    @model_validator(mode="after")
    def _the_first_replaces_nothing(self) -> Self:
        if (self.number > 1) != (self.replaces is not None):
            raise ValueError("every version but the first replaces one")
        return self


class ClinicalDocument(Outbound):
    """One version of one document, whole: everything its CDA says."""

    version: DocumentVersion
    type: Concept
    """JDV_J07, with the label it bears there."""
    title: str = Field(min_length=1, max_length=128)
    made_at: LocalMoment
    patient: SealedIdentity
    author: DocumentProfessional
    authored_at: LocalMoment
    validator: DocumentProfessional
    """Who answers for it (``legalAuthenticator``): without him there is no document."""
    validated_at: LocalMoment
    act: DocumentAct
    recipients: tuple[Recipient, ...] = Field(default=(), max_length=20)
    body: DocumentBody
    privacy_notice: str | None = Field(default=None, max_length=2000)
    """What the person concerned is told of the use of his data (SC.RGPD.01); printed with the document."""
