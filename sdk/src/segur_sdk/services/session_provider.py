"""``SessionProvider``: authenticate a professional, by one means; and what an authority's own sessions need besides."""

from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import Field, SecretStr

from segur_sdk.context import HookContext
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.models.actor import SessionEnd, SessionMeans
from segur_sdk.models.base import Inbound, Moment, Value
from segur_sdk.models.session_tokens import SessionTokens


class LoginFlow(StrEnum):
    """How Pro Santé Connect proves who it is."""

    CODE = "code"
    """In the system's browser."""
    CIBA = "ciba"
    """On the professional's own device, without a browser (OpenID CIBA 1.0)."""


class Device(StrEnum):
    """Where the professional answers a ``ciba`` login; values of Pro Santé Connect's parameter ``channel``."""

    CARD = "CARD"
    MOBILE = "MOBILE"


class SessionRequest(Inbound):
    """Somebody wants to sign in."""

    means: SessionMeans
    slot: str | None = Field(default=None, min_length=1, max_length=120)
    """Reader that holds his card."""
    token_serial: str | None = Field(default=None, min_length=1, max_length=64)
    """Serial number of his token, when it sits in no reader."""
    flow: LoginFlow | None = None
    """For means ``psc``; the provider's own choice when not given."""
    national_id: str | None = Field(default=None, min_length=2, max_length=64)
    """His national identifier (``SubjectNameID``, type digit first), which ``ciba`` has to know beforehand."""
    device: Device | None = None
    operator: str | None = Field(default=None, min_length=1, max_length=100)
    """Name of his account in the host, for means ``local``; asked when not given."""


class Authenticated(Value):
    """A professional whose identity was proven."""

    name: str = Field(min_length=1, max_length=100)
    """Given name and family name."""
    rpps: str | None = Field(default=None, pattern=r"^[0-9]{11}$")
    national_id: str | None = Field(default=None, min_length=2, max_length=64)
    """As the authority names him (``SubjectNameID``); somebody without RPPS has one as well."""
    profession: str | None = Field(default=None, pattern=r"^[0-9]{2}$")
    """Code of his profession (TRE_G15), for example ``21``."""
    exercices: tuple[Exercice, ...] = ()
    """The situations d'exercice among which he chooses; the host asks when there are several."""
    expires_at: Moment | None = None
    """When the session is over whatever happens."""
    slot: str | None = Field(default=None, min_length=1, max_length=120)
    """Reader whose card holds the session: it ends with the card's removal."""
    token_serial: str | None = Field(default=None, min_length=1, max_length=64)
    authority_session: str | None = Field(default=None, min_length=1, max_length=200)
    """How the authority names its session (claim ``sid``), to understand when it ends it."""
    tokens: SessionTokens | None = None


class SessionToEnd(Inbound):
    """A session of this provider's that is over."""

    session_id: str = Field(min_length=1, max_length=64)
    reason: SessionEnd
    everywhere: bool = False
    """Its user leaves the authority's session as well, for every other software."""
    tokens: SessionTokens | None = None


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


class SessionToRenew(Inbound):
    """A session whose access token is about to end."""

    session_id: str = Field(min_length=1, max_length=64)
    tokens: SessionTokens


class AuthorityLogout(Inbound):
    """The authority tells that a session of its own is over (OpenID Back-Channel Logout 1.0)."""

    logout_token: SecretStr


class EndedElsewhere(Value):
    """Which sessions the authority ended."""

    authority_session: str | None = None
    """That one session; without it, every session of that person."""
    national_id: str | None = None


@runtime_checkable
class AuthoritySessions(Protocol):
    """What a ``SessionProvider`` offers besides when its authority keeps sessions and issues tokens.

    Raises:
        ServiceError: ``<plugin id>.session_over``, not ``retryable``: the renewal is refused for good, and the host
            ends that session. After any other error it stays open.
    """

    def renew_session(self, request: SessionToRenew, ctx: HookContext) -> SessionTokens:
        """Have the tokens renewed."""
        ...

    def session_ended_elsewhere(self, request: AuthorityLogout, ctx: HookContext) -> EndedElsewhere:
        """Check what the authority tells, and return whom it is about.

        Raises:
            InputError: it was not the authority who said so.
        """
        ...
