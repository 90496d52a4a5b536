"""Sessions of this host: opened after a provider proved who it is, ended by their user, their card or the host."""

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

import attrs

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.broker.ask import Asker, CheckedAsker, NobodyToAsk
from segur_host.broker.card_watch import CardChange, CardEvent
from segur_host.devices import Devices
from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import new_call_id
from segur_host.dispatch.outcome import HookResult
from segur_host.events.table import EventTable
from segur_host.events.teller import EventTeller
from segur_host.sessions.alarm import Alarm
from segur_host.sessions.liveness import HostRun
from segur_host.sessions.providers import SessionProviders
from segur_host.sessions.table import KeptSession, SessionTable
from segur_host.storage.database import Database
from segur_sdk.context import Clock
from segur_sdk.errors import CardError, InputError, SegurError
from segur_sdk.hooks.session_ended import SessionEndedEvent
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.models.actor import Actor, ActorKind, Session, SessionEnd, SessionMeans, Structure
from segur_sdk.models.card import CardPresence
from segur_sdk.models.notice import Choice, Question
from segur_sdk.services.session_provider import Authenticated, SessionRequest, SessionToEnd

EXERCICE_QUESTION: Final = "session.exercice"
_GONE: Final = frozenset({"card.absent", "card.reader_unavailable"})
"""What a reader says out of which a card was pulled, and one that was unplugged with its card."""


@attrs.frozen
class OpenSession:
    """A session that is open."""

    session: Session
    actor: Actor
    exercices: tuple[Exercice, ...]
    """Situations d'exercice among which its user chose."""
    presence: CardPresence | None
    """The insertion of the card that holds it."""

    @property
    def until(self) -> datetime | None:
        """When its time is over, if it has one."""
        return None if self.session.expires_at is None else datetime.fromisoformat(self.session.expires_at)

    def is_over(self, now: datetime) -> bool:
        """Tell whether its time has passed."""
        until = self.until
        return until is not None and until <= now


@attrs.frozen
class Login:
    """A session that was opened, and what plugins know of its professional."""

    opened: OpenSession
    contributions: HookResult


