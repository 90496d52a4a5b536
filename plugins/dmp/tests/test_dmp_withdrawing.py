"""One's own document is withdrawn: TD3.3c."""

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from plugins.dmp.tests.feeding_steps import BEFORE, PLUGIN, RIM, associations, attempt, files, prepared
from plugins.dmp.tests.scripted_dmp import (
    Context,
    draft,
    found,
    reference,
    registry,
)
from segur_sdk.errors import InputError, ServiceError
from segur_sdk.senders import Found

MakeContext = Callable[..., Context]


def status_of(name: str) -> str:
    status = {"Deleted": "urn:asip:ci-sis:2010:StatusType:Deleted"}.get(
        name, f"urn:oasis:names:tc:ebxml-regrep:StatusType:{name}"
    )
    return f'<ExtrinsicObject id="urn:uuid:3" status="{status}"/>'


def test_withdrawal_changes_the_status_of_the_one_entry(make_ctx: MakeContext) -> None:
    given = draft(replaces=BEFORE)
    ctx = make_ctx(found(reference(4)), registry())
    made = prepared(ctx, given, "dmp-delete")
    sent = PLUGIN.attempt_send(attempt(made, given), ctx)
    assert [one.path for one in ctx.sent] == ["/DocumentRegistry_Service"] * 2
    request = ctx.sent[1].root
    assert associations(etree.tostring(request)) == [
        ("UpdateAvailabilityStatus", "SubmissionSet01", "urn:uuid:00000000-0000-4000-8000-000000000004")
    ]
    slots = [
        (one.get("name"), "".join(one.itertext()).rpartition(":")[2])
        for one in request.find(f".//{RIM}Association").iter(f"{RIM}Slot")  # type: ignore[union-attr]
    ]
    assert slots == [("OriginalStatus", "Approved"), ("NewStatus", "Deleted")]
    assert (sent.effect_id, sent.references["document"]) == (made.facts["set"], "2.25.11")
    assert made.deduplicated


def test_withdrawal_names_its_document(make_ctx: MakeContext) -> None:
    with pytest.raises(InputError, match=r"dmp\.target_missing"):
        prepared(make_ctx(), kind="dmp-delete")


def test_withdrawal_is_rehearsed_too(make_ctx: MakeContext) -> None:
    given = draft(replaces=BEFORE)
    ctx = make_ctx()
    shown = files(ctx, prepared(ctx, given, "dmp-delete"), given)
    assert set(shown) == {"metadata.xml", "vihf.xml", "message.mime"}
    assert associations(shown["metadata.xml"])[0][2] == "urn:oid:2.25.11"


def test_document_that_is_no_longer_shown_was_withdrawn_before(make_ctx: MakeContext) -> None:
    given = draft(replaces=BEFORE)
    ctx = make_ctx(found(), found())
    made = prepared(ctx, given, "dmp-delete")
    assert PLUGIN.attempt_send(attempt(made, given, number=2), ctx).effect_id == made.effect_id
    with pytest.raises(ServiceError, match=r"dmp\.document_unknown"):
        PLUGIN.attempt_send(attempt(made, given, number=1), ctx)


def test_withdrawal_that_an_attempt_before_carried_out_is_done(make_ctx: MakeContext) -> None:
    given = draft(replaces=BEFORE)
    refused = registry("XDSDuplicateUniqueIdInRegistry")
    ctx = make_ctx(found(reference()), refused, found(reference()), refused)
    made = prepared(ctx, given, "dmp-delete")
    assert PLUGIN.attempt_send(attempt(made, given, number=2), ctx).effect_id == made.effect_id
    with pytest.raises(ServiceError, match=r"dmp\.already_there"):
        PLUGIN.attempt_send(attempt(made, given, number=1), ctx)


DELETED: dict[str, tuple[Any, Found]] = {
    "no longer shown": (found(), Found.DONE),
    "shown as deleted": (found(status_of("Deleted")), Found.DONE),
    "still there": (found(status_of("Approved")), Found.NOT_DONE),
    "only a reference": (found(reference()), Found.UNKNOWN),
}


@pytest.mark.parametrize(("answer", "expected"), DELETED.values(), ids=DELETED)
def test_what_became_of_a_withdrawal_is_found_out(make_ctx: MakeContext, answer: Any, expected: Found) -> None:
    given = draft(replaces=BEFORE)
    ctx = make_ctx(answer)
    assert PLUGIN.find_out(attempt(prepared(ctx, given, "dmp-delete"), given), ctx).found is expected
