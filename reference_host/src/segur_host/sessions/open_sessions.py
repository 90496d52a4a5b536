"""The sessions that are open now, and which of them a call is made in."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Final

import attrs

from segur_host.operators.accounts import Account
from segur_sdk.errors import InputError
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.models.actor import Actor, Session
from segur_sdk.models.card import CardPresence
from segur_sdk.services.session_provider import Authenticated

_acting: Final[ContextVar[str | None]] = ContextVar("segur_acting_session", default=None)
"""The session that was named for the calls of this thread, or task."""


@attrs.frozen
class OpenSession:
    """A session that is open."""

    session: Session
    actor: Actor
    exercices: tuple[Exercice, ...]
    """Situations d'exercice among which its user chose."""
    presence: CardPresence | None
    """The insertion of the card that holds it."""
    operator: Account | None = None
    """His account, where this host keeps accounts."""
    national_id: str | None = None
    authority_session: str | None = None
    """How the authority that authenticated him names its session."""

    @property
    def id(self) -> str:
        """Id of the session."""
        return self.session.session_id

    def belongs_to(self, proven: Authenticated, operator: Account | None) -> bool:
        """Tell whether this is a session of that very person, or of his card."""
        same = (
            (self.session.token_serial, proven.token_serial),
            (self.actor.rpps, proven.rpps),
            (self.national_id, proven.national_id),
            (self.operator and self.operator.id, operator and operator.id),
        )
        return any(mine is not None and mine == his for mine, his in same)


class OpenSessions:
    """Sessions by id. Every method may be called from any thread.

    Args:
        idle: how long a session may go without a call.
        renewable_until: until when the tokens of a session can be renewed, if it has any.
    """

    def __init__(self, idle: timedelta, renewable_until: Callable[[str], datetime | None]) -> None:
        self._idle = idle
        self._renewable_until = renewable_until
        self._lock = threading.Lock()
        self._open: dict[str, OpenSession] = {}
        self._used: dict[str, datetime] = {}

    def add(self, opened: OpenSession, now: datetime) -> None:
        """Keep a session from now on."""
        with self._lock:
            self._open[opened.id] = opened
            self._used[opened.id] = now

    def remove(self, session_id: str) -> OpenSession | None:
        """Forget a session, and return it if it was there: whoever gets it ends it."""
        with self._lock:
            self._used.pop(session_id, None)
            return self._open.pop(session_id, None)

    def get(self, session_id: str) -> OpenSession | None:
        """Return a session if it is open."""
        return self._open.get(session_id)

    def all(self) -> tuple[OpenSession, ...]:
        """Return every session, the oldest first."""
        with self._lock:
            return tuple(self._open.values())

    def use(self, opened: OpenSession, now: datetime) -> None:
        """Note that a call is made in a session."""
        with self._lock:
            if opened.id in self._open:
                self._used[opened.id] = now

    def until(self, opened: OpenSession) -> datetime:
        """Return when a session is over if nobody uses it any more."""
        with self._lock:
            used = self._used.get(opened.id)
        times = [datetime.fromisoformat(opened.session.expires_at)] if opened.session.expires_at else []
        if used is not None:
            times.append(used + self._idle)
        renewable = self._renewable_until(opened.id)
        if renewable is not None:
            times.append(renewable)
        return min(times)

    def chosen(self) -> OpenSession | None:
        """Return the session in which calls are made here: the one that was named, or the only one.

        Raises:
            InputError: ``session.unknown``: the one that was named is over; ``session.unnamed``: several are open.
        """
        named = _acting.get()
        if named is not None:
            opened = self.get(named)
            if opened is None:
                raise InputError("session.unknown")
            return opened
        known = self.all()
        if len(known) > 1:
            raise InputError("session.unnamed", sessions=len(known))
        return known[0] if known else None


@contextmanager
def acting(session_id: str) -> Iterator[None]:
    """Have the calls of the block, in this thread or task, made in one session."""
    before = _acting.set(session_id)
    try:
        yield
    finally:
        _acting.reset(before)
