"""Writing lots as ebXML: ``SubmitObjectsRequest`` of ITI-41 and ITI-57, valid on the schemas of RegRep 3.0."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Final

from segur_sdk.formats.xds.components import bounded, refused
from segur_sdk.formats.xds.entry import SUBMISSION_ID, Association, DocumentEntry, EntryAuthor, SubmissionSet
from segur_sdk.formats.xds.moments import in_utc
from segur_sdk.formats.xds.schemes import (
    ASSOCIATION_OBJECT,
    DOCUMENT_ENTRY,
    LCM,
    RIM,
    SUBMISSION_SET,
    EntryScheme,
    SubmissionScheme,
)
from segur_sdk.formats.xml_writer import Xml, leaf, node
from segur_sdk.models.document import Concept

_LANGUAGE: Final = {"charset": "UTF8", "xml:lang": "FR"}
_MAX_NAME: Final = 1024


class _Numbers:
    """Identifiers within one message."""

    def __init__(self) -> None:
        self._next = {"cla": count(1), "ei": count(1), "assoc": count(1)}

    def give(self, kind: str) -> str:
        return f"{kind}{next(self._next[kind])}"


def submit_objects_request(
    submission: SubmissionSet, entries: Sequence[DocumentEntry], associations: Iterable[Association]
) -> Xml:
    """Return the body of a feeding, or of a change of status when it brings no document.

    Args:
        submission: the lot.
        entries: its documents, and the one of its signature, in the order in which they are written.
        associations: see :mod:`segur_sdk.formats.xds.entry`; each document needs its ``has_member``.

    Returns:
        ``lcm:SubmitObjectsRequest`` with all its namespaces: it can stand within any other element. The same text for
        the same input.

    Raises:
        InputError: ``input.xds_refused``, reason ``too_long`` or ``form``: a text that the registry cannot hold.
        ValueError: a character that XML cannot express; a moment without its time zone.
    """
    numbers = _Numbers()
    objects = [
        _package(submission, numbers),
        *(_extrinsic(entry, numbers) for entry in entries),
        *(_association(one, numbers) for one in associations),
    ]
    return node(
        "lcm:SubmitObjectsRequest",
        node("rim:RegistryObjectList", *objects),
        attributes={"xmlns:lcm": LCM, "xmlns:rim": RIM},
    )


def _package(submission: SubmissionSet, numbers: _Numbers) -> Xml:
    owner, scheme = SUBMISSION_ID, SubmissionScheme
    return node(
        "rim:RegistryPackage",
        slot("submissionTime", in_utc(submission.submitted_at)),
        _named("rim:Name", submission.title),
        _named("rim:Description", submission.comments),
        _author(scheme.AUTHOR, submission.author, owner, numbers),
        _classified(scheme.CONTENT_TYPE, submission.content_type, owner, numbers),
        node(
            "rim:Classification",
            attributes={
                "classificationNode": SUBMISSION_SET,
                "classifiedObject": owner,
                "id": numbers.give("cla"),
            },
        ),
        _identified(scheme.PATIENT_ID, submission.patient_id, "XDSSubmissionSet.patientId", owner, numbers),
        _identified(scheme.SOURCE_ID, submission.source_id, "XDSSubmissionSet.sourceId", owner, numbers),
        _identified(scheme.UNIQUE_ID, submission.unique_id, "XDSSubmissionSet.uniqueId", owner, numbers),
        attributes={"id": owner},
    )


def _extrinsic(entry: DocumentEntry, numbers: _Numbers) -> Xml:
    owner = entry.object_id
    return node(
        "rim:ExtrinsicObject",
        *_slots(entry),
        _named("rim:Name", entry.title),
        _named("rim:Description", entry.comments),
        *(_author(EntryScheme.AUTHOR, author, owner, numbers) for author in entry.authors),
        *(_classified(scheme, concept, owner, numbers) for scheme, concept in _codes(entry)),
        _identified(EntryScheme.PATIENT_ID, entry.patient_id, "XDSDocumentEntry.patientId", owner, numbers),
        _identified(EntryScheme.UNIQUE_ID, entry.unique_id, "XDSDocumentEntry.uniqueId", owner, numbers),
        attributes={"id": owner, "mimeType": entry.mime_type, "objectType": DOCUMENT_ENTRY},
    )


def _slots(entry: DocumentEntry) -> Iterator[Xml]:
    yield slot("creationTime", entry.creation_time)
    yield slot("languageCode", entry.language)
    for name, value in (
        ("legalAuthenticator", entry.legal_authenticator),
        ("serviceStartTime", entry.service_start),
        ("serviceStopTime", entry.service_stop),
    ):
        if value is not None:
            yield slot(name, value)
    yield slot("sourcePatientId", entry.source_patient_id)
    if entry.source_patient_info:
        yield slot("sourcePatientInfo", *entry.source_patient_info)


def _codes(entry: DocumentEntry) -> Iterator[tuple[EntryScheme, Concept]]:
    yield EntryScheme.CLASS, entry.class_code
    for concept in entry.confidentiality:
        yield EntryScheme.CONFIDENTIALITY, concept
    for concept in entry.event_codes:
        yield EntryScheme.EVENT, concept
    yield EntryScheme.FORMAT, entry.format_code
    yield EntryScheme.FACILITY, entry.facility
    yield EntryScheme.PRACTICE_SETTING, entry.practice_setting
    yield EntryScheme.TYPE, entry.type_code


def _association(association: Association, numbers: _Numbers) -> Xml:
    return node(
        "rim:Association",
        *(slot(name, value) for name, value in association.slots),
        attributes={
            "associationType": association.type,
            "id": numbers.give("assoc"),
            "objectType": ASSOCIATION_OBJECT,
            "sourceObject": association.source,
            "targetObject": association.target,
        },
    )


def _author(scheme: str, author: EntryAuthor, owner: str, numbers: _Numbers) -> Xml:
    said = (
        ("authorPerson", author.person),
        ("authorSpecialty", author.specialty),
        ("authorInstitution", author.institution),
    )
    return node(
        "rim:Classification",
        *(slot(name, value) for name, value in said if value is not None),
        attributes=_classification(scheme, "", owner, numbers),
    )


def _classified(scheme: str, concept: Concept, owner: str, numbers: _Numbers) -> Xml:
    return node(
        "rim:Classification",
        slot("codingScheme", concept.system),
        _named("rim:Name", concept.label),
        attributes=_classification(scheme, concept.code, owner, numbers),
    )


def _classification(scheme: str, code: str, owner: str, numbers: _Numbers) -> dict[str, str]:
    return {
        "classificationScheme": scheme,
        "classifiedObject": owner,
        "id": numbers.give("cla"),
        "nodeRepresentation": code,
    }


def _identified(scheme: str, value: str, name: str, owner: str, numbers: _Numbers) -> Xml:
    return node(
        "rim:ExternalIdentifier",
        _named("rim:Name", name),
        attributes={
            "id": numbers.give("ei"),
            "identificationScheme": scheme,
            "registryObject": owner,
            "value": bounded(value, name),
        },
    )


def slot(name: str, *values: str) -> Xml:
    """Return an attribute with one value or several."""
    written = (leaf("rim:Value", bounded(value, name)) for value in values)
    return node("rim:Slot", node("rim:ValueList", *written), attributes={"name": name})


def _named(tag: str, text: str | None) -> Xml:
    if text is None:
        return Xml("")
    if len(text) > _MAX_NAME:
        raise refused("too_long", tag)
    if not text.isprintable():
        # An attribute that is read back has blanks in place of tabs and ends of lines.
        raise refused("form", tag)
    return node(tag, node("rim:LocalizedString", attributes={**_LANGUAGE, "value": text}))
