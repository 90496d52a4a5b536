"""Intents: what is to be sent, frozen, and where each stands. Their table is the only truth about what will be sent."""

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import attrs
import sqlalchemy as sa
from pydantic import TypeAdapter

from segur_host.consents.ledger import consent_entries
from segur_host.identities.repository import revisions
from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.errors import InputError
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import Resolver
from segur_sdk.models.actor import Actor
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
    sa.Column("seen_revision", sa.Integer, nullable=False),
    sa.Column("seen_consent", sa.String(36), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("sent", sa.Text),
    sa.Column("created_at", sa.String(40), nullable=False),
    sa.Column("changed_at", sa.String(40), nullable=False),
    sa.UniqueConstraint("tenant", "idempotency_key", name="intent_once_per_key"),
    sa.Index("intents_by_state", "tenant", "state", "id"),
)
"""Ids grow with time. ``seen_revision`` and ``seen_consent`` say what a held intent was last judged by."""

_NOTICES: Final = TypeAdapter(tuple[Notice, ...])


class IntentState(StrEnum):
    """Where an intent stands."""

    QUEUED = "queued"
    SENDING = "sending"
    """An attempt began; seen when nobody sends, it was cut short."""
    IN_DOUBT = "in_doubt"
    """An attempt may have taken effect: that is found out before anything else."""
    WAITING = "waiting"
    """Until a time, or for something that is not there now."""
    HELD = "held"
    """A rule or a decider holds it, or the user does."""
    SENT = "sent"
    REJECTED = "rejected"
    """The service refuses it as it is."""
    CANCELLED = "cancelled"

    @property
    def is_settled(self) -> bool:
        """Whether nothing happens any more by itself."""
        return self in {IntentState.SENT, IntentState.REJECTED, IntentState.CANCELLED}


@attrs.frozen
class Intent:
    """One effect that was let in."""

    id: str
    idempotency_key: str | None
    kind: str
    plugin: str
    identity_ref: str
    state: IntentState
    draft_json: str = attrs.field(repr=False)
    actor: Actor
    """Who sent it."""
    created_at: datetime
    changed_at: datetime
    seen_revision: int
    seen_consent: str = ""
    attempts: int = 0
    next_attempt: datetime | None = None
    reasons: tuple[Notice, ...] = ()
    question: Question | None = None
    prepared: PreparedSend | None = attrs.field(default=None, repr=False)
    prepared_revision: int | None = None
    """Of the identity that the frozen document names."""
    sent: Sent | None = None

    def draft(self, resolve: Resolver) -> DmpDraft:
        """Return the draft, with the identity as it is now.

        Args:
            resolve: finds the current sealed identity of a reference.
        """
        return DmpDraft.model_validate_json(self.draft_json, context={"resolve_identity": resolve})


