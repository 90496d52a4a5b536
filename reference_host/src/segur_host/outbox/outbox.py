"""The outbox: takes in what the gate lets through, and sends it when it can, in the background and in order."""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import attrs

from segur_host.audit.log import AuditEntry
from segur_host.crash import write_report
from segur_host.dispatch.context import Caller
from segur_host.outbox import notices
from segur_host.outbox.intents import Intent, IntentState, IntentTable, Standing
from segur_host.outbox.kinds import said_of
from segur_host.outbox.outcomes import LONGEST_PAUSE
from segur_host.outbox.sending import ATTEMPT_S, Sending
from segur_host.storage.file_lock import FileLock
from segur_sdk.errors import HostError, InputError, SegurError
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.models.notice import Notice, Question
from segur_sdk.senders import PreparedSend, Rehearsal, SendAttempt, Sender, SendPart

LOCK_NAME: Final = "outbox.lock"
LOOK_S: Final = 1.0
"""What is due is looked for that often."""
AGAIN_S: Final = 30.0
"""After a failure of the host itself, or while another host holds the outbox."""
CLOSING_S: Final = 2.0
PAGE: Final = 20


@attrs.frozen
class Receipt:
    """What became of something that was given to be sent."""

    verdict: Verdict
    reasons: tuple[Notice, ...] = ()
    intent: Intent | None = None
    """What was let in; nothing when it was blocked."""
    question: Question | None = None
    """What it waits for, when an answer can release it."""


@attrs.frozen
class Seen:
    """The intents whose keys begin alike, as somebody saw them who decides upon them."""

    beginning: str
    ids: tuple[str, ...]


@attrs.frozen
class DryRun:
    """What the gate says of a draft, and what would go out."""

    decision: Decision
    parts: tuple[SendPart, ...] = ()
    """Nothing when it was blocked."""


