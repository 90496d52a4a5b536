"""What became of one plugin's part in a call."""

from enum import StrEnum
from typing import Any

import attrs

from segur_host.audit.entries import AuditEntry
from segur_sdk.errors import SegurError
from segur_sdk.models.base import Value


class OutcomeStatus(StrEnum):
    """The seven ends of a plugin's part."""

    OK = "ok"
    DECLINED = "declined"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    NOT_GRANTED = "not_granted"
    SUSPENDED = "suspended"
    INVALID_RESULT = "invalid_result"

    @property
    def is_well(self) -> bool:
        """Whether the plugin did what it is there for: it answered, or said that it has nothing to answer."""
        return self in {OutcomeStatus.OK, OutcomeStatus.DECLINED}


@attrs.frozen
class Outcome:
    """One plugin's part in one call."""

    plugin: str
    version: str
    status: OutcomeStatus
    value: Value | None = None
    error: SegurError | None = None
    duration_ms: float = 0.0
    notes: tuple[AuditEntry, ...] = ()
    """What the plugin noted for the audit."""


@attrs.frozen
class HookResult:
    """What a call gave: a value for ``first`` and ``decide``, and every outcome."""

    hook: str
    call_id: str
    value: Any
    outcomes: tuple[Outcome, ...]

    @property
    def all_well(self) -> bool:
        """Whether every plugin asked answered or declined."""
        return all(outcome.status.is_well for outcome in self.outcomes)

    @property
    def failure(self) -> SegurError | None:
        """The first error among the outcomes."""
        return next((outcome.error for outcome in self.outcomes if outcome.error is not None), None)