class IntentTable:
    """Intents of one tenant. Every method may be called from any thread.

    Args:
        database: the host's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.ensure(revisions, consent_entries, intents)

    def add(self, intent: Intent) -> None:
        """Keep a new one; within a write of this thread, it stands or falls with it."""
        with self._database.accepting() as transaction:
            transaction.connection.execute(intents.insert(), {"tenant": self._database.tenant, **_row(intent)})

    def put(self, intent: Intent, *, was: IntentState) -> None:
        """Keep where one stands now.

        Args:
            intent: as it is now.
            was: where it stood; another host may have moved it meanwhile.

        Raises:
            InputError: ``outbox.changed_meanwhile``.
        """
        with self._database.accepting() as transaction:
            changed = transaction.connection.execute(
                intents.update().where(*self._is(intent.id), intents.c.state == str(was)).values(_row(intent))
            )
            if changed.rowcount != 1:
                raise InputError("outbox.changed_meanwhile", retryable=True)

    def get(self, intent_id: str) -> Intent:
        """Return one.

        Raises:
            InputError: ``outbox.unknown``.
        """
        found = self._one(*self._is(intent_id))
        if found is None:
            raise InputError("outbox.unknown")
        return found

    def of_key(self, idempotency_key: str) -> Intent | None:
        """Return the one that was let in under a key."""
        return self._one(intents.c.tenant == self._database.tenant, intents.c.idempotency_key == idempotency_key)

    def all(self, *states: IntentState) -> Iterator[Intent]:
        """Yield those in some states, or all, oldest first; a few at a time are in memory."""
        last = ""
        while page := self._page(last, states):
            yield from page
            last = page[-1].id

    def interrupted(self, most: int) -> tuple[str, ...]:
        """Return ids of those whose attempt began, oldest first: seen by who alone sends, it was cut short."""
        query = (
            sa.select(intents.c.id)
            .where(intents.c.tenant == self._database.tenant, intents.c.state == str(IntentState.SENDING))
            .order_by(intents.c.id)
            .limit(most)
        )
        with self._database.reading_accepted() as connection:
            return tuple(connection.execute(query).scalars())

    def due(self, now: datetime, no_later_than: datetime, most: int) -> tuple[str, ...]:
        """Return ids of those whose time has come, oldest first.

        Args:
            now: by the clock.
            no_later_than: a time after this was set while the clock was wrong: it has come.
            most: how many at once.
        """
        when = intents.c.next_attempt
        query = (
            sa.select(intents.c.id)
            .where(
                intents.c.tenant == self._database.tenant,
                intents.c.state.in_([str(one) for one in _MOVING]),
                sa.or_(when.is_(None), when <= now.isoformat(), when > no_later_than.isoformat()),
            )
            .order_by(intents.c.id)
            .limit(most)
        )
        with self._database.reading_accepted() as connection:
            return tuple(connection.execute(query).scalars())

    def to_judge_again(self, most: int) -> tuple[str, ...]:
        """Return ids of held ones whose patient's identity or consents changed since they were last judged."""
        latest = (
            sa.select(sa.func.max(consent_entries.c.id))
            .where(
                consent_entries.c.tenant == intents.c.tenant, consent_entries.c.identity_ref == intents.c.identity_ref
            )
            .scalar_subquery()
        )
        query = (
            sa.select(intents.c.id)
            .join(
                revisions,
                sa.and_(
                    revisions.c.tenant == intents.c.tenant,
                    revisions.c.identity_ref == intents.c.identity_ref,
                    revisions.c.is_current,
                ),
            )
            .where(
                intents.c.tenant == self._database.tenant,
                intents.c.state == str(IntentState.HELD),
                sa.or_(
                    revisions.c.revision != intents.c.seen_revision,
                    sa.func.coalesce(latest, "") != intents.c.seen_consent,
                ),
            )
            .order_by(intents.c.id)
            .limit(most)
        )
        with self._database.reading_accepted() as connection:
            return tuple(connection.execute(query).scalars())

    def _page(self, after: str, states: tuple[IntentState, ...]) -> list[Intent]:
        query = sa.select(intents).where(intents.c.tenant == self._database.tenant, intents.c.id > after)
        if states:
            query = query.where(intents.c.state.in_([str(one) for one in states]))
        with self._database.reading_accepted() as connection:
            return [_intent(row) for row in connection.execute(query.order_by(intents.c.id).limit(_PAGE))]

    def _one(self, *conditions: sa.ColumnElement[bool]) -> Intent | None:
        with self._database.reading_accepted() as connection:
            row = connection.execute(sa.select(intents).where(*conditions)).one_or_none()
        return None if row is None else _intent(row)

    def _is(self, intent_id: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (intents.c.tenant == self._database.tenant, intents.c.id == intent_id)


_PAGE: Final = 50
_MOVING: Final = (IntentState.QUEUED, IntentState.WAITING, IntentState.IN_DOUBT)


def _row(intent: Intent) -> dict[str, object]:
    return {
        "id": intent.id,
        "idempotency_key": intent.idempotency_key,
        "kind": intent.kind,
        "plugin": intent.plugin,
        "identity_ref": intent.identity_ref,
        "state": str(intent.state),
        "attempts": intent.attempts,
        "next_attempt": None if intent.next_attempt is None else intent.next_attempt.isoformat(),
        "reasons": _NOTICES.dump_json(intent.reasons).decode("utf-8"),
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


def _intent(row: Any) -> Intent:
    return Intent(
        id=row.id,
        idempotency_key=row.idempotency_key,
        kind=row.kind,
        plugin=row.plugin,
        identity_ref=row.identity_ref,
        state=IntentState(row.state),
        attempts=row.attempts,
        next_attempt=_maybe(datetime.fromisoformat, row.next_attempt),
        reasons=_NOTICES.validate_json(row.reasons),
        question=_maybe(Question.model_validate_json, row.question),
        draft_json=row.draft,
        prepared=_maybe(PreparedSend.model_validate_json, row.prepared),
        prepared_revision=row.prepared_revision,
        seen_revision=row.seen_revision,
        seen_consent=row.seen_consent,
        actor=Actor.model_validate_json(row.actor),
        sent=_maybe(Sent.model_validate_json, row.sent),
        created_at=datetime.fromisoformat(row.created_at),
        changed_at=datetime.fromisoformat(row.changed_at),
    )


def _maybe(read: Callable[[str], Any], stored: str | None) -> Any:
    return None if stored is None else read(stored)
