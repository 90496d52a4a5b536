"""The official schema takes every CDA made here, and the official examples are built in the same way."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from segur_sdk.documents import kind_of, obligations
from segur_sdk.formats.pdfa import make_pdf
from segur_sdk.models.document import (
    ClinicalDocument,
    Concept,
    DocumentAct,
    DocumentVersion,
    PdfBody,
    Recipient,
)

Make = Callable[..., ClinicalDocument]
Cda = Callable[[ClinicalDocument], etree._Element]
LOINC = "2.16.840.1.113883.6.1"


def kind(code: str, label: str, system: str = LOINC) -> Concept:
    return Concept(code=code, system=system, label=label)


@pytest.fixture(scope="module")
def schema(official_cda: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(official_cda / "xsd" / "CDA_extended.xsd"))


SECOND = DocumentVersion(id="1.2.250.1.999.7.2", set_id="1.2.250.1.999.7", number=2, replaces="1.2.250.1.999.7.1")
WRITTEN: dict[str, Callable[[Make], ClinicalDocument]] = {
    "entretien": lambda document: document(),
    "bilan": lambda document: document(
        type=kind("56445-0", "Bilan médicamenteux (Officine)"), title="Bilan partagé de médication"
    ),
    "without recipients": lambda document: document(recipients=()),
    "replacement": lambda document: document(version=SECOND),
    "act with id and code": lambda document: document(
        act=DocumentAct(start=document().act.start, id="1.2.250.1.999.8", code=kind("18723-7", "Hématologie"))
    ),
    "hospital": lambda document: document(act=DocumentAct(start=document().act.start, practice_setting="HAD")),
    "many recipients": lambda document: document(recipients=(Recipient(family_name="DUPOND"),) * 20),
    "markup in texts": lambda document: document(title="</title><x a=\"&amp;'>]]>"),
}


@pytest.mark.parametrize("make", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.req("SC.DOC.02")
def test_level_1_document_is_valid(
    schema: etree.XMLSchema, document: Make, cda: Cda, make: Callable[[Make], ClinicalDocument]
) -> None:
    schema.assertValid(cda(make(document)))


@pytest.mark.parametrize("code", sorted({code for row in obligations() for code in row.types}))
@pytest.mark.req("SC.DOC.02")
def test_every_document_that_regulation_names_is_made_in_level_1(
    schema: etree.XMLSchema, document: Make, cda: Cda, code: str
) -> None:
    made = cda(document(type=kind_of(code).type, title=kind_of(code).label))

    schema.assertValid(made)
    assert made.xpath("string(h:code/@code)", namespaces={"h": "urn:hl7-org:v3"}) == code


def test_document_around_a_given_pdf_is_valid(
    schema: etree.XMLSchema, document: Make, cda: Cda, small_pdf: bytes
) -> None:
    schema.assertValid(cda(document(body=PdfBody(pdf=small_pdf))))


def test_vaccination_in_level_1_beside_its_note_is_valid(
    schema: etree.XMLSchema, document: Make, note: Make, cda: Cda
) -> None:
    told = note()

    schema.assertValid(cda(document(type=told.type, title=told.title, body=PdfBody(pdf=make_pdf(told)))))


NOTES: dict[str, Callable[[Make], ClinicalDocument]] = {
    "whole": lambda note: note(),
    "as little as may be": lambda note: note(route=None, site=None, dose_rank=None, comment=None),
    "another day": lambda note: note(given_at=note().act.start - timedelta(days=900)),
    "markup in texts": lambda note: note(comment="</td><script>&#x;"),
}


@pytest.mark.parametrize("make", NOTES.values(), ids=NOTES)
@pytest.mark.req("SC.DOC.06.LGO", "SC.VACC/NOTE.01")
def test_vaccination_note_is_valid(
    schema: etree.XMLSchema, note: Make, cda: Cda, make: Callable[[Make], ClinicalDocument]
) -> None:
    schema.assertValid(cda(make(note)))


def test_schema_refuses_a_document_without_its_custodian(schema: etree.XMLSchema, document: Make, cda: Cda) -> None:
    root = cda(document())
    [custodian] = root.findall("{urn:hl7-org:v3}custodian")
    root.remove(custodian)

    assert not schema.validate(root)


# --- structure -------------------------------------------------------------------------------------------

NOT_IN_THE_EXAMPLES = {
    "addresses are known here as lines": r"/addr/streetAddressLine$",
    "every recipient is named (SC.DOC.04)": r"^/ClinicalDocument/informationRecipient",
    "a structure is named with its address and telecom wherever it stands": r"/representedOrganization/(addr|telecom)",
    "an act that lasted says until when": r"/effectiveTime/high$",
    "the expiry of a vaccine is known to pharmacies": r"/manufacturedMaterial/expirationTime",
    "professionals are told with role, address, telecom and structure in all their parts (level 1 example: in one)": (
        r"/assignedEntity/(code|addr|telecom|representedOrganization(/.*)?)$"
    ),
    "the kind of care is told (level 1 example: not told)": r"/encompassingEncounter/code$",
}
ONLY_IN_THE_EXAMPLES = {
    "parts of an address are not known here": (
        r"/addr/(houseNumber|streetName|unitID|postalCode|city|country)$|/addr$"
    ),
    "titles of persons are not kept": r"/name/(prefix|suffix)$",
    "nothing is known of the patient's relatives": r"/patient/guardian|^/ClinicalDocument/informant",
    "a document of biology names who took and who asked": r"^/ClinicalDocument/participant",
    "an act has an id and a code when it is given one": r"/serviceEvent/(id|code)$",
    "the performer is not described by a function": r"/performer/functionCode$",
    "no number is given to the encounter": r"/encompassingEncounter/id$",
    "reactions to a vaccine are not noted": r"/entryRelationship/observation/(id|text|effectiveTime|value)(/|$)",
}


def element_paths(element: etree._Element, before: str = "") -> Iterator[str]:
    path = f"{before}/{etree.QName(element).localname}"
    yield path
    for child in element.iterchildren(etree.Element):
        yield from element_paths(child, path)


def unexplained(paths: set[str], reasons: dict[str, str]) -> set[str]:
    return {path for path in paths if not any(re.search(pattern, path) for pattern in reasons.values())}


@pytest.mark.parametrize("example", ["DOC_NON_STRUCTURE_CDA-R2-N1.xml", "VAC-NOTE_2023.01.xml"])
def test_structure_is_that_of_the_official_example_but_for_named_differences(
    official_cda: Path, document: Make, note: Make, cda: Cda, example: str
) -> None:
    theirs = set(element_paths(etree.parse(official_cda / "examples" / example).getroot()))
    ours = set(element_paths(cda(note() if example.startswith("VAC") else document())))

    assert unexplained(ours - theirs, NOT_IN_THE_EXAMPLES) == set()
    assert unexplained(theirs - ours, ONLY_IN_THE_EXAMPLES) == set()


def test_no_difference_is_named_in_vain(official_cda: Path, document: Make, note: Make, cda: Cda) -> None:
    more, less = set(), set()
    for example, made in (("DOC_NON_STRUCTURE_CDA-R2-N1.xml", document()), ("VAC-NOTE_2023.01.xml", note())):
        theirs = set(element_paths(etree.parse(official_cda / "examples" / example).getroot()))
        ours = set(element_paths(cda(made)))
        more |= ours - theirs
        less |= theirs - ours

    assert [why for why, one in NOT_IN_THE_EXAMPLES.items() if not any(re.search(one, path) for path in more)] == []
    assert [why for why, one in ONLY_IN_THE_EXAMPLES.items() if not any(re.search(one, path) for path in less)] == []
