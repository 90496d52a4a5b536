"""One intent, one step further: judged again, prepared, sent, or found out about. One at a time on its data folder."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import attrs

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.broker.ask import NobodyToAsk
from segur_host.consents.ledger import Consents
from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import DECIDER_FAILED, Dispatcher, new_call_id
from segur_host.gate.gate import Gate
from segur_host.identities.desk import IdentityDesk
from segur_host.outbox import notices
from segur_host.outbox.intents import Intent, IntentState, IntentTable
from segur_host.outbox.outcomes import Next, after_doubt, after_failure, longer_pause_until
from segur_host.registry.registry import PluginEntry, PluginState
from segur_host.sessions.open_sessions import OpenSession
from segur_host.storage.database import Database
from segur_host.traces.store import TraceStore
from segur_sdk.context import Clock
from segur_sdk.errors import Fact, HostError, PluginError, SegurError, UserMessage
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.models.notice import Notice
from segur_sdk.senders import FoundOut, Needs, PreparedSend, SendAttempt, Sender, SendRequest, Sent

PREPARING_S: Final = 30.0
ATTEMPT_S: Final = 60.0
FINDING_S: Final = 30.0
_PAUSING: Final = frozenset({IntentState.WAITING, IntentState.IN_DOUBT})


@attrs.frozen
class Sending:
    """Takes intents further, for whoever holds the outbox of a data folder.

    Args:
        database: the host's database.
        table: of the intents.
        gate: judges again.
        desk: knows identities.
        consents: of the patients.
        senders: plugins by the kind of effect.
        dispatcher: has them called.
        sessions: says which sessions are open.
        audit: of the host.
        traces: keeps what was sent of a patient.
        messages: French texts that plugins bring.
        clock: says what time it is.
        draw: at random, from 0 to 1.
    """

    database: Database
    table: IntentTable
    gate: Gate
    desk: IdentityDesk
    consents: Consents
    senders: Mapping[str, PluginEntry]
    dispatcher: Dispatcher
    sessions: Callable[[], tuple[OpenSession, ...]]
    audit: AuditLog
    traces: TraceStore
    messages: Mapping[str, UserMessage]
    clock: Clock
    draw: Callable[[], float]

    def sender(self, kind: str) -> PluginEntry:
        """Return the plugin that sends a kind of effect.

        Raises:
            PluginError: ``plugin.sender_missing``.
        """
        entry = self.senders.get(kind)
        if entry is None or entry.state is not PluginState.ACTIVE:
            raise PluginError("plugin.sender_missing", kind=kind, retryable=True)
        return entry

    def prepare(self, kind: str, draft: DmpDraft, caller: Caller) -> PreparedSend:
        """Have a draft built; nothing is sent.

        Raises:
            SegurError: why it cannot be built.
        """
        entry = self.sender(kind)
        request = SendRequest(kind=kind, draft=draft)
        prepared = self.dispatcher.ask(entry, Sender, "prepare_send", request, caller, PREPARING_S)
        assert isinstance(prepared, PreparedSend)
        if prepared.kind != kind:
            raise PluginError("plugin.invalid_result", plugin=entry.id, expected=kind)
        return prepared

    def step(self, intent_id: str) -> Intent:
        """Take one intent one step further, as far as it can go now.

        Raises:
            HostError: what was done cannot be kept; the same step is made again.
        """
        intent = self.table.get(intent_id)
        if intent.state.is_settled:
            return intent
        if intent.is_altered:
            return self._stopped(intent)
        if intent.state is IntentState.SENDING:
            # Nobody sends but who calls this: that attempt was cut short.
            intent = self._move(intent, Next(IntentState.IN_DOUBT), "outbox.interrupted")
        try:
            return self._further(intent)
        except HostError:
            raise
        except SegurError as failure:
            now = self.table.get(intent.id)
            if failure.code == "outbox.changed_meanwhile":
                # Somebody took it back, or had it tried again: that counts.
                return now
            return self._put_off(now, failure)

    def _further(self, intent: Intent) -> Intent:
        entry = self.sender(intent.kind)
        if entry.id != intent.plugin:
            # What one plugin prepared says nothing to another, and is none of its business.
            raise PluginError("plugin.sender_missing", kind=intent.kind, retryable=True)
        draft = intent.draft(self.desk.sealed)
        if intent.state is IntentState.IN_DOUBT:
            # Asked before anything else, and whatever the rules say now: it may have taken effect already.
            intent = self._found_out(intent, entry, draft)
            if intent.state is not IntentState.QUEUED:
                return intent
        judged, passes = self._judged(intent, entry, draft)
        if not passes:
            return judged
        if judged.prepared is not None and judged.attempts > 0 and not self._names(judged, draft.identity):
            # It may stand somewhere under these very identifiers: a person decides.
            return self._hold(judged, (notices.IDENTITY_CHANGED,))
        try:
            ready, needs = self._frozen(judged, draft)
        except SegurError as failure:
            return self._put_off(judged, failure)
        session, missing = self._satisfied(needs)
        if missing is not None:
            return self._move(ready, Next(IntentState.WAITING, self._later(intent)), "outbox.waiting", (missing,))
        return self._attempted(ready, entry, draft, self._caller(ready, session))

    def _judged(self, intent: Intent, entry: PluginEntry, draft: DmpDraft) -> tuple[Intent, bool]:
        """Apply what applies before each attempt; the whole gate to what was never let through it.

        Returns:
            The intent as it was judged, and whether it passes; if not, it is held.
        """
        consents = self.consents.state(intent.identity_ref)
        seen = attrs.evolve(intent, seen_revision=draft.identity.revision, seen_consent=consents.last)
        if intent.prepared is None:
            decision = self.gate.judge(draft, entry, self._caller(intent, None))
        else:
            found, _ = self.gate.standing(draft)
            verdict = Verdict.ALLOW if not found else Verdict.HOLD
            question = next((one.question for one in found if one.question is not None), None)
            decision = Decision(verdict=verdict, reasons=tuple(one.notice for one in found), question=question)
        if decision.verdict in {Verdict.ALLOW, Verdict.WARN}:
            return seen, True
        if any(one.code == DECIDER_FAILED for one in decision.reasons):
            # Nobody said no: it is asked again, and not only once something changes for the patient.
            return self._move(
                seen, Next(IntentState.WAITING, self._later(intent)), "outbox.waiting", decision.reasons
            ), False
        return self._hold(seen, decision.reasons, decision), False

    def _frozen(self, intent: Intent, draft: DmpDraft) -> tuple[Intent, Needs]:
        """Return it with its document: as it was frozen, if that still names the patient as he is known."""
        prepared = intent.prepared
        if prepared is None or not self._names(intent, draft.identity):
            prepared = self.prepare(intent.kind, draft, self._caller(intent, None))
            intent = attrs.evolve(intent, prepared=prepared, prepared_revision=draft.identity.revision)
        return intent, prepared.needs

    def _names(self, intent: Intent, identity: SealedIdentity) -> bool:
        if intent.prepared_revision == identity.revision:
            return True
        frozen = next(
            (one for one in self.desk.history(intent.identity_ref) if one.number == intent.prepared_revision), None
        )
        return frozen is not None and (frozen.record.traits, frozen.record.matricule) == (
            identity.traits,
            identity.matricule,
        )

    def _satisfied(self, needs: Needs) -> tuple[OpenSession | None, Notice | None]:
        """Return the session in which an attempt is made, or what is missing."""
        if needs.means is None:
            return None, None
        for opened in self.sessions():
            if opened.session.means is needs.means and needs.card in {None, opened.session.token_serial}:
                return opened, None
        return None, notices.waits_for(needs)

    def _attempted(self, intent: Intent, entry: PluginEntry, draft: DmpDraft, caller: Caller) -> Intent:
        assert intent.prepared is not None
        sending = attrs.evolve(intent, attempts=intent.attempts + 1, reasons=(), question=None)
        with self.database.accepting():
            if self._is_outdated(intent):
                # Somebody opposed, or the identity changed, while it was judged and built: it is judged again.
                return self.table.get(intent.id)
            sending = self._move(sending, Next(IntentState.SENDING), "outbox.sending")
        attempt = SendAttempt(prepared=intent.prepared, draft=draft, number=sending.attempts)
        try:
            sent = self.dispatcher.ask(entry, Sender, "attempt_send", attempt, caller, ATTEMPT_S)
        except SegurError as failure:
            going = after_failure(failure, sending.attempts, self.clock.now(), self.draw())
            return self._move(
                sending, going, f"outbox.{going.state}", (notices.of(failure, self.messages),), error=failure.code
            )
        assert isinstance(sent, Sent)
        return self._settled(sending, sent, caller)

    def _is_outdated(self, intent: Intent) -> bool:
        """Tell whether an intent was judged by an identity or consents that are no longer the current ones."""
        revision = self.desk.sealed(intent.identity_ref).revision
        consent = self.consents.state(intent.identity_ref).last
        return (intent.seen_revision, intent.seen_consent) != (revision, consent)

    def _found_out(self, intent: Intent, entry: PluginEntry, draft: DmpDraft) -> Intent:
        assert intent.prepared is not None
        # Whoever may not send in a session may not ask in it either.
        session, missing = self._satisfied(intent.prepared.needs)
        if missing is not None:
            later = Next(IntentState.IN_DOUBT, self._later(intent))
            return self._move(intent, later, "outbox.in_doubt", (missing,))
        caller = self._caller(intent, session)
        attempt = SendAttempt(prepared=intent.prepared, draft=draft, number=max(intent.attempts, 1))
        try:
            said = self.dispatcher.ask(entry, Sender, "find_out", attempt, caller, FINDING_S)
        except SegurError as failure:
            return self._move(
                intent,
                Next(IntentState.IN_DOUBT, self._later(intent)),
                "outbox.in_doubt",
                (notices.of(failure, self.messages),),
                error=failure.code,
            )
        assert isinstance(said, FoundOut)
        state = after_doubt(said.found, intent.prepared)
        if state is IntentState.SENT:
            found = Sent(effect_id=intent.prepared.effect_id, at=self.clock.now(), references=said.references)
            return self._settled(intent, found, caller)
        if state is IntentState.HELD:
            return self._hold(intent, (notices.IN_DOUBT,))
        return self._move(intent, Next(state), "outbox.found_out", found=str(said.found))

    def _settled(self, intent: Intent, sent: Sent, caller: Caller) -> Intent:
        with self.database.accepting():
            self.traces.record(
                intent.identity_ref,
                kind="outbox.sent",
                actor=intent.actor,
                payload={
                    "kind": intent.kind,
                    "effect": sent.effect_id,
                    "references": sent.references,
                    "at": sent.at.isoformat(),
                },
                call_id=caller.call_id,
            )
            done = attrs.evolve(intent, sent=sent, reasons=sent.warnings, question=None)
            return self._move(done, Next(IntentState.SENT), "outbox.sent", sent.warnings, was=intent.state)

    def _hold(self, intent: Intent, reasons: tuple[Notice, ...], decision: Decision | None = None) -> Intent:
        held = attrs.evolve(intent, question=None if decision is None else decision.question)
        if any(one.code in notices.UNTIL_RETRIED for one in reasons):
            held = attrs.evolve(held, seen_revision=None)
        return self._move(held, Next(IntentState.HELD), "outbox.held", reasons)

    def _put_off(self, intent: Intent, failure: SegurError) -> Intent:
        at = self._later(intent)
        doubted = intent.state in {IntentState.IN_DOUBT, IntentState.SENDING}
        state = IntentState.IN_DOUBT if doubted else IntentState.WAITING
        return self._move(
            intent, Next(state, at), f"outbox.{state}", (notices.of(failure, self.messages),), error=failure.code
        )

    def _later(self, intent: Intent) -> datetime:
        """Return when one that cannot go further is looked at again: after longer and longer pauses."""
        at = intent.next_attempt
        last = at - intent.changed_at if at is not None and intent.state in _PAUSING else None
        return longer_pause_until(last, self.clock.now(), self.draw())

    def _stopped(self, intent: Intent) -> Intent:
        """Hold one that is not what was let in."""
        with self.database.accepting():
            self.table.put_altered(intent, IntentState.HELD, self.clock.now())
            self.audit.append(AuditEntry(event="outbox.altered", plugin=intent.plugin, facts={"intent": intent.id}))
        return self.table.get(intent.id)

    def _move(
        self,
        intent: Intent,
        going: Next,
        event: str,
        reasons: tuple[Notice, ...] = (),
        *,
        was: IntentState | None = None,
        **facts: Fact,
    ) -> Intent:
        """Keep where an intent stands now, with its audit record, in one write; what is as it was is recorded once."""
        as_it_was = (intent.state, codes_of(intent.reasons)) == (going.state, codes_of(reasons))
        now = self.clock.now()
        moved = attrs.evolve(intent, state=going.state, next_attempt=going.at, reasons=reasons, changed_at=now)
        with self.database.accepting():
            self.table.put(moved, was=was or intent.state)
            if as_it_was and going.state in _PAUSING:
                return moved
            self.audit.append(
                AuditEntry(
                    event=event,
                    plugin=intent.plugin,
                    actor=intent.actor,
                    facts={
                        "intent": intent.id,
                        "kind": intent.kind,
                        "attempts": intent.attempts,
                        "reasons": codes_of(reasons)[:120],
                        **facts,
                    },
                )
            )
        return moved

    def _caller(self, intent: Intent, session: OpenSession | None) -> Caller:
        """Return on whose behalf: who sent it, in the session that an attempt needs, with nobody to be asked."""
        if session is not None:
            return Caller(new_call_id(), session.actor, session.session, NobodyToAsk())
        return Caller(new_call_id(), intent.actor, None, NobodyToAsk())


def codes_of(reasons: tuple[Notice, ...]) -> str:
    """Return the codes of reasons, as the audit bears them."""
    return " ".join(reason.code for reason in reasons)
