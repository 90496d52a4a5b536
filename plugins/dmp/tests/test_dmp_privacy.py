"""Canaries: nothing of a person shows in an error, a representation or the audit, whatever goes wrong."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from plugins.dmp.tests.scripted_dmp import (
    MATRICULE,
    Context,
    answering,
    draft,
    existence,
    fault,
    found,
    identity,
    reference,
    registry,
)
from segur_plugin_dmp.attempts import Attempt
from segur_plugin_dmp.exchange import compose
from segur_plugin_dmp.plugin import DmpPlugin
from segur_sdk.context import HttpReply
from segur_sdk.errors import SegurError, ServiceError
from segur_sdk.models.document import DocumentVersion
from segur_sdk.senders import SendAttempt, SendRequest

CANARIES = (MATRICULE, "PAT-TROIS", "DOMINIQUE", "19790328", "1979-03-28", "51215", "observance", "SECRET-1")
PLUGIN = DmpPlugin()
TELLTALE = f"<x>PAT-TROIS {MATRICULE} DOMINIQUE 1979-03-28</x>"
SCRIPTS: dict[str, list[Any]] = {
    "taken": [existence(), registry()],
    "closed": [existence("terminated")],
    "refused with the matricule in its text": [existence(), registry("XDSPatientIdDoesNotMatch")],
    "refused by a code that is the matricule": [existence(), registry(f"XDS{MATRICULE}")],
    "refused by a code that is a name": [existence(), registry("PAT-TROIS DOMINIQUE")],
    "fault that repeats the question": [existence(), fault("Sender", f"PAT-TROIS{MATRICULE}")],
    "answer that repeats the question": [existence(), answering(TELLTALE)],
    "broken answer": [existence(), HttpReply(status=200, headers={}, body=TELLTALE.encode()[:-5])],
    "broken MIME": [
        existence(),
        HttpReply(
            status=200,
            headers={"content-type": f'multipart/related; boundary="{MATRICULE}"'},
            body=TELLTALE.encode(),
        ),
    ],
    "no service": [ServiceError("service.unreachable", retryable=True)],
    "another element": [answering(TELLTALE)],
    "already there, nobody knows": [
        existence(),
        registry("XDSDuplicateUniqueIdInRegistry"),
        found(TELLTALE, reference()),
    ],
}


def shown(*things: object) -> str:
    return "".join(f"{thing!r}{thing!s}" for thing in things)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_nothing_of_the_patient_shows_whatever_the_dmp_answers(
    make_ctx: Callable[..., Context], script: list[Any]
) -> None:
    ctx = make_ctx(*script, approval_number="SECRET-1")
    made = PLUGIN.prepare_send(SendRequest(kind="dmp-feed", draft=draft()), ctx)
    told = shown(made, made.facts, made.needs)
    try:
        told += shown(PLUGIN.attempt_send(SendAttempt(prepared=made, draft=draft(), number=1), ctx))
    except SegurError as failure:
        told += shown(failure, failure.facts) + "".join(traceback.format_exception(failure))
    told += shown(ctx.audit.written)
    assert [canary for canary in CANARIES if canary in told] == []
    assert len(ctx.audit.written) == len(ctx.sent)
    assert {event for event, _ in ctx.audit.written} == {"exchange"}


def test_what_is_made_on_the_way_shows_nothing(make_ctx: Callable[..., Context]) -> None:
    ctx = make_ctx(approval_number="SECRET-1")
    made = PLUGIN.prepare_send(SendRequest(kind="dmp-feed", draft=draft()), ctx)
    given = SendAttempt(prepared=made, draft=draft(), number=1)
    attempt = Attempt.of(given, ctx)
    lot = attempt.lot(None)
    question = attempt.feeding(lot)
    message = compose(question, attempt.caller, ctx)
    withdrawal = attempt.deletion
    told = shown(attempt, lot, lot.attachments, question, question.about, message, message.multipart, withdrawal)
    told += shown(PLUGIN.rehearse_send(given, ctx), PLUGIN.before_dmp_send(draft(), ctx))
    assert [canary for canary in CANARIES if canary in told] == []


def test_what_is_frozen_beside_the_document_names_nobody(make_ctx: Callable[..., Context]) -> None:
    ctx = make_ctx()
    before = DocumentVersion(id="2.25.11", set_id="2.25.10")
    for kind in ("dmp-feed", "dmp-delete"):
        made = PLUGIN.prepare_send(SendRequest(kind=kind, draft=draft(replaces=before)), ctx)
        kept = f"{made.facts}{made.effect_id}{made.needs}{[one.name for one in made.parts]}"
        assert [canary for canary in CANARIES if canary in kept] == []


def test_refusing_an_identity_does_not_name_it(make_ctx: Callable[..., Context]) -> None:
    ctx = make_ctx()
    made = PLUGIN.prepare_send(SendRequest(kind="dmp-feed", draft=draft()), ctx)
    other = draft(identity=identity(nom_naissance="ADRUN"))
    with pytest.raises(SegurError) as caught:
        PLUGIN.attempt_send(SendAttempt(prepared=made, draft=other, number=1), ctx)
    told = shown(caught.value) + "".join(traceback.format_exception(caught.value))
    assert [canary for canary in (*CANARIES, "ADRUN ") if canary in told] == []
