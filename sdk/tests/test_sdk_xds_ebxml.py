"""Lots are written as the schemas of ebXML RegRep 3.0 want them, whole, and read back as they were."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import attrs
import pytest
from lxml import etree

from segur_sdk.errors import InputError
from segur_sdk.formats.xds import (
    SIGNATURE_ID,
    SUBMISSION_ID,
    DocumentEntry,
    EntryAuthor,
    EntryStatus,
    SubmissionSet,
    entry_of,
    has_member,
    replaces,
    signature_entry,
    signs,
    submit_objects_request,
    updates_status,
)
from segur_sdk.formats.xml import read_xml
from segur_sdk.models.document import Concept, Visibility

CdaWith = Callable[..., bytes]
LCM = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
R = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
NS = {"r": R[1:-1]}
MOMENT = datetime(2026, 7, 2, 10, 16, 30, 123456, tzinfo=timezone(timedelta(hours=2)))
OLD = "urn:uuid:41b6cd53-a85f-464c-aebe-ed0bf5c2c85a"
AUTHOR = EntryAuthor(
    person="899900063480^LIBRE^MAX^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
    specialty="G15_21/A^Pharmacien titulaire d'officine^1.2.250.1.213.1.1.4.5",
    institution="PHARMACIE DE LA GARE^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^10B0127189",
)
LOT = SubmissionSet(
    unique_id="1.2.250.1.999.1.1.7898.1.1",
    source_id="1.2.250.1.999.1.1.7898",
    patient_id="275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH",
    submitted_at=MOMENT,
    title="Entretien",
    author=AUTHOR,
    content_type=Concept(code="SA33", system="1.2.250.1.71.4.2.4", label="Pharmacie d'officine"),
    comments='Un <commentaire> & "deux"',
)
ORDER = ("Slot", "Name", "Description", "VersionInfo", "Classification", "ExternalIdentifier")
"""Children of any object, as RegRep 3.0 orders them (RegistryObjectType)."""
NEEDED = {
    "Classification": {"id", "classifiedObject"},
    "ExternalIdentifier": {"id", "registryObject", "identificationScheme", "value"},
    "Association": {"id", "associationType", "sourceObject", "targetObject"},
    "ExtrinsicObject": {"id", "mimeType", "objectType"},
    "RegistryPackage": {"id"},
    "LocalizedString": {"value"},
    "Slot": {"name"},
}
"""Attributes without which the schemas, or IHE, refuse an element."""


@pytest.fixture(scope="module")
def entry(cda_with: CdaWith) -> DocumentEntry:
    return entry_of(cda_with(), frozenset({Visibility.MASQUE_PS}))


@pytest.fixture(scope="module")
def signature(entry: DocumentEntry) -> DocumentEntry:
    return signature_entry(LOT, entry, unique_id="1.2.250.1.999.1.1.7898.3.43", made_at=MOMENT)


@pytest.fixture(scope="module")
def whole(entry: DocumentEntry, signature: DocumentEntry) -> etree._Element:
    """A replacement with its signature, as it goes out."""
    links = (has_member(entry), has_member(signature), replaces(entry, OLD), signs(signature))
    return read_xml(submit_objects_request(LOT, (entry, signature), links).encode())


def said(element: etree._Element, name: str) -> list[str]:
    return [value.text or "" for value in element.findall(f"r:Slot[@name='{name}']/r:ValueList/r:Value", NS)]


def codes(element: etree._Element, scheme: str) -> list[tuple[str, str, str]]:
    found = element.findall(f"r:Classification[@classificationScheme='urn:uuid:{scheme}']", NS)
    return [
        (
            one.get("nodeRepresentation", ""),
            "".join(said(one, "codingScheme")),
            "".join(name.get("value", "") for name in one.findall("r:Name/r:LocalizedString", NS)),
        )
        for one in found
    ]


def identifier(element: etree._Element, scheme: str) -> str:
    (found,) = element.findall(f"r:ExternalIdentifier[@identificationScheme='urn:uuid:{scheme}']", NS)
    return str(found.get("value"))


def test_objects_stand_in_the_order_of_the_schema(whole: etree._Element) -> None:
    assert whole.tag == f"{{{LCM}}}SubmitObjectsRequest"
    (held,) = whole
    assert held.tag == f"{R}RegistryObjectList"
    assert [etree.QName(one).localname for one in held] == [
        "RegistryPackage",
        "ExtrinsicObject",
        "ExtrinsicObject",
        "Association",
        "Association",
        "Association",
        "Association",
    ]
    for element in held.iter(*(f"{R}{name}" for name in ("RegistryPackage", *NEEDED))):
        names = [etree.QName(child).localname for child in element]
        places = [ORDER.index(name) for name in names if name in ORDER]
        assert places == sorted(places)


def test_every_element_has_what_it_needs(whole: etree._Element) -> None:
    lacking = [
        (name, missing)
        for name, needed in NEEDED.items()
        for element in whole.iter(f"{R}{name}")
        if (missing := needed - set(element.attrib))
    ]
    assert lacking == []


def test_every_identifier_is_given_once(whole: etree._Element) -> None:
    given_ids = [element.get("id") for element in whole.iter(etree.Element) if element.get("id") is not None]
    assert len(set(given_ids)) == len(given_ids)


def test_no_value_is_longer_than_the_registry_holds(whole: etree._Element) -> None:
    assert max(len(value.text or "") for value in whole.iter(f"{R}Value")) <= 256
    assert all(re.fullmatch(r"[A-Za-z0-9:._#/-]*", one.get("id", "")) for one in whole.iter(etree.Element))


def test_names_are_french(whole: etree._Element) -> None:
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    assert {(one.get("charset"), one.get(language)) for one in whole.iter(f"{R}LocalizedString")} == {("UTF8", "FR")}


def test_lot_says_who_when_and_about_whom(whole: etree._Element) -> None:
    (lot,) = whole.iter(f"{R}RegistryPackage")

    assert lot.get("id") == SUBMISSION_ID == "SubmissionSet01"
    assert said(lot, "submissionTime") == ["20260702081630"]
    assert [one.get("value") for one in lot.findall("r:Name/r:LocalizedString", NS)] == ["Entretien"]
    assert [one.get("value") for one in lot.findall("r:Description/r:LocalizedString", NS)] == [LOT.comments]
    assert codes(lot, "aa543740-bdda-424e-8c96-df4873be8500") == [
        ("SA33", "1.2.250.1.71.4.2.4", "Pharmacie d'officine")
    ]
    assert [one.get("classificationNode") for one in lot.findall("r:Classification[@classificationNode]", NS)] == [
        "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
    ]
    assert identifier(lot, "6b5aea1a-874d-4603-a4bc-96a0a7b38446") == LOT.patient_id
    assert identifier(lot, "554ac39e-e3fe-47fe-b233-965d2a147832") == LOT.source_id
    assert identifier(lot, "96fdda7c-d067-4183-912e-bf5ee74998a8") == LOT.unique_id
    (author,) = lot.findall(
        "r:Classification[@classificationScheme='urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d']", NS
    )
    assert author.get("nodeRepresentation") == ""
    assert (said(author, "authorPerson"), said(author, "authorSpecialty"), said(author, "authorInstitution")) == (
        [AUTHOR.person],
        [AUTHOR.specialty],
        [AUTHOR.institution],
    )


def test_entry_says_every_attribute_under_its_scheme(whole: etree._Element, entry: DocumentEntry) -> None:
    document, _ = whole.iter(f"{R}ExtrinsicObject")

    assert (document.get("id"), document.get("mimeType"), document.get("objectType")) == (
        "Document01",
        "text/xml",
        "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1",
    )
    assert {name: said(document, name) for name in (one.get("name", "") for one in document.findall("r:Slot", NS))} == {
        "creationTime": ["20260702081500"],
        "languageCode": ["fr-FR"],
        "legalAuthenticator": [entry.legal_authenticator],
        "serviceStartTime": ["20260629073000"],
        "serviceStopTime": ["20260629081000"],
        "sourcePatientId": ["4567^^^&1.2.250.1.999.1.1.7898.2&ISO^PI"],
        "sourcePatientInfo": ["PID-5|ADRUN^ZOE^^^^^L", "PID-7|19751231", "PID-8|F"],
    }
    assert [one.get("value") for one in document.findall("r:Name/r:LocalizedString", NS)] == ["Entretien asthme"]
    assert codes(document, "41a5887f-8865-4c09-adf7-e362475b143a") == [("10", "1.2.250.1.213.1.1.4.1", "Compte rendu")]
    assert codes(document, "f4f85eac-e6cb-4883-b524-f2705394840f") == [
        ("N", "2.16.840.1.113883.5.25", "Normal"),
        ("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels de santé"),
    ]
    assert codes(document, "a09d5840-386c-46f2-b5ad-9c3699a4309d") == [
        ("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3", "Document à corps non structuré en Pdf/A-1")
    ]
    assert codes(document, "f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1") == [
        ("SA33", "1.2.250.1.71.4.2.4", "Pharmacie d'officine")
    ]
    assert codes(document, "cccf5598-8b07-4b77-a05e-ae952c785ead") == [
        ("AMBULATOIRE", "1.2.250.1.213.1.1.4.9", "Ambulatoire")
    ]
    assert codes(document, "f0306f51-975f-434e-a61c-c59651d33983") == [
        ("78601-2", "2.16.840.1.113883.6.1", "CR d'entretien pharmaceutique")
    ]
    (author,) = document.findall(
        "r:Classification[@classificationScheme='urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d']", NS
    )
    assert said(author, "authorPerson") == [entry.authors[0].person]
    assert identifier(document, "58a6f841-87b3-4a3e-92fd-a8ffeff98427") == entry.patient_id
    assert identifier(document, "2e82c1f6-a085-4c72-9da3-8640a32e42ab") == "1.2.250.1.999.1.1.7898.3.42"


def test_signature_has_its_own_codes(whole: etree._Element) -> None:
    _, signature = whole.iter(f"{R}ExtrinsicObject")

    assert (signature.get("id"), said(signature, "languageCode")) == (SIGNATURE_ID, ["art"])
    assert [one.get("value") for one in signature.findall("r:Name/r:LocalizedString", NS)] == ["Source"]
    assert codes(signature, "41a5887f-8865-4c09-adf7-e362475b143a") == [
        ("urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", "URN", "Digital Signature")
    ]
    assert codes(signature, "f0306f51-975f-434e-a61c-c59651d33983") == [("E1762", "ASTM", "Full Document")]
    assert codes(signature, "a09d5840-386c-46f2-b5ad-9c3699a4309d") == [
        ("http://www.w3.org/2000/09/xmldsig#", "URN", "Default Signature Style")
    ]
    assert codes(signature, "2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4") == [
        ("1.2.840.10065.1.12.1.14", "1.2.840.10065.1.12", "Source")
    ]
    assert [one[0] for one in codes(signature, "f4f85eac-e6cb-4883-b524-f2705394840f")] == [
        "N",
        "MASQUE_PS",
        "INVISIBLE_PATIENT",
    ]
    times = {
        *said(signature, "creationTime"),
        *said(signature, "serviceStartTime"),
        *said(signature, "serviceStopTime"),
    }
    assert times == {"20260702081630"}
    assert said(signature, "sourcePatientId") == [LOT.patient_id]
    assert said(signature, "sourcePatientInfo") == []


def test_associations_say_what_is_what(whole: etree._Element) -> None:
    links = [
        (
            one.get("associationType", "").rpartition(":")[2],
            one.get("sourceObject"),
            one.get("targetObject"),
            said(one, "SubmissionSetStatus"),
        )
        for one in whole.iter(f"{R}Association")
    ]
    assert links == [
        ("HasMember", "SubmissionSet01", "Document01", ["Original"]),
        ("HasMember", "SubmissionSet01", "Signature01", ["Original"]),
        ("RPLC", "Document01", OLD, []),
        ("signs", "Signature01", "SubmissionSet01", ["Original"]),
    ]
    assert {one.get("associationType") for one in whole.iter(f"{R}Association")} == {
        "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember",
        "urn:ihe:iti:2007:AssociationType:RPLC",
        "urn:ihe:iti:2007:AssociationType:signs",
    }


def test_deletion_is_a_lot_that_changes_a_status() -> None:
    change = updates_status(OLD, EntryStatus.APPROVED, EntryStatus.DELETED)
    root = read_xml(submit_objects_request(LOT, (), (change,)).encode())
    (association,) = root.iter(f"{R}Association")

    assert association.get("associationType") == "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
    assert (association.get("sourceObject"), association.get("targetObject")) == ("SubmissionSet01", OLD)
    assert said(association, "OriginalStatus") == ["urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"]
    assert said(association, "NewStatus") == ["urn:asip:ci-sis:2010:StatusType:Deleted"]
    assert list(root.iter(f"{R}ExtrinsicObject")) == []
    assert {one.get("classifiedObject") for one in root.iter(f"{R}Classification")} == {"SubmissionSet01"}


def test_same_lot_is_the_same_text(entry: DocumentEntry) -> None:
    links = (has_member(entry),)
    assert submit_objects_request(LOT, (entry,), links) == submit_objects_request(LOT, (entry,), links)


@pytest.mark.parametrize(
    ("lot", "reason", "field"),
    [
        pytest.param(attrs.evolve(LOT, title="T" * 1025), "too_long", "rim:Name", id="title"),
        pytest.param(attrs.evolve(LOT, title="deux\nlignes"), "form", "rim:Name", id="two lines"),
        pytest.param(attrs.evolve(LOT, unique_id="1" * 257), "too_long", "XDSSubmissionSet.uniqueId", id="identifier"),
        pytest.param(attrs.evolve(LOT, author=EntryAuthor("P" * 257)), "too_long", "authorPerson", id="author"),
    ],
)
def test_what_the_registry_cannot_hold_is_refused(lot: SubmissionSet, reason: str, field: str) -> None:
    with pytest.raises(InputError) as caught:
        submit_objects_request(lot, (), ())
    assert caught.value.facts == {"reason": reason, "field": field}


def test_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        submit_objects_request(attrs.evolve(LOT, submitted_at=datetime(2026, 7, 2)), (), ())  # noqa: DTZ001
