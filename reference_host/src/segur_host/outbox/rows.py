"""Rows of intents: what each column holds, and the seal of what was frozen."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from pydantic import TypeAdapter

from segur_host.outbox import notices
from segur_host.outbox.intent import Intent, IntentState, Standing
from segur_host.storage.row_seal import RowSeal
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.models.actor import Actor, ActorKind, Structure
from segur_sdk.models.notice import Notice, Question
from segur_sdk.senders import PreparedSend, Sent

intents: Final = sa.Table(
    "intents",
    metadata,
    tenant_column(),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("idempotency_key", sa.String(128)),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("plugin", sa.String(40), nullable=False),
    sa.Column("identity_ref", sa.String(64), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt", sa.String(40)),
    sa.Column("reasons", sa.Text, nullable=False),
    sa.Column("question", sa.Text),
    sa.Column("draft", sa.Text, nullable=False),
    sa.Column("prepared", sa.Text),
    sa.Column("prepared_revision", sa.Integer),
    sa.Column("seen_revision", sa.Integer),
    sa.Column("seen_consent", sa.Integer, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("sent", sa.Text),
    sa.Column("created_at", sa.String(40), nullable=False),
    sa.Column("changed_at", sa.String(40), nullable=False),
    sa.Column("seal", sa.String(64), nullable=False),
    sa.UniqueConstraint("tenant", "idempotency_key", name="intent_once_per_key"),
    sa.Index("intents_by_state", "tenant", "state", "id"),
    sa.Index("intents_by_time", "tenant", "state", "next_attempt", "id"),
)
"""Ids grow from one to the next, whatever the clock says. ``seen_revision`` and ``seen_consent`` say what a held intent
was last judged by. The seal is of what is frozen: it does not follow where the intent stands."""

LIGHT: Final = tuple(
    intents.c[name] for name in ("id", "kind", "state", "attempts", "next_attempt", "reasons", "created_at")
)
"""Columns of a ``Standing``: documents can be large."""

_SEALED: Final = (
    "tenant",
    "id",
    "idempotency_key",
    "kind",
    "plugin",
    "identity_ref",
    "draft",
    "prepared",
    "prepared_revision",
    "actor",
    "created_at",
)
_ATTEMPTED: Final = frozenset({IntentState.SENDING, IntentState.IN_DOUBT, IntentState.SENT})
_NOTICES: Final = TypeAdapter(tuple[Notice, ...])
_UNKNOWN: Final = Actor(
    kind=ActorKind.AUTOMATON, name="inconnu", structure=Structure(name="inconnue"), workstation="inconnu"
)


def row_of(intent: Intent, tenant: str, seal: RowSeal) -> dict[str, object]:
    """Return the row that keeps an intent."""
    row: dict[str, Any] = {
        "tenant": tenant,
        "id": intent.id,
        "idempotency_key": intent.idempotency_key,
        "kind": intent.kind,
        "plugin": intent.plugin,
        "identity_ref": intent.identity_ref,
        "state": str(intent.state),
        "attempts": intent.attempts,
        "next_attempt": None if intent.next_attempt is None else intent.next_attempt.isoformat(),
        "reasons": reasons_text(intent.reasons),
        "question": None if intent.question is None else intent.question.model_dump_json(),
        "draft": intent.draft_json,
        "prepared": None if intent.prepared is None else intent.prepared.model_dump_json(),
        "prepared_revision": intent.prepared_revision,
        "seen_revision": intent.seen_revision,
        "seen_consent": intent.seen_consent,
        "actor": intent.actor.model_dump_json(),
        "sent": None if intent.sent is None else intent.sent.model_dump_json(),
        "created_at": intent.created_at.isoformat(),
        "changed_at": intent.changed_at.isoformat(),
    }
    return {**row, "seal": seal.of(*(row[name] for name in _SEALED))}


def intent_of(row: Any, seal: RowSeal) -> Intent:
    """Return the intent of a whole row; one that is not what was kept can be listed and taken back, never sent."""
    if seal.is_of(row.seal, *(getattr(row, name) for name in _SEALED)):
        # What is not under the seal may have been changed as well, or be of a version that is not understood here.
        with suppress(ValueError):
            return _intent(row)
    return Intent(
        id=row.id,
        idempotency_key=row.idempotency_key,
        kind=row.kind,
        plugin=row.plugin,
        identity_ref=row.identity_ref,
        state=_state(row.state),
        draft_json="",
        actor=_UNKNOWN,
        created_at=_moment(row.created_at),
        changed_at=_moment(row.changed_at),
        seen_revision=None,
        attempts=row.attempts,
        reasons=(notices.ALTERED,),
        is_altered=True,
    )


def standing_of(row: Any) -> Standing:
    """Return where an intent stands, of a row with the columns ``LIGHT``."""
    try:
        reasons = _NOTICES.validate_json(row.reasons)
        at = _maybe(datetime.fromisoformat, row.next_attempt)
    except ValueError:
        reasons, at = (notices.ALTERED,), None
    return Standing(row.id, row.kind, _state(row.state), row.attempts, at, reasons, _moment(row.created_at))


def reasons_text(reasons: tuple[Notice, ...]) -> str:
    """Return reasons as their column holds them."""
    return _NOTICES.dump_json(reasons).decode("utf-8")


def _intent(row: Any) -> Intent:
    state, prepared = IntentState(row.state), _maybe(PreparedSend.model_validate_json, row.prepared)
    if prepared is None and state in _ATTEMPTED:
        raise ValueError("an attempt of nothing")
    return Intent(
        id=row.id,
        idempotency_key=row.idempotency_key,
        kind=row.kind,
        plugin=row.plugin,
        identity_ref=row.identity_ref,
        state=state,
        attempts=row.attempts,
        next_attempt=_maybe(datetime.fromisoformat, row.next_attempt),
        reasons=_NOTICES.validate_json(row.reasons),
        question=_maybe(Question.model_validate_json, row.question),
        draft_json=row.draft,
        prepared=prepared,
        prepared_revision=row.prepared_revision,
        seen_revision=row.seen_revision,
        seen_consent=row.seen_consent,
        actor=Actor.model_validate_json(row.actor),
        sent=_maybe(Sent.model_validate_json, row.sent),
        created_at=datetime.fromisoformat(row.created_at),
        changed_at=datetime.fromisoformat(row.changed_at),
    )


def _state(text: str) -> IntentState:
    try:
        return IntentState(text)
    except ValueError:
        return IntentState.HELD


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _maybe(read: Callable[[str], Any], stored: str | None) -> Any:
    return None if stored is None else read(stored)
