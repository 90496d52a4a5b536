"""From a CDA to what the registry is told of it: nothing is added that the document does not say.

Sources: CI-SIS, mapping of the CDA header to XDS metadata; NOS ASS_X16, ASS_A11, ASS_A12.
"""

import re
from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from segur_sdk.documents.kinds import class_of, kinds
from segur_sdk.formats.cda.facts import CdaCode, CdaHeader, CdaId, CdaParty, CdaPatient, CdaTime
from segur_sdk.formats.cda.reading import read_cda
from segur_sdk.formats.xds.codes import HIDDEN, NORMAL, format_of_file, format_of_templates
from segur_sdk.formats.xds.components import (
    PROFESSIONALS,
    bounded,
    coded,
    escaped,
    identifier,
    oid,
    organization,
    person,
    refused,
)
from segur_sdk.formats.xds.entry import DocumentEntry, EntryAuthor
from segur_sdk.models.document import Concept, Visibility
from segur_sdk.models.identity import InsOid

_INS: Final = frozenset(oid.value for oid in InsOid)
_EVENTS: Final = frozenset({"1.2.250.1.213.2.5", "2.16.840.1.113883.6.3"})
"""Lists of acts and of pathologies that ``eventCodeList`` takes: CCAM, CIM-10."""
_BORN: Final = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,2}")
_SEXES: Final = frozenset({"M", "F", "U"})
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_EXCLUSIVE: Final = frozenset({Visibility.MASQUE_PS, Visibility.INVISIBLE_PATIENT})


def entry_of(
    cda: bytes,
    visibility: frozenset[Visibility],
    *,
    object_id: str = "Document01",
    exclusive_pair: bool = True,
) -> DocumentEntry:
    """Return the metadata of a CDA.

    Args:
        cda: the document, as it will be sent.
        visibility: from whom it is kept; the one thing that the document does not say itself.
        object_id: name of the entry within its message.
        exclusive_pair: a document cannot be masked to professionals and hidden from the patient at once, as long as
            the DMP publishes that it refuses both (``cumul-invisible_patient-masque_ps`` false).

    Raises:
        InputError: ``input.cda_refused``: see :func:`segur_sdk.formats.cda.reading.read_cda`. ``input.xds_refused``
            with the ``field`` and a ``reason``: ``missing`` (without ``legalAuthenticator`` nobody validated it),
            ``form``, ``too_long``, ``unknown`` (a type or a media type that the DMP does not take), ``not_shared`` (its
            author restricted it), ``exclusive``.
    """
    header = read_cda(cda)
    if visibility >= _EXCLUSIVE and exclusive_pair:
        raise refused("exclusive", "confidentialityCode")
    if header.confidentiality.code != NORMAL.code:
        raise refused("not_shared", "confidentialityCode")
    if not _LANGUAGE.fullmatch(header.language):
        raise refused("form", "languageCode")
    kind = kinds().get(header.type.code)
    if kind is None or kind.system != header.type.system:
        raise refused("unknown", "typeCode")
    if not header.authors:
        raise refused("missing", "author")
    if header.validator is None:
        raise refused("missing", "legalAuthenticator")
    act = header.main_act
    if act is None or act.start is None:
        raise refused("missing", "serviceStartTime")
    ins = _ins(header.patient)
    return DocumentEntry(
        object_id=object_id,
        unique_id=_unique_id(header.id),
        patient_id=ins,
        source_patient_id=_local_id(header.patient) or ins,
        source_patient_info=_about(header.patient),
        creation_time=_instant(header.made_at, "creationTime"),
        service_start=_utc(act.start, "serviceStartTime"),
        service_stop=_utc(act.stop, "serviceStopTime") if act.stop is not None else None,
        language=header.language,
        mime_type="text/xml",
        title=_title(header),
        comments=None,
        authors=tuple(_author(one) for one in header.authors),
        legal_authenticator=_person(header.validator),
        type_code=_concept(header.type, "typeCode"),
        class_code=class_of(header.type.code),
        format_code=_format(header),
        confidentiality=(NORMAL, *(concept for one, concept in HIDDEN.items() if one in visibility)),
        facility=_coded(header.facility, "healthcareFacilityTypeCode"),
        practice_setting=_coded(act.setting, "practiceSettingCode"),
        event_codes=tuple(_events(header)),
    )


def _unique_id(identity: CdaId) -> str:
    if identity.extension is not None:
        raise refused("form", "uniqueId")
    return oid(identity.root, "uniqueId")


def _ins(patient: CdaPatient) -> str:
    for one in patient.ids:
        if one.root in _INS and one.extension:
            return identifier(one.extension, one.root, "NH")
    raise refused("missing", "patientId")


def _local_id(patient: CdaPatient) -> str | None:
    local = next((one for one in patient.ids if one.root not in _INS and one.extension), None)
    return None if local is None else identifier(local.extension or "", local.root, "PI")


def _about(patient: CdaPatient) -> tuple[str, ...]:
    field = "sourcePatientInfo"
    if not (patient.birth_family and patient.birth_first_given and patient.born and patient.sex):
        raise refused("missing", field)
    if not _BORN.fullmatch(patient.born) or patient.sex not in _SEXES:
        raise refused("form", field)
    names = f"{escaped(patient.birth_family, field)}^{escaped(patient.birth_first_given, field)}"
    about = (f"PID-5|{names}^^^^^L", f"PID-7|{patient.born}", f"PID-8|{patient.sex}")
    return tuple(bounded(text, field) for text in about)


def _events(header: CdaHeader) -> Iterator[Concept]:
    for act in header.acts:
        if act.code is not None and act.code.system in _EVENTS:
            yield _concept(act.code, "eventCodeList")


def _title(header: CdaHeader) -> str:
    title = " ".join(header.title.split())
    if len(title) > 128:
        raise refused("too_long", "title")
    return title


def _author(author: CdaParty) -> EntryAuthor:
    structure = author.organization
    patient = author.id.root in _INS
    return EntryAuthor(
        person=_person(author),
        specialty=coded(author.role.code, author.role.label, author.role.system) if author.role else None,
        institution=organization(structure.name, structure.id.extension, structure.id.root)
        if structure and structure.name and structure.id and structure.id.extension and not patient
        else None,
    )


def _person(party: CdaParty) -> str:
    if not party.id.extension or not party.family or not (party.given or party.device):
        raise refused("missing", "authorPerson")
    kind = "IDNPS" if party.id.root == PROFESSIONALS else "NH" if party.id.root in _INS else "RI"
    if party.device:
        return person(party.id.extension, party.family, party.given or "", party.id.root, "RI", "U")
    return person(party.id.extension, party.family, party.given or "", party.id.root, kind)


def _format(header: CdaHeader) -> Concept:
    if header.body is None:
        return format_of_templates(header.templates)
    found = format_of_file(header.body.media_type)
    if found is None:
        raise refused("unknown", "formatCode")
    return found


def _concept(code: CdaCode, field: str) -> Concept:
    try:
        return Concept(code=code.code, system=code.system, label=" ".join(code.label.split()))
    except ValidationError:
        raise refused("form", field) from None


def _coded(code: CdaCode | None, field: str) -> Concept:
    if code is None or not code.system:
        raise refused("missing", field)
    return _concept(code, field)


def _instant(time: CdaTime, field: str) -> str:
    utc = _utc(time, field)
    if len(utc) != 14:
        raise refused("form", field)
    return utc


def _utc(time: CdaTime, field: str) -> str:
    if time.utc is None:
        raise refused("form", field)
    return time.utc
