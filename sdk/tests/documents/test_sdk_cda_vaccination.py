"""A note de vaccination says its vaccination twice, for people and for programs, and both the same."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from lxml import etree

from segur_sdk.errors import InputError
from segur_sdk.formats.cda import build_cda
from segur_sdk.models.document import ClinicalDocument, Concept, DocumentProfessional, Vaccine

Make = Callable[..., ClinicalDocument]
Cda = Callable[[ClinicalDocument], etree._Element]
NS = {"h": "urn:hl7-org:v3", "p": "urn:ihe:pharm:medication"}
GIVEN = "//h:entry/h:substanceAdministration"
PRODUCT = f"{GIVEN}/h:consumable/h:manufacturedProduct/h:manufacturedMaterial"
CIS, CIP, ATC = "1.2.250.1.213.2.3.1", "1.2.250.1.213.2.3.2", "2.16.840.1.113883.6.73"


def said(root: etree._Element, path: str) -> list[str]:
    found = root.xpath(path, namespaces=NS)
    assert isinstance(found, list)
    return [str(one) for one in found]


STATED = {
    "models of the document": (
        "h:templateId/@root",
        [
            "2.16.840.1.113883.2.8.2.1",
            "1.2.250.1.213.1.1.1.1",
            "1.3.6.1.4.1.19376.1.5.3.1.1.18.1.2",
            "1.2.250.1.213.1.1.1.46",
        ],
    ),
    "version of the model": ("h:templateId/@extension", ["2023.01"]),
    "kind": ("h:code/@code", ["87273-9"]),
    "no level 1 body": ("//h:nonXMLBody", []),
    "section": ("//h:section/h:code/@code", ["11369-6"]),
    "models of the entry": (
        f"{GIVEN}/h:templateId/@root",
        ["2.16.840.1.113883.10.20.1.24", "1.3.6.1.4.1.19376.1.5.3.1.4.12", "1.2.250.1.213.1.1.3.45"],
    ),
    "given, not refused": (f"{GIVEN}/@negationInd", ["false"]),
    "day": (f"{GIVEN}/h:effectiveTime/@value", ["20261116"]),
    "route": (f"{GIVEN}/h:routeCode/@code", ["20035000"]),
    "site": (f"{GIVEN}/h:approachSiteCode/@code", ["16217701000119102"]),
    "speciality": (f"{PRODUCT}/h:code/@code", ["60004277"]),
    "list of specialities": (f"{PRODUCT}/h:code/@codeSystem", [CIS]),
    "other codes": (f"{PRODUCT}/h:code/h:translation/@code", ["3400930000014", "J07BB02"]),
    "name": (f"{PRODUCT}/h:name/text()", ["VACCIN D’ESSAI"]),
    "lot": (f"{PRODUCT}/h:lotNumberText/text()", ["AB12"]),
    "expiry": (f"{PRODUCT}/p:expirationTime/p:high/@value", ["20270531"]),
    "rank": (f"{GIVEN}//h:observation[h:code/@code='30973-2']/h:value/@value", ["2"]),
    "comment": (f"{GIVEN}//h:act[h:code/@code='48767-8']/h:text/text()", ["Bien toléré < 1 h & sans suite"]),
    "vaccinator": (f"{GIVEN}/h:performer/h:assignedEntity/h:id/@extension", ["899700075122"]),
    "author": (f"{GIVEN}/h:author/h:assignedAuthor/h:id/@extension", ["899700075122"]),
    "act": ("h:documentationOf/h:serviceEvent/h:code/@code", ["87273-9"]),
    "read by people": (
        "//h:section/h:text//h:tbody//text()",
        [
            *("16/11/2026", "VACCIN D’ESSAI", "AB12", "31/05/2027", "2", "Voie intramusculaire", "deltoïde gauche"),
            *("Bien toléré < 1 h & sans suite", "CAROLE PHARMACH0007512"),
        ],
    ),
}


@pytest.fixture(scope="module")
def vaccination(note: Make, cda: Cda) -> etree._Element:
    return cda(note())


@pytest.mark.parametrize(("path", "expected"), STATED.values(), ids=STATED)
def test_note_states(vaccination: etree._Element, path: str, expected: list[str]) -> None:
    assert said(vaccination, path) == expected


def test_entries_refer_to_text_that_is_there(vaccination: etree._Element) -> None:
    referred = said(vaccination, "//h:entry//h:reference/@value")
    anchors = said(vaccination, "//h:section/h:text//@ID")

    assert {one.removeprefix("#") for one in referred} == set(anchors)
    assert len(anchors) == len(set(anchors))


def test_each_part_has_an_identifier_of_its_own(vaccination: etree._Element) -> None:
    roots = said(
        vaccination, "//h:structuredBody//h:section/h:id/@root | //h:entry/h:substanceAdministration/h:id/@root"
    )

    assert len(set(roots)) == 2


KIT = DocumentProfessional.model_validate(
    {
        "id": "899700218896",
        "family_name": "DOC0021889",
        "given_name": "KIT",
        "role": "G15_60",
        "structure": {"id": "10B0177762", "name": "CABINET DU TEST", "sector": "SA07"},
    }
)
VARIANTS: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "no route": ({"route": None}, f"{GIVEN}/h:routeCode", []),
    "no site": ({"site": None}, f"{GIVEN}/h:approachSiteCode", []),
    "no rank": ({"dose_rank": None}, f"{GIVEN}//h:observation", []),
    "no comment": ({"comment": None}, f"{GIVEN}//h:act", []),
    "another vaccinator": ({"performer": KIT}, f"{GIVEN}/h:performer/h:assignedEntity/h:id/@extension", [KIT.id]),
    "the day where it was given": (
        {"given_at": datetime(2026, 11, 16, 0, 30, tzinfo=timezone(timedelta(hours=1)))},
        f"{GIVEN}/h:effectiveTime/@value",
        ["20261116"],
    ),
}


@pytest.mark.parametrize(("changes", "path", "expected"), VARIANTS.values(), ids=VARIANTS)
def test_note_follows_the_vaccination(
    note: Make, cda: Cda, changes: dict[str, Any], path: str, expected: list[str]
) -> None:
    assert said(cda(note(**changes)), path) == expected


def test_speciality_comes_first_wherever_it_was_given(note: Make, cda: Cda) -> None:
    codes = [Concept(code=code, system=system, label=code) for code, system in (("A", ATC), ("B", CIP), ("C", CIS))]
    root = cda(note(vaccine=Vaccine(code=codes[0], translations=tuple(codes[1:]), name="VACCIN")))

    assert said(root, f"{PRODUCT}/h:code/@code") == ["C"]
    assert said(root, f"{PRODUCT}/h:code/h:translation/@code") == ["A", "B"]
    assert said(root, f"{PRODUCT}/h:lotNumberText/@nullFlavor") == ["UNK"]


def test_note_takes_no_pdf(note: Make, small_pdf: bytes) -> None:
    with pytest.raises(InputError) as raised:
        build_cda(note(), small_pdf)

    assert raised.value.code == "input.document_pdf_given"
