"""Sessions of this host: opened after a provider proved who it is, ended by their user, their card or the host."""

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

import attrs

from segur_host.broker.ask import Asker, NobodyToAsk
from segur_host.config.model import SessionsTable
from segur_host.devices import Devices
from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import new_call_id
from segur_host.dispatch.outcome import HookResult
from segur_host.listening import Listeners
from segur_host.operators.accounts import Account
from segur_host.operators.desk import Admitted, OperatorDesk
from segur_host.sessions.alarm import Alarm
from segur_host.sessions.choosing import chosen_exercice, structure_in
from segur_host.sessions.holding import HoldingCards
from segur_host.sessions.open_sessions import OpenSession, OpenSessions
from segur_host.sessions.providers import SessionProviders
from segur_host.sessions.records import SessionRecords
from segur_host.sessions.vault import TokenVault
from segur_sdk.context import Clock
from segur_sdk.errors import CardError, ErrorSource, HostError, InputError, SegurError, ServiceError
from segur_sdk.models.actor import Actor, ActorKind, Session, SessionEnd, SessionMeans
from segur_sdk.models.card import CardPresence
from segur_sdk.models.notice import Notice
from segur_sdk.models.session_tokens import SessionTokens
from segur_sdk.services.session_provider import (
    Authenticated,
    AuthorityLogout,
    SessionRequest,
    SessionToEnd,
    SessionToRenew,
)


@attrs.frozen
class Login:
    """A session that was opened, and what plugins know of its professional."""

    opened: OpenSession
    contributions: HookResult
    notices: tuple[Notice, ...] = ()
    """What its user should know of it, its reduced rights among them."""


@attrs.frozen
class SessionChange:
    """A session opened, or ended."""

    opened: OpenSession
    ended: SessionEnd | None = None
    """Why it ended, if it did."""


