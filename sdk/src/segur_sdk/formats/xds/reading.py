"""Reading lots back from ebXML, as they were written: the inverse of :mod:`segur_sdk.formats.xds.writing`."""

from collections.abc import Iterator
from typing import Final

import attrs
from lxml import etree

from segur_sdk.errors import InputError
from segur_sdk.formats.xds.components import refused
from segur_sdk.formats.xds.entry import Association, DocumentEntry, EntryAuthor, SubmissionSet
from segur_sdk.formats.xds.moments import from_utc
from segur_sdk.formats.xds.schemes import LCM, RIM, AssociationType, EntryScheme, SubmissionScheme
from segur_sdk.formats.xml import text_of
from segur_sdk.models.document import Concept

_RIM: Final = f"{{{RIM}}}"
_MAX_OBJECTS: Final = 2000


@attrs.frozen
class Submission:
    """A lot, its documents, and what each is to the others."""

    submission: SubmissionSet
    entries: tuple[DocumentEntry, ...]
    associations: tuple[Association, ...]


def read_submit_objects(request: etree._Element) -> Submission:
    """Return what a ``SubmitObjectsRequest`` says.

    Args:
        request: the element, from :func:`segur_sdk.formats.xml.read_xml` or from within a message.

    Raises:
        InputError: ``input.xds_refused`` with the ``field`` and a ``reason``: ``missing``, ``twice``, ``form``.
    """
    if request.tag != f"{{{LCM}}}SubmitObjectsRequest":
        raise refused("form", "SubmitObjectsRequest")
    held = only(request, "RegistryObjectList")
    objects = list(held.iterchildren(etree.Element))
    if len(objects) > _MAX_OBJECTS:
        raise refused("too_long", "RegistryObjectList")
    packages = [one for one in objects if one.tag == f"{_RIM}RegistryPackage"]
    if len(packages) != 1:
        raise refused("missing" if not packages else "twice", "RegistryPackage")
    return Submission(
        _submission(packages[0]),
        tuple(read_entry(one) for one in objects if one.tag == f"{_RIM}ExtrinsicObject"),
        tuple(_association(one) for one in objects if one.tag == f"{_RIM}Association"),
    )


def read_entry(extrinsic: etree._Element) -> DocumentEntry:
    """Return what an ``ExtrinsicObject`` says of a document.

    Raises:
        InputError: ``input.xds_refused``.
    """
    said = slots_of(extrinsic)
    codes = _codes(extrinsic)
    identifiers = identifiers_of(extrinsic)
    return DocumentEntry(
        object_id=attribute(extrinsic, "id"),
        unique_id=_needed(identifiers.get(EntryScheme.UNIQUE_ID), "uniqueId"),
        patient_id=_needed(identifiers.get(EntryScheme.PATIENT_ID), "patientId"),
        source_patient_id=_single(said, "sourcePatientId"),
        source_patient_info=said.get("sourcePatientInfo", ()),
        creation_time=_single(said, "creationTime"),
        service_start=_optional(said, "serviceStartTime"),
        service_stop=_optional(said, "serviceStopTime"),
        language=_single(said, "languageCode"),
        mime_type=attribute(extrinsic, "mimeType"),
        title=_needed(name_of(extrinsic, "Name"), "title"),
        comments=name_of(extrinsic, "Description"),
        authors=tuple(_authors(extrinsic, EntryScheme.AUTHOR)),
        legal_authenticator=_optional(said, "legalAuthenticator"),
        type_code=_one(codes, EntryScheme.TYPE),
        class_code=_one(codes, EntryScheme.CLASS),
        format_code=_one(codes, EntryScheme.FORMAT),
        confidentiality=tuple(codes.get(EntryScheme.CONFIDENTIALITY, ())),
        facility=_one(codes, EntryScheme.FACILITY),
        practice_setting=_one(codes, EntryScheme.PRACTICE_SETTING),
        event_codes=tuple(codes.get(EntryScheme.EVENT, ())),
    )


def _submission(package: etree._Element) -> SubmissionSet:
    identifiers = identifiers_of(package)
    authors = list(_authors(package, SubmissionScheme.AUTHOR))
    if len(authors) != 1:
        raise refused("missing" if not authors else "twice", "author")
    said = _single(slots_of(package), "submissionTime")
    try:
        submitted = from_utc(said)
    except ValueError:
        raise refused("form", "submissionTime") from None
    return SubmissionSet(
        unique_id=_needed(identifiers.get(SubmissionScheme.UNIQUE_ID), "uniqueId"),
        source_id=_needed(identifiers.get(SubmissionScheme.SOURCE_ID), "sourceId"),
        patient_id=_needed(identifiers.get(SubmissionScheme.PATIENT_ID), "patientId"),
        submitted_at=submitted,
        title=_needed(name_of(package, "Name"), "title"),
        author=authors[0],
        content_type=_one(_codes(package), SubmissionScheme.CONTENT_TYPE),
        comments=name_of(package, "Description"),
    )


