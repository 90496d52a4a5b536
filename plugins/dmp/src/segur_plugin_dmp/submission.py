"""TD2.1: one document, its signature, and what the registry is told of both (ITI-41).

Everything is worked out from the frozen document and the frozen facts: the same set is written at each attempt.
Sources: IHE ITI TF-2, ITI-41; DMP, function *alimentation* (DMP_2.1a new, DMP_2.1b replacing).
"""

from datetime import datetime
from typing import Final, Self

import attrs

from segur_plugin_dmp.callers import Caller, Mode
from segur_plugin_dmp.identifiers import new_oid
from segur_plugin_dmp.lot_signature import SignedDocument, sign_lot
from segur_plugin_dmp.mtom import Attachment
from segur_plugin_dmp.namespaces import XDSB, XOP
from segur_plugin_dmp.settings import DmpSettings
from segur_plugin_dmp.vihf import SECTORS
from segur_sdk.formats.cda.vocabulary import ROLES, role_label, sector_label
from segur_sdk.formats.xds.components import PROFESSIONALS, coded, organization, person
from segur_sdk.formats.xds.entry import (
    SIGNATURE_ID,
    Association,
    DocumentEntry,
    EntryAuthor,
    SubmissionSet,
    has_member,
    replaces,
    signs,
)
from segur_sdk.formats.xds.mapping import entry_of
from segur_sdk.formats.xds.signature import signature_entry
from segur_sdk.formats.xds.writing import submit_objects_request
from segur_sdk.formats.xml_writer import Xml, node
from segur_sdk.models.document import Concept, DocumentProfessional, DocumentVersion, Visibility

DOCUMENT_ID: Final = "Document01"


@attrs.frozen
class SetFacts:
    """What is frozen of a submission set, beside its document."""

    mode: Mode
    set_id: str
    document: DocumentVersion
    """What it brings, or withdraws."""
    signature_id: str
    made_at: datetime

    @classmethod
    def new(cls, mode: Mode, document: DocumentVersion, moment: datetime, settings: DmpSettings) -> Self:
        """Return the facts of a set that is made now."""
        return cls(mode, new_oid(settings), document, new_oid(settings), moment.replace(microsecond=0))

    def as_facts(self) -> dict[str, str]:
        """Return them as they are kept with the intent."""
        return {
            **self.references,
            "mode": self.mode.value,
            "signature": self.signature_id,
            "made_at": self.made_at.isoformat(),
        }

    @property
    def references(self) -> dict[str, str]:
        """By what the document is found again, replaced and withdrawn."""
        version = self.document
        said = {
            "set": self.set_id,
            "document": version.id,
            "document_set": version.set_id,
            "version": str(version.number),
        }
        return said if version.replaces is None else said | {"replaces": version.replaces}

    @classmethod
    def of(cls, facts: dict[str, str]) -> Self:
        """Read what ``as_facts`` wrote."""
        return cls(
            mode=Mode(facts["mode"]),
            set_id=facts["set"],
            document=DocumentVersion(
                id=facts["document"],
                set_id=facts["document_set"],
                number=int(facts["version"]),
                replaces=facts.get("replaces"),
            ),
            signature_id=facts["signature"],
            made_at=datetime.fromisoformat(facts["made_at"]),
        )


@attrs.frozen
class Lot:
    """A submission set as it goes out."""

    metadata: Xml = attrs.field(repr=False)
    """``lcm:SubmitObjectsRequest``."""
    attachments: tuple[Attachment, ...]

    @property
    def body(self) -> Xml:
        """Root of the SOAP body."""
        documents = (
            node(
                "xdsb:Document",
                node("xop:Include", attributes={"xmlns:xop": XOP, "href": f"cid:{one.content_id}"}),
                attributes={"id": name},
            )
            for name, one in zip((DOCUMENT_ID, SIGNATURE_ID), self.attachments, strict=True)
        )
        return node(
            "xdsb:ProvideAndRegisterDocumentSetRequest",
            self.metadata,
            *documents,
            attributes={"xmlns:xdsb": XDSB},
        )


def lot_of(
    document: bytes,
    signature: bytes,
    described: DocumentEntry,
    submission: SubmissionSet,
    facts: SetFacts,
    replaced: str | None,
) -> Lot:
    """Return the submission set of a document.

    Args:
        document: the CDA.
        signature: of the set.
        described: metadata of the document.
        submission: metadata of the set.
        facts: what was frozen.
        replaced: ``entryUUID`` of the version that is replaced.

    Raises:
        InputError: ``input.xds_refused``.
    """
    signed = signature_entry(submission, described, unique_id=facts.signature_id, made_at=facts.made_at)
    associations: list[Association] = [has_member(described), has_member(signed), signs(signed)]
    if replaced is not None:
        associations.append(replaces(described, replaced))
    return Lot(
        submit_objects_request(submission, (described, signed), associations),
        (
            Attachment(f"document.{facts.document.id}@segur.invalid", "text/xml", document),
            Attachment(f"signature.{facts.signature_id}@segur.invalid", "text/xml", signature),
        ),
    )


def entry(document: bytes, visibility: frozenset[Visibility], settings: DmpSettings) -> DocumentEntry:
    """Return the metadata of a document.

    Raises:
        InputError: ``input.cda_refused``, ``input.xds_refused``.
    """
    return entry_of(document, visibility, object_id=DOCUMENT_ID, exclusive_pair=not settings.masked_from_both)


def author_of(professional: DocumentProfessional) -> EntryAuthor:
    """Return the author of a set that brings no document which would name him."""
    structure = professional.structure
    return EntryAuthor(
        person=person(professional.id, professional.family_name, professional.given_name, PROFESSIONALS, "IDNPS"),
        specialty=coded(professional.role, role_label(professional.role) or professional.role, ROLES),
        institution=organization(structure.name, structure.id),
    )


def submission_set(
    facts: SetFacts, patient_id: str, title: str, author: EntryAuthor, sector: str, own_oid: str
) -> SubmissionSet:
    """Return the metadata of a submission set.

    Args:
        facts: what was frozen.
        patient_id: CX.
        title: of the set.
        author: who submits.
        sector: *secteur d'activité* of his structure, ``SA33``.
        own_oid: of this installation.
    """
    return SubmissionSet(
        unique_id=facts.set_id,
        source_id=own_oid,
        patient_id=patient_id,
        submitted_at=facts.made_at,
        title=title,
        author=author,
        content_type=Concept(code=sector, system=SECTORS, label=sector_label(sector) or sector),
    )


def sign(document: bytes, facts: SetFacts, caller: Caller, settings: DmpSettings) -> bytes:
    """Return the signature of the set.

    Raises:
        SegurError: what ``Signer.sign`` raises.
    """
    documents = (SignedDocument(facts.document.id, document),)
    return sign_lot(facts.set_id, documents, caller, facts.made_at, settings.lot_digest)
