"""Call a hook: ask its plugins in order, keep one outcome each, combine them as the hook's mode says.

The loop is our own over what pluggy registered: the stock call neither says who answered, nor contains a
failing plugin, nor ends a hanging one.
"""

import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Self

import attrs
from pydantic import ValidationError

from segur_host.audit.log import AuditEntry
from segur_host.dispatch.context import CallContext, Caller, Resources
from segur_host.dispatch.deadline import CallDeadline
from segur_host.dispatch.failures import contained
from segur_host.dispatch.outcome import HookResult, Outcome, OutcomeStatus
from segur_host.dispatch.relay import Begun, Relay, Step
from segur_host.dispatch.services import answer_type, serve
from segur_host.registry.registry import PluginEntry, PluginState, Registry
from segur_sdk.errors import HostError, IdentityError, InputError, PluginError, SegurError
from segur_sdk.hooks import HOOKS, HookInfo, HookMode
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.jobs import JobDone, JobRun, JobRunner
from segur_sdk.models.base import Event, Value
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.models.notice import Notice
from segur_sdk.senders import SendAttempt, Sender, SendRequest

DECIDER_FAILED: Final = "gate.decider_failed"
"""Code of a reason: a plugin that decides could not."""


@attrs.frozen
class _Asked:
    """What one plugin is asked: a hook, or a method of a service that the host itself needs."""

    name: str
    """As the audit calls it."""
    result: type[Value]
    seconds: float

    @classmethod
    def hook(cls, info: HookInfo) -> Self:
        return cls(f"hook.{info.name}", info.result, info.deadline_s)


