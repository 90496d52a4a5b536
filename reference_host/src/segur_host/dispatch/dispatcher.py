"""Call a hook: ask its plugins in order, keep one outcome each, combine them as the hook's mode says.

The loop is our own over what pluggy registered: the stock call neither says who answered, nor contains a
failing plugin, nor ends a hanging one.
"""

import secrets
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from segur_host.audit.log import AuditEntry
from segur_host.dispatch.context import CallContext, Caller, Resources
from segur_host.dispatch.deadline import CallDeadline
from segur_host.dispatch.failures import contained
from segur_host.dispatch.outcome import HookResult, Outcome, OutcomeStatus
from segur_host.dispatch.relay import Relay, Step
from segur_host.dispatch.services import serve
from segur_host.registry.registry import Implementation, PluginEntry, PluginState, Registry
from segur_sdk.errors import InputError, PluginError, SegurError
from segur_sdk.hooks import HOOKS, HookInfo, HookMode
from segur_sdk.models.base import Event, Value
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.models.notice import Notice


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

    def call(self, hook: str, event: Event, caller: Caller) -> HookResult:
        """Call one hook.

        Args:
            hook: its name.
            event: of the type that the hook declares.
            caller: on whose behalf.

        Raises:
            InputError: ``input.hook_unknown``, ``input.event``.
        """
        info = HOOKS.get(hook)
        if info is None:
            raise InputError("input.hook_unknown")
        if not isinstance(event, info.event):
            raise InputError("input.event", hook=hook, fields="")
        answering = self._registry.answering(hook)
        steps = [self._step(info, entry, function, event, caller) for entry, function in answering]
        outcomes = self._relay.run(
            steps,
            stops_after=_stops_first if info.mode is HookMode.FIRST else _never_stops,
            timed_out=lambda index: self._timed_out(info, answering[index][0]),
        )
        self._account(info, outcomes, caller)
        return HookResult(hook=hook, call_id=caller.call_id, value=_combined(info, outcomes), outcomes=tuple(outcomes))

    def close(self) -> None:
        """Let idle threads end. What a call given up answers from now on is recorded nowhere."""
        self._closed = True
        self._relay.close()

    def _step(
        self, info: HookInfo, entry: PluginEntry, function: Implementation, event: Event, caller: Caller
    ) -> Step[Outcome]:
        def run(deadline: CallDeadline) -> Outcome:
            if entry.state is not PluginState.ACTIVE:
                return Outcome(entry.id, entry.version, OutcomeStatus.SUSPENDED, error=entry.reason)
            started = time.perf_counter()
            ctx = CallContext(entry, caller, deadline, self._resources, self._serve)
            try:
                status, value, error = contained(entry.id, lambda: _checked(info, function(event, ctx)))
            finally:
                ctx.end()
            duration = (time.perf_counter() - started) * 1000
            return Outcome(entry.id, entry.version, status, value, error, duration, tuple(ctx.notes))

        return Step(run, info.deadline_s, on_late=lambda outcome: self._record_late(info, outcome, caller))

    def _serve(self, ctx: CallContext, protocol: type) -> object:
        return serve(ctx, protocol, self._registry.providers, self._resources, self._serve)

    def _timed_out(self, info: HookInfo, entry: PluginEntry) -> Outcome:
        if entry.count_hung_call(self._suspend_after):
            facts = {"hung_calls": entry.hung_calls}
            self._resources.audit.append(AuditEntry(event="plugin.suspended", plugin=entry.id, facts=facts))
        error = PluginError("plugin.timed_out", plugin=entry.id, hook=info.name, retryable=True)
        return Outcome(
            entry.id, entry.version, OutcomeStatus.TIMED_OUT, error=error, duration_ms=info.deadline_s * 1000
        )

    def _account(self, info: HookInfo, outcomes: Sequence[Outcome], caller: Caller) -> None:
        for outcome in outcomes:
            if outcome.error is not None and outcome.status is not OutcomeStatus.SUSPENDED:
                self._registry.entries[outcome.plugin].last_error = outcome.error
        entries = [entry for outcome in outcomes for entry in (*outcome.notes, _record(info, outcome, caller))]
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

    def _record_late(self, info: HookInfo, outcome: Outcome, caller: Caller) -> None:
        # Nobody is there any more to be told that this record could not be kept.
        with suppress(SegurError):
            if not self._closed:
                self._resources.audit.append_all([*outcome.notes, _record(info, outcome, caller, late=True)])


def new_call_id() -> str:
    """Return the id of a new call: a UUID of version 7 (RFC 9562, 5.7), so that ids grow with time."""
    milliseconds = time.time_ns() // 1_000_000
    return str(
        uuid.UUID(int=milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62))
    )


def _checked(info: HookInfo, value: Any) -> Value | None:
    """Return what a plugin answered, validated again: it may have been put together by hand."""
    if value is None:
        return None
    if not isinstance(value, info.result):
        raise PluginError("plugin.invalid_result", hook=info.name, expected=info.result.__name__)
    try:
        return info.result.model_validate(value)
    except ValidationError:
        raise PluginError("plugin.invalid_result", hook=info.name, expected=info.result.__name__) from None


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
        Notice(code="gate.decider_failed", text=f"Le module « {plugin} » n’a pas pu se prononcer.") for plugin in failed
    )
    if not decisions and not failed:
        reasons.append(Notice(code="gate.no_decider", text="Aucun module ne s’est prononcé sur cet envoi."))
    if failed or not decisions:
        verdict = Verdict.BLOCK
    suggestions = tuple(one for decision in decisions for one in decision.suggestions)
    question = next((one.question for one in decisions if one.verdict is verdict and one.question), None)
    return Decision(verdict=verdict, reasons=tuple(reasons), suggestions=suggestions, question=question)


def _record(info: HookInfo, outcome: Outcome, caller: Caller, *, late: bool = False) -> AuditEntry:
    return AuditEntry(
        event=f"hook.{info.name}",
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
