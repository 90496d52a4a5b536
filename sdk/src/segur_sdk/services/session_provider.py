"""``SessionProvider``: authenticate a professional, by one means."""

from typing import Protocol, runtime_checkable

from pydantic import Field

from segur_sdk.context import HookContext
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.models.actor import SessionEnd, SessionMeans
from segur_sdk.models.base import Inbound, Moment, Value


class SessionRequest(Inbound):
    """Somebody wants to sign in."""

    means: SessionMeans
    slot: str | None = Field(default=None, min_length=1, max_length=120)
    """Reader that holds his card."""
    token_serial: str | None = Field(default=None, min_length=1, max_length=64)
    """Serial number of his token, when it sits in no reader."""


class Authenticated(Value):
    """A professional whose identity was proven."""

    name: str = Field(min_length=1, max_length=100)
    """Given name and family name."""
    rpps: str | None = Field(default=None, pattern=r"^[0-9]{11}$")
    exercices: tuple[Exercice, ...] = ()
    """The situations d'exercice among which he chooses; the host asks when there are several."""
    expires_at: Moment | None = None
    slot: str | None = Field(default=None, min_length=1, max_length=120)
    """Reader whose card holds the session: it ends with the card's removal."""
    token_serial: str | None = Field(default=None, min_length=1, max_length=64)


class SessionToEnd(Inbound):
    """A session of this provider's that is over."""

    session_id: str = Field(min_length=1, max_length=64)
    reason: SessionEnd


class Ended(Value):
    """The provider let go of what the session held."""


@runtime_checkable
class SessionProvider(Protocol):
    """Authenticates professionals by the means that the manifest names in ``session_means``.

    Raises:
        CardError: the card, its PIN or its certificates do not allow it.
        ServiceError: the authority did not answer, or refused.
        InputError: nobody answered a question.
    """

    def start_session(self, request: SessionRequest, ctx: HookContext) -> Authenticated:
        """Prove who signs in; the host opens the session afterwards."""
        ...

    def end_session(self, request: SessionToEnd, ctx: HookContext) -> Ended:
        """Let go of what the session held; the host has closed it already, and locks its token itself."""
        ...
