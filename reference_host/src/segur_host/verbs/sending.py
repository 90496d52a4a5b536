"""What is sent of a patient: let in, listed, tried again, taken back."""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import Field, TypeAdapter

from segur_host.host import Host
from segur_host.outbox.dry_run import write_parts
from segur_host.outbox.intents import Intent, Standing
from segur_host.outbox.kinds import FEEDING, WITHDRAWING
from segur_host.outbox.outbox import Receipt
from segur_host.verbs.asked import Asked, InSession, Nothing
from segur_sdk.errors import InputError, PluginError
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.models.base import Inbound
from segur_sdk.models.notice import Notice, Question
from segur_sdk.privacy import Patient

MAX_DRAFT: Final = 30_000_000
"""Characters: the largest PDF that is sent, in base64, with all that goes with it."""
KINDS: Final = {"dmp": FEEDING, "dmp-delete": WITHDRAWING}
"""Kind of effect by the kind of draft that a file names."""
_KIND: Final = "kind"


class SendInput(InSession):
    """Arguments of ``sending.send``."""

    input: Patient[str] = Field(max_length=MAX_DRAFT)
    """JSON of a draft, with its ``kind``."""
    hold: bool = False
    key: str | None = Field(default=None, min_length=1, max_length=128)


class RehearseInput(InSession):
    """Arguments of ``sending.rehearse``."""

    input: Patient[str] = Field(max_length=MAX_DRAFT)
    out: str = Field(min_length=1, max_length=4096)
    """Folder, absolute, where what would go out is written."""


class IntentInput(InSession):
    """Arguments of verbs about one intent."""

    id: str = Field(min_length=1, max_length=36)


class ListInput(Inbound):
    """Arguments of ``outbox.list``."""

    settled: bool = False
    """What was sent, refused or taken back as well."""


def send(host: Host, given: SendInput, _asked: Asked) -> Any:
    """Pass the gate and let in what it does not block."""
    kind, draft = understood(given.input)
    with given.acting(host):
        return receipt_as_json(host.send(draft, kind=kind, idempotency_key=given.key, hold=given.hold))


def receipt_as_json(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as outsiders rely on it."""
    return {
        "id": receipt.intent.id if receipt.intent else None,
        "state": str(receipt.intent.state) if receipt.intent else None,
        "verdict": str(receipt.verdict),
        "reasons": _notices(receipt.reasons),
        "question": _question(receipt.question),
    }


def rehearse(host: Host, given: RehearseInput, _asked: Asked) -> Any:
    """Pass the gate and write what would go out; nothing is kept, nothing is sent."""
    kind, draft = understood(given.input)
    with given.acting(host):
        rehearsed = host.rehearse(draft, kind=kind)
    return {
        "verdict": str(rehearsed.decision.verdict),
        "reasons": _notices(rehearsed.decision.reasons),
        "question": _question(rehearsed.decision.question),
        "files": write_parts(Path(given.out), rehearsed.parts),
    }


def list_intents(host: Host, given: ListInput, _asked: Asked) -> Any:
    """Return what was let in and is not settled, oldest first."""
    return [row_as_json(one) for one in host.outbox.standings(settled=given.settled)]


def show_intent(host: Host, given: IntentInput, _asked: Asked) -> Any:
    """Return all about one intent but what it sends."""
    return intent_as_json(host.outbox.show(given.id))


def retry_intent(host: Host, given: IntentInput, _asked: Asked) -> Any:
    """Have one sent as soon as it can be."""
    with given.acting(host):
        return intent_as_json(host.retry(given.id))


def cancel_intent(host: Host, given: IntentInput, _asked: Asked) -> Any:
    """Take one back."""
    with given.acting(host):
        return intent_as_json(host.cancel(given.id))


def run_outbox(host: Host, _given: Nothing, _asked: Asked) -> Any:
    """Take everything that is due as far as it can go now."""
    return {"steps": host.outbox.run()}


def understood(text: str) -> tuple[str, str]:
    """Return the kind of effect that a file asks for, and its draft in JSON.

    Raises:
        InputError: ``input.json``, ``input.send``.
        PluginError: ``plugin.sender_missing``: nothing sends drafts of that kind yet.
    """
    found: Any
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        # The exception of a failed decoding holds the document: it must not become the context of an error.
        found = None
    if not isinstance(found, dict):
        raise InputError("input.json", reason="not_an_object")
    named = found.pop(_KIND, None)
    if not isinstance(named, str) or named not in {*KINDS, "message"}:
        raise InputError("input.send", fields=_KIND)
    if named not in KINDS:
        raise PluginError("plugin.sender_missing", kind=named)
    if not found.keys() <= DmpDraft.model_fields.keys():
        # Events of a newer host may hold more; of what a person or a program writes, nothing is passed over.
        raise InputError("input.send", model=DmpDraft.__name__, fields="?:extra_forbidden")
    return KINDS[named], json.dumps(found)


def row_as_json(one: Standing | Intent) -> dict[str, Any]:
    """Return where an intent stands as outsiders rely on it, and every reason as users read it."""
    return {
        "id": one.id,
        "kind": one.kind,
        "state": str(one.state),
        "attempts": one.attempts,
        "next_attempt": one.next_attempt.isoformat() if one.next_attempt else None,
        "reason": one.reasons[0].code if one.reasons else None,
        "reasons": _notices(one.reasons),
    }


def intent_as_json(intent: Intent) -> dict[str, Any]:
    """Return all about an intent but what it sends."""
    return {
        **row_as_json(intent),
        "plugin": intent.plugin,
        "identity_ref": intent.identity_ref,
        "actor": intent.actor.name,
        "key": intent.idempotency_key,
        "created_at": intent.created_at.isoformat(),
        "changed_at": intent.changed_at.isoformat(),
        "question": _question(intent.question),
        "effect": intent.prepared.effect_id if intent.prepared else None,
        "needs": intent.prepared.needs.model_dump(mode="json") if intent.prepared else None,
        "sent": intent.sent.model_dump(mode="json") if intent.sent else None,
    }


_NOTICES: Final = TypeAdapter(tuple[Notice, ...])


def _notices(notices: tuple[Notice, ...]) -> Any:
    return _NOTICES.dump_python(notices, mode="json")


def _question(question: Question | None) -> Any:
    return None if question is None else question.model_dump(mode="json")
