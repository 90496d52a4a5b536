"""Questions to the registry are written as IHE wants them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.errors import InputError
from segur_sdk.formats.xds import (
    EntryStatus,
    ReturnType,
    StoredQuery,
    adhoc_query_request,
    find_documents,
    get_documents,
    listed,
    quoted,
)
from segur_sdk.formats.xml import read_xml

PATIENT = "275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH"
Q = "{urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0}"
R = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"


def asked(request: str) -> tuple[str | None, str | None, dict[str, list[str | None]]]:
    root = read_xml(request.encode())
    option, query = root
    assert (root.tag, option.tag, query.tag) == (f"{Q}AdhocQueryRequest", f"{Q}ResponseOption", f"{R}AdhocQuery")
    assert option.get("returnComposedObjects") == "true"
    slots = {str(slot.get("name")): [value.text for value in slot.iter(f"{R}Value")] for slot in query}
    return query.get("id"), option.get("returnType"), slots


def test_documents_are_asked_for_by_their_unique_ids() -> None:
    assert asked(get_documents(["1.2.3", "1.2.4"])) == (
        "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4",
        "LeafClass",
        {"$XDSDocumentEntryUniqueId": ["('1.2.3','1.2.4')"]},
    )


def test_documents_of_a_patient_are_asked_for() -> None:
    assert asked(find_documents(PATIENT, unique_ids=["1.2.3"], returns=ReturnType.OBJECT_REF)) == (
        "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d",
        "ObjectRef",
        {
            "$XDSDocumentEntryPatientId": [f"'{PATIENT}'"],
            "$XDSDocumentEntryStatus": ["('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"],
            "$XDSDocumentEntryUniqueId": ["('1.2.3')"],
        },
    )


def test_archived_documents_are_asked_for_by_name() -> None:
    _, _, slots = asked(find_documents(PATIENT, statuses=(EntryStatus.APPROVED, EntryStatus.ARCHIVED)))
    assert slots["$XDSDocumentEntryStatus"] == [
        "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved','urn:asip:ci-sis:2010:StatusType:Archived')"
    ]


@pytest.mark.parametrize("query", list(StoredQuery))
def test_every_stored_query_is_asked_by_its_identifier(query: StoredQuery) -> None:
    assert asked(adhoc_query_request(query, {"$uuid": listed(["urn:uuid:1"])})) == (
        query.value,
        "LeafClass",
        {"$uuid": ["('urn:uuid:1')"]},
    )


@given(st.text(st.characters(exclude_categories=["C"]), max_size=60))
def test_text_ends_where_its_quotes_end(text: str) -> None:
    written = quoted(text)
    assert written[0] == written[-1] == "'"
    assert written[1:-1].replace("''", "") == text.replace("'", "")
    assert written[1:-1].replace("''", "'") == text


def test_query_longer_than_the_registry_holds_is_refused() -> None:
    with pytest.raises(InputError, match="too_long"):
        get_documents(["1.2.250.1.999.1.1.7898.3.42"] * 20)
