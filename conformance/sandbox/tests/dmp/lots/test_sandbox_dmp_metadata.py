"""TD2.1: metadata that are not complete, not of their value sets, or not what the document and the VIHF say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_sandbox.dmp.metadata import ENTRY_RULES, ENTRY_SLOTS
from segur_sandbox.dmp.value_sets import ValueSets

META = "XDSRegistryMetadataError"
BYTES = "XDSRepositoryMetadataError"
OTHER = "275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH"
HL7 = "1.2.250.1.213.1.1.4.13"


def _person(identifier: str) -> str:
    return f"{identifier}^NOM^PRENOM^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"


def _structure(identifier: str) -> str:
    return f"AUTRE^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^{identifier}"


LOTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no-type-list": ({"entry": {"type": ("78601-2", "LOINC")}}, META, "typeCode is not one"),
    "type-unknown": ({"entry": {"type": ("00000-0", "2.16.840.1.113883.6.1")}}, META, "typeCode is not one"),
    "type-of-document": (
        {"entry": {"type": ("93024-8", "2.16.840.1.113883.6.1")}},
        META,
        "typeCode is not what the document says",
    ),
    "class-unknown": ({"entry": {"class": ("99", "1.2.250.1.213.1.1.4.1")}}, META, "classCode is not of its value set"),
    "class-of-another-type": (
        {"entry": {"class": ("11", "1.2.250.1.213.1.1.4.1")}},
        META,
        "classCode is not the class of typeCode",
    ),
    "format-unknown": ({"entry": {"format": ("pdf", "1.3.6.1.4.1.19376.1.2.3")}}, META, "formatCode is not of its"),
    "format-of-body": (
        {"entry": {"format": ("urn:ihe:iti:xds-sd:text:2008", "1.3.6.1.4.1.19376.1.2.3")}},
        META,
        "formatCode is not what",
    ),
    "facility-unknown": ({"entry": {"facility": ("XX33", "1.2.250.1.71.4.2.4")}}, META, "healthcareFacilityTypeCode"),
    "facility-of-document": ({"entry": {"facility": ("SA07", "1.2.250.1.71.4.2.4")}}, META, "healthcareFacilityType"),
    "practice-unknown": ({"entry": {"practice": ("OFFICINE", "1.2.250.1.213.1.1.4.9")}}, META, "practiceSettingCode"),
    "practice-of-document": ({"entry": {"practice": ("HAD", "1.2.250.1.213.1.1.4.9")}}, META, "practiceSettingCode"),
    "visibility-unknown": ({"entry": {"visibility": ("MASQUE",)}}, META, "confidentialityCode is not of its value set"),
    "visibility-twice": ({"entry": {"visibility": ("MASQUE_PS", "MASQUE_PS")}}, META, "repeats one"),
    "visibility-five": ({"entry": {"visibility": ("MASQUE_PS",) * 4}}, META, "too many"),
    "title-of-document": ({"entry": {"title": "Autre"}}, META, "title is not what the document says"),
    "creation-local-time": ({"entry": {"created": "20260105143000"}}, META, "creationTime is not what"),
    "creation-form": ({"entry": {"created": "2026-01-05"}}, META, "creationTime is not YYYY"),
    "act-local-time": ({"entry": {"started": "20260105100000"}}, META, "serviceStartTime is not what"),
    "act-form": ({"entry": {"started": "hier"}}, META, "serviceStartTime is not a date"),
    "language": ({"entry": {"language": "en-US"}}, META, "languageCode is not what"),
    "language-of-both": (
        {"entry": {"language": "en-US"}, "document": {"language": "en-US"}},
        META,
        "languageCode is not what",
    ),
    "author-form": ({"entry": {"person": "CAROLE PHARMACH0007512"}}, META, "authorPerson is missing, or not a person"),
    "act-end-of-document": (
        {
            "entry": {
                "more_slots": '<rim:Slot name="serviceStopTime"><rim:ValueList><rim:Value>20260105100000</rim:Value>'
                "</rim:ValueList></rim:Slot>"
            }
        },
        META,
        "serviceStopTime is not what",
    ),
    "birth-of-document": ({"swaps": {"PID-7|19790328": "PID-7|19790329"}}, META, "sourcePatientInfo is not what"),
    "sex-of-document": ({"swaps": {"PID-8|F": "PID-8|M"}}, META, "sourcePatientInfo is not what"),
    "validator-of-document": (
        {
            "swaps": {
                '"legalAuthenticator"><rim:ValueList><rim:Value>899700075122': '"legalAuthenticator"><rim:ValueList>'
                "<rim:Value>899700366240"
            }
        },
        META,
        "legalAuthenticator is not what",
    ),
    "speciality-of-document": ({"swaps": {"G15_21/A^": "G15_21/D^"}}, META, "authors are not those"),
    "author-of-document": ({"entry": {"person": _person("899700366240")}}, META, "authors are not those"),
    "institution-form": ({"entry": {"institution": "PHARMACIE"}}, META, "authorInstitution is missing"),
    "institution-of-vihf": (
        {"entry": {"institution": _structure("10B0000006")}},
        META,
        "Aucun AuthorInstitution ne correspond à l'utilisateur du VIHF",
    ),
    "lot-institution-of-vihf": (
        {"package": {"institution": _structure("10B0000006")}},
        META,
        "Aucun AuthorInstitution",
    ),
    "lot-author-of-vihf": ({"package": {"person": _person("899700366240")}}, META, "PS et Structure non liés"),
    "lot-time": ({"package": {"at": "2026"}}, META, "submissionTime"),
    "patient-of-vihf": ({"patient": OTHER}, "XDSPatientIdDoesNotMatch", "that of the VIHF"),
    "patient-form": ({"patient": "279035121518989"}, META, "patientId is missing, or not an INS"),
    "patient-of-document": ({"document": {"ins": "275126322074974"}}, META, "patientId is not what"),
    "patient-authority-of-document": ({"document": {"ins_oid": "1.2.250.1.213.1.4.8"}}, META, "patientId is not what"),
    "document-extension": ({"document": {"extension": ' extension="1"'}}, META, "the id of the document has"),
    "document-not-validated": ({"document": {"signature_code": '<signatureCode code="X"/>'}}, META, "nobody answers"),
    "document-media": ({"document": {"media": "application/msword"}}, META, "media type"),
    "document-date": ({"document": {"made_at": "20260105143000"}}, META, "a date is not written"),
    "replaces-unsaid": (
        {
            "document": {
                "related": '<relatedDocument typeCode="RPLC"><parentDocument><id root="2.25.4"/></parentDocument>'
                "</relatedDocument>"
            }
        },
        META,
        "no RPLC says so",
    ),
    "no-has-member": (
        {"swaps": {"AssociationType:HasMember": "AssociationType:signs"}},
        META,
        "an association of a type",
    ),
    "member-reference": (
        {"swaps": {"<rim:Value>Original</rim:Value>": "<rim:Value>Reference</rim:Value>"}},
        META,
        "HasMember",
    ),
    "not-signed": ({"swaps": {'sourceObject="Signature01"': 'sourceObject="Document01"'}}, META, "does not sign"),
    "set-node": (
        {"swaps": {"a54d6aa5-d40d-43f9-88c5-b4633d873bdd": "00000000-0000-4000-8000-000000000000"}},
        META,
        "package",
    ),
    "name-charset": ({"swaps": {'charset="UTF8"': 'charset="ISO-8859-1"'}}, META, "LocalizedString"),
    "name-language": ({"swaps": {'xml:lang="FR"': 'xml:lang="EN"'}}, META, "LocalizedString"),
    "object-type": (
        {"swaps": {"7edca82f-054d-47f2-a032-9b2a5b5186c1": "34268e47-fdf5-41a6-ba33-82133c465248"}},
        META,
        "not a document entry",
    ),
    "media-type": ({"swaps": {'mimeType="text/xml"': 'mimeType="application/pdf"'}}, META, "mimeType"),
    "classified-object": (
        {"swaps": {'classifiedObject="Document01"': 'classifiedObject="Document02"'}},
        META,
        "does not name the object",
    ),
    "registry-object": (
        {"swaps": {'registryObject="Document01"': 'registryObject="Document02"'}},
        META,
        "does not name the object",
    ),
    "entry-without-document": (
        {"swaps": {'<xdsb:Document id="Document01">': '<xdsb:Document id="Document02">'}},
        "XDSMissingDocument",
        "no document",
    ),
    "signature-language": (
        {"swaps": {"<rim:Value>art</rim:Value>": "<rim:Value>fr-FR</rim:Value>"}},
        META,
        "signature",
    ),
    "signature-visible": ({"swaps": {'"INVISIBLE_PATIENT"': '"INVISIBLE_REPRESENTANTS_LEGAUX"'}}, META, "hidden"),
    "signature-purpose": ({"swaps": {'"1.2.840.10065.1.12.1.14"': '"1.2.840.10065.1.12.1.1"'}}, META, "its profile"),
}


@pytest.mark.parametrize("name", LOTS)
def test_dmp_metadata_refused(dmp: Any, name: str) -> None:
    changes, code, text = LOTS[name]
    lot = dmp.lot(**{key: dict(value) if isinstance(value, dict) else value for key, value in changes.items()})
    said = dmp.feed(lot).said
    assert said.partition("|")[0] == code, said
    assert text in said
    assert dmp.counts(lot.document_id) == (0, 0)
    assert dmp.feed(dmp.lot()).said == "Success"


@pytest.mark.parametrize("name", ENTRY_SLOTS)
def test_dmp_each_slot_is_needed(dmp: Any, name: str) -> None:
    body, parts = dmp.lot().body()
    body = body.replace(f'<rim:Slot name="{name}">', '<rim:Slot name="autre">', 1)
    assert dmp.ask("feed", body, parts).said == f"{META}|{name} is missing"


@pytest.mark.parametrize("rule", [one for one in ENTRY_RULES if one.least], ids=lambda one: one.name)
def test_dmp_each_code_is_needed(dmp: Any, rule: Any) -> None:
    body, parts = dmp.lot().body()
    body = body.replace(f'classificationScheme="{rule.scheme}"', 'classificationScheme="urn:uuid:0"', 1)
    assert dmp.ask("feed", body, parts).said == f"{META}|{rule.name} is missing, or there are too many"


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        pytest.param("2e82c1f6-a085-4c72-9da3-8640a32e42ab", "uniqueId is missing", id="uniqueId"),
        pytest.param("58a6f841-87b3-4a3e-92fd-a8ffeff98427", "patientId is missing", id="patientId"),
        pytest.param("96fdda7c-d067-4183-912e-bf5ee74998a8", "uniqueId of the submission set", id="set-uniqueId"),
        pytest.param("554ac39e-e3fe-47fe-b233-965d2a147832", "sourceId of the submission set", id="set-sourceId"),
        pytest.param("6b5aea1a-874d-4603-a4bc-96a0a7b38446", "patientId is missing", id="set-patientId"),
    ],
)
def test_dmp_each_identifier_is_needed(dmp: Any, scheme: str, text: str) -> None:
    body, parts = dmp.lot().body()
    body = body.replace(f'identificationScheme="urn:uuid:{scheme}"', 'identificationScheme="urn:uuid:0"', 1)
    said = dmp.ask("feed", body, parts).said
    assert (said.partition("|")[0], text in said) == (META, True)


def _twice(body: str) -> str:
    identifier = body.partition("2e82c1f6-a085-4c72-9da3-8640a32e42ab")[2].partition('value="')[2].partition('"')[0]
    head, scheme, tail = body.rpartition("2e82c1f6-a085-4c72-9da3-8640a32e42ab")
    old = tail.partition('value="')[2].partition('"')[0]
    return head + scheme + tail.replace(f'value="{old}"', f'value="{identifier}"', 1)


CHANGES: dict[str, tuple[Callable[[str], str], str]] = {
    "same-unique-id": (_twice, "XDSRepositoryDuplicateUniqueIdInMessage"),
    "two-sets": (
        lambda body: body.replace("</rim:RegistryPackage>", '</rim:RegistryPackage><rim:RegistryPackage id="S2"/>'),
        META,
    ),
    "no-entry-for-a-document": (
        lambda body: body.replace(
            "</xdsb:ProvideAndRegister", '<xdsb:Document id="Document09">QQ==</xdsb:Document></xdsb:ProvideAndRegister'
        ),
        "XDSMissingDocumentMetadata",
    ),
    "parts-out-of-order": (
        lambda body: body.replace("</rim:ExtrinsicObject>", "<rim:Description/></rim:ExtrinsicObject>", 1),
        META,
    ),
    "unknown-object": (
        lambda body: body.replace("</rim:RegistryObjectList>", "<rim:Service/></rim:RegistryObjectList>"),
        META,
    ),
    "empty-value": (
        lambda body: body.replace("<rim:Value>PID-8|F</rim:Value>", "<rim:Value/>"),
        META,
    ),
    "no-title": (lambda body: body.replace('value="Entretien pharmaceutique"', 'value=""'), META),
}


@pytest.mark.parametrize("name", CHANGES)
def test_dmp_lots_that_do_not_fit_together(dmp: Any, name: str) -> None:
    change, code = CHANGES[name]
    lot = dmp.lot()
    body, parts = lot.body()
    changed = change(body)
    assert changed != body
    assert dmp.ask("feed", changed, parts).said.partition("|")[0] == code
    assert dmp.ask("feed", body, parts).said == "Success"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"<a/>", id="not-cda"),
        pytest.param(b"%PDF-1.4", id="not-xml"),
        pytest.param(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', id="entity"),
        pytest.param(b"<a>" * 100 + b"</a>" * 100, id="nesting"),
        pytest.param(
            b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>', id="presents-itself"
        ),
    ],
)
def test_dmp_what_is_no_document_is_refused(dmp: Any, document: bytes) -> None:
    lot = dmp.lot()
    good, lot.raw = lot.document, document
    assert dmp.feed(lot).said.partition("|")[0] == BYTES
    lot.raw = good
    assert dmp.feed(lot).said == "Success"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(lambda text: text.encode("utf-16"), id="utf-16"),
        pytest.param(lambda text: text.encode("utf-16-le"), id="utf-16-without-mark"),
        pytest.param(lambda text: text.replace("UTF-8", "ISO-8859-15").encode("iso-8859-15"), id="iso-8859-15"),
        pytest.param(lambda text: text.replace("UTF-8", "UTF-7").encode("utf-7"), id="utf-7"),
    ],
)
def test_dmp_entities_do_not_hide_in_another_encoding(dmp: Any, document: Callable[[str], bytes]) -> None:
    lot = dmp.lot(document={"head": '<!DOCTYPE ClinicalDocument [<!ENTITY a "b">]>'})
    lot.raw = document(lot.document.decode())
    assert dmp.feed(lot).said.endswith("the document: not in UTF-8")
    assert dmp.feed(dmp.lot()).said == "Success"


def test_dmp_structure_of_the_author_is_that_of_the_document(dmp: Any) -> None:
    lot = dmp.lot()
    lot.raw = lot.document.replace(b'extension="10B0152872"', b'extension="10B0000006"')
    assert dmp.feed(lot).said == f"{META}|the authors are not those of the document"
    lot.raw = None
    assert dmp.feed(lot).said == "Success"


def test_dmp_documents_are_held_against_their_schema(dmp: Any, schemas: Path) -> None:
    assert (schemas / "CDA_extended.xsd").is_file()
    lot = dmp.lot()
    lot.raw = lot.document.replace(b"<realmCode", b'<realmCode autre="x"')
    assert dmp.feed(lot).said == f"{BYTES}|the document: it breaks the CDA schema"
    lot.raw = None
    assert dmp.feed(lot).said == "Success"


def test_dmp_stated_hash_and_size_must_fit(dmp: Any) -> None:
    slots = '<rim:Slot name="hash"><rim:ValueList><rim:Value>00</rim:Value></rim:ValueList></rim:Slot>'
    assert dmp.feed(dmp.lot(entry={"more_slots": slots})).said.startswith(f"{BYTES}|")


def test_dmp_a_secret_connection_feeds_hidden_documents_only(dmp: Any) -> None:
    name = "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"
    secret = {"attributes": {name: f"INVISIBLE_REPRESENTANTS_LEGAUX^{HL7}"}}
    assert dmp.feed(dmp.lot(), vihf=secret).said.startswith(f"{META}|with a secret connection")
    hidden = dmp.lot(entry={"visibility": ("INVISIBLE_REPRESENTANTS_LEGAUX",)})
    assert dmp.feed(hidden, vihf=secret).said == "Success"


def test_dmp_masked_and_hidden_at_once_is_a_setting(dmp: Any) -> None:
    both = {"visibility": ("MASQUE_PS", "INVISIBLE_PATIENT")}
    assert dmp.feed(dmp.lot(entry=both)).said == "Success"
    dmp.settings(cumulated=False)
    assert dmp.feed(dmp.lot(entry=both)).said.startswith(f"{META}|a document is not masked")
    assert dmp.feed(dmp.lot(entry={"visibility": ("MASQUE_PS",)})).said == "Success"


def test_dmp_each_row_of_the_classes_of_types_counts() -> None:
    whole = ValueSets.load()
    table = whole._data["class_of_type"]
    for system, rows in table.items():
        for code in rows:
            less = {**table, system: {name: value for name, value in rows.items() if name != code}}
            probe = f"{code}X" if code.endswith(("-", "_")) else code
            assert whole.class_of_type(probe, system) == rows[code]
            assert ValueSets({"class_of_type": less}).class_of_type(probe, system) is None, code
