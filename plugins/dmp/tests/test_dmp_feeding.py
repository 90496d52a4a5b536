"""A prepared document is sent as it was prepared, to the record of whom it is about."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from lxml import etree

from plugins.dmp.tests.feeding_steps import BEFORE, PLUGIN, RIM, associations, attempt, files, prepared
from plugins.dmp.tests.scripted_dmp import (
    MATRICULE,
    NOW,
    Context,
    draft,
    existence,
    found,
    identity,
    reference,
    registry,
)
from segur_sdk.errors import IdentityError, InputError, ServiceError
from segur_sdk.formats.cda.reading import read_cda
from segur_sdk.models.document import Visibility
from segur_sdk.models.identity import InsStatus, MatriculeIns

MakeContext = Callable[..., Context]


def test_every_include_names_a_part_and_every_document_an_entry(make_ctx: MakeContext) -> None:
    ctx = make_ctx(registry(), existence_test="never")
    PLUGIN.attempt_send(attempt(prepared(ctx)), ctx)
    (sent,) = ctx.sent
    root = sent.root
    included = {
        str(one.get("id")): (one[0].get("href") or "").removeprefix("cid:")
        for one in root.iter("{urn:ihe:iti:xds-b:2007}Document")
    }
    assert list(included) == [one.get("id") for one in root.iter(f"{RIM}ExtrinsicObject")]
    assert set(included.values()) == set(sent.received.attachments)
    assert (sent.purpose, sent.path) == ("dmp", "/DocumentRepository_Service")


def test_addressing_is_complete_and_the_assertion_stands_alone_in_its_header(make_ctx: MakeContext) -> None:
    ctx = make_ctx(existence(), registry())
    PLUGIN.attempt_send(attempt(prepared(ctx)), ctx)
    assert [one.path for one in ctx.sent] == ["/patient", "/DocumentRepository_Service"]
    for sent, action in zip(
        ctx.sent,
        ("urn:hl7-org:v3:PRPA_IN201307UV02", "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"),
        strict=True,
    ):
        header = sent.root[0]
        said = {etree.QName(one).localname: one for one in header}
        assert list(said) == ["Action", "MessageID", "ReplyTo", "To", "Security"]
        assert said["Action"].text == action
        assert f'action="{action}"' in sent.headers["Content-Type"]
        understood = "{http://www.w3.org/2003/05/soap-envelope}mustUnderstand"
        assert [name for name, one in said.items() if one.get(understood) == "true"] == ["Action", "ReplyTo"]
        assert [etree.QName(one).localname for one in said["Security"]] == ["Assertion"]
    assert len({one.message_id for one in ctx.sent}) == 2


def test_question_of_existence_names_the_patient_and_nothing_else_of_him(make_ctx: MakeContext) -> None:
    ctx = make_ctx(existence(), registry())
    PLUGIN.attempt_send(attempt(prepared(ctx)), ctx)
    (question,) = ctx.sent[0].root[1]
    hl7 = "{urn:hl7-org:v3}"
    assert [etree.QName(one).localname for one in question] == [
        "id",
        "creationTime",
        "interactionId",
        "processingCode",
        "processingModeCode",
        "acceptAckCode",
        "receiver",
        "sender",
        "attentionLine",
        "controlActProcess",
    ]
    value = question.find(f".//{hl7}patientIdentifier/{hl7}value")
    assert value is not None
    assert dict(value.attrib) == {"root": "1.2.250.1.213.1.4.10", "extension": MATRICULE}
    assert b"PAT-TROIS" not in etree.tostring(question)


def test_lot_brings_document_and_signature_and_the_signature_signs_the_lot(make_ctx: MakeContext) -> None:
    ctx = make_ctx()
    shown = files(ctx, prepared(ctx))
    assert associations(shown["metadata.xml"]) == [
        ("HasMember", "SubmissionSet01", "Document01"),
        ("HasMember", "SubmissionSet01", "Signature01"),
        ("signs", "Signature01", "SubmissionSet01"),
    ]


def test_replacement_asks_for_the_registry_s_own_name_of_the_version_before(make_ctx: MakeContext) -> None:
    given = draft(replaces=BEFORE)
    ctx = make_ctx(existence(), found(reference(7)), registry())
    sent = PLUGIN.attempt_send(attempt(prepared(ctx, given), given), ctx)
    query = ctx.sent[1].root
    assert "('2.25.11')" in "".join(query.itertext())
    assert "ObjectRef" in {one.get("returnType") for one in query.iter()}
    assert associations(etree.tostring(ctx.sent[2].root))[-1] == (
        "RPLC",
        "Document01",
        "urn:uuid:00000000-0000-4000-8000-000000000007",
    )
    assert sent.references["document"] != "2.25.11"


def test_with_metadata_the_version_that_counts_is_the_current_one(make_ctx: MakeContext) -> None:
    given = draft(replaces=BEFORE)
    both = [
        f'<ExtrinsicObject id="urn:uuid:{name}" status="urn:oasis:names:tc:ebxml-regrep:StatusType:{status}"/>'
        for name, status in (("old", "Deprecated"), ("now", "Approved"))
    ]
    ctx = make_ctx(
        existence(), found(*both), registry(), reference_return="LeafClass", reference_query="find_documents"
    )
    PLUGIN.attempt_send(attempt(prepared(ctx, given), given), ctx)
    assert associations(etree.tostring(ctx.sent[2].root))[-1][2] == "urn:uuid:now"
    assert f"'{MATRICULE}^^^&1.2.250.1.213.1.4.10&ISO^NH'" in "".join(ctx.sent[1].root.itertext())


def test_version_that_the_registry_does_not_know_is_not_replaced(make_ctx: MakeContext) -> None:
    given = draft(replaces=BEFORE)
    ctx = make_ctx(existence(), found())
    with pytest.raises(ServiceError) as caught:
        PLUGIN.attempt_send(attempt(prepared(ctx, given), given), ctx)
    assert (caught.value.code, caught.value.maybe_processed) == ("dmp.document_unknown", False)


def test_several_references_to_the_version_before_are_no_doubt_about_the_new_one(make_ctx: MakeContext) -> None:
    given = draft(replaces=BEFORE)
    ctx = make_ctx(existence(), found(reference(7), reference(8)))
    with pytest.raises(ServiceError) as caught:
        PLUGIN.attempt_send(attempt(prepared(ctx, given), given), ctx)
    told = caught.value
    assert (told.code, told.retryable, told.maybe_processed) == ("dmp.answer_unreadable", True, False)


@pytest.mark.req("SC.DMP/CONF.11")
def test_sent_tells_by_what_the_document_is_found_again(make_ctx: MakeContext) -> None:
    ctx = make_ctx(existence(), registry())
    made = prepared(ctx)
    sent = PLUGIN.attempt_send(attempt(made), ctx)
    assert (sent.effect_id, sent.at, sent.warnings) == (made.effect_id, NOW, ())
    header = read_cda(made.parts[0].data)
    assert header.set_id is not None
    assert sent.references == {
        "set": made.effect_id,
        "document": header.id.root,
        "document_set": header.set_id.root,
        "version": "1",
    }


def test_remarks_of_the_service_are_told(make_ctx: MakeContext) -> None:
    taken = registry(
        "XDSExtraMetadataNotSaved",
        status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success",
        severity="Warning",
    )
    ctx = make_ctx(existence(), taken)
    sent = PLUGIN.attempt_send(attempt(prepared(ctx)), ctx)
    assert [one.code for one in sent.warnings] == ["dmp.taken_with_warnings"]


def test_what_is_sent_again_is_what_was_sent(make_ctx: MakeContext) -> None:
    ctx = make_ctx(registry(), registry(), existence_test="never")
    made = prepared(ctx)
    PLUGIN.attempt_send(attempt(made), ctx)
    ctx.clock.moment = NOW.replace(day=9)
    PLUGIN.attempt_send(attempt(made, number=2), ctx)
    first, second = ctx.sent
    assert dict(first.received.attachments) == dict(second.received.attachments)
    bodies = [etree.tostring(one.root[1], method="c14n") for one in ctx.sent]
    assert bodies[0] == bodies[1]
    assert first.message_id != second.message_id


@pytest.mark.parametrize(
    ("answer", "code"),
    [(existence("terminated"), "dmp.closed"), (existence(query="NF"), "dmp.no_record")],
    ids=["closed", "none"],
)
def test_nothing_is_sent_to_a_record_that_is_not_open(make_ctx: MakeContext, answer: Any, code: str) -> None:
    ctx = make_ctx(answer)
    with pytest.raises(ServiceError) as caught:
        PLUGIN.attempt_send(attempt(prepared(ctx)), ctx)
    assert (caught.value.code, caught.value.retryable, caught.value.maybe_processed) == (code, False, False)
    assert len(ctx.sent) == 1


CHANGED: dict[str, dict[str, Any]] = {
    "birth name": {"nom_naissance": "ADRUN"},
    "first given name": {"premier_prenom": "ZOE", "prenoms_naissance": ("ZOE",)},
    "date of birth": {"date_naissance": date(1979, 3, 29)},
    "matricule": {"matricule": MatriculeIns(value="275126322074974", oid="1.2.250.1.213.1.4.10")},
    "authority": {"matricule": MatriculeIns(value=MATRICULE, oid="1.2.250.1.213.1.4.8")},
}


@pytest.mark.parametrize("changes", CHANGED.values(), ids=CHANGED)
@pytest.mark.req("SC.INS/va1.59")
def test_document_never_leaves_under_a_name_that_is_no_longer_the_patient_s(
    make_ctx: MakeContext, changes: dict[str, Any]
) -> None:
    ctx = make_ctx()
    made = prepared(ctx)
    now = draft(identity=identity(**changes, revision=2))
    with pytest.raises(IdentityError, match=r"dmp\.patient_changed"):
        PLUGIN.attempt_send(attempt(made, now), ctx)
    assert ctx.sent == []


def test_identity_that_lost_its_status_never_leaves_and_one_that_was_only_touched_does(make_ctx: MakeContext) -> None:
    ctx = make_ctx(existence(), registry())
    made = prepared(ctx)
    with pytest.raises(IdentityError, match="not_qualified"):
        PLUGIN.attempt_send(attempt(made, draft(identity=identity(status=InsStatus.RECUPEREE, revision=2))), ctx)
    assert ctx.sent == []
    assert PLUGIN.attempt_send(attempt(made, draft(identity=identity(revision=3))), ctx).effect_id == made.effect_id


def test_secrecy_of_a_minor_reaches_metadata_and_assertion(make_ctx: MakeContext) -> None:
    young = identity(date_naissance=date(2015, 3, 28))
    given = draft(identity=young, confidentiality=frozenset({Visibility.INVISIBLE_REPRESENTANTS_LEGAUX}))
    ctx = make_ctx()
    shown = files(ctx, prepared(ctx, given), given)
    assert b"INVISIBLE_REPRESENTANTS_LEGAUX" in shown["metadata.xml"]
    assert b"INVISIBLE_REPRESENTANTS_LEGAUX^1.2.250.1.213.1.1.4.13" in shown["vihf.xml"]


def test_prepared_send_that_lost_a_part_is_refused(make_ctx: MakeContext) -> None:
    ctx = make_ctx()
    made = prepared(ctx)
    other = made.model_copy(update={"parts": (made.parts[0].model_copy(update={"name": "other.xml"}),)})
    with pytest.raises(InputError, match=r"dmp\.part_missing"):
        PLUGIN.attempt_send(attempt(other), ctx)
