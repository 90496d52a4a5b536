"""What the DMP is told of a document and of a lot: document entry, submission set, associations.

Texts stand as they go out. What is a person's is in no ``repr``.
Sources: IHE ITI TF-3 4.2; CI-SIS, mapping of the CDA header to XDS metadata.
"""

from datetime import datetime
from typing import Final

import attrs

from segur_sdk.formats.xds.schemes import AssociationType, EntryStatus
from segur_sdk.models.document import Concept

SUBMISSION_ID: Final = "SubmissionSet01"
SIGNATURE_ID: Final = "Signature01"


@attrs.frozen(repr=False)
class EntryAuthor:
    """An author of a document or of a lot."""

    person: str
    """XCN."""
    specialty: str | None = None
    """CE, JDV_J01."""
    institution: str | None = None
    """XON; none when the patient is the author."""


@attrs.frozen
class DocumentEntry:
    """What the registry keeps of one document."""

    object_id: str
    """Name of the entry within its message, and of the file that goes with it: ``Document01``."""
    unique_id: str
    """OID that its producer gave to this version of the document."""
    patient_id: str = attrs.field(repr=False)
    """CX: the INS."""
    source_patient_id: str = attrs.field(repr=False)
    """CX: the software's own number of the patient; the INS when it has none."""
    source_patient_info: tuple[str, ...] = attrs.field(repr=False)
    creation_time: str
    """UTC, ``yyyymmddhhmmss``."""
    service_start: str | None
    service_stop: str | None
    language: str
    mime_type: str
    title: str = attrs.field(repr=False)
    comments: str | None = attrs.field(repr=False)
    authors: tuple[EntryAuthor, ...]
    legal_authenticator: str | None = attrs.field(repr=False)
    """XCN."""
    type_code: Concept
    class_code: Concept
    format_code: Concept
    confidentiality: tuple[Concept, ...]
    facility: Concept
    practice_setting: Concept
    event_codes: tuple[Concept, ...] = ()


@attrs.frozen
class SubmissionSet:
    """A lot: documents of one patient that enter the registry together."""

    unique_id: str
    """OID, given once."""
    source_id: str
    """OID of the installation that sends."""
    patient_id: str = attrs.field(repr=False)
    submitted_at: datetime
    """With its time zone; written in UTC, without its fraction of a second."""
    title: str = attrs.field(repr=False)
    author: EntryAuthor
    content_type: Concept
    """JDV_J59: ``SA33`` of ``1.2.250.1.71.4.2.4`` for a pharmacy."""
    comments: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Association:
    """One object of a lot, and what it is to another, or to one that the registry holds already."""

    type: AssociationType
    source: str
    target: str
    slots: tuple[tuple[str, str], ...] = ()


def has_member(entry: DocumentEntry) -> Association:
    """The lot brings this document."""
    return Association(
        AssociationType.HAS_MEMBER, SUBMISSION_ID, entry.object_id, (("SubmissionSetStatus", "Original"),)
    )


def replaces(entry: DocumentEntry, entry_uuid: str) -> Association:
    """This document replaces one that the registry holds.

    Args:
        entry: the new version.
        entry_uuid: ``urn:uuid:…`` that the registry gave to the entry of the old one; never its unique id.
    """
    return Association(AssociationType.REPLACES, entry.object_id, entry_uuid)


def signs(signature: DocumentEntry) -> Association:
    """This document is the signature of the lot."""
    return Association(
        AssociationType.SIGNS, signature.object_id, SUBMISSION_ID, (("SubmissionSetStatus", "Original"),)
    )


def updates_status(entry_uuid: str, original: EntryStatus, new: EntryStatus) -> Association:
    """The registry shall give another status to an entry that it holds (ITI-57): ``DELETED`` unpublishes it."""
    return Association(
        AssociationType.UPDATES_STATUS,
        SUBMISSION_ID,
        entry_uuid,
        (("OriginalStatus", str(original)), ("NewStatus", str(new))),
    )
