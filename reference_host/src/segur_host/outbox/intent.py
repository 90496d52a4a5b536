"""Intents: what is to be sent, frozen, and where each stands."""

from datetime import datetime
from enum import StrEnum

import attrs

from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import Resolver
from segur_sdk.models.actor import Actor
from segur_sdk.models.notice import Notice, Question
from segur_sdk.senders import PreparedSend, Sent


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

    @property
    def is_over(self) -> bool:
        """Whether nobody has anything left to do about it."""
        return self in {IntentState.SENT, IntentState.CANCELLED}


@attrs.frozen
class Standing:
    """Where an intent stands, without what it sends."""

    id: str
    kind: str
    state: IntentState
    attempts: int
    next_attempt: datetime | None
    reasons: tuple[Notice, ...]
    created_at: datetime


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
    seen_revision: int | None
    """Of the identity, when a held one was last judged; ``None``: only a person releases it."""
    seen_consent: int = 0
    attempts: int = 0
    next_attempt: datetime | None = None
    reasons: tuple[Notice, ...] = ()
    question: Question | None = None
    prepared: PreparedSend | None = attrs.field(default=None, repr=False)
    prepared_revision: int | None = None
    """Of the identity that the frozen document names."""
    sent: Sent | None = None
    is_altered: bool = False
    """It is not what was let in: somebody changed the database. It is never sent."""

    def draft(self, resolve: Resolver) -> DmpDraft:
        """Return the draft, with the identity as it is now.

        Args:
            resolve: finds the current sealed identity of a reference.
        """
        return DmpDraft.model_validate_json(self.draft_json, context={"resolve_identity": resolve})
