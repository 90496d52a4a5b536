"""Carry out one row of the table of transitions on a record."""

from typing import Any

import attrs

from segur_sdk.identity.record import IdentityRecord
from segur_sdk.identity.status import Effect, IdentityEvent, transition
from segur_sdk.models.base import Moment
from segur_sdk.models.identity import InsHistoryEntry, MatriculeIns, ProofDocument


@attrs.frozen
class Brought:
    """What an event may bring; the row decides what of it is taken."""

    matricule: MatriculeIns | None = None
    history: tuple[InsHistoryEntry, ...] = ()
    ins_obtained_at: Moment | None = None
    document: ProofDocument | None = None


_NOTHING = Brought()


def move(record: IdentityRecord, event: IdentityEvent, brought: Brought = _NOTHING, **replaced: Any) -> IdentityRecord:
    """Return the record after ``event``, other fields ``replaced`` in the same step.

    Raises:
        IdentityError: no row permits the event.
    """
    row = transition(record.status, record.attributes, event)
    fields = dict(record) | {"status": row.after, "attributes": (record.attributes | row.adds) - row.removes}
    if row.ins is not Effect.KEEP:
        taken = brought if row.ins is Effect.TAKE else _NOTHING
        fields |= {
            "matricule": taken.matricule,
            "history": taken.history,
            "ins_obtained_at": taken.ins_obtained_at,
        }
    if row.document is not Effect.KEEP:
        fields |= {
            "document": brought.document if row.document is Effect.TAKE else None,
            "proof_requests": 0,
            "proof_refused": False,
        }
    return with_fields(record, **(fields | replaced))


def with_fields(record: IdentityRecord, **replaced: Any) -> IdentityRecord:
    """Return the record with some fields replaced; the whole is checked again."""
    return IdentityRecord(**(dict(record) | replaced))
