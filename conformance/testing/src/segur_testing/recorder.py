"""What hosts asked their plugins, and what became of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import pytest

from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import Dispatcher
from segur_host.dispatch.outcome import HookResult, Outcome
from segur_sdk.models.base import Event


@attrs.frozen
class RecordedCall:
    """One call of one hook."""

    hook: str
    event: Event = attrs.field(repr=False)
    """What plugins were told."""
    result: HookResult = attrs.field(repr=False)
    """The combined value, and one outcome for each plugin that was asked."""

    def outcome(self, plugin: str) -> Outcome:
        """Return the part of one plugin.

        Raises:
            LookupError: it was not asked.
        """
        for outcome in self.result.outcomes:
            if outcome.plugin == plugin:
                return outcome
        asked = ", ".join(outcome.plugin for outcome in self.result.outcomes) or "nobody"
        raise LookupError(f"{plugin} was not asked at {self.hook}; {asked} was")


class HookRecorder:
    """Every call of every hook, in order, whoever made it: a test, the identity desk, a verb of the host."""

    def __init__(self) -> None:
        self.calls: list[RecordedCall] = []

    def of(self, hook: str) -> tuple[RecordedCall, ...]:
        """Return the calls of one hook, oldest first."""
        return tuple(call for call in self.calls if call.hook == hook)

    def outcomes(self, plugin: str) -> tuple[Outcome, ...]:
        """Return what became of one plugin's part in every call in which it was asked, oldest first."""
        return tuple(outcome for call in self.calls for outcome in call.result.outcomes if outcome.plugin == plugin)

    def clear(self) -> None:
        """Forget everything so far."""
        self.calls.clear()


@contextmanager
def recording() -> Iterator[HookRecorder]:
    """Record the calls of every host that is opened within the block."""
    recorder = HookRecorder()
    dispatch = Dispatcher.call

    def call(self: Dispatcher, hook: str, event: Event, caller: Caller) -> HookResult:
        result = dispatch(self, hook, event, caller)
        recorder.calls.append(RecordedCall(hook, event, result))
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dispatcher, "call", call)
        yield recorder
