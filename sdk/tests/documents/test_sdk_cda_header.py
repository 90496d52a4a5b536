"""The header says what CI-SIS wants said, of every kind of document."""

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from segur_sdk.formats.cda import build_cda
from segur_sdk.models.document import (
    CareStructure,
    ClinicalDocument,
    Concept,
    DocumentAct,
    DocumentProfessional,
    DocumentVersion,
    PdfBody,
)

Make = Callable[..., ClinicalDocument]
Cda = Callable[[ClinicalDocument], etree._Element]
NS = {"h": "urn:hl7-org:v3"}
EVENT = "h:documentationOf/h:serviceEvent"
WINTER = timezone(timedelta(hours=1))
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=WINTER)


def said(root: etree._Element, path: str) -> list[str]:
    found = root.xpath(path, namespaces=NS)
    assert isinstance(found, list)
    return [str(one) for one in found]


STATED = {
    "realm": ("h:realmCode/@code", ["FR"]),
    "type id root": ("h:typeId/@root", ["2.16.840.1.113883.1.3"]),
    "type id": ("h:typeId/@extension", ["POCD_HD000040"]),
    "models": (
        "h:templateId/@root",
        ["2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1", "1.3.6.1.4.1.19376.1.2.20"],
    ),
    "id": ("h:id/@root", ["1.2.250.1.999.7.1"]),
    "id without extension": ("h:id/@extension", []),
    "code": ("h:code/@code", ["78601-2"]),
    "code list": ("h:code/@codeSystem", ["2.16.840.1.113883.6.1"]),
    "code label": ("h:code/@displayName", ["CR d’entretien pharmaceutique"]),
    "title": ("h:title/text()", ["Entretien pharmaceutique"]),
    "moment with offset": ("h:effectiveTime/@value", ["20261119173000+0100"]),
    "confidentiality": ("h:confidentialityCode/@code", ["N"]),
    "language": ("h:languageCode/@code", ["fr-FR"]),
    "set": ("h:setId/@root", ["1.2.250.1.999.7"]),
    "version": ("h:versionNumber/@value", ["1"]),
    "replaces nothing": ("h:relatedDocument", []),
    "INS first": ("h:recordTarget/h:patientRole/h:id[1]/@extension", ["275126322074974"]),
    "INS authority": ("h:recordTarget/h:patientRole/h:id[1]/@root", ["1.2.250.1.213.1.4.8"]),
    "birth name": ("//h:patient/h:name/h:family[@qualifier='BR']/text()", ["ADRUN"]),
    "no other family name": ("count(//h:patient/h:name/h:family) = 1", []),
    "all first names": ("//h:patient/h:name/h:given[not(@qualifier)]/text()", ["ZOE MARIE-ANNE"]),
    "first name": ("//h:patient/h:name/h:given[@qualifier='BR']/text()", ["ZOE"]),
    "gender": ("//h:patient/h:administrativeGenderCode/@code", ["F"]),
    "birth": ("//h:patient/h:birthTime/@value", ["19751231"]),
    "birthplace": ("//h:patient/h:birthplace/h:place/h:addr/h:county/text()", ["63220"]),
    "author time": ("h:author/h:time/@value", ["20261116093500+0100"]),
    "author": ("h:author/h:assignedAuthor/h:id/@extension", ["899700075122"]),
    "author authority": ("h:author/h:assignedAuthor/h:id/@root", ["1.2.250.1.71.4.2.1"]),
    "author role": ("h:author/h:assignedAuthor/h:code/@code", ["G15_21/A"]),
    "author role label": ("h:author/h:assignedAuthor/h:code/@displayName", ["Pharmacien titulaire d'officine"]),
    "author address": (
        "h:author/h:assignedAuthor/h:addr/h:streetAddressLine/text()",
        ["1 RUE DU COMPTOIR", "72000 LE MANS"],
    ),
    "author telecom": ("h:author/h:assignedAuthor/h:telecom/@value", ["tel:+33-243000000"]),
    "author structure": ("h:author//h:representedOrganization/h:id/@extension", ["10B0152872"]),
    "custodian": ("h:custodian//h:id/@extension", ["10B0152872"]),
    "validator": ("h:legalAuthenticator/h:assignedEntity/h:id/@extension", ["899700075122"]),
    "validated": ("h:legalAuthenticator/h:time/@value", ["20261116094000+0100"]),
    "signature": ("h:legalAuthenticator/h:signatureCode/@code", ["S"]),
    "setting": (f"{EVENT}//h:standardIndustryClassCode/@code", ["AMBULATOIRE"]),
    "performer": (f"{EVENT}/h:performer/h:assignedEntity/h:id/@extension", ["899700075122"]),
    "encounter": ("h:componentOf/h:encompassingEncounter/h:code/@code", ["AMB"]),
    "place": ("//h:healthCareFacility/h:code/@code", ["SA33"]),
    "place label": ("//h:healthCareFacility/h:code/@displayName", ["Pharmacie d'officine"]),
    "body type": ("h:component/h:nonXMLBody/h:text/@mediaType", ["application/pdf"]),
    "body coding": ("h:component/h:nonXMLBody/h:text/@representation", ["B64"]),
}


