"""The engine of identitovigilance: from a record and something that happened to the record that stands now.

Pure functions without clock, storage or network. Each returns a ``Change``, or raises ``IdentityError`` when the
rules say no; the record that was given never changes. A host stores the outcome and seals it.
"""

from segur_sdk.identity.correcting import change_traits, clear_attribute, invalidate_ins, set_attribute
from segur_sdk.identity.importing import (
    ACCEPTED_OIDS,
    apply_evidence,
    create,
    create_from_evidence,
    search_permission,
)
from segur_sdk.identity.presenting import Asking, asking, present_document
from segur_sdk.identity.proofs import DEFAULT_POLICY, DEFAULT_PROOFS, IdentityPolicy, ProofKind
from segur_sdk.identity.record import Change, IdentityRecord
from segur_sdk.identity.status import IdentityEvent

__all__ = [
    "ACCEPTED_OIDS",
    "DEFAULT_POLICY",
    "DEFAULT_PROOFS",
    "Asking",
    "Change",
    "IdentityEvent",
    "IdentityPolicy",
    "IdentityRecord",
    "ProofKind",
    "apply_evidence",
    "asking",
    "change_traits",
    "clear_attribute",
    "create",
    "create_from_evidence",
    "invalidate_ins",
    "present_document",
    "search_permission",
    "set_attribute",
]