class Sessions:
    """Opens and ends sessions. Every method may be called from any thread.

    Args:
        database: the host's database.
        providers: who authenticates.
        devices: readers whose cards hold sessions, and tokens that are locked again at their end.
        teller: tells plugins that a session is over.
        events: the host's events.
        audit: of the host.
        clock: dates everything.
        nobody: the actor of calls for which nobody signed in; its workstation is that of sessions, its structure that
            of those whose situation d'exercice names none.
    """

    def __init__(
        self,
        database: Database,
        providers: SessionProviders,
        devices: Devices,
        events: EventTable,
        teller: EventTeller,
        audit: AuditLog,
        clock: Clock,
        nobody: Actor,
    ) -> None:
        self._database = database
        self._providers = providers
        self._devices = devices
        self._events = events
        self._teller = teller
        self._audit = audit
        self._clock = clock
        self._nobody = nobody
        self._table = SessionTable(database)
        self._run = HostRun(database.folder)
        self._opening = threading.Lock()
        """Held by whoever signs in, for as long as he types."""
        self._lock = threading.Lock()
        self._open: dict[str, OpenSession] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self._alarm = Alarm(clock, self._end_those_over)
        devices.tokens.when_lost(self._token_lost)
        self._end_abandoned()

    @property
    def current(self) -> OpenSession | None:
        """The session that is open on this workstation, if any; one whose time is over ends here at the latest."""
        with self._lock:
            opened = next(iter(self._open.values()), None)
        if opened is None or not opened.is_over(self._clock.now()):
            return opened
        self._end([opened], SessionEnd.EXPIRED)
        return None

    def caller(self, call_id: str, asker: Asker) -> Caller:
        """Return on whose behalf a call is made now."""
        current = self.current
        if current is None:
            return Caller(call_id, self._nobody, None, asker)
        return Caller(call_id, current.actor, current.session, asker)

    def open(self, request: SessionRequest, exercice: str | None, caller: Caller) -> OpenSession:
        """Have a professional authenticated, and open his session.

        Args:
            request: by which means, with which card.
            exercice: the situation d'exercice he chose already.
            caller: nobody yet; carries the questions.

        Raises:
            InputError: ``session.already_open``, ``session.exercice_unknown``, ``input.nobody_to_ask``,
                ``input.no_answer``.
            PluginError: ``plugin.session_means``: no plugin authenticates by these means.
            SegurError: what the provider said.
        """
        if not self._opening.acquire(blocking=False):
            raise InputError("session.already_open")
        try:
            if self.current is not None:
                raise InputError("session.already_open")
            there = self._present()
            try:
                proven = self._providers.start(request, caller)
                return self._opened(request.means, proven, self._held_by(proven.slot, there), exercice, caller)
            except BaseException:
                # The provider may have had a token unlocked before it, or we, thought better of it.
                self._devices.tokens.lock_all()
                raise
        finally:
            self._opening.release()

    def close(self, session_id: str, reason: SessionEnd = SessionEnd.LOGOUT) -> None:
        """End a session; one that is over already, or that never was, stays so.

        Raises:
            HostError: its end cannot be noted; then it is over all the same.
        """
        with self._lock:
            ended = self._open.pop(session_id, None)
        if ended is None:
            return
        self._lock_token(ended.session.token_serial)
        try:
            self._note_end(ended.session, ended.actor, reason)
        finally:
            self._teller.wake()
            caller = Caller(new_call_id(), ended.actor, ended.session, NobodyToAsk())
            # Its own affair: the session is over whatever the provider does.
            with suppress(SegurError):
                self._providers.end(ended.session.means, SessionToEnd(session_id=session_id, reason=reason), caller)

    def end_all(self) -> None:
        """End every session: the host stops."""
        self._alarm.close()
        if self._unsubscribe is not None:
            self._unsubscribe()
        for session_id in list(self._open):
            self.close(session_id, SessionEnd.HOST_STOPPED)
        self._run.end()

    def _opened(
        self,
        means: SessionMeans,
        proven: Authenticated,
        presence: CardPresence | None,
        exercice: str | None,
        caller: Caller,
    ) -> OpenSession:
        unlocked = self._has_unlocked(proven.token_serial)
        chosen = self._chosen(proven, exercice, caller.asker)
        session = Session(
            session_id=str(uuid.uuid4()),
            means=means,
            expires_at=proven.expires_at.isoformat() if proven.expires_at else None,
            token_serial=proven.token_serial,
        )
        actor = Actor(
            kind=ActorKind.PROFESSIONAL,
            name=proven.name,
            rpps=proven.rpps,
            structure=_structure_in(proven.exercices, chosen) or self._nobody.structure,
            exercice=chosen,
            workstation=self._nobody.workstation,
        )
        self._run.begin()
        with self._database.accepting():
            self._table.add(KeptSession(session, actor, self._run.id), self._clock.now())
            if chosen is not None and proven.token_serial is not None:
                self._table.choose(proven.token_serial, chosen)
            self._audit.append(
                AuditEntry(event="session.opened", actor=actor, call_id=caller.call_id, facts={"means": means.value})
            )
        opened = OpenSession(session, actor, proven.exercices, presence)
        with self._lock:
            self._open[session.session_id] = opened
        if opened.until is not None:
            self._alarm.set()
        if unlocked:
            self._require_still_unlocked(opened)
        if presence is not None:
            if self._unsubscribe is None:
                self._unsubscribe = self._devices.watch.subscribe(self._card_changed)
            self._require_still_there(opened, presence)
        return opened

    def _require_still_there(self, opened: OpenSession, presence: CardPresence) -> None:
        """End a session whose card was pulled before anybody watched it."""
        try:
            gone = self._devices.cards.presence(presence.slot) != presence
        except CardError:
            gone = True
        if gone:
            self.close(opened.session.session_id, SessionEnd.CARD_REMOVED)
            raise CardError("card.removed", slot=presence.slot)

    def _has_unlocked(self, serial: str | None) -> bool:
        return serial is not None and self._devices.tokens.is_unlocked(serial)

    def _require_still_unlocked(self, opened: OpenSession) -> None:
        """End a session whose token was lost before the session was there to be ended; from now on it is noticed."""
        serial = opened.session.token_serial
        if not self._has_unlocked(serial):
            self.close(opened.session.session_id, self._how_lost(opened))
            raise CardError("card.driver_stopped", retryable=True)
        if serial is not None and opened.presence is None:
            self._devices.tokens.follow(serial)

    def _present(self) -> dict[str, CardPresence]:
        """Return the insertions that are there before somebody proves who he is."""
        return {slot: one for seen in self._devices.cards.look() for slot, one in (seen or {}).items()}

    def _held_by(self, slot: str | None, there: Mapping[str, CardPresence]) -> CardPresence | None:
        """Return the insertion that proved who it is, if the host sees its reader."""
        if slot is None:
            return None
        try:
            presence = self._devices.cards.presence(slot)
        except CardError as failure:
            if failure.code == "card.reader_unavailable":
                # A token module may name readers that no driver of cards knows.
                return None
            raise
        if there.get(slot) != presence:
            # Whose card it is that sits there now was not proven.
            raise CardError("card.swapped", slot=slot)
        return presence

    def _chosen(self, proven: Authenticated, exercice: str | None, asker: Asker) -> str | None:
        """Return the situation d'exercice: the only one, the one that was named, or the one that is chosen now."""
        known = {one.id: one for one in proven.exercices}
        if exercice is not None:
            if exercice not in known:
                raise InputError("session.exercice_unknown")
            return exercice
        if len(known) < 2:
            return next(iter(known), None)
        last = self._table.choice(proven.token_serial) if proven.token_serial else None
        # The last choice comes first, and is still a choice.
        ordered = sorted(known.values(), key=lambda one: one.id != last)
        question = Question(
            code=EXERCICE_QUESTION,
            text="Dans quelle situation d’exercice travaillez-vous ?",
            choices=tuple(Choice(value=one.id, label=one.label) for one in ordered),
        )
        return CheckedAsker(asker.ask).ask(question)

    def _card_changed(self, event: CardEvent) -> None:
        if event.change is not CardChange.REMOVED:
            return
        with self._lock:
            ended = [opened for opened in self._open.values() if opened.presence == event.presence]
        self._end(ended, SessionEnd.CARD_REMOVED)

    def _token_lost(self, serial: str) -> None:
        with self._lock:
            ended = [opened for opened in self._open.values() if opened.session.token_serial == serial]
        for opened in ended:
            self._end([opened], self._how_lost(opened))

    def _how_lost(self, opened: OpenSession) -> SessionEnd:
        """Tell a token that was pulled from one whose PIN was forgotten where it sits, or of which no reader tells."""
        presence = opened.presence
        if presence is None:
            return SessionEnd.TOKEN_LOST
        try:
            gone = self._devices.cards.presence(presence.slot) != presence
        except CardError as failure:
            gone = failure.code in _GONE
        return SessionEnd.CARD_REMOVED if gone else SessionEnd.TOKEN_LOST

    def _end_those_over(self) -> datetime | None:
        """End the sessions whose time is over, and return when that of the next one will be."""
        with self._lock:
            known = tuple(self._open.values())
        now = self._clock.now()
        self._end([opened for opened in known if opened.is_over(now)], SessionEnd.EXPIRED)
        return min((one.until for one in known if one.until is not None and one.until > now), default=None)

    def _end(self, ended: Iterable[OpenSession], reason: SessionEnd) -> None:
        for opened in ended:
            # That it ends must not depend on whether it can be noted.
            with suppress(SegurError):
                self.close(opened.session.session_id, reason)

    def _end_abandoned(self) -> None:
        """Say how the sessions ended of a run of the host that was killed."""
        for kept in self._table.still_open():
            if not self._run.lives(kept.run):
                self._note_end(kept.session, kept.actor, SessionEnd.HOST_STOPPED)

    def _note_end(self, session: Session, actor: Actor, reason: SessionEnd) -> None:
        with self._database.accepting():
            if not self._table.end(session.session_id, reason, self._clock.now()):
                return
            self._audit.append(AuditEntry(event="session.ended", actor=actor, facts={"reason": reason.value}))
            self._events.add(
                "on_session_ended",
                SessionEndedEvent(actor=actor, session=session, reason=reason, occurred_at=self._clock.now()),
            )

    def _lock_token(self, serial: str | None) -> None:
        if serial is not None:
            # A card that is gone has locked itself.
            with suppress(SegurError):
                self._devices.tokens.lock(serial)


def _structure_in(exercices: Iterable[Exercice], chosen: str | None) -> Structure | None:
    return next((one.structure for one in exercices if one.id == chosen), None)
