"""Identities as RNIV and the INSi teleservice speak of them.

Sources: RNIV 1 v2.0 (12/2024), *Guide d'implémentation de l'INS dans les logiciels* v3.0, INSi WSDL 1.5.0.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from segur_sdk.identifiers.nir import key_is_valid
from segur_sdk.models.base import Inbound, Moment, Value
from segur_sdk.privacy import Patient


class Sex(StrEnum):
    """Sex as recorded locally. INSi knows ``F`` and ``M`` only."""

    FEMALE = "F"
    MALE = "M"
    UNDETERMINED = "I"


class InsStatus(StrEnum):
    """The four exclusive statuses of an identity (RNIV EXI SI 07)."""

    PROVISOIRE = "PROV"
    VALIDEE = "VALI"
    RECUPEREE = "RECUP"
    QUALIFIEE = "QUAL"


class IdentityAttribute(StrEnum):
    """Attributes beside the status. Only *douteux* and *homonyme* may stand together (RNIV EXI SI 22)."""

    HOMONYME = "HOMONYME"
    DOUTEUX = "DOUTEUX"
    FICTIF = "FICTIF"


class InsOid(StrEnum):
    """Who assigned a matricule. The OID alone tells NIR from NIA; digits never do."""

    NIR = "1.2.250.1.213.1.4.8"
    NIA = "1.2.250.1.213.1.4.9"
    NIR_TEST = "1.2.250.1.213.1.4.10"
    NIR_DEMO = "1.2.250.1.213.1.4.11"


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
CogCode = Annotated[str, StringConstraints(pattern=r"^(?:[0-9]{2}|2[AB])[0-9]{3}$")]
"""*Code officiel géographique*: 5 characters; ``99`` + country abroad; ``99999`` unknown."""

UNKNOWN_BIRTHPLACE = "99999"


class SearchTraits(Value):
    """What is known of a person when INSi is asked; only the names are needed to begin.

    What INSi itself requires beyond them (sex, date) is asked from whoever sits there.
    """

    nom_naissance: Patient[Name]
    prenoms_naissance: Patient[tuple[Name, ...]] = Field(min_length=1)
    """Given names of the birth record, in order, one item each; a composed name is one item."""
    sexe: Patient[Sex | None] = None
    date_naissance: Patient[date | None] = None
    lieu_naissance: Patient[CogCode | None] = None


class Traits(Value):
    """The five strict traits, without which no identity is created (RNIV, SC.INS.09.LGO)."""

    nom_naissance: Patient[Name]
    premier_prenom: Patient[Name]
    prenoms_naissance: Patient[tuple[Name, ...]] = ()
    """Whole list of given names of the birth record; may be missing at creation."""
    sexe: Patient[Sex]
    date_naissance: Patient[date]
    lieu_naissance: Patient[CogCode]
    date_interpretee: bool = False
    """The date was completed from an incomplete one and must be shown so (RNIV EXI ID 11)."""

    def for_search(self) -> SearchTraits:
        """Return the same person as INSi is asked for him."""
        return SearchTraits(
            nom_naissance=self.nom_naissance,
            prenoms_naissance=self.prenoms_naissance or (self.premier_prenom,),
            sexe=self.sexe,
            date_naissance=self.date_naissance,
            lieu_naissance=None if self.lieu_naissance == UNKNOWN_BIRTHPLACE else self.lieu_naissance,
        )


class MatriculeIns(Value):
    """A national health identifier: 13 characters and its key, never without its OID."""

    value: Patient[str] = Field(pattern=r"^[0-9]{6}[0-9AB][0-9]{6}[0-9]{2}$")
    oid: str = Field(pattern=r"^[0-9]+(?:\.[0-9]+)+$")

    @property
    def key_is_valid(self) -> bool:
        """Whether the key fits. INSi itself returned some that do not: never a reason to drop its answer."""
        return key_is_valid(self.value)


class NirFacturation(Inbound):
    """The number under which a person is billed: often the insured's, never the INS."""

    value: Patient[str] = Field(pattern=r"^[0-9]{6}[0-9AB][0-9]{6}(?:[0-9]{2})?$")
    """13 characters, or 15 with the key."""


