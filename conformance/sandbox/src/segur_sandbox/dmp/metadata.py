"""The rules of metadata: complete, from the value sets, and the same as what the document says."""

import re
from collections.abc import Mapping
from typing import Final

import attrs

from segur_sandbox.dmp import namespaces as ns
from segur_sandbox.dmp.cda import Author, Cda
from segur_sandbox.dmp.ebxml import Classification, RegistryObject
from segur_sandbox.dmp.identifiers import (
    PatientId,
    is_oid,
    looks_like_ins,
    read_local_patient,
    read_organisation,
    read_patient,
    read_person,
    read_speciality,
)
from segur_sandbox.dmp.refusal import NO_INSTITUTION, NOT_LINKED, RegistryRefusedError, bad_metadata
from segur_sandbox.dmp.value_sets import ValueSets
from segur_sandbox.dmp.vihf import Vihf

_SECOND: Final = re.compile(r"[0-9]{14}")
_DATE: Final = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,5}")
_NORMAL: Final = "N"
_SIGNATURE_CLASS: Final = "urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1"
_INFINITE: Final = 99
_SPECIALITIES: Final = "1.2.250.1.213.1.1.4.5"
_LANGUAGE: Final = "fr-FR"


@attrs.frozen
class Rule:
    """How many classifications of a scheme there are, and of which value set."""

    name: str
    scheme: str
    least: int
    most: int
    value_set: str


ENTRY_RULES: Final = (
    Rule("classCode", ns.CLASS, 1, 1, "classes"),
    Rule("typeCode", ns.TYPE, 1, 1, ""),
    Rule("confidentialityCode", ns.CONFIDENTIALITY, 1, 4, "confidentiality"),
    Rule("formatCode", ns.FORMAT, 1, 1, "formats"),
    Rule("healthcareFacilityTypeCode", ns.FACILITY, 1, 1, "facility"),
    Rule("practiceSettingCode", ns.PRACTICE, 1, 1, "practice"),
    Rule("eventCodeList", ns.EVENT, 0, _INFINITE, ""),
)
ENTRY_SLOTS: Final = ("creationTime", "languageCode", "legalAuthenticator", "serviceStartTime", "sourcePatientId")
SIGNATURE_SLOTS: Final = ("creationTime", "languageCode", "serviceStartTime", "serviceStopTime", "sourcePatientId")
SIGNATURE_CODES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    ns.CLASS: ((_SIGNATURE_CLASS, "URN"),),
    ns.TYPE: (("E1762", "ASTM"),),
    ns.FORMAT: (("http://www.w3.org/2000/09/xmldsig#", "URN"),),
    ns.EVENT: (("1.2.840.10065.1.12.1.14", "1.2.840.10065.1.12"),),
}
SIGNATURE_CONFIDENTIALITY: Final = ("N", "MASQUE_PS", "INVISIBLE_PATIENT")


def is_signature(entry: RegistryObject) -> bool:
    """Tell whether an entry is that of the signature of a lot."""
    return any(one.code == _SIGNATURE_CLASS for one in entry.coded(ns.CLASS))


def check_lot(lot: RegistryObject, patient: PatientId, value_sets: ValueSets) -> None:
    """Check the submission set.

    Raises:
        RegistryRefusedError: it is not complete, or not of that patient.
    """
    if [one.node for one in lot.classifications if one.node] != [ns.SUBMISSION_SET]:
        raise bad_metadata("the package is not classified as a submission set", lot.id)
    if not _SECOND.fullmatch(lot.slot("submissionTime")):
        raise bad_metadata("submissionTime is missing, or not YYYYMMDDhhmmss", lot.id)
    if len(lot.coded(ns.LOT_AUTHOR)) < 1:
        raise bad_metadata("the submission set has no author", lot.id)
    for author in lot.coded(ns.LOT_AUTHOR):
        _check_author(author, lot.id)
    types = lot.coded(ns.LOT_CONTENT_TYPE)
    if len(types) != 1 or not value_sets.holds("content_type", types[0].code, types[0].coding_scheme):
        raise bad_metadata("contentTypeCode is missing, or not of its value set", lot.id)
    _check_label(types[0], lot.id)
    for scheme, name in ((ns.LOT_UNIQUE_ID, "uniqueId"), (ns.LOT_SOURCE, "sourceId")):
        if not is_oid(lot.external.get(scheme, "")):
            raise bad_metadata(f"{name} of the submission set is missing, or no OID", lot.id)
    _check_patient(lot.external.get(ns.LOT_PATIENT, ""), patient, lot.id)