@pytest.fixture(scope="module")
def interview(document: Make, cda: Cda) -> etree._Element:
    return cda(document())


@pytest.mark.parametrize(("path", "expected"), STATED.values(), ids=STATED)
def test_header_states(interview: etree._Element, path: str, expected: list[str]) -> None:
    if path.startswith("count("):
        assert interview.xpath(path, namespaces=NS) is True
    else:
        assert said(interview, path) == expected


def test_elements_stand_in_the_order_of_ci_sis(interview: etree._Element) -> None:
    names = [etree.QName(child).localname for child in interview]

    assert list(dict.fromkeys(names)) == [
        *("realmCode", "typeId", "templateId", "id", "code", "title", "effectiveTime", "confidentialityCode"),
        *("languageCode", "setId", "versionNumber", "recordTarget", "author", "custodian", "informationRecipient"),
        *("legalAuthenticator", "documentationOf", "componentOf", "component"),
    ]


@pytest.mark.req("SC.DOC.04")
def test_every_recipient_is_named(interview: etree._Element) -> None:
    intended = "h:informationRecipient/h:intendedRecipient"

    assert said(interview, f"{intended}/h:informationRecipient/h:name/h:family/text()") == ["DOC0021889", "DUPOND"]
    assert said(interview, f"{intended}/h:id/@extension") == ["899700218896"]
    assert said(interview, f"{intended}/h:receivedOrganization/h:name/text()") == ["CABINET DU TEST"]


@pytest.mark.req("SC.DMP/HISTO.03")
def test_act_is_dated_by_itself_and_not_by_the_sending(interview: etree._Element) -> None:
    assert said(interview, "h:effectiveTime/@value") == ["20261119173000+0100"]
    assert said(interview, f"{EVENT}/h:effectiveTime/h:low/@value") == ["20261116090000+0100"]
    assert said(interview, f"{EVENT}/h:effectiveTime/h:high/@value") == ["20261116093000+0100"]
    assert said(interview, "//h:encompassingEncounter/h:effectiveTime/h:low/@value") == ["20261116090000+0100"]


@pytest.mark.req("SC.DOC.02")
def test_level_1_body_is_the_very_pdf(interview: etree._Element, small_pdf: bytes) -> None:
    [text] = said(interview, "h:component/h:nonXMLBody/h:text/text()")

    assert b64decode(text, validate=True) == small_pdf


def test_same_document_is_the_same_bytes(document: Make, note: Make) -> None:
    assert build_cda(document()) == build_cda(document())
    assert build_cda(note()) == build_cda(note())


def test_document_is_utf_8_and_says_so(document: Make, small_pdf: bytes) -> None:
    written = build_cda(document(title="Œdème, élève"), small_pdf)

    assert written.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert "<title>Œdème, élève</title>".encode() in written


def test_given_pdf_goes_in_as_it_is(document: Make, cda: Cda, small_pdf: bytes) -> None:
    [text] = said(cda(document(body=PdfBody(pdf=small_pdf))), "h:component/h:nonXMLBody/h:text/text()")

    assert b64decode(text) == small_pdf


