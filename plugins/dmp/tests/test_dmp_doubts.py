"""No document is taken for lost or sent without proof."""

from collections.abc import Callable
from typing import Any

import pytest

from plugins.dmp.tests.feeding_steps import PLUGIN, attempt, prepared
from plugins.dmp.tests.scripted_dmp import (
    Context,
    answering,
    existence,
    fault,
    found,
    reference,
    registry,
)
from segur_plugin_dmp import mtom
from segur_sdk.context import HttpReply
from segur_sdk.errors import ConfigError, SegurError, ServiceError
from segur_sdk.senders import Found

MakeContext = Callable[..., Context]


def test_lost_answer_of_a_question_leaves_nothing_in_doubt_and_that_of_a_feeding_does(make_ctx: MakeContext) -> None:
    for script, doubt in (([], False), ([existence()], True)):
        lost = ServiceError("service.answer_lost", retryable=True, maybe_processed=True)
        ctx = make_ctx(*script, lost)
        with pytest.raises(ServiceError) as caught:
            PLUGIN.attempt_send(attempt(prepared(ctx)), ctx)
        assert (caught.value.code, caught.value.maybe_processed) == ("service.answer_lost", doubt)


DUPLICATE = registry("XDSDuplicateUniqueIdInRegistry")
OTHER_HASH = registry("XDSNonIdenticalHash")
DEPRECATED = registry("XDSRegistryDeprecatedDocumentError")
DOWN = fault("Receiver")
ALREADY: dict[str, tuple[int, list[Any], str | None, bool | None]] = {
    "duplicate at a retry is stored": (2, [DUPLICATE], None, None),
    "duplicate at once is asked about: stored": (1, [DUPLICATE, found(reference())], None, None),
    "duplicate at once is asked about: not there": (1, [DUPLICATE, found()], "dmp.already_there", False),
    "duplicate at once, nobody knows": (1, [DUPLICATE, DOWN], "dmp.already_there", True),
    "other bytes, the document is there": (2, [OTHER_HASH, found(reference())], None, None),
    "other bytes, it is not there": (2, [OTHER_HASH, found()], "dmp.id_taken", False),
    "replaced, by this very version": (2, [DEPRECATED, found(reference())], None, None),
    "replaced, by another": (1, [DEPRECATED, found()], "dmp.replaced_already", False),
}


@pytest.mark.parametrize(("number", "script", "code", "doubt"), ALREADY.values(), ids=ALREADY)
def test_refusal_behind_which_the_document_is_there_is_found_out(
    make_ctx: MakeContext, number: int, script: list[Any], code: str | None, doubt: bool | None
) -> None:
    ctx = make_ctx(*script, existence_test="never")
    made = prepared(ctx)
    if code is None:
        sent = PLUGIN.attempt_send(attempt(made, number=number), ctx)
        assert sent.references["document"] == made.facts["document"]
    else:
        with pytest.raises(ServiceError) as caught:
            PLUGIN.attempt_send(attempt(made, number=number), ctx)
        assert (caught.value.code, caught.value.maybe_processed) == (code, doubt)
    assert ctx.service_of_dmp.script == []


STATUSES: dict[str, tuple[Any, type[SegurError], str, bool, bool]] = {
    "gateway": (HttpReply(status=502, headers={}, body=b"<html>"), ServiceError, "dmp.unavailable", True, True),
    "too many": (HttpReply(status=429, headers={}, body=b""), ServiceError, "dmp.unavailable", True, True),
    "too large": (HttpReply(status=413, headers={}, body=b""), ServiceError, "dmp.too_large", False, False),
    "not found": (HttpReply(status=404, headers={}, body=b"x"), ServiceError, "dmp.http_status", False, False),
    "broken MIME": (
        HttpReply(status=200, headers={"content-type": "multipart/related; boundary=b"}, body=b"--b\r\n"),
        ServiceError,
        "dmp.answer_unreadable",
        True,
        True,
    ),
    "broken MIME of a gateway": (
        HttpReply(status=503, headers={"content-type": "multipart/related; boundary=b"}, body=b"--b\r\n"),
        ServiceError,
        "dmp.unavailable",
        True,
        True,
    ),
    "nothing": (HttpReply(status=200, headers={}, body=b""), ServiceError, "dmp.answer_unreadable", True, True),
    "answer with another status": (registry(), ServiceError, "dmp.unavailable", True, True),
    "VIHF refused": (fault("Sender", "FailedAuthentication"), ConfigError, "dmp.authentication_refused", False, False),
    "another element": (answering("<x/>"), ServiceError, "dmp.answer_unreadable", True, True),
}


@pytest.mark.parametrize(("reply", "kind", "code", "retryable", "doubt"), STATUSES.values(), ids=STATUSES)
def test_each_way_to_fail_has_its_own_error(
    make_ctx: MakeContext, reply: Any, kind: type[SegurError], code: str, retryable: bool, doubt: bool
) -> None:
    if code == "dmp.unavailable" and callable(reply):
        answered = reply

        def reply(message_id: str) -> HttpReply:
            whole: HttpReply = answered(message_id)
            return whole.model_copy(update={"status": 500})

    ctx = make_ctx(reply, existence_test="never")
    with pytest.raises(kind) as caught:
        PLUGIN.attempt_send(attempt(prepared(ctx)), ctx)
    maybe = isinstance(caught.value, ServiceError) and caught.value.maybe_processed
    assert (caught.value.code, caught.value.retryable, maybe) == (code, retryable, doubt)


def test_answer_in_mime_is_read(make_ctx: MakeContext) -> None:
    def reply(message_id: str) -> HttpReply:
        plain = registry()(message_id)
        whole = mtom.write(plain.body, (), "urn:x")
        return HttpReply(status=200, headers={"content-type": whole.content_type}, body=whole.body)

    ctx = make_ctx(reply, existence_test="never")
    assert PLUGIN.attempt_send(attempt(prepared(ctx)), ctx).effect_id


def test_nothing_is_sent_when_no_time_is_left(make_ctx: MakeContext) -> None:
    ctx = make_ctx()
    made = prepared(ctx)
    ctx.deadline.seconds = 0
    with pytest.raises(ServiceError, match=r"service\.timed_out"):
        PLUGIN.attempt_send(attempt(made), ctx)
    assert ctx.sent == []


FOUND: dict[str, tuple[Any, Found]] = {
    "there": (found(reference(3)), Found.DONE),
    "not there": (found(), Found.NOT_DONE),
}


@pytest.mark.parametrize(("answer", "expected"), FOUND.values(), ids=FOUND)
def test_what_became_of_an_attempt_is_asked_by_the_identifier_it_was_given(
    make_ctx: MakeContext, answer: Any, expected: Found
) -> None:
    ctx = make_ctx(answer)
    made = prepared(ctx)
    out = PLUGIN.find_out(attempt(made), ctx)
    assert out.found is expected
    assert f"('{made.facts['document']}')" in "".join(ctx.sent[0].root.itertext())
    assert out.references.get("entry") == (
        "urn:uuid:00000000-0000-4000-8000-000000000003" if expected is Found.DONE else None
    )


def test_question_that_is_not_answered_proves_nothing(make_ctx: MakeContext) -> None:
    ctx = make_ctx(DOWN)
    with pytest.raises(ServiceError, match=r"dmp\.unavailable"):
        PLUGIN.find_out(attempt(prepared(ctx)), ctx)
