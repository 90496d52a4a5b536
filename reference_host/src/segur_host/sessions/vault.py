"""Tokens of open sessions: in the memory of this process, and nowhere else.

No plugin but the one that authenticates ever sees one. They are renewed when they are about to be used, not on a timer:
one of Pro Santé Connect lasts two minutes.
"""

import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

import attrs

from segur_sdk.context import Clock
from segur_sdk.errors import ErrorSource, SegurError, ServiceError
from segur_sdk.models.actor import SessionEnd
from segur_sdk.models.session_tokens import SessionTokens

RENEWAL_MARGIN: Final = timedelta(seconds=30)
"""What must be left of an access token for it to be used as it is; at most half of what it had when it came."""
RENEWAL_REST_S: Final = 5.0
"""How long an authority that did not answer is left alone, as long as the access token holds."""
LEAST_S: Final = 1.0
"""With less time than that, a renewal is not begun: it would only look as if its provider hung."""
SESSION_OVER: Final = ".session_over"
"""How the code of a renewal ends that the authority refused for good; see ``AuthoritySessions``."""


class RenewsSessions(Protocol):
    """Who knows the sessions whose tokens are kept here."""

    def renew(self, session_id: str, tokens: SessionTokens, seconds: float) -> SessionTokens:
        """Have the authority renew the tokens of a session.

        Raises:
            SegurError: it refused, or did not answer.
        """
        ...

    def close(self, session_id: str, reason: SessionEnd) -> object:
        """End a session, if it is open."""
        ...


@attrs.define(repr=False, eq=False)
class _Kept:
    tokens: SessionTokens
    margin: timedelta
    renewing: threading.Lock = attrs.field(factory=threading.Lock)
    rests_until: float = 0.0
    """Instant of ``time.monotonic`` before which the authority is not asked again."""


class TokenVault:
    """Keeps the tokens of each session until it ends. Every method may be called from any thread.

    Args:
        clock: by which tokens expire.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._sessions: RenewsSessions | None = None

    def renewed_by(self, sessions: RenewsSessions) -> None:
        """Have tokens renewed by ``sessions`` from now on."""
        self._sessions = sessions

    def put(self, session_id: str, tokens: SessionTokens) -> None:
        """Keep the tokens of a session that opens."""
        self._kept[session_id] = _Kept(tokens, self._margin(tokens))

    def take(self, session_id: str) -> SessionTokens | None:
        """Return the tokens of a session that ended, and forget them."""
        kept = self._kept.pop(session_id, None)
        return kept.tokens if kept is not None else None

    def has(self, session_id: str) -> bool:
        """Tell whether there are tokens of a session."""
        return session_id in self._kept

    def renewable_until(self, session_id: str) -> datetime | None:
        """Return until when the tokens of a session can be renewed, as far as that is known."""
        kept = self._kept.get(session_id)
        return kept.tokens.refresh_expires_at if kept is not None else None

    def access_token(self, session_id: str | None, seconds: float) -> str:
        """Return an access token that lasts, renewed if it does not.

        Args:
            session_id: of the session in whose name a service is called.
            seconds: how long its renewal may take.

        Raises:
            ServiceError: ``service.session_needed``: there is no session, or none with tokens, or it is over.
            SegurError: what the authority said when the token is over and cannot be renewed now.
        """
        kept = self._kept.get(session_id) if session_id is not None else None
        if kept is None or session_id is None:
            raise _needed()
        if self._lasts(kept, kept.margin):
            return _access(kept)
        if not kept.renewing.acquire(timeout=max(0.0, seconds)):
            return self._as_it_is(kept, ServiceError("service.timed_out", retryable=True))
        try:
            if self._kept.get(session_id) is not kept:
                raise _needed()
            # Another call may have had it renewed meanwhile.
            if not self._lasts(kept, kept.margin):
                self._renew(session_id, kept, seconds)
            return _access(kept)
        finally:
            kept.renewing.release()

    def _renew(self, session_id: str, kept: _Kept, seconds: float) -> None:
        """Renew tokens, or leave them as they are when they still hold."""
        holds = self._lasts(kept, timedelta())
        if holds and time.monotonic() < kept.rests_until:
            return
        until = kept.tokens.refresh_expires_at
        renewable = kept.tokens.refresh_token is not None and (until is None or until > self._clock.now())
        if self._sessions is None or not renewable:
            if not holds:
                self._end(session_id, SessionEnd.EXPIRED)
                raise _needed()
            return
        if seconds < LEAST_S:
            self._as_it_is(kept, ServiceError("service.timed_out", retryable=True))
            return
        try:
            fresh = self._sessions.renew(session_id, kept.tokens, seconds)
        except SegurError as failure:
            if _is_final(failure):
                self._end(session_id, SessionEnd.REFUSED)
                raise
            kept.rests_until = time.monotonic() + RENEWAL_REST_S
            self._as_it_is(kept, failure)
            return
        if self._kept.get(session_id) is not kept:
            # Somebody signed out meanwhile: what came is for nobody.
            raise _needed()
        kept.tokens, kept.margin = _renewed(kept.tokens, fresh), self._margin(fresh)

    def _as_it_is(self, kept: _Kept, failure: SegurError) -> str:
        """Return the access token if it still holds, although it could not be renewed."""
        if not self._lasts(kept, timedelta()):
            raise failure
        return _access(kept)

    def _lasts(self, kept: _Kept, margin: timedelta) -> bool:
        return kept.tokens.access_expires_at - self._clock.now() > margin

    def _margin(self, tokens: SessionTokens) -> timedelta:
        return min(RENEWAL_MARGIN, (tokens.access_expires_at - self._clock.now()) / 2)

    def _end(self, session_id: str, reason: SessionEnd) -> None:
        # It is over even if that cannot be noted.
        if self._sessions is not None:
            with suppress(SegurError):
                self._sessions.close(session_id, reason)


def _access(kept: _Kept) -> str:
    return kept.tokens.access_token.get_secret_value()


def _renewed(known: SessionTokens, fresh: SessionTokens) -> SessionTokens:
    """Return fresh tokens; what an authority does not issue again stays valid (RFC 6749, 6)."""
    kept: dict[str, object] = {}
    if fresh.refresh_token is None:
        kept |= {"refresh_token": known.refresh_token, "refresh_expires_at": known.refresh_expires_at}
    if fresh.id_token is None:
        kept["id_token"] = known.id_token
    return fresh.model_copy(update=kept)


def _is_final(failure: SegurError) -> bool:
    """Tell whether the authority itself refused for good: its plugin says so, and nothing else does."""
    return isinstance(failure, ServiceError) and failure.code.endswith(SESSION_OVER) and not failure.retryable


def _needed() -> ServiceError:
    return ServiceError("service.session_needed", source=ErrorSource.USER)
