"""What comes of asking a person for a proof of identity.

Sources: RNIV 1 v2.0 §3.3.2, EXI SI 10/23; SC.INS/va1.23, .26, .55.
"""

from datetime import date
from enum import StrEnum
from typing import Final

from segur_sdk.errors import IdentityError
from segur_sdk.identity.moving import Brought, move, with_fields
from segur_sdk.identity.notices import notice
from segur_sdk.identity.proofs import DEFAULT_POLICY, IdentityPolicy
from segur_sdk.identity.record import Change, IdentityRecord
from segur_sdk.identity.status import IdentityEvent
from segur_sdk.models.identity import NoProofReason, Presentation, ProofDocument

_ADULT_AGE: Final = 18


class Asking(StrEnum):
    """Whether a proof is still to be asked for, or why not."""

    ASK = "ask"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXHAUSTED = "exhausted"


def asking(record: IdentityRecord, policy: IdentityPolicy = DEFAULT_POLICY) -> Asking:
    """Tell whether a proof of identity is to be asked for at the next occasion."""
    if record.document is not None:
        return Asking.CONFIRMED
    if record.proof_refused:
        return Asking.REFUSED
    return Asking.EXHAUSTED if record.proof_requests >= policy.max_requests else Asking.ASK


def present_document(
    record: IdentityRecord, presentation: Presentation, policy: IdentityPolicy = DEFAULT_POLICY, *, on: date
) -> Change:
    """Record what was presented, or why nothing was.

    « Aucune pièce présentée » counts; a patient who is absent, somebody else coming in his place, never does; a
    refusal stops the question; a document that differs drops the INS and any former check.

    Args:
        record: the identity now.
        presentation: a document that was looked at and agrees with the traits, or the answer given instead.
        policy: what the structure decided.
        on: the day it happens; the age of the person follows from it.

    Raises:
        IdentityError: ``identity.proof_unknown``, ``identity.proof_not_high_trust``,
            ``identity.proof_minors_only``, ``identity.proof_adult_document``, ``identity.doubtful_or_fictitious``.
    """
    if isinstance(presentation, ProofDocument):
        _check(presentation, record, policy, on)
        checked = move(record, IdentityEvent.DOCUMENT_CHECKED, Brought(document=presentation))
        return Change(record=checked, events=(IdentityEvent.DOCUMENT_CHECKED,))
    reason = presentation.none_because
    if reason is NoProofReason.DIFFERS:
        differing = move(record, IdentityEvent.DOCUMENT_DIFFERS, proof_requests=0, proof_refused=False)
        told = (notice("identity.document_differs"),)
        return Change(record=differing, events=(IdentityEvent.DOCUMENT_DIFFERS,), notices=told)
    if record.document is not None or reason is NoProofReason.PATIENT_ABSENT:
        return Change(record=record)
    if reason is NoProofReason.REFUSED:
        refused = with_fields(record, proof_refused=True)
        return Change(record=refused, notices=(notice("identity.proof_refused"),))
    counted = with_fields(record, proof_requests=record.proof_requests + 1)
    last = asking(counted, policy) is Asking.EXHAUSTED
    return Change(record=counted, notices=(notice("identity.proof_requests_exhausted"),) if last else ())


def _check(document: ProofDocument, record: IdentityRecord, policy: IdentityPolicy, on: date) -> None:
    kind = policy.proof(document.type)
    if kind is None:
        raise IdentityError("identity.proof_unknown")
    if not kind.high_trust:
        raise IdentityError("identity.proof_not_high_trust", proof=kind.code)
    if kind.minors_only and _age(record.traits.date_naissance, on) >= _ADULT_AGE:
        raise IdentityError("identity.proof_minors_only", proof=kind.code)
    if kind.with_adult_document:
        adult = policy.proof(document.adult_document) if document.adult_document else None
        if adult is None or not adult.high_trust or adult.minors_only:
            raise IdentityError("identity.proof_adult_document", proof=kind.code)


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
