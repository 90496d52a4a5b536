"""Senders: plugins that carry out one kind of effect at a national service, when the host's outbox says so.

The manifest declares the kinds (``sends``); the class is the plugin's. Nothing is sent but by an attempt: ``prepare``
builds and reaches no network. What a plugin prepared is frozen with the intent; every signature that only a person's
card could make is in it, all others are made at each attempt.
"""

from enum import StrEnum
from typing import Annotated, Protocol, runtime_checkable

from pydantic import Field

from segur_sdk.context import HookContext
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.manifest import Token
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.base import Moment, Value
from segur_sdk.models.notice import Notice
from segur_sdk.privacy import Patient

PartName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}\.[a-z0-9]{1,6}$")]


class SendPart(Value):
    """Bytes of what is sent, under the name that a dry run writes them."""

    name: PartName
    """For example ``document.xml``."""
    data: Patient[bytes]


class Needs(Value):
    """What an attempt requires; the host makes none before the session and the card are there."""

    means: SessionMeans | None = None
    """An open session by these means; ``None``: none is needed."""
    card: str | None = Field(default=None, max_length=64)
    """Serial number of the one card that can do it."""
    keys: tuple[Token, ...] = ()
    """Uses of the keys that it takes; a key that cannot serve puts it off, and is shown as the reason."""
    purpose: Token
    """Network purpose of the service."""


class PreparedSend(Value):
    """An effect, whole, as it will go out."""

    kind: Token
    """One of the manifest's ``sends``."""
    effect_id: str = Field(min_length=1, max_length=128)
    """Under which the service knows the effect, the same at each attempt: for the DMP, the submission set's
    ``uniqueId``."""
    parts: tuple[SendPart, ...] = Field(min_length=1, max_length=20)
    """Frozen bytes: they go out at each attempt as they are."""
    needs: Needs
    deduplicated: bool = False
    """The service takes one effect id once: an attempt of which nobody knows what became is made again."""
    facts: dict[str, str] = Field(default_factory=dict, max_length=20)
    """What the plugin needs at an attempt, beside the parts; without patient data."""


class SendRequest(Value):
    """Prepare one effect."""

    kind: Token
    draft: DmpDraft


class SendAttempt(Value):
    """Carry out what was prepared."""

    prepared: PreparedSend
    draft: DmpDraft
    """With the identity as it is now."""
    number: int = Field(ge=1)
    """1 for the first attempt."""


class Sent(Value):
    """The service took it."""

    effect_id: str
    at: Moment
    references: dict[str, str] = Field(default_factory=dict, max_length=20)
    """Identifiers by which it is found again, for example ``document``; without patient data."""
    warnings: tuple[Notice, ...] = ()


class Rehearsal(Value):
    """Every file of an attempt as it would go out now, signatures included."""

    parts: tuple[SendPart, ...] = Field(min_length=1, max_length=20)


class Found(StrEnum):
    """What became of an attempt whose answer was lost."""

    DONE = "done"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"


class FoundOut(Value):
    """The service was asked what became of an attempt."""

    found: Found
    references: dict[str, str] = Field(default_factory=dict, max_length=20)
    """As in ``Sent``, when it is done."""


@runtime_checkable
class Sender(Protocol):
    """What a plugin offers that declares ``sends``."""

    def prepare_send(self, request: SendRequest, ctx: HookContext) -> PreparedSend:
        """Build what would go out; no network is reached, nothing takes effect.

        When: once per draft that the gate did not block, and for a dry run.

        Raises:
            SegurError: why it cannot be built; nothing is queued then.
        """
        ...

    def rehearse_send(self, attempt: SendAttempt, ctx: HookContext) -> Rehearsal:
        """Return what an attempt would send now; no network is reached."""
        ...

    def attempt_send(self, attempt: SendAttempt, ctx: HookContext) -> Sent:
        """Send. Called by the outbox only, after the host's rules passed again.

        Raises:
            ServiceError: the service did not take it: ``retryable`` says whether a later attempt may succeed,
                ``maybe_processed`` whether it may have taken it nevertheless.
        """
        ...

    def find_out(self, attempt: SendAttempt, ctx: HookContext) -> FoundOut:
        """Tell what became of an attempt whose answer was lost.

        Raises:
            SegurError: it cannot be known now; it is asked again later.
        """
        ...