class Dispatcher:
    """Calls hooks for one host.

    Args:
        registry: who answers.
        resources: what is lent to those who do.
        suspend_after: hung calls after which a plugin is suspended.
    """

    def __init__(self, registry: Registry, resources: Resources, suspend_after: int) -> None:
        self._registry = registry
        self._resources = resources
        self._suspend_after = suspend_after
        self._relay = Relay()
        self._closed = False
        self._admit: Callable[[DmpDraft], None] = _nobody_judges

    def when_sending(self, admit: Callable[[DmpDraft], None]) -> None:
        """Have every draft judged that is handed to a sender; while nobody judges, none is.

        Args:
            admit: raises an ``IdentityError`` for a draft that no sender may see.
        """
        self._admit = admit

    def call(self, hook: str, event: Event, caller: Caller) -> HookResult:
        """Call one hook.

        Args:
            hook: its name.
            event: of the type that the hook declares.
            caller: on whose behalf.

        Raises:
            InputError: ``input.hook_unknown``, ``input.event``.
            HostError: ``host.closed``, or what was done cannot be recorded.
        """
        self._require_open()
        info = HOOKS.get(hook)
        if info is None:
            raise InputError("input.hook_unknown")
        if not isinstance(event, info.event):
            raise InputError("input.event", hook=hook, fields="")
        answering = self._registry.answering(hook)
        asked = _Asked.hook(info)
        steps = [self._step(asked, entry, function, event, caller) for entry, function in answering]
        outcomes = self._relay.run(
            steps,
            stops_after=_stops_first if info.mode is HookMode.FIRST else _never_stops,
            timed_out=lambda index: self._timed_out(asked, answering[index][0]),
        )
        self._account(info, outcomes, caller)
        self._resources.cards.settle(caller.call_id)
        return HookResult(hook=hook, call_id=caller.call_id, value=_combined(info, outcomes), outcomes=tuple(outcomes))

    def ask(
        self, entry: PluginEntry, protocol: type, method: str, request: Value, caller: Caller, seconds: float
    ) -> Any:
        """Ask a service of one plugin, or a sender, on behalf of the host itself.

        Args:
            entry: the plugin, which provides the service.
            protocol: the service, or ``Sender``.
            method: of the service.
            request: its one argument beside the context.
            caller: on whose behalf.
            seconds: how long it may take, questions to a person aside.

        Raises:
            SegurError: what the plugin reported; ``plugin.timed_out``, ``plugin.invalid_result``.
            IdentityError: no sender may see that draft.
        """
        self._require_open()
        if entry.loaded is None:
            raise PluginError("plugin.not_loaded", plugin=entry.id)
        if isinstance(request, SendRequest | SendAttempt) and method != Sender.find_out.__name__:
            self._admit(request.draft)
        room = "sender" if protocol is Sender else "service"
        asked = _Asked(f"{room}.{method}", answer_type(getattr(protocol, method)), seconds)
        step = self._step(asked, entry, getattr(entry.loaded.instance, method), request, caller)
        (outcome,) = self._relay.run([step], _never_stops, timed_out=lambda _: self._timed_out(asked, entry))
        self.conclude(entry, outcome, caller, _record(asked, outcome, caller))
        if outcome.error is not None:
            raise outcome.error
        if outcome.value is None:
            raise PluginError("plugin.invalid_result", plugin=entry.id, expected=asked.result.__name__)
        return outcome.value

    def begin_job(self, entry: PluginEntry, run: JobRun, caller: Caller, seconds: float) -> Begun[Outcome]:
        """Begin a run of a job, and wait for nothing.

        What becomes of it is recorded by whoever began it, with ``conclude``; what is answered late, here.

        Args:
            entry: the plugin.
            run: of its job.
            caller: on whose behalf.
            seconds: how long it may take.

        Raises:
            PluginError: ``plugin.not_loaded``.
            HostError: ``host.closed``.
        """
        self._require_open()
        runner: object = entry.loaded.instance if entry.loaded is not None else None
        if not isinstance(runner, JobRunner):
            raise PluginError("plugin.not_loaded", plugin=entry.id)
        asked = _Asked("job.run", JobDone, seconds)
        step = self._step(asked, entry, runner.run_job, run, caller)
        return self._relay.begin(step, timed_out=lambda: self._timed_out(asked, entry))

    def conclude(self, entry: PluginEntry, outcome: Outcome, caller: Caller, record: AuditEntry) -> None:
        """Record what became of something that was begun, and let go of what it used.

        Raises:
            HostError: ``host.closed``, or it cannot be recorded.
        """
        if outcome.error is not None:
            entry.last_error = outcome.error
        self._require_open()
        self._resources.audit.append_all([*outcome.notes, record])
        self._resources.cards.settle(caller.call_id)

    def close(self) -> None:
        """Let idle threads end. What a call given up answers from now on is recorded nowhere."""
        self._closed = True
        self._relay.close()

    def _require_open(self) -> None:
        """Begin nothing in a host that was closed, and record nothing behind its last record."""
        if self._closed:
            raise HostError("host.closed")

    def _step(
        self, asked: _Asked, entry: PluginEntry, function: Callable[..., Any], argument: Value, caller: Caller
    ) -> Step[Outcome]:
        def run(deadline: CallDeadline) -> Outcome:
            if entry.state is not PluginState.ACTIVE:
                return Outcome(entry.id, entry.version, OutcomeStatus.SUSPENDED, error=entry.reason)
            # Whoever is asked next finds free the cards that the one before used.
            self._resources.cards.settle(caller.call_id)
            started = time.perf_counter()
            ctx = CallContext(entry, caller, deadline, self._resources, self._serve)
            try:
                status, value, error = contained(entry.id, lambda: _checked(asked, function(argument, ctx)))
            finally:
                ctx.end()
            duration = (time.perf_counter() - started) * 1000
            return Outcome(entry.id, entry.version, status, value, error, duration, tuple(ctx.notes))

        return Step(run, asked.seconds, on_late=lambda outcome: self._record_late(asked, outcome, caller))

    def _serve(self, ctx: CallContext, protocol: type) -> object:
        return serve(ctx, protocol, self._registry.providers, self._resources, self._serve)

    def _timed_out(self, asked: _Asked, entry: PluginEntry) -> Outcome:
        if entry.count_hung_call(self._suspend_after):
            self._require_open()
            facts = {"hung_calls": entry.hung_calls}
            self._resources.audit.append(AuditEntry(event="plugin.suspended", plugin=entry.id, facts=facts))
        hook = asked.name.partition(".")[2]
        error = PluginError("plugin.timed_out", plugin=entry.id, hook=hook, retryable=True)
        return Outcome(entry.id, entry.version, OutcomeStatus.TIMED_OUT, error=error, duration_ms=asked.seconds * 1000)

    def _account(self, info: HookInfo, outcomes: Sequence[Outcome], caller: Caller) -> None:
        self._require_open()
        for outcome in outcomes:
            if outcome.error is not None and outcome.status is not OutcomeStatus.SUSPENDED:
                self._registry.entries[outcome.plugin].last_error = outcome.error
        entries = [
            entry for outcome in outcomes for entry in (*outcome.notes, _record(_Asked.hook(info), outcome, caller))
        ]
        if not info.traced:
            self._resources.audit.append_all(entries)
            return
        # Noted, not yet accepted: what is then recorded of the patient is, and makes these durable with it.
        with self._resources.audit.writing():
            for outcome in outcomes:
                self._trace(info, outcome, caller)
            self._resources.audit.append_all(entries)

    def _trace(self, info: HookInfo, outcome: Outcome, caller: Caller) -> None:
        """Keep what was answered, or exchanged before a failure, for the patient's functional trace."""
        payload: Value | dict[str, Any]
        if outcome.value is not None:
            payload = outcome.value
        elif outcome.error is not None:
            attempts = [one.model_dump(mode="json") for one in outcome.error.traced]
            payload = {"error": outcome.error.code, "attempts": attempts}
        else:
            return
        self._resources.traces.record(
            identity_ref=None,
            kind=f"hook.{info.name}",
            actor=caller.actor,
            payload=payload,
            call_id=caller.call_id,
        )

    def _record_late(self, asked: _Asked, outcome: Outcome, caller: Caller) -> None:
        # Nobody is there any more to be told that this record could not be kept.
        with suppress(SegurError):
            if not self._closed:
                self._resources.audit.append_all([*outcome.notes, _record(asked, outcome, caller, late=True)])


