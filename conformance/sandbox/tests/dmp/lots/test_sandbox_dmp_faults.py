"""What a tester may ask of the DMP: every published error, answers out of shape, broken transport, other answers."""

import json
from typing import Any

import pytest

from segur_sandbox.dmp.variants import DMP_VARIANTS, REGISTRY_ERRORS, SOAP_FAULTS

WSA = "{http://www.w3.org/2005/08/addressing}"


@pytest.mark.parametrize("variant", [*REGISTRY_ERRORS, *SOAP_FAULTS])
def test_dmp_every_published_error_can_be_had(dmp: Any, variant: str) -> None:
    lot = dmp.lot()
    dmp.fault("wrong_answer", variant=variant, count=1)
    answer = dmp.feed(lot)
    assert answer.said.partition("|")[0] == (f"soap:{variant}" if variant in SOAP_FAULTS else variant)
    assert dmp.counts(lot.document_id) == (0, 0)


def test_dmp_an_error_is_for_the_transaction_it_is_asked_for(dmp: Any) -> None:
    dmp.fault("wrong_answer", variant="XDSRegistryBusy", operation="TD3.1")
    assert dmp.feed(dmp.lot()).said == "Success"
    question = dmp.query("urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4", {"$XDSDocumentEntryUniqueId": "('1.2')"})
    assert dmp.ask("search", question).said.startswith("XDSRegistryBusy|")
    assert dmp.control("DELETE", "/faults")[0] == 200
    assert dmp.ask("search", question).said == "Success"


def test_dmp_answers_out_of_shape_come_after_their_effect(dmp: Any) -> None:
    def answer(variant: str) -> Any:
        lot = dmp.lot()
        dmp.fault("wrong_answer", variant=variant, count=1)
        found = dmp.feed(lot)
        assert dmp.counts(lot.document_id) == (1, 1), variant
        return found

    assert answer("wrong_relates_to").xml.findtext(f".//{WSA}RelatesTo").startswith("urn:uuid:0000")
    assert answer("no_relates_to").xml.findtext(f".//{WSA}RelatesTo") is None
    assert answer("wrong_action").xml.findtext(f".//{WSA}Action") == "urn:ihe:iti:2007:RetrieveDocumentSetResponse"
    assert answer("plain_answer").multipart is False
    assert b"--autre-" not in answer("wrong_boundary").body
    assert len(answer("empty_body").xml.find("{*}Body")) == 0
    warned = answer("warning").xml
    (error,) = warned.iter("{*}RegistryError")
    assert error.get("severity").endswith(":Warning")
    assert next(warned.iter("{*}RegistryResponse")).get("status").endswith(":Success")


def test_dmp_a_cut_answer_has_no_end(dmp: Any) -> None:
    lot = dmp.lot()
    body, parts = lot.body()
    _, action = dmp.actions["feed"]
    message = dmp.multipart(dmp.envelope(action, dmp.signed_vihf(dmp.sign), body), parts, action)
    dmp.fault("wrong_answer", variant="truncated_mime", count=1)
    cut = dmp.raw("DocumentRepository_Service", *message)
    assert (cut.rstrip().endswith(b"--"), b"bac-a-sable" in cut) == (False, True)
    assert dmp.counts(lot.document_id) == (1, 1)
    dmp.fault("wrong_answer", variant="oversize", count=1)
    assert len(dmp.raw("DocumentRepository_Service", *message)) > 50_000_000


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        pytest.param("error5xx", 503, id="error5xx"),
        pytest.param("reset", 0, id="reset"),
        pytest.param("refuse", 0, id="refuse"),
        pytest.param("expired_certificate", 0, id="expired-certificate"),
    ],
)
def test_dmp_broken_transport_takes_no_effect(dmp: Any, fault: str, status: int) -> None:
    lot = dmp.lot()
    dmp.fault(fault, count=1)
    body, parts = lot.body()
    _, action = dmp.actions["feed"]
    header, content = dmp.multipart(dmp.envelope(action, dmp.signed_vihf(dmp.sign), body), parts, action)
    assert dmp.status("DocumentRepository_Service", header, content) == status
    assert dmp.counts(lot.document_id) == (0, 0)
    assert dmp.feed(lot).said == "Success"


def test_dmp_variants_are_those_of_the_service(dmp: Any) -> None:
    order = {"service": "dmp", "fault": "wrong_answer", "variant": "other_person"}
    assert dmp.control("POST", "/faults", order)[0] == 400
    assert len(set(DMP_VARIANTS)) == len(DMP_VARIANTS)


def test_dmp_replayed_answer_comes_byte_for_byte(dmp: Any) -> None:
    body = "<a>é</a>"
    assert dmp.control("POST", "/replay", {"service": "dmp", "body": body})[0] == 200
    answer = dmp.ask("exists", dmp.existence())
    assert answer.body == body.encode()
    _, exchanges = dmp.control("GET", "/exchanges?service=dmp")
    assert [one["injected"] for one in exchanges] == [True]


def test_dmp_exchanges_are_journalled(dmp: Any) -> None:
    dmp.feed(dmp.lot())
    dmp.ask("exists", "<q/>")
    dmp.patient(status="closed")
    dmp.feed(dmp.lot())
    _, exchanges = dmp.control("GET", "/exchanges?service=dmp")
    assert [one["operation"] for one in exchanges] == ["TD2.1", "TD0.2", "TD2.1"]
    # Of a closed record a correct client hears too.
    assert [one["unexpected"] for one in exchanges] == [False, True, False]
    assert exchanges[0]["client"]["cn"] == "LGO DU BAC A SABLE"
    assert "ProvideAndRegisterDocumentSetRequest" in exchanges[0]["request"]["body"]


def test_dmp_reset_forgets_everything(dmp: Any) -> None:
    lot = dmp.lot()
    dmp.feed(lot)
    dmp.patient(status="closed")
    dmp.settings(duplicates="refuse")
    assert dmp.control("POST", "/reset")[0] == 200
    state = dmp.state()
    assert (state["entries"], state["lots"], state["audit"]) == ([], {}, [])
    assert state["settings"]["duplicates"] == "idempotent"
    assert dmp.feed(lot).said == "Success"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/dmp/patients", {"ins": "1"}, id="ins"),
        pytest.param("/dmp/patients", {"ins": "279035121518989", "status": "lost"}, id="status"),
        pytest.param("/dmp/settings", {"duplicates": "often"}, id="setting"),
        pytest.param("/dmp/settings", {"unknown": 1}, id="unknown-setting"),
        pytest.param("/dmp/settings", [], id="form"),
    ],
)
def test_dmp_control_refuses_what_it_does_not_know(dmp: Any, path: str, body: object) -> None:
    assert dmp.control("POST", path, json.dumps(body).encode())[0] == 400


def test_dmp_unknown_document_is_not_shown(dmp: Any) -> None:
    assert dmp.control("GET", "/dmp/document?unique_id=1.2")[0] == 400