class CollectionMethod(StrEnum):
    """How identity data were collected (HL7 table 9003)."""

    MANUAL = "SM"
    CARTE_VITALE = "CV"
    INSI = "INSI"
    BARCODE = "CB"
    RFID = "RFID"
    APPLI_CARTE_VITALE = "AV"


class InsCandidate(Inbound):
    """An INS received or scanned: to be verified by INSi, never to be believed."""

    matricule: MatriculeIns
    traits: SearchTraits
    method: CollectionMethod


class CrCode(StrEnum):
    """Return codes of INSi: three answers that are never merged."""

    FOUND = "00"
    NOT_FOUND = "01"
    SEVERAL = "02"


class InsHistoryEntry(Value):
    """A former matricule, exactly as received: an end before its start has been seen on the wire."""

    matricule: MatriculeIns
    start: Patient[date | None] = None
    end: Patient[date | None] = None


class AnsweredTraits(Value):
    """Traits as INSi answered them: any of them may be missing."""

    nom_naissance: Patient[str | None] = None
    premier_prenom: Patient[str | None] = None
    prenoms_naissance: Patient[tuple[str, ...]] = ()
    sexe: Patient[Sex | None] = None
    date_naissance: Patient[str | None] = None
    """``YYYY-MM-DD`` as received; day or month may be ``00``."""
    lieu_naissance: Patient[str | None] = None


class InsIndividual(Value):
    """The person INSi found."""

    matricule: MatriculeIns
    key_supplied: bool = True
    """False when the key was absent from the answer and computed here."""
    history: tuple[InsHistoryEntry, ...] = ()
    traits: AnsweredTraits


class TraitName(StrEnum):
    """The strict traits by name."""

    NOM_NAISSANCE = "nom_naissance"
    PREMIER_PRENOM = "premier_prenom"
    PRENOMS_NAISSANCE = "prenoms_naissance"
    SEXE = "sexe"
    DATE_NAISSANCE = "date_naissance"
    LIEU_NAISSANCE = "lieu_naissance"


class Divergence(Value):
    """One trait on which two sources differ, and why they are held to differ."""

    trait: TraitName
    reason: str
    """Stable code: ``differs``, ``missing``, ``not_in_list``, ``incomplete_date``…"""
    ours: Patient[str | None] = None
    theirs: Patient[str | None] = None


class EvidenceSource(StrEnum):
    """Where evidence about an INS comes from."""

    INSI_TRAITS = "insi_traits"
    INSI_CARD = "insi_card"
    APCV = "apcv"


class InsAttempt(Value):
    """One exchange with INSi, kept for traceability (SC.INS/va1.38, .35)."""

    operation: str
    message_id: str
    sent_at: Moment
    criteria: SearchTraits
    cr: CrCode | None
    """``None`` when no functional answer came."""
    fault: str | None = None
    """Code of the technical fault, as the service gave it."""


class InsEvidence(Value):
    """What a source says about a person's INS. It is evidence, never a status."""

    source: EvidenceSource
    cr: CrCode
    individual: InsIndividual | None = None
    attempts: tuple[InsAttempt, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    """Between what was asked and what was answered, as the source sees it; the engine compares again."""
    obtained_at: Moment

    @model_validator(mode="after")
    def _individual_goes_with_found(self) -> Self:
        if (self.individual is not None) != (self.cr is CrCode.FOUND):
            raise ValueError("an individual goes with code 00, and only with it")
        return self


ProofType = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,6}$")]
"""Code of a kind of document; the list with its trust is configurable by the structure."""


class ProofDocument(Value):
    """A document that was looked at and agrees with the identity. No kind is ever preselected."""

    type: ProofType
    adult_document: ProofType | None = None
    """Kind of the document that the parent or guardian showed of himself, where the child's own asks for it."""


class NoProofReason(StrEnum):
    """Why no document confirms the identity."""

    NONE_PRESENTED = "none_presented"
    REFUSED = "refused"
    PATIENT_ABSENT = "patient_absent"
    DIFFERS = "differs"
    """A document was shown and its information differs."""


class NoProof(Value):
    """The answer given instead of a document."""

    none_because: NoProofReason


Presentation = ProofDocument | NoProof
