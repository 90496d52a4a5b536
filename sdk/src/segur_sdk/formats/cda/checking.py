"""What neither the schema nor the official schematrons would notice in a document.

Sources: CI-SIS *Structuration minimale de documents médicaux* V1.16.8; CI-SIS VAC-NOTE 2023.01.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from segur_sdk.documents.kinds import kinds
from segur_sdk.errors import InputError, SegurError
from segur_sdk.formats.cda.patient import shareable
from segur_sdk.formats.cda.vaccination import vaccine_codes
from segur_sdk.formats.cda.vocabulary import (
    ATC,
    CIS,
    VACCINATION_NOTE,
    practice_setting_label,
    role_label,
    sector_label,
)
from segur_sdk.formats.finding import Finding, Findings, Severity
from segur_sdk.identifiers import rpps, structure_id
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.document import (
    CareStructure,
    ClinicalDocument,
    DocumentProfessional,
    PdfBody,
    VaccinationBody,
    WrittenBody,
)

_INTERNAL: Final = "/[0-9A-Z]{1,25}"
_PS_IDNAT: Final[Mapping[str, re.Pattern[str]]] = {
    "0": re.compile(r"[0-9AB]{9}"),
    "1": re.compile(rf"[0-9AB]{{9}}{_INTERNAL}"),
    "3": re.compile(rf"[0-9][0-9AB][0-9]{{7}}{_INTERNAL}"),
    "4": re.compile(rf"[0-9]{{9}}{_INTERNAL}"),
    "5": re.compile(rf"[0-9]{{14}}{_INTERNAL}"),
    "6": re.compile(rf"[0-9]{{11,14}}{_INTERNAL}"),
    "8": re.compile(r"[0-9]{11}"),
}
_RPPS: Final = "8"
_ADELI: Final = frozenset({"0", "1"})
_PARSED_STRUCTURES: Final = frozenset({"1", "3", "4"})


def check_document(document: ClinicalDocument) -> Findings:
    """Return what is wrong with a document before it is built; no error among it: it may be built.

    A PDF that the practice software gave is checked with ``pdfa.check_pdf``, which needs the extra ``pdf``. Nothing
    is said of who may see the document.
    """
    performer = document.act.performer
    found = [
        *_identity(document.patient),
        *_responsible(document.author, "author"),
        *_responsible(document.validator, "validator"),
        *(_professional(performer, "act.performer") if performer is not None else ()),
        *_recipients(document),
        *_kind(document),
        *_setting(document),
        *_body(document),
    ]
    return tuple(found)


def _warning(code: str, where: str) -> Finding:
    return Finding(code, where, Severity.WARNING)


def _identity(identity: SealedIdentity) -> Iterator[Finding]:
    try:
        matricule = shareable(identity)
    except SegurError as refused:
        yield Finding(refused.code, "patient")
        return
    if not matricule.key_is_valid:
        yield _warning("input.matricule_key", "patient.matricule")
    if not identity.traits.prenoms_naissance:
        yield _warning("identity.first_names_missing", "patient.traits.prenoms_naissance")


def _responsible(professional: DocumentProfessional, where: str) -> Iterator[Finding]:
    if professional.id[0] in _ADELI:
        yield Finding("input.document_adeli", f"{where}.id")
    yield from _professional(professional, where)


def _professional(professional: DocumentProfessional, where: str) -> Iterator[Finding]:
    yield from _ps_idnat(professional.id, where)
    if role_label(professional.role) is None:
        yield _warning("input.document_role", f"{where}.role")
    yield from _structure(professional.structure, f"{where}.structure")


def _ps_idnat(value: str, where: str) -> Iterator[Finding]:
    form = _PS_IDNAT.get(value[0])
    if form is None or not form.fullmatch(value[1:]):
        yield Finding("input.document_professional_id", f"{where}.id")
    elif value[0] == _RPPS and not rpps.is_valid(value[1:]):
        yield _warning("input.rpps_check", f"{where}.id")


def _structure(structure: CareStructure, where: str) -> Iterator[Finding]:
    if sector_label(structure.sector) is None:
        yield _warning("input.document_sector", f"{where}.sector")
    if structure.id[0] not in _PARSED_STRUCTURES:
        return
    try:
        structure_id.parse(structure.id)
    except InputError as refused:
        # Test structures are known by numbers whose check digit is wrong.
        only_check = refused.code.endswith("_check")
        yield Finding(refused.code, f"{where}.id", Severity.WARNING if only_check else Severity.ERROR)


def _recipients(document: ClinicalDocument) -> Iterator[Finding]:
    for place, recipient in enumerate(document.recipients):
        if recipient.id is not None:
            yield from _ps_idnat(recipient.id, f"recipients[{place}]")


def _kind(document: ClinicalDocument) -> Iterator[Finding]:
    kind = kinds().get(document.type.code)
    if kind is None or kind.system != document.type.system:
        # It may be a type of CI-SIS that is exchanged and not shared: the DMP alone is known to refuse it.
        yield _warning("input.document_type_unknown", "type")


def _setting(document: ClinicalDocument) -> Iterator[Finding]:
    if practice_setting_label(document.act.practice_setting) is None:
        yield Finding("input.document_practice_setting", "act.practice_setting")
    if document.version.replaces == document.version.id:
        yield Finding("input.document_replaces_itself", "version.replaces")


def _body(document: ClinicalDocument) -> Iterator[Finding]:
    body = document.body
    if isinstance(body, PdfBody):
        from segur_sdk.formats.pdfa.checking import check_pdf  # noqa: PLC0415 - only who takes a PDF needs its libraries

        yield from check_pdf(body.pdf)
    elif isinstance(body, WrittenBody):
        for place, section in enumerate(body.sections):
            if not any(paragraph.strip() for paragraph in section.paragraphs):
                yield Finding("input.document_empty", f"body.sections[{place}]")
    else:
        yield from _vaccinations(document, body)


def _vaccinations(document: ClinicalDocument, body: VaccinationBody) -> Iterator[Finding]:
    if (document.type.code, document.type.system) != (VACCINATION_NOTE.code, VACCINATION_NOTE.system):
        yield Finding("input.document_kind", "type")
    if len(body.vaccinations) != 1:
        yield Finding("input.document_vaccinations", "body.vaccinations")
    for place, one in enumerate(body.vaccinations):
        where = f"body.vaccinations[{place}]"
        if one.performer is not None:
            yield from _professional(one.performer, f"{where}.performer")
        systems = [code.system for code in vaccine_codes(one.vaccine)]
        for system, name in ((CIS, "cis"), (ATC, "atc")):
            if systems.count(system) != 1:
                yield Finding("input.document_vaccine_code", f"{where}.vaccine.{name}")
        if one.vaccine.lot is None:
            yield _warning("input.document_vaccine_lot", f"{where}.vaccine.lot")