def _association(element: etree._Element) -> Association:
    given = attribute(element, "associationType")
    try:
        kind = AssociationType(given)
    except ValueError:
        raise refused("form", "associationType") from None
    said = slots_of(element)
    return Association(
        kind,
        attribute(element, "sourceObject"),
        attribute(element, "targetObject"),
        tuple((name, value) for name, values in said.items() for value in values),
    )


def _authors(parent: etree._Element, scheme: str) -> Iterator[EntryAuthor]:
    for classification in _classifications(parent, scheme):
        said = slots_of(classification)
        yield EntryAuthor(
            _single(said, "authorPerson"),
            _optional(said, "authorSpecialty"),
            _optional(said, "authorInstitution"),
        )


def _classifications(parent: etree._Element, scheme: str) -> Iterator[etree._Element]:
    return (one for one in children(parent, "Classification") if one.get("classificationScheme") == scheme)


def _codes(parent: etree._Element) -> dict[str, list[Concept]]:
    found: dict[str, list[Concept]] = {}
    for one in children(parent, "Classification"):
        scheme, code = one.get("classificationScheme"), one.get("nodeRepresentation")
        if scheme and code:
            found.setdefault(scheme, []).append(_concept(one, code))
    return found


def _concept(classification: etree._Element, code: str) -> Concept:
    system, label = _single(slots_of(classification), "codingScheme"), name_of(classification, "Name") or code
    if len(code) > 80 or len(system) > 80 or not system or len(label) > 255:
        raise refused("form", "Classification")
    return Concept(code=code, system=system, label=label)


def identifiers_of(parent: etree._Element) -> dict[str, str]:
    """Return the external identifiers of an object by their scheme.

    Raises:
        InputError: ``input.xds_refused``, reason ``twice``.
    """
    found: dict[str, str] = {}
    for one in children(parent, "ExternalIdentifier"):
        scheme = attribute(one, "identificationScheme")
        if scheme in found:
            raise refused("twice", "ExternalIdentifier")
        found[scheme] = attribute(one, "value")
    return found


def slots_of(parent: etree._Element) -> dict[str, tuple[str, ...]]:
    """Return the slots of an object.

    Raises:
        InputError: ``input.xds_refused``, reason ``twice`` or ``form``.
    """
    found: dict[str, tuple[str, ...]] = {}
    for one in children(parent, "Slot"):
        name = attribute(one, "name")
        if name in found:
            raise refused("twice", "Slot")
        found[name] = tuple(_value(value) for value in children(only(one, "ValueList"), "Value"))
    return found


def _value(element: etree._Element) -> str:
    try:
        return text_of(element)
    except InputError:
        raise refused("form", "Value") from None


def name_of(parent: etree._Element, tag: str) -> str | None:
    """Return the text of ``Name`` or ``Description``; ``None`` when there is none."""
    named = next(children(parent, tag), None)
    text = None if named is None else next(children(named, "LocalizedString"), None)
    return None if text is None else text.get("value")


def children(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Return the children of that name in the namespace of the information model."""
    return parent.iterchildren(f"{_RIM}{tag}")


def only(parent: etree._Element, tag: str) -> etree._Element:
    """Return the one child of that name.

    Raises:
        InputError: ``input.xds_refused``, reason ``missing`` or ``twice``.
    """
    found = list(children(parent, tag))
    if len(found) != 1:
        raise refused("missing" if not found else "twice", tag)
    return found[0]


def attribute(element: etree._Element, name: str) -> str:
    """Return an attribute that must be there.

    Raises:
        InputError: ``input.xds_refused``, reason ``missing``.
    """
    return _needed(element.get(name), name)


def _needed(value: str | None, field: str) -> str:
    if value is None:
        raise refused("missing", field)
    return value


def _single(said: dict[str, tuple[str, ...]], name: str) -> str:
    values = said.get(name, ())
    if len(values) != 1:
        raise refused("missing" if not values else "twice", name)
    return values[0]


def _optional(said: dict[str, tuple[str, ...]], name: str) -> str | None:
    return _single(said, name) if name in said else None


def _one(codes: dict[str, list[Concept]], scheme: str) -> Concept:
    found = codes.get(scheme, [])
    if len(found) != 1:
        raise refused("missing" if not found else "twice", "Classification")
    return found[0]
