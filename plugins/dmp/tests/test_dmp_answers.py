"""What the DMP answers is read for what it says; every code leads to a stable outcome with a French text."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from plugins.dmp.tests.scripted_dmp import (
    FAILURE,
    MATRICULE,
    SUCCESS,
    answering,
    existence,
    fault,
    found,
    reference,
    registry,
)
from segur_plugin_dmp.answers import (
    Entry,
    RecordState,
    read_entries,
    read_existence,
    read_registry,
    refusal_of,
    refuse_fault,
)
from segur_plugin_dmp.outcomes import FAULTS, OUTCOMES, error_of
from segur_plugin_dmp.soap import read_envelope
from segur_sdk.errors import ConfigError, SegurError, ServiceError, read_catalogue
from segur_sdk.formats.xds.schemes import EntryStatus

ID = "urn:uuid:3f2504e0-4f89-41d3-9a0c-0305e82c3301"
CATALOGUE = read_catalogue((files("segur_plugin_dmp") / "messages_fr.toml").read_text("utf-8"))

EXPECTED: dict[str, tuple[str, bool, bool]] = {
    "XDSMissingDocument": ("dmp.message_refused", False, False),
    "XDSMissingDocumentMetadata": ("dmp.message_refused", False, False),
    "XDSRegistryNotAvailable": ("dmp.busy", True, False),
    "XDSRegistryError": ("dmp.internal_error", True, False),
    "XDSRepositoryError": ("dmp.internal_error", True, False),
    "XDSRegistryDuplicateUniqueIdInMessage": ("dmp.message_refused", False, False),
    "XDSRepositoryDuplicateUniqueIdInMessage": ("dmp.message_refused", False, False),
    "XDSDuplicateUniqueIdInRegistry": ("dmp.already_there", False, True),
    "XDSNonIdenticalHash": ("dmp.id_taken", False, True),
    "XDSRegistryBusy": ("dmp.busy", True, False),
    "XDSRepositoryBusy": ("dmp.busy", True, False),
    "XDSRegistryOutOfResources": ("dmp.busy", True, False),
    "XDSRepositoryOutOfResources": ("dmp.busy", True, False),
    "XDSRegistryMetadataError": ("dmp.metadata_refused", False, False),
    "XDSRepositoryMetadataError": ("dmp.metadata_refused", False, False),
    "XDSTooManyResults": ("dmp.message_refused", False, False),
    "XDSExtraMetadataNotSaved": ("dmp.metadata_refused", False, False),
    "XDSUnknownPatientId": ("dmp.no_record", False, False),
    "XDSPatientIdDoesNotMatch": ("dmp.patient_differs", False, False),
    "XDSUnknownStoredQuery": ("dmp.message_refused", False, False),
    "XDSStoredQueryMissingParam": ("dmp.message_refused", False, False),
    "XDSStoredQueryParamNumber": ("dmp.message_refused", False, False),
    "XDSRegistryDeprecatedDocumentError": ("dmp.replaced_already", False, False),
    "XDSUnknownRepositoryId": ("dmp.document_unknown", False, False),
    "XDSDocumentUniqueIdError": ("dmp.document_unknown", False, False),
    "XDSMetadataVersionError": ("dmp.update_refused", False, False),
    "XDSMetadataUpdateOperationError": ("dmp.update_refused", False, False),
    "XDSMetadataUpdateError": ("dmp.update_refused", False, False),
    "XDSMissingHomeCommunityId": ("dmp.message_refused", False, False),
    "DMPFound": ("dmp.refused", False, False),
    "DMPClosed": ("dmp.closed", False, False),
    "DMPInvalidCertificate": ("dmp.certificate_refused", False, False),
    "DMPAccessDeniedByRightsService": ("dmp.access_denied", False, False),
    "DMPPatientAccessAlreadyExists": ("dmp.refused", False, False),
    "DMPPatientAccessOTPAlreadyExists": ("dmp.refused", False, False),
    "DMPSomethingNew": ("dmp.refused", False, False),
}


def body(answer: Callable[[str], Any]) -> etree._Element:
    return read_envelope(answer(ID).body, ID)


@pytest.mark.parametrize("code", EXPECTED)
def test_each_code_of_a_registry_has_its_outcome(code: str) -> None:
    with pytest.raises(SegurError) as caught:
        read_registry(body(registry(code)))
    failure = caught.value
    maybe = isinstance(failure, ServiceError) and failure.maybe_processed
    assert (failure.code, failure.retryable, maybe) == EXPECTED[code]
    assert failure.facts["service_code"] == code
    assert isinstance(failure, ConfigError) is (failure.code == "dmp.certificate_refused")


def test_no_known_code_is_left_out_of_the_table() -> None:
    assert set(EXPECTED) == {*OUTCOMES, "DMPSomethingNew"}


def test_each_outcome_has_a_french_text() -> None:
    assert {one.code for one in (*OUTCOMES.values(), *FAULTS.values())} <= set(CATALOGUE)


FAULT_CODES: dict[str, tuple[tuple[str, ...], str, bool]] = {
    "wrong card key": (("Sender", "DMPInvalidCertificate"), "dmp.certificate_refused", False),
    "blocked by rights": (("Sender", "DMPAccessDeniedByRightsService"), "dmp.access_denied", False),
    "VIHF refused": (("Sender", "FailedAuthentication"), "dmp.authentication_refused", False),
    "signature refused": (("Sender", "InvalidSecurity"), "dmp.authentication_refused", False),
    "header": (("Sender", "InvalidAddressingHeader", "InvalidCardinality"), "dmp.message_refused", False),
    "SOAP 1.1": (("VersionMismatch",), "dmp.message_refused", False),
    "not understood": (("MustUnderstand",), "dmp.message_refused", False),
    "down": (("Receiver",), "dmp.unavailable", True),
    "down behind": (("Receiver", "EndpointUnavailable"), "dmp.unavailable", True),
    "busy in a fault": (("Receiver", "XDSRepositoryBusy"), "dmp.busy", True),
    "unknown": (("Sender", "Whatever"), "dmp.refused", False),
}


@pytest.mark.parametrize(("codes", "expected", "retryable"), FAULT_CODES.values(), ids=FAULT_CODES)
def test_each_fault_has_its_outcome(codes: tuple[str, ...], expected: str, retryable: bool) -> None:
    with pytest.raises(SegurError) as caught:
        refuse_fault(body(fault(*codes)))
    assert (caught.value.code, caught.value.retryable) == (expected, retryable)


def test_answer_that_is_no_fault_passes() -> None:
    refuse_fault(body(registry()))


def test_success_is_success_and_warnings_are_told() -> None:
    assert read_registry(body(registry())) == ()
    warned = body(registry("XDSExtraMetadataNotSaved", status=SUCCESS, severity="Warning"))
    assert read_registry(warned) == ("XDSExtraMetadataNotSaved",)


def test_partial_success_and_a_failure_without_codes_are_refusals() -> None:
    partial = FAILURE.replace("Failure", "PartialSuccess")
    for answer in (registry("XDSRegistryBusy", status=partial), registry("X", status=FAILURE, severity="Warning")):
        with pytest.raises(SegurError):
            read_registry(body(answer))


def test_the_first_code_that_is_known_counts() -> None:
    assert error_of(["DMPNew", "XDSRegistryBusy", "DMPClosed"]).code == "dmp.busy"
    assert error_of(["Sender", "DMPClosed"]).code == "dmp.closed"
    assert error_of([]).facts == {}


@given(text=st.text(max_size=100))
def test_what_is_no_code_goes_nowhere(text: str) -> None:
    shown = str(error_of([f"{text}{MATRICULE}", f"{MATRICULE}{text}", f"PAT-TROIS {text}"]))
    assert MATRICULE not in shown
    assert "PAT-TROIS " not in shown


RECORDS: dict[str, tuple[Callable[[str], Any], RecordState]] = {
    "open": (existence(), RecordState.OPEN),
    "closed": (existence("terminated"), RecordState.CLOSED),
    "closed, said by a code": (existence(acknowledged="AE", detail="DMPClosed"), RecordState.CLOSED),
    "open, said by a code": (existence(detail="DMPFound"), RecordState.OPEN),
    "none": (existence(query="NF"), RecordState.NONE),
}


@pytest.mark.parametrize(("answer", "expected"), RECORDS.values(), ids=RECORDS)
def test_record_is_open_closed_or_none(answer: Callable[[str], Any], expected: RecordState) -> None:
    assert read_existence(body(answer)) is expected


def test_closed_and_missing_records_have_their_own_texts() -> None:
    assert [refusal_of(one).code for one in (RecordState.CLOSED, RecordState.NONE)] == ["dmp.closed", "dmp.no_record"]
    assert not any(refusal_of(one).retryable for one in RecordState)


@pytest.mark.parametrize("acknowledged", ["AE", "AR"])
def test_question_that_is_not_taken_is_a_refusal(acknowledged: str) -> None:
    with pytest.raises(SegurError, match=r"dmp\.access_denied"):
        read_existence(body(existence(acknowledged=acknowledged, detail="DMPAccessDeniedByRightsService")))


def test_entries_are_references_or_metadata() -> None:
    uuid = "urn:uuid:00000000-0000-4000-8000-000000000002"
    archived = f'<ExtrinsicObject id="{uuid}" status="urn:asip:ci-sis:2010:StatusType:Archived"/>'
    first, second = read_entries(body(found(reference(1), archived, "<Association id='x'/>")))
    assert first == Entry("urn:uuid:00000000-0000-4000-8000-000000000001")
    assert second == Entry(uuid, EntryStatus.ARCHIVED)
    assert read_entries(body(found())) == ()


NOT_READ: dict[str, tuple[Callable[[etree._Element], object], Callable[[str], Any], str]] = {
    "registry of another kind": (read_registry, found(), "element"),
    "registry without status": (
        read_registry,
        answering('<RegistryResponse xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"/>'),
        "status",
    ),
    "too many errors": (read_registry, registry(*["XDSRegistryError"] * 51), "errors"),
    "entries of another kind": (read_entries, registry(), "element"),
    "entries without list": (
        read_entries,
        answering(f'<AdhocQueryResponse xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" status="{SUCCESS}"/>'),
        "list",
    ),
    "entry without uuid": (read_entries, found('<ObjectRef id="1.2.3"/>'), "entry"),
    "entry with more than a uuid": (read_entries, found(f'<ObjectRef id="urn:uuid:{"0" * 90}"/>'), "entry"),
    "existence of another kind": (read_existence, registry(), "element"),
    "existence without status": (read_existence, existence("nullified"), "status"),
    "existence without query response": (read_existence, existence(query="QE"), "query_response"),
    "existence twice": (
        read_existence,
        answering(
            '<PRPA_IN201308UV02 xmlns="urn:hl7-org:v3"><acknowledgement typeCode="AA"/><acknowledgement typeCode="AE"/>'
            "</PRPA_IN201308UV02>"
        ),
        "repeated",
    ),
}


@pytest.mark.parametrize(("read", "answer", "reason"), NOT_READ.values(), ids=NOT_READ)
def test_contradictory_answers_are_no_answer(
    read: Callable[[etree._Element], object], answer: Callable[[str], Any], reason: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        read(body(answer))
    assert (caught.value.code, caught.value.facts["reason"]) == ("dmp.answer_unreadable", reason)
    assert caught.value.maybe_processed


SOAP = "http://www.w3.org/2003/05/soap-envelope"
ENVELOPES: dict[str, tuple[bytes, str]] = {
    "not XML": (b"<html>", "malformed"),
    "entities": (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "doctype"),
    "entities of entities": (
        b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
        + b"]><a>&j;</a>",
        "malformed",
    ),
    "a hundred thousand levels": (b"<a>" * 100_000, "malformed"),
    "five megabytes": (b"<a>" + b" " * 5_000_000 + b"</a>", "too_large"),
    "another encoding than it says": (b"<?xml version='1.0' encoding='UTF-16'?><a/>", "malformed"),
    "deep": (b"<a>" * 70 + b"</a>" * 70, "too_deep"),
    "SOAP 1.1": (b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>', "envelope"),
    "no body": (f'<e:Envelope xmlns:e="{SOAP}"/>'.encode(), "body"),
    "two bodies": (
        f'<e:Envelope xmlns:e="{SOAP}"><e:Body><a/></e:Body><e:Body><b/></e:Body></e:Envelope>'.encode(),
        "body",
    ),
    "empty body": (f'<e:Envelope xmlns:e="{SOAP}"><e:Body/></e:Envelope>'.encode(), "body"),
    "two answers": (f'<e:Envelope xmlns:e="{SOAP}"><e:Body><a/><b/></e:Body></e:Envelope>'.encode(), "body"),
    "answer to another question": (registry()("urn:uuid:other").body, "relates_to"),
    "answer to nothing": (f'<e:Envelope xmlns:e="{SOAP}"><e:Body><a/></e:Body></e:Envelope>'.encode(), "relates_to"),
    "fault of another question": (fault("Receiver")("urn:uuid:other").body, "relates_to"),
}


@pytest.mark.parametrize(("data", "reason"), ENVELOPES.values(), ids=ENVELOPES)
def test_envelopes_that_are_not_the_answer_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ServiceError) as caught:
        read_envelope(data, ID)
    assert (caught.value.code, caught.value.facts["reason"]) == ("dmp.answer_unreadable", reason)
    assert (caught.value.retryable, caught.value.maybe_processed) == (True, True)


def test_fault_of_something_that_knows_no_addressing_is_read() -> None:
    data = f'<e:Envelope xmlns:e="{SOAP}"><e:Body><e:Fault/></e:Body></e:Envelope>'.encode()
    assert read_envelope(data, ID).tag == f"{{{SOAP}}}Fault"
