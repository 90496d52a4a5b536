"""What the back channel refused, in the audit: what comes often is told by its number.

A token that is not believed has one record more, the outcome of the plugin that checked it; that is why
:mod:`segur_host.resident.back_channel` lets only so many be checked.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import attrs

from segur_host.audit.entries import AuditEntry
from segur_sdk.errors import SegurError

GATHERED_S: Final = 60.0
"""What comes again within that is told by its number."""


@attrs.frozen
class Cause:
    """Why something was refused: codes, nothing that it brought."""

    reason: str
    code: str | None = None
    """Of the error with which a token was not believed."""
    detail: str | None = None
    """What was wrong with it, as that error says."""


@attrs.define
class _Gathered:
    since: float
    number: int = 0


class Refusals:
    """Records every refusal: the first of a kind at once, those that follow within a minute as one number.

    What was gathered and not yet written is written with the next of its kind, or when the host stops.

    Args:
        append: adds a record to the audit.
    """

    def __init__(self, append: Callable[[AuditEntry], None]) -> None:
        self._append = append
        self._lock = threading.Lock()
        self._gathered: dict[Cause, _Gathered] = {}

    def note(self, cause: Cause) -> None:
        """Record one; an audit that cannot be written changes nothing for who is answered."""
        now = time.monotonic()
        with self._lock:
            gathered = self._gathered.setdefault(cause, _Gathered(now - GATHERED_S))
            gathered.number += 1
            if now - gathered.since >= GATHERED_S:
                self._write(cause, gathered)
                gathered.since = now

    def close(self) -> None:
        """Write what was gathered."""
        with self._lock:
            for cause, gathered in self._gathered.items():
                if gathered.number:
                    self._write(cause, gathered)

    def _write(self, cause: Cause, gathered: _Gathered) -> None:
        facts = {name: value for name, value in attrs.asdict(cause).items() if value is not None}
        with suppress(SegurError):
            self._append(AuditEntry(event="back_channel.refused", facts={**facts, "number": gathered.number}))
            gathered.number = 0