def check_entry(entry: RegistryObject, patient: PatientId, value_sets: ValueSets, *, cumulated: bool) -> None:
    """Check the entry of a document, by itself.

    Args:
        entry: What was submitted.
        patient: Whom the message is about.
        value_sets: Which codes there are.
        cumulated: Whether a document may be hidden from the patient and masked to professionals at once.

    Raises:
        RegistryRefusedError: it is not complete, breaks a value set, or is not of that patient.
    """
    _check_common(entry, patient, ENTRY_SLOTS)
    if entry.attributes.get("mimeType") != "text/xml":
        raise bad_metadata("mimeType is not text/xml", entry.id)
    if not entry.name or not entry.slots.get("sourcePatientInfo"):
        raise bad_metadata("title or sourcePatientInfo is missing", entry.id)
    if read_person(entry.slot("legalAuthenticator")) is None:
        raise bad_metadata("legalAuthenticator is not a person", entry.id)
    for rule in ENTRY_RULES:
        found = entry.coded(rule.scheme)
        if not rule.least <= len(found) <= rule.most:
            raise bad_metadata(f"{rule.name} is missing, or there are too many", entry.id)
        for one in found:
            _check_label(one, entry.id)
            if rule.value_set and not value_sets.holds(rule.value_set, one.code, one.coding_scheme):
                raise bad_metadata(f"{rule.name} is not of its value set", entry.id)
    type_, class_ = entry.coded(ns.TYPE)[0], entry.coded(ns.CLASS)[0]
    expected = value_sets.class_of_type(type_.code, type_.coding_scheme)
    if expected is None:
        raise bad_metadata("typeCode is not one that the DMP takes", entry.id)
    if class_.code != expected:
        raise bad_metadata("classCode is not the class of typeCode", entry.id)
    _check_visibility(entry, cumulated=cumulated)


def _check_visibility(entry: RegistryObject, *, cumulated: bool) -> None:
    codes = [one.code for one in entry.coded(ns.CONFIDENTIALITY)]
    if codes[0] != _NORMAL or len(set(codes)) != len(codes):
        raise bad_metadata("confidentialityCode does not begin with N, or repeats one", entry.id)
    if not cumulated and {"MASQUE_PS", "INVISIBLE_PATIENT"} <= set(codes):
        raise bad_metadata("a document is not masked to professionals and hidden from the patient at once", entry.id)


def check_signature_entry(entry: RegistryObject, patient: PatientId) -> None:
    """Check the entry of the signature of a lot.

    Raises:
        RegistryRefusedError: it is not as the profile says.
    """
    _check_common(entry, patient, SIGNATURE_SLOTS)
    if entry.attributes.get("mimeType") != "text/xml" or entry.slot("languageCode") != "art" or entry.name != "Source":
        raise bad_metadata("the entry of the signature is not text/xml, art, Source", entry.id)
    for scheme, wanted in SIGNATURE_CODES.items():
        if tuple((one.code, one.coding_scheme) for one in entry.coded(scheme)) != wanted:
            raise bad_metadata("a code of the entry of the signature is not the one of its profile", entry.id)
    if tuple(one.code for one in entry.coded(ns.CONFIDENTIALITY)) != SIGNATURE_CONFIDENTIALITY:
        raise bad_metadata("the signature is not hidden from everybody", entry.id)
    if not entry.slot("creationTime") == entry.slot("serviceStartTime") == entry.slot("serviceStopTime"):
        raise bad_metadata("the times of the entry of the signature differ", entry.id)


def _check_common(entry: RegistryObject, patient: PatientId, slots: tuple[str, ...]) -> None:
    if entry.attributes.get("objectType") != ns.DOCUMENT_ENTRY:
        raise bad_metadata("an ExtrinsicObject is not a document entry", entry.id)
    for name in slots:
        if not entry.slot(name):
            raise bad_metadata(f"{name} is missing", entry.id)
    if not _SECOND.fullmatch(entry.slot("creationTime")):
        raise bad_metadata("creationTime is not YYYYMMDDhhmmss", entry.id)
    for name in ("serviceStartTime", "serviceStopTime"):
        if name in entry.slots and not _DATE.fullmatch(entry.slot(name)):
            raise bad_metadata(f"{name} is not a date", entry.id)
    if not read_local_patient(entry.slot("sourcePatientId")):
        raise bad_metadata("sourcePatientId is not an identifier of a patient", entry.id)
    if not entry.coded(ns.AUTHOR):
        raise bad_metadata("the document has no author", entry.id)
    for author in entry.coded(ns.AUTHOR):
        _check_author(author, entry.id)
    if not is_oid(entry.external.get(ns.UNIQUE_ID, "")):
        raise bad_metadata("uniqueId is missing, or no OID of at most 64 characters", entry.id)
    _check_patient(entry.external.get(ns.PATIENT, ""), patient, entry.id)