class Outbox:
    """The outbox of one host. Nothing is sent by itself before ``start``. Every method may be called from any thread.

    Args:
        sending: takes intents further.
        per_minute: how many attempts are made at most in a minute; ``None``: as fast as they go.
    """

    def __init__(self, sending: Sending, per_minute: int | None = None) -> None:
        self._sending = sending
        self._table: IntentTable = sending.table
        self._pause_s = 0.0 if per_minute is None else 60.0 / per_minute
        self._woken = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._aside: dict[str, float] = {}
        """Until when those are left alone at which this program failed, by its monotonic clock."""

    def send(
        self,
        draft: DmpDraft,
        kind: str,
        caller: Caller,
        *,
        idempotency_key: str | None = None,
        hold: bool = False,
        instead_of: Collection[str] = (),
        seen: Seen | None = None,
    ) -> Receipt:
        """Pass the gate and let in what it does not block. What is accepted is on the disk when this returns.

        Args:
            draft: what is to be sent.
            kind: of effect.
            caller: on whose behalf.
            idempotency_key: the same key gives the same receipt, whatever else is given.
            hold: the user holds this one document; it leaves when he says so.
            instead_of: intents that are taken back as this one is let in, in one write: versions before it.
            seen: what the caller decided upon; nothing is let in once it is not so any more.

        Raises:
            SegurError: it cannot be judged, built or kept, one that it stands instead of is being sent, or
                ``outbox.another_version``; nothing was let in.
        """
        known = None if idempotency_key is None else self._table.of_key(idempotency_key)
        if known is not None:
            return _receipt(known)
        entry = self._sending.sender(kind)
        draft = said_of(draft, kind)
        # Before it is judged: what is said meanwhile has it judged again.
        seen_consent = self._sending.consents.state(draft.identity.identity_ref).last
        decision = self._sending.gate.judge(draft, entry, caller)
        if decision.verdict is Verdict.BLOCK:
            return Receipt(decision.verdict, decision.reasons)
        prepared: PreparedSend | None = None
        reasons = decision.reasons
        if decision.verdict is not Verdict.HOLD:
            prepared = self._sending.prepare(kind, draft, caller)
        if hold:
            reasons = (notices.HELD_BY_USER, *reasons)
        held = hold or decision.verdict is Verdict.HOLD
        now = self._sending.clock.now()
        intent = Intent(
            id=self._table.new_id(),
            idempotency_key=idempotency_key,
            kind=kind,
            plugin=entry.id,
            identity_ref=draft.identity.identity_ref,
            state=IntentState.HELD if held else IntentState.QUEUED,
            draft_json=draft.model_dump_json(),
            actor=caller.actor,
            created_at=now,
            changed_at=now,
            seen_revision=None if hold else draft.identity.revision,
            seen_consent=seen_consent,
            reasons=reasons,
            question=decision.question,
            prepared=prepared,
            prepared_revision=None if prepared is None else draft.identity.revision,
        )
        kept = self._let_in(intent, instead_of, seen, caller)
        self.wake()
        return _receipt(kept)

    def rehearse(self, draft: DmpDraft, kind: str, caller: Caller) -> DryRun:
        """Pass the gate and build what would go out; nothing is kept nor sent.

        Raises:
            SegurError: it cannot be judged or built.
        """
        entry = self._sending.sender(kind)
        draft = said_of(draft, kind)
        decision = self._sending.gate.judge(draft, entry, caller)
        if decision.verdict in {Verdict.BLOCK, Verdict.HOLD}:
            return DryRun(decision)
        attempt = SendAttempt(prepared=self._sending.prepare(kind, draft, caller), draft=draft, number=1)
        rehearsal = self._sending.dispatcher.ask(entry, Sender, "rehearse_send", attempt, caller, ATTEMPT_S)
        assert isinstance(rehearsal, Rehearsal)
        return DryRun(decision, rehearsal.parts)

    def list(self, *states: IntentState) -> Iterator[Intent]:
        """Yield what was let in, oldest first; what was neither sent nor taken back when no state is named."""
        return self._table.all(*(states or _NOT_OVER))

    def standings(self, *, settled: bool = False) -> Iterator[Standing]:
        """Yield where each one stands that was neither sent nor taken back, oldest first, without what it sends.

        Args:
            settled: those as well.
        """
        return self._table.standings(*(() if settled else _NOT_OVER))

    def show(self, intent_id: str) -> Intent:
        """Return one.

        Raises:
            InputError: ``outbox.unknown``.
        """
        return self._table.get(intent_id)

    def under(self, prefix: str) -> tuple[Standing, ...]:
        """Return where those stand that were let in under keys that begin so, oldest first."""
        return self._table.under(prefix)

    def retry(self, intent_id: str, caller: Caller) -> Intent:
        """Have one sent as soon as it can be: it is judged again first.

        Raises:
            InputError: ``outbox.unknown``; ``outbox.settled``: it was sent, or taken back; ``outbox.busy``: it is being
                sent; ``outbox.altered``: it is not what was let in.
        """
        with self._sending.database.accepting():
            intent = self._table.get(intent_id)
            if intent.is_altered:
                raise InputError("outbox.altered")
            if intent.state is IntentState.SENDING:
                raise InputError("outbox.busy", retryable=True)
            if intent.state.is_over:
                raise InputError("outbox.settled")
            again = attrs.evolve(intent, next_attempt=None, changed_at=self._sending.clock.now())
            if intent.state is not IntentState.IN_DOUBT:
                again = attrs.evolve(again, state=IntentState.QUEUED, reasons=(), question=None)
            if any(one.code == notices.IDENTITY_CHANGED.code for one in intent.reasons):
                # What was frozen names another: whoever asks has seen to what may stand there.
                again = attrs.evolve(again, prepared=None, prepared_revision=None, attempts=0)
            self._table.put(again, was=intent.state)
            self._record("outbox.retried", again, caller)
        self.wake()
        return again

    def cancel(self, intent_id: str, caller: Caller) -> Intent:
        """Take one back that was not sent.

        Raises:
            InputError: ``outbox.unknown``, ``outbox.settled``, ``outbox.busy``: it is being sent, or may have been.
        """
        with self._sending.database.accepting():
            intent = self._table.get(intent_id)
            if intent.state.is_over:
                raise InputError("outbox.settled")
            if intent.is_altered:
                self._table.put_altered(intent, IntentState.CANCELLED, self._sending.clock.now())
                self._record("outbox.cancelled", intent, caller)
                return self._table.get(intent_id)
            if intent.state in {IntentState.SENDING, IntentState.IN_DOUBT}:
                raise InputError("outbox.busy", retryable=True)
            now = self._sending.clock.now()
            cancelled = attrs.evolve(
                intent, state=IntentState.CANCELLED, next_attempt=None, reasons=(), question=None, changed_at=now
            )
            self._table.put(cancelled, was=intent.state)
            self._record("outbox.cancelled", cancelled, caller)
        return cancelled

    def start(self) -> None:
        """Send what is due, from now on; a second call changes nothing."""
        if self._thread is None and not self._closed.is_set():
            self._thread = threading.Thread(target=self._run, name="segur-outbox", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look at once: something may have come that was waited for."""
        self._woken.set()

    def wake_for_session(self) -> None:
        """Look at once at what waits for a session: one was opened."""
        with suppress(SegurError):
            # They are looked at anyhow, a little later.
            self._table.release(notices.WAITS_FOR_SESSION)
        self.wake()

    def run(self) -> int:
        """Take everything that is due as far as it can go now.

        Returns:
            How many were taken a step further.

        Raises:
            HostError: ``outbox.elsewhere``: another host sends from this data folder; or what was done cannot be kept.
        """
        done = 0
        with self._alone():
            while page := self._due():
                for intent_id in page:
                    if self._closed.is_set():
                        return done
                    self._step(intent_id)
                    done += 1
                    if self._pause_s:
                        self._closed.wait(self._pause_s)
        return done

    def close(self) -> None:
        """Send nothing more; an attempt in progress has ``CLOSING_S``, then what became of it is found out later."""
        self._closed.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(CLOSING_S)

    def _run(self) -> None:
        pause = 0.0
        while not self._closed.is_set():
            self._woken.wait(pause)
            self._woken.clear()
            try:
                self.run()
                pause = LOOK_S
            except SegurError:
                # The database cannot be used now, or another host sends: nothing is lost by waiting.
                pause = AGAIN_S
            except Exception as failure:  # noqa: BLE001 - a defect must not end all sending of the host
                write_report(failure)
                pause = AGAIN_S

    def _step(self, intent_id: str) -> None:
        try:
            self._sending.step(intent_id)
        except SegurError:
            raise
        except Exception as failure:  # noqa: BLE001 - a defect at one must not keep the others from being sent
            write_report(failure)
            self._aside[intent_id] = time.monotonic() + LONGEST_PAUSE.total_seconds()

    def _due(self) -> tuple[str, ...]:
        now, passed = self._sending.clock.now(), time.monotonic()
        self._aside = {one: until for one, until in self._aside.items() if until > passed}
        aside = frozenset(self._aside)
        return (
            self._table.due(now, now + LONGEST_PAUSE, PAGE, aside)
            or self._table.to_judge_again(PAGE, aside)
            or self._table.interrupted(PAGE, aside)
        )

    def _let_in(self, intent: Intent, instead_of: Collection[str], seen: Seen | None, caller: Caller) -> Intent:
        """Keep one; of two with the same key, the first."""
        with self._sending.database.accepting():
            known = None if intent.idempotency_key is None else self._table.of_key(intent.idempotency_key)
            if known is not None:
                return known
            if seen is not None and seen.ids != tuple(one.id for one in self._table.under(seen.beginning)):
                raise InputError("outbox.another_version", retryable=True)
            for replaced in instead_of:
                self.cancel(replaced, caller)
            self._table.add(intent)
            self._sending.audit.append(
                AuditEntry(
                    event="outbox.accepted",
                    plugin=intent.plugin,
                    actor=intent.actor,
                    facts={"intent": intent.id, "kind": intent.kind, "state": str(intent.state)},
                )
            )
        return intent

    def _record(self, event: str, intent: Intent, caller: Caller) -> None:
        facts = {"intent": intent.id, "kind": intent.kind}
        entry = AuditEntry(event=event, call_id=caller.call_id, plugin=intent.plugin, actor=caller.actor, facts=facts)
        self._sending.audit.append(entry)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of every host on these data, one sends at a time; the system lets go of it when its holder dies."""
        lock = FileLock(self._sending.database.folder / LOCK_NAME, patience_s=0.0)
        try:
            try:
                lock.acquire()
            except HostError as failure:
                if failure.code != "storage.busy":
                    raise
                raise HostError("outbox.elsewhere", retryable=True) from None
            try:
                yield
            finally:
                lock.release()
        finally:
            lock.close()


_NOT_OVER: Final = tuple(state for state in IntentState if not state.is_over)


def _receipt(intent: Intent) -> Receipt:
    verdict = Verdict.ALLOW
    if intent.state is IntentState.HELD:
        verdict = Verdict.HOLD
    elif intent.state is IntentState.QUEUED and intent.reasons:
        verdict = Verdict.WARN
    return Receipt(verdict, intent.reasons, intent, intent.question)