def _nobody_judges(_draft: DmpDraft) -> None:
    raise IdentityError("identity.not_sealed")


def new_call_id() -> str:
    """Return the id of a new call: a UUID of version 7 whose time has fractions of a millisecond (RFC 9562, 6.2).

    So ids grow with time, within a millisecond too.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62)))


def _checked(asked: _Asked, value: Any) -> Value | None:
    """Return what a plugin answered, validated again: it may have been put together by hand."""
    if value is None:
        return None
    call = asked.name.partition(".")[2]
    if not isinstance(value, asked.result):
        raise PluginError("plugin.invalid_result", hook=call, expected=asked.result.__name__)
    with suppress(ValidationError):
        return asked.result.model_validate(value)
    # Outside the block that judged it: an error would keep the value as its context.
    raise PluginError("plugin.invalid_result", hook=call, expected=asked.result.__name__)


def _stops_first(outcome: Outcome) -> bool:
    return outcome.status is not OutcomeStatus.DECLINED


def _never_stops(_outcome: Outcome) -> bool:
    return False


def _combined(info: HookInfo, outcomes: Sequence[Outcome]) -> Any:
    if info.mode is HookMode.FIRST:
        return next((outcome.value for outcome in outcomes if outcome.status is OutcomeStatus.OK), None)
    if info.mode is HookMode.DECIDE:
        return _strictest(outcomes)
    return tuple(outcome.value for outcome in outcomes if outcome.status is OutcomeStatus.OK)


def _strictest(outcomes: Sequence[Outcome]) -> Decision:
    """Return the strictest verdict with every reason; who fails, or an empty room, blocks."""
    verdict = Verdict.ALLOW
    reasons: list[Notice] = []
    decisions = [outcome.value for outcome in outcomes if isinstance(outcome.value, Decision)]
    for decision in decisions:
        verdict = max(verdict, decision.verdict, key=lambda one: one.strictness)
        reasons.extend(decision.reasons)
    failed = [outcome.plugin for outcome in outcomes if not outcome.status.is_well]
    reasons.extend(
        Notice(code=DECIDER_FAILED, text=f"Le module « {plugin} » n’a pas pu se prononcer.") for plugin in failed
    )
    if not decisions and not failed:
        reasons.append(Notice(code="gate.no_decider", text="Aucun module ne s’est prononcé sur cet envoi."))
    if failed or not decisions:
        verdict = Verdict.BLOCK
    suggestions = tuple(one for decision in decisions for one in decision.suggestions)
    question = next((one.question for one in decisions if one.verdict is verdict and one.question), None)
    return Decision(verdict=verdict, reasons=tuple(reasons), suggestions=suggestions, question=question)


def _record(asked: _Asked, outcome: Outcome, caller: Caller, *, late: bool = False) -> AuditEntry:
    return AuditEntry(
        event=asked.name,
        call_id=caller.call_id,
        plugin=outcome.plugin,
        actor=caller.actor,
        facts={
            "status": str(outcome.status),
            "error": outcome.error.code if outcome.error else None,
            "ms": round(outcome.duration_ms),
            "late": late,
        },
    )