def _check_author(author: Classification, location: str) -> None:
    person = author.slots.get("authorPerson", ())
    if len(person) != 1 or read_person(person[0]) is None:
        raise bad_metadata("authorPerson is missing, or not a person", location)
    institutions = author.slots.get("authorInstitution", ())
    if not institutions or any(read_organisation(one) is None for one in institutions):
        raise bad_metadata("authorInstitution is missing, or not a structure", location)
    for one in author.slots.get("authorSpecialty", ()):
        said = read_speciality(one)
        if said is None or said[1] != _SPECIALITIES:
            raise bad_metadata("authorSpecialty is not code^label^scheme", location)
    if not author.slots.get("authorSpecialty"):
        raise bad_metadata("authorSpecialty is missing", location)


def _check_label(one: Classification, location: str) -> None:
    if not one.code or not one.coding_scheme or not one.label:
        raise bad_metadata("a code has no codingScheme or no name", location)


def _check_patient(text: str, patient: PatientId, location: str) -> None:
    said = read_patient(text)
    if said is None or not looks_like_ins(said.ins):
        raise bad_metadata("patientId is missing, or not an INS", location)
    if said != patient:
        raise RegistryRefusedError("XDSPatientIdDoesNotMatch", "patientId is not that of the VIHF", location)


def check_against_document(entry: RegistryObject, cda: Cda, value_sets: ValueSets) -> None:
    """Check that metadata repeat what the document says.

    Raises:
        RegistryRefusedError: they do not.
    """
    type_, format_ = entry.coded(ns.TYPE)[0], entry.coded(ns.FORMAT)[0].code
    pairs = (
        ("uniqueId", entry.external[ns.UNIQUE_ID], cda.unique_id),
        ("typeCode", (type_.code, type_.coding_scheme), cda.type),
        ("title", entry.name, cda.title),
        ("creationTime", entry.slot("creationTime"), cda.made_at),
        ("languageCode", entry.slot("languageCode"), cda.language),
        ("languageCode", cda.language, _LANGUAGE),
        ("confidentialityCode", entry.coded(ns.CONFIDENTIALITY)[0].code, cda.confidentiality),
        ("patientId", entry.external[ns.PATIENT], str(cda.patient)),
        ("serviceStartTime", entry.slot("serviceStartTime"), cda.act_start),
        ("serviceStopTime", entry.slot("serviceStopTime"), cda.act_stop),
        ("legalAuthenticator", _id_in(entry.slot("legalAuthenticator")), cda.validator),
        ("sourcePatientInfo", _said_of_patient(entry), (cda.born, cda.sex)),
        ("healthcareFacilityTypeCode", entry.coded(ns.FACILITY)[0].code, cda.facility),
        ("practiceSettingCode", entry.coded(ns.PRACTICE)[0].code, cda.practice),
        ("formatCode", format_, _format(cda, value_sets, entry.id) or format_),
    )
    for name, said, document in pairs:
        if said != document:
            raise bad_metadata(f"{name} is not what the document says", entry.id)
    if {_author(one) for one in entry.coded(ns.AUTHOR)} != set(cda.authors):
        raise bad_metadata("the authors are not those of the document", entry.id)


def _format(cda: Cda, value_sets: ValueSets, location: str) -> str | None:
    if not cda.media:
        return value_sets.format_of_templates(list(cda.templates))
    found = value_sets.format_of_media(cda.media)
    if found is None:
        raise bad_metadata("the body is of a media type that the DMP does not take", location)
    return found


def _said_of_patient(entry: RegistryObject) -> tuple[str, str]:
    """Return birth date and sex, which `PID-7` and `PID-8` tell."""
    fields = dict(one.partition("|")[::2] for one in entry.slots.get("sourcePatientInfo", ()))
    return fields.get("PID-7", ""), fields.get("PID-8", "")


def _author(author: Classification) -> Author:
    specialities = [read_speciality(one) for one in author.slots.get("authorSpecialty", ())]
    speciality = next((one[0] for one in specialities if one is not None), "")
    return Author(_person_id(author), next(iter(_structures(author)), ""), speciality)


def _person_id(author: Classification) -> str:
    return _id_in(next(iter(author.slots.get("authorPerson", ())), ""))


def _id_in(text: str) -> str:
    person = read_person(text)
    return person.id if person is not None else ""


def check_author_of(owner: RegistryObject, scheme: str, vihf: Vihf, *, person: bool) -> None:
    """Check that one author is the user, or is of his structure.

    Args:
        owner: Submission set or entry.
        scheme: That of its authors.
        vihf: Who acts.
        person: Whether the user himself must be an author.

    Raises:
        RegistryRefusedError: none is.
    """
    authors = owner.coded(scheme)
    of_structure = [one for one in authors if vihf.structure in _structures(one)]
    if not of_structure:
        raise bad_metadata(NO_INSTITUTION, owner.id)
    if person and vihf.name_id not in {_person_id(one) for one in of_structure}:
        raise bad_metadata(NOT_LINKED, owner.id)


def _structures(author: Classification) -> set[str]:
    found = (read_organisation(one) for one in author.slots.get("authorInstitution", ()))
    return {one.id for one in found if one is not None}