def test_later_version_names_the_one_it_replaces(document: Make, cda: Cda) -> None:
    version = DocumentVersion(id="1.2.250.1.999.7.2", set_id="1.2.250.1.999.7", number=2, replaces="1.2.250.1.999.7.1")
    root = cda(document(version=version))

    assert said(root, "h:relatedDocument/@typeCode") == ["RPLC"]
    assert said(root, "h:relatedDocument/h:parentDocument/h:id/@root") == ["1.2.250.1.999.7.1"]
    assert said(root, "h:versionNumber/@value") == ["2"]
    assert said(root, "h:setId/@root") == ["1.2.250.1.999.7"]


MOMENTS = {
    "summer": (datetime(2026, 7, 2, 10, 15, 1, 999, tzinfo=timezone(timedelta(hours=2))), "20260702101501+0200"),
    "UTC": (datetime(2026, 7, 2, 10, 15, tzinfo=UTC), "20260702101500+0000"),
    "Cayenne": (datetime(2026, 7, 2, 10, 15, tzinfo=timezone(-timedelta(hours=3))), "20260702101500-0300"),
    "Marquises": (datetime(2026, 7, 2, 1, 0, tzinfo=timezone(-timedelta(hours=9, minutes=30))), "20260702010000-0930"),
    "twice the same hour": (
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Paris")),
        "20261025023000+0100",
    ),
    "before legal time": (datetime(1890, 1, 1, 12, 0, tzinfo=ZoneInfo("Europe/Paris")), "18900101115039+0000"),
}


@pytest.mark.parametrize(("moment", "expected"), MOMENTS.values(), ids=MOMENTS)
def test_moments_keep_the_offset_of_their_place(document: Make, cda: Cda, moment: datetime, expected: str) -> None:
    assert said(cda(document(made_at=moment)), "h:effectiveTime/@value") == [expected]


ELSEWHERE = CareStructure(id="10B0177762", name="CABINET DU TEST", sector="SA07")
KIT = DocumentProfessional(
    id="899700218896", family_name="DOC0021889", given_name="KIT", role="G15_10/SM26", structure=ELSEWHERE
)
VARIANTS: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "the performer": (
        {"act": DocumentAct(start=MONDAY, performer=KIT)},
        f"{EVENT}/h:performer/h:assignedEntity/h:id/@extension",
        ["899700218896"],
    ),
    "where the performer is": (
        {"act": DocumentAct(start=MONDAY, performer=KIT)},
        "//h:healthCareFacility/h:code/@code",
        ["SA07"],
    ),
    "no end": ({"act": DocumentAct(start=MONDAY)}, f"{EVENT}/h:effectiveTime/h:high", []),
    "the act's own id": (
        {"act": DocumentAct(start=MONDAY, id="1.2.250.1.999.8")},
        f"{EVENT}/h:id/@root",
        ["1.2.250.1.999.8"],
    ),
    "the act's own code": (
        {"act": DocumentAct(start=MONDAY, code=Concept(code="X1", system="1.2.3", label="Acte"))},
        f"{EVENT}/h:code/@code",
        ["X1"],
    ),
    "no code of the act": ({}, f"{EVENT}/h:code", []),
    "care in a hospital": (
        {"act": DocumentAct(start=MONDAY, practice_setting="ETABLISSEMENT")},
        "//h:encompassingEncounter/h:code",
        [],
    ),
    "no address known": ({"author": KIT}, "h:author//h:addr/@nullFlavor", ["NASK"]),
    "no telecom known": ({"author": KIT}, "h:author//h:telecom/@nullFlavor", ["NASK"]),
    "nobody to inform": ({"recipients": ()}, "h:informationRecipient", []),
}


@pytest.mark.parametrize(("changes", "path", "expected"), VARIANTS.values(), ids=VARIANTS)
def test_header_follows_the_document(
    document: Make, cda: Cda, changes: dict[str, Any], path: str, expected: list[str]
) -> None:
    assert said(cda(document(**changes)), path) == expected