class Sessions:
    """Opens and ends sessions. Every method may be called from any thread.

    Args:
        providers: who authenticates.
        desk: knows whose accounts sessions are opened for.
        devices: readers whose cards hold sessions, and tokens that are locked again at their end.
        records: what is kept of sessions.
        vault: keeps their tokens.
        clock: dates everything.
        nobody: the actor of calls for which nobody signed in; its workstation is that of sessions, its structure that
            of those whose situation d'exercice names none.
        rules: how long sessions last.
    """

    def __init__(
        self,
        providers: SessionProviders,
        desk: OperatorDesk,
        devices: Devices,
        records: SessionRecords,
        vault: TokenVault,
        clock: Clock,
        nobody: Actor,
        rules: SessionsTable,
    ) -> None:
        self._providers = providers
        self._desk = desk
        self._devices = devices
        self._records = records
        self._vault = vault
        self._clock = clock
        self._nobody = nobody
        vault.renewed_by(self)
        self._longest = timedelta(hours=rules.max_hours)
        self._open = OpenSessions(timedelta(minutes=rules.idle_minutes), vault.renewable_until)
        self._at_the_reader = threading.Lock()
        """Held by whoever signs in with a card, for as long as he types: its token is locked again if he fails."""
        self._holding = HoldingCards(devices, self._card_removed)
        self._beginning = threading.Lock()
        """Held while it is made sure that somebody has no session yet, and his is put there."""
        self._closed = False
        """The host stops: no session begins any more."""
        self._listeners: Listeners[SessionChange] = Listeners("segur-sessions-listener")
        self._alarm = Alarm(clock, self._end_those_over)
        devices.tokens.when_lost(self._token_lost)

    @property
    def all(self) -> tuple[OpenSession, ...]:
        """Every session that is open, the oldest first."""
        self._end_those_over()
        return self._open.all()

    def until(self, opened: OpenSession) -> datetime:
        """Return when a session is over if nobody uses it any more."""
        return self._open.until(opened)

    @property
    def current(self) -> OpenSession | None:
        """The session in which calls are made here: the one that was named, or the only one.

        Raises:
            InputError: ``session.unknown``, ``session.unnamed``.
        """
        self._end_those_over()
        return self._open.chosen()

    def subscribe(self, listener: Callable[[SessionChange], None]) -> Callable[[], None]:
        """Call ``listener`` whenever a session opens or ends, from a thread of its own; returns what ends that."""
        return self._listeners.subscribe(listener)

    def caller(self, call_id: str, asker: Asker) -> Caller:
        """Return on whose behalf a call is made now; errors as ``current``."""
        current = self.current
        if current is None:
            return self.anybody(call_id, asker)
        self._open.use(current, self._clock.now())
        return Caller(call_id, current.actor, current.session, asker)

    def anybody(self, call_id: str, asker: Asker) -> Caller:
        """Return the caller of what is done in nobody's session."""
        return Caller(call_id, self._nobody, None, asker)

    def open(self, request: SessionRequest, exercice: str | None, caller: Caller) -> OpenSession:
        """Have somebody authenticated, and open his session.

        Args:
            request: by which means, with which card.
            exercice: the situation d'exercice he chose already.
            caller: nobody yet; carries the questions.

        Raises:
            InputError: ``session.already_open``: he has one; ``session.signing_in``: somebody else is at the reader;
                ``session.exercice_unknown``, ``session.not_linked``, ``operator.refused``, ``operator.wait``,
                ``input.nobody_to_ask``, ``input.no_answer``.
            PluginError: ``plugin.session_means``: no plugin authenticates by these means.
            HostError: ``host.closed``: the host stopped meanwhile.
            SegurError: what the provider said.
        """
        if request.means is SessionMeans.LOCAL:
            return self._opened_locally(request, caller)
        with self._alone_at_the_reader(request.means):
            # Readers take their time, and tell something of those who sign in with a card only.
            there = self._holding.present() if request.means is SessionMeans.CPS else {}
            proven: Authenticated | None = None
            try:
                proven = self._providers.start(request, caller)
                held_by = self._holding.proven(proven.slot, there)
                return self._opened(request.means, proven, held_by, exercice, caller)
            except BaseException:
                self._give_back(request.means, proven)
                raise

    def close(self, session_id: str, reason: SessionEnd = SessionEnd.LOGOUT, *, everywhere: bool = False) -> bool:
        """End a session, and tell whether it was open; one that is over already, or that never was, stays so.

        Args:
            session_id: whose.
            reason: why.
            everywhere: its user leaves the authority's session as well.

        Raises:
            HostError: its end cannot be noted; then it is over all the same.
            SegurError: what the provider said to ``everywhere``; the session is over here all the same.
        """
        ended = self._open.remove(session_id)
        if ended is None:
            return False
        tokens = self._vault.take(session_id)
        self._lock_token(ended.session.token_serial)
        try:
            self._records.end(ended.session, ended.actor, reason)
        finally:
            self._listeners.tell(SessionChange(ended, reason))
            caller = Caller(new_call_id(), ended.actor, ended.session, NobodyToAsk())
            request = SessionToEnd(session_id=session_id, reason=reason, everywhere=everywhere, tokens=tokens)
            try:
                self._providers.end(ended.session.means, request, caller)
            except SegurError:
                # The session is over whatever the provider does; whoever meant to leave more must know that he did not.
                if everywhere:
                    raise
        return True

    def renew(self, session_id: str, tokens: SessionTokens, seconds: float) -> SessionTokens:
        """Have the tokens of an open session renewed by who authenticated its user.

        Raises:
            ServiceError: ``service.session_needed``: it is over.
            SegurError: what the provider said.
        """
        opened = self._open.get(session_id)
        if opened is None:
            raise ServiceError("service.session_needed", source=ErrorSource.USER)
        # In nobody's session: what renews tokens cannot use them.
        caller = Caller(new_call_id(), opened.actor, None, NobodyToAsk())
        request = SessionToRenew(session_id=session_id, tokens=tokens)
        return self._providers.renew(opened.session.means, request, caller, seconds)

    def end_elsewhere(self, means: SessionMeans, said: AuthorityLogout, caller: Caller) -> int:
        """End the sessions of which the authority says that they are over, and return how many there were.

        Raises:
            InputError: it was not the authority who said so.
            SegurError: what the provider said.
        """
        whose = self._providers.ended_elsewhere(means, said, caller)
        ended = [
            one
            for one in self._open.all()
            if one.session.means is means
            and (
                one.authority_session == whose.authority_session
                if whose.authority_session is not None
                else whose.national_id is not None and one.national_id == whose.national_id
            )
        ]
        self._end(ended, SessionEnd.REFUSED)
        return len(ended)

    def end_all(self) -> None:
        """End every session, and let none begin: the host stops."""
        with self._beginning:
            self._closed = True
        self._alarm.close()
        self._holding.close()
        self._end(self._open.all(), SessionEnd.HOST_STOPPED)
        self._listeners.close()
        self._records.close()

    @contextmanager
    def _alone_at_the_reader(self, means: SessionMeans) -> Iterator[None]:
        if means is not SessionMeans.CPS:
            yield
            return
        if not self._at_the_reader.acquire(blocking=False):
            raise InputError("session.signing_in")
        try:
            yield
        finally:
            self._at_the_reader.release()

    def _give_back(self, means: SessionMeans, proven: Authenticated | None) -> None:
        """Let go of what was got for a session that does not open after all."""
        if means is SessionMeans.CPS:
            # The provider may have had a token unlocked before it, or we, thought better of it.
            held = {one.session.token_serial for one in self._open.all()}
            self._devices.tokens.lock_all(but=held)
        if proven is not None and proven.tokens is not None:
            request = SessionToEnd(session_id=str(uuid.uuid4()), reason=SessionEnd.REFUSED, tokens=proven.tokens)
            with suppress(SegurError):
                self._providers.end(means, request, self.anybody(new_call_id(), NobodyToAsk()))

    def _opened_locally(self, request: SessionRequest, caller: Caller) -> OpenSession:
        """Open the session of somebody who proved who he is by his code, to this host only."""
        account = self._desk.by_code(request.operator, caller.asker)
        proven = Authenticated(name=account.name, rpps=account.rpps)
        self._require_none_of(proven, account)
        admitted = self._desk.admit_locally(account, caller.asker)
        return self._begun(SessionMeans.LOCAL, proven, admitted, None, None, caller)

    def _opened(
        self,
        means: SessionMeans,
        proven: Authenticated,
        presence: CardPresence | None,
        exercice: str | None,
        caller: Caller,
    ) -> OpenSession:
        unlocked = self._has_unlocked(proven.token_serial)
        admitted = self._desk.admit(means, proven, caller.asker)
        self._require_none_of(proven, admitted.account)
        last = self._records.last_choice(proven)
        chosen = chosen_exercice(proven.exercices, exercice, last, caller.asker)
        if chosen is not None and chosen != last:
            self._records.choose(proven, chosen)
        opened = self._begun(means, proven, admitted, presence, chosen, caller)
        if unlocked:
            self._require_still_unlocked(opened)
        if presence is not None and not self._holding.is_there(presence):
            # It was pulled before anybody watched it.
            self.close(opened.id, SessionEnd.CARD_REMOVED)
            raise CardError("card.removed", slot=presence.slot)
        return opened

    def _begun(
        self,
        means: SessionMeans,
        proven: Authenticated,
        admitted: Admitted,
        presence: CardPresence | None,
        chosen: str | None,
        caller: Caller,
    ) -> OpenSession:
        now = self._clock.now()
        longest = now + self._longest
        session = Session(
            session_id=str(uuid.uuid4()),
            means=means,
            expires_at=min(proven.expires_at or longest, longest).isoformat(),
            token_serial=proven.token_serial,
            rights=admitted.rights,
        )
        actor = Actor(
            kind=ActorKind.OPERATOR if means is SessionMeans.LOCAL else ActorKind.PROFESSIONAL,
            name=proven.name,
            rpps=proven.rpps,
            structure=structure_in(proven.exercices, chosen) or self._nobody.structure,
            exercice=chosen,
            workstation=self._nobody.workstation,
        )
        opened = OpenSession(
            session,
            actor,
            proven.exercices,
            presence,
            admitted.account,
            proven.national_id,
            proven.authority_session,
        )
        with self._beginning:
            # Whoever gave up or went away meanwhile would have a session that he knows nothing of.
            caller.cancellation.wait()
            if self._closed:
                raise HostError("host.closed")
            # Once more: he may have signed in elsewhere while he was asked.
            self._require_none_of(proven, admitted.account)
            self._records.begin(session, actor, caller.call_id)
            if proven.tokens is not None:
                self._vault.put(session.session_id, proven.tokens)
            self._open.add(opened, now)
        self._alarm.set()
        self._listeners.tell(SessionChange(opened))
        return opened

    def _require_none_of(self, proven: Authenticated, account: Account | None) -> None:
        if any(one.belongs_to(proven, account) for one in self._open.all()):
            raise InputError("session.already_open")

    def _has_unlocked(self, serial: str | None) -> bool:
        return serial is not None and self._devices.tokens.is_unlocked(serial)

    def _require_still_unlocked(self, opened: OpenSession) -> None:
        """End a session whose token was lost before the session was there to be ended; from now on it is noticed."""
        serial = opened.session.token_serial
        if not self._has_unlocked(serial):
            self.close(opened.id, self._holding.how_lost(opened.presence))
            raise CardError("card.driver_stopped", retryable=True)
        if serial is not None and opened.presence is None:
            self._devices.tokens.follow(serial)

    def _card_removed(self, presence: CardPresence) -> None:
        self._end([opened for opened in self._open.all() if opened.presence == presence], SessionEnd.CARD_REMOVED)

    def _token_lost(self, serial: str) -> None:
        for opened in self._open.all():
            if opened.session.token_serial == serial:
                self._end([opened], self._holding.how_lost(opened.presence))

    def _end_those_over(self) -> datetime | None:
        """End the sessions whose time is over, and return when that of the next one will be."""
        now = self._clock.now()
        times = [(opened, self._open.until(opened)) for opened in self._open.all()]
        self._end([opened for opened, until in times if until <= now], SessionEnd.EXPIRED)
        return min((until for _, until in times if until > now), default=None)

    def _end(self, ended: Iterable[OpenSession], reason: SessionEnd) -> None:
        for opened in ended:
            # That it ends must not depend on whether it can be noted.
            with suppress(SegurError):
                self.close(opened.session.session_id, reason)

    def _lock_token(self, serial: str | None) -> None:
        if serial is not None:
            # A card that is gone has locked itself.
            with suppress(SegurError):
                self._devices.tokens.lock(serial)
