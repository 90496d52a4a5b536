"""What is kept of sessions: who opened which, how it ended, and what plugins are told of that."""

from typing import Final

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.events.table import EventTable
from segur_host.events.teller import EventTeller
from segur_host.sessions.liveness import HostRun
from segur_host.sessions.table import KeptSession, SessionTable
from segur_host.storage.database import Database
from segur_sdk.context import Clock
from segur_sdk.hooks.session_ended import SessionEndedEvent
from segur_sdk.models.actor import Actor, Session, SessionEnd
from segur_sdk.services.session_provider import Authenticated

ENDED: Final = "on_session_ended"


class SessionRecords:
    """Records of the sessions of one run of the host.

    Args:
        database: the host's database.
        events: the host's events.
        teller: tells plugins of them.
        audit: of the host.
        clock: dates everything.
    """

    def __init__(
        self, database: Database, events: EventTable, teller: EventTeller, audit: AuditLog, clock: Clock
    ) -> None:
        self._database = database
        self._events = events
        self._teller = teller
        self._audit = audit
        self._clock = clock
        self._table = SessionTable(database)
        self._run = HostRun(database.folder)
        self._end_abandoned()

    def last_choice(self, proven: Authenticated) -> str | None:
        """Return the situation d'exercice that a professional chose last."""
        whose = _whose(proven)
        return self._table.choice(whose) if whose is not None else None

    def choose(self, proven: Authenticated, exercice: str) -> None:
        """Remember the situation d'exercice that a professional chose."""
        whose = _whose(proven)
        if whose is not None:
            self._table.choose(whose, exercice)

    def begin(self, session: Session, actor: Actor, call_id: str) -> None:
        """Record a session that opens."""
        self._run.begin()
        # A power failure ends the session itself; whatever is accepted in it makes its record durable first.
        with self._audit.writing():
            self._table.add(KeptSession(session, actor, self._run.id), self._clock.now())
            facts = {"means": session.means.value}
            self._audit.append(AuditEntry(event="session.opened", actor=actor, call_id=call_id, facts=facts))

    def end(self, session: Session, actor: Actor, reason: SessionEnd) -> None:
        """Record how a session ended, and have plugins told; the second time nothing happens.

        Raises:
            HostError: it cannot be noted.
        """
        try:
            self._note_end(session, actor, reason)
        finally:
            self._teller.wake()

    def close(self) -> None:
        """This run of the host has nothing left to record."""
        self._run.end()

    def _end_abandoned(self) -> None:
        """Say how the sessions ended of a run of the host that was killed."""
        for kept in self._table.still_open():
            if not self._run.lives(kept.run):
                self._note_end(kept.session, kept.actor, SessionEnd.HOST_STOPPED)

    def _note_end(self, session: Session, actor: Actor, reason: SessionEnd) -> None:
        now = self._clock.now()
        with self._database.accepting():
            if not self._table.end(session.session_id, reason, now):
                return
            self._audit.append(AuditEntry(event="session.ended", actor=actor, facts={"reason": reason.value}))
            self._events.add(ENDED, SessionEndedEvent(actor=actor, session=session, reason=reason, occurred_at=now))


def _whose(proven: Authenticated) -> str | None:
    """Return by what a professional's choice is remembered: his card, else his national identifier."""
    return proven.token_serial or proven.national_id
