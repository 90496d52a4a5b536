"""Who did what to whose DMP: every call that passed the gate, readable by tests."""

from typing import Any

import attrs

from segur_sandbox.clock import SandboxClock, timestamp
from segur_sandbox.dmp.vihf import Vihf

_MOST = 20_000


@attrs.frozen
class AuditLine:
    """One act.

    Attributes:
        at: Instant, RFC 3339.
        transaction: Such as `TD2.1`.
        user: NameID of the VIHF.
        structure: For which he acts.
        mode: How he authenticated.
        access: Access mode.
        patient: CX, empty when there is none.
        outcome: `accepted`, or the code of the refusal.
        documents: Unique ids concerned.
    """

    at: str
    transaction: str
    user: str
    structure: str
    mode: str
    access: str
    patient: str
    outcome: str
    documents: tuple[str, ...]


class Audit:
    """The lines, oldest first; the oldest are dropped when there are too many."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lines: list[AuditLine] = []

    def note(self, transaction: str, vihf: Vihf, outcome: str, documents: tuple[str, ...] = ()) -> None:
        """Add a line."""
        self._lines.append(
            AuditLine(
                timestamp(self._clock.now()),
                transaction,
                vihf.name_id,
                vihf.structure,
                vihf.mode,
                vihf.purpose.code,
                str(vihf.patient) if vihf.patient is not None else "",
                outcome,
                documents,
            )
        )
        del self._lines[:-_MOST]

    def lines(self) -> list[dict[str, Any]]:
        """Return every line as a JSON object."""
        return [attrs.asdict(one) for one in self._lines]

    def reset(self) -> None:
        """Forget everything."""
        self._lines.clear()
