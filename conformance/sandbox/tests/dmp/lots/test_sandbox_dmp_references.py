"""TD3.1 by reference and TD3.3c: a structure finds what it fed, takes it back, and touches nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

GET, FIND = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4", "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
DELETED = "urn:asip:ci-sis:2010:StatusType:Deleted"
ARCHIVED = "urn:asip:ci-sis:2010:StatusType:Archived"
PREFIX = "$XDSDocumentEntry"
CX = "279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH"
RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
AIR = {"attributes": {"Authentification_mode": "INDIRECTE_RENFORCEE"}}
STAFF = {**AIR, "roles": (("SECRETARIAT_MEDICAL", "1.2.250.1.213.1.1.4.6"),)}
PHYSICIAN = {**AIR, "name_id": "899700366240", "roles": (("10", "1.2.250.1.71.1.2.7"), ("SM26", "1.2.250.1.71.4.2.5"))}
OTHER = "AUTRE^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^10B0000006"


def _found(answer: Any) -> list[str]:
    assert answer.said == "Success", answer.said
    return [str(one.get("id")) for tag in ("ExtrinsicObject", "ObjectRef") for one in answer.xml.iter(f"{RIM}{tag}")]


def _by_unique_id(dmp: Any, unique_id: str, returned: str = "ObjectRef") -> str:
    return str(dmp.query(GET, {f"{PREFIX}UniqueId": f"('{unique_id}')"}, returned))


def _fed(dmp: Any, **changes: Any) -> Any:
    lot = dmp.lot(**changes)
    assert dmp.feed(lot).said == "Success"
    return lot


@pytest.mark.parametrize("parts", [None, {}], ids=["plain", "mtom"])
@pytest.mark.parametrize("returned", ["ObjectRef", "LeafClass"])
def test_dmp_a_structure_finds_the_technical_id(dmp: Any, returned: str, parts: dict[str, bytes] | None) -> None:
    lot = _fed(dmp)
    answer = dmp.ask("search", _by_unique_id(dmp, lot.document_id, returned), parts)
    assert _found(answer) == [dmp.entries(lot.document_id)[0]["entry_uuid"]]
    assert answer.multipart is (parts is not None)


def test_dmp_a_structure_reads_no_metadata(dmp: Any) -> None:
    lot = _fed(dmp)
    question = _by_unique_id(dmp, lot.document_id, "LeafClass")
    reference = dmp.ask("search", question).xml
    assert [one.get("name") for one in reference.iter(f"{RIM}Slot")] == []
    assert list(reference.iter(f"{RIM}Classification")) == []
    whole = dmp.ask("search", question, vihf=AIR).xml
    slots = {one.get("name"): [value.text for value in one.iter(f"{RIM}Value")] for one in whole.iter(f"{RIM}Slot")}
    assert slots["hash"] == [dmp.entries(lot.document_id)[0]["sha1"]]
    assert slots["size"] == [str(len(lot.document))]
    (entry,) = whole.iter(f"{RIM}ExtrinsicObject")
    assert (entry.get("status"), entry.get("lid")) == (APPROVED, entry.get("id"))
    assert dmp.ask("search", question, vihf=STAFF).xml.findall(f".//{RIM}Slot") == []


def test_dmp_a_masked_document_is_for_its_author_and_the_attending_physician(dmp: Any) -> None:
    lot = _fed(dmp, entry={"visibility": ("MASQUE_PS",)})
    question = _by_unique_id(dmp, lot.document_id)
    assert _found(dmp.ask("search", question, vihf=PHYSICIAN)) == []
    dmp.patient(attending=[PHYSICIAN["name_id"]])
    assert len(_found(dmp.ask("search", question, vihf=PHYSICIAN))) == 1
    assert len(_found(dmp.ask("search", question, vihf=AIR))) == 1
    assert len(_found(dmp.ask("search", question))) == 1


def test_dmp_a_document_of_others_is_not_found_by_reference(dmp: Any) -> None:
    lot = _fed(dmp)
    question = _by_unique_id(dmp, lot.document_id)
    elsewhere = {"patient": "275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH"}
    assert _found(dmp.ask("search", question, vihf=elsewhere)) == []
    assert len(_found(dmp.ask("search", question))) == 1


def _find(dmp: Any, **slots: str) -> str:
    first = {f"{PREFIX}PatientId": f"'{CX}'", f"{PREFIX}Status": f"('{APPROVED}')"}
    return str(dmp.query(FIND, {**first, **{f"{PREFIX}{name}": value for name, value in slots.items()}}))


@pytest.mark.parametrize(
    ("slots", "count"),
    [
        pytest.param({}, 1, id="all"),
        pytest.param({"TypeCode": "('78601-2^^2.16.840.1.113883.6.1')"}, 1, id="type"),
        pytest.param({"TypeCode": "('93024-8^^2.16.840.1.113883.6.1')"}, 0, id="another-type"),
        pytest.param({"ClassCode": "('11^^1.2.250.1.213.1.1.4.1','10^^1.2.250.1.213.1.1.4.1')"}, 1, id="classes"),
        pytest.param({"CreationTimeFrom": "20260105133000"}, 1, id="from"),
        pytest.param({"CreationTimeTo": "20260105133000"}, 0, id="to-is-excluded"),
        pytest.param({"ServiceStartTimeFrom": "2026", "ServiceStartTimeTo": "2027"}, 1, id="year"),
        pytest.param({"ServiceStartTimeFrom": "2027"}, 0, id="later"),
    ],
)
def test_dmp_find_documents(dmp: Any, slots: dict[str, str], count: int) -> None:
    _fed(dmp)
    assert len(_found(dmp.ask("search", _find(dmp, **slots), vihf=AIR))) == count


QUERIES: dict[str, tuple[Callable[[Any], str], str]] = {
    "no-status": (
        lambda dmp: dmp.query(FIND, {f"{PREFIX}PatientId": f"'{CX}'"}),
        "XDSStoredQueryMissingParam",
    ),
    "no-patient": (
        lambda dmp: dmp.query(FIND, {f"{PREFIX}Status": f"('{APPROVED}')"}),
        "XDSStoredQueryMissingParam",
    ),
    "unknown-parameter": (lambda dmp: _find(dmp, Title="'a'"), "XDSStoredQueryParamNumber"),
    "foreign-parameter": (lambda dmp: dmp.query(GET, {"$autre": "'a'"}), "XDSStoredQueryParamNumber"),
    "no-parameter": (lambda dmp: dmp.query(GET, {}), "XDSStoredQueryParamNumber"),
    "both-identifiers": (
        lambda dmp: dmp.query(GET, {f"{PREFIX}UniqueId": "('1.2')", f"{PREFIX}EntryUUID": "('urn:uuid:1')"}),
        "XDSStoredQueryParamNumber",
    ),
    "unknown-query": (
        lambda dmp: dmp.query("urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155", {}),
        "XDSUnknownStoredQuery",
    ),
    "no-quotes": (lambda dmp: dmp.query(GET, {f"{PREFIX}UniqueId": "1.2"}), "XDSRegistryError"),
    "no-parentheses": (lambda dmp: dmp.query(GET, {f"{PREFIX}UniqueId": "'1.2','1.3'"}), "XDSRegistryError"),
    "deleted-status": (
        lambda dmp: dmp.query(FIND, {f"{PREFIX}PatientId": f"'{CX}'", f"{PREFIX}Status": f"('{DELETED}')"}),
        "XDSRegistryError",
    ),
    "date": (lambda dmp: _find(dmp, CreationTimeFrom="hier"), "XDSRegistryError"),
    "return-type": (lambda dmp: dmp.query(GET, {f"{PREFIX}UniqueId": "('1.2')"}, "All"), "XDSRegistryError"),
    "patient-of-vihf": (
        lambda dmp: _find(dmp).replace("279035121518989", "275126322074974"),
        "XDSPatientIdDoesNotMatch",
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_dmp_query_refused(dmp: Any, name: str) -> None:
    make, code = QUERIES[name]
    answer = dmp.ask("search", make(dmp), vihf=AIR)
    assert (answer.status, answer.said.partition("|")[0]) == (200, code)
    assert dmp.ask("search", _find(dmp), vihf=AIR).said == "Success"


def test_dmp_whom_the_patient_keeps_out_reads_nothing(dmp: Any) -> None:
    assert dmp.ask("search", _find(dmp), vihf=AIR).said == "Success"
    dmp.patient(blocked=["899700075122"])
    assert dmp.ask("search", _find(dmp), vihf=AIR).said.startswith("soap:DMPAccessDeniedByRightsService|")
    assert dmp.ask("search", _find(dmp)).said == "Success"


def _deletion(dmp: Any, lot: Any, original: str = APPROVED, new: str = DELETED, **changes: str) -> str:
    return str(dmp.deletion(dmp.oid(), dmp.entries(lot.document_id)[0]["entry_uuid"], original, new, **changes))


def test_dmp_a_structure_takes_its_document_back(dmp: Any) -> None:
    lot, other = _fed(dmp), _fed(dmp)
    assert dmp.ask("delete", _deletion(dmp, lot), {}).said == "Success"
    assert [one["status"] for one in dmp.entries(lot.document_id)] == [DELETED]
    assert [one["status"] for one in dmp.entries(other.document_id)] == [APPROVED]
    assert _found(dmp.ask("search", _by_unique_id(dmp, lot.document_id))) == []
    assert dmp.counts(f"{lot.document_id}#deleted") == (1, 1)
    said = dmp.ask("delete", _deletion(dmp, lot, DELETED)).said
    assert said.partition("|")[0] == "XDSMetadataUpdateError"


def test_dmp_published_requests_name_less_than_their_schema(dmp: Any) -> None:
    lot = _fed(dmp)
    text = _deletion(dmp, lot)
    for name in ("classifiedObject", "registryObject"):
        text = text.replace(f' {name}="SubmissionSet01"', "", 1)
    assert dmp.ask("delete", text).said == "Success"


DELETIONS: dict[str, tuple[Callable[[Any, Any], str], dict[str, Any], str]] = {
    "original-status": (lambda dmp, lot: _deletion(dmp, lot, ARCHIVED), {}, "XDSMetadataUpdateError"),
    "archiving": (lambda dmp, lot: _deletion(dmp, lot, APPROVED, ARCHIVED), {}, "XDSMetadataUpdateOperationError"),
    "unknown-target": (
        lambda dmp, _: dmp.deletion(dmp.oid(), "urn:uuid:0", APPROVED, DELETED),
        {},
        "XDSMetadataUpdateError",
    ),
    "another-association": (
        lambda dmp, lot: _deletion(dmp, lot).replace("UpdateAvailabilityStatus", "Autre"),
        {},
        "XDSRegistryMetadataError",
    ),
    "author-of-vihf": (
        lambda dmp, lot: _deletion(dmp, lot, institution=OTHER),
        {},
        "XDSRegistryMetadataError",
    ),
    "known-set": (
        lambda dmp, lot: dmp.deletion(lot.unique_id, dmp.entries(lot.document_id)[0]["entry_uuid"], APPROVED, DELETED),
        {},
        "XDSDuplicateUniqueIdInRegistry",
    ),
    "somebody-elses": (
        lambda dmp, lot: _deletion(dmp, lot, person="899700366240^NOM^PRENOM^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"),
        {"vihf": PHYSICIAN},
        "DMPAccessDeniedByRightsService",
    ),
    "another-patient": (
        _deletion,
        {"vihf": {"patient": "275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH"}},
        "XDSPatientIdDoesNotMatch",
    ),
}


@pytest.mark.parametrize("name", DELETIONS)
def test_dmp_deletion_refused(dmp: Any, name: str) -> None:
    make, changes, code = DELETIONS[name]
    lot = _fed(dmp)
    assert dmp.ask("delete", make(dmp, lot), **changes).said.partition("|")[0] == code
    assert [one["status"] for one in dmp.entries(lot.document_id)] == [APPROVED]
    assert dmp.ask("delete", _deletion(dmp, lot)).said == "Success"


def test_dmp_air_may_do_anything_but_feed(dmp: Any) -> None:
    lot = _fed(dmp)
    said = dmp.feed(dmp.lot(), vihf=AIR).said
    assert said.startswith("soap:DMPAccessDeniedByRightsService|TD2.1")
    assert "renforcée" in said
    assert dmp.ask("delete", _deletion(dmp, lot), vihf=AIR).said == "Success"
