"""What a check of the audit may find."""

from enum import StrEnum

import attrs


class Reason(StrEnum):
    """Why the audit is not as it was written."""

    RECORD_CHANGED = "record_changed"
    """A record does not bear the hash that its content and its predecessor give."""
    OUT_OF_SEQUENCE = "out_of_sequence"
    """A record is missing, doubled or inserted: numbers do not follow each other."""
    WRONG_TENANT = "wrong_tenant"
    """Records, or the head, belong to another tenant."""
    REWRITTEN = "rewritten"
    """The chain agrees with itself, not with its head or a checkpoint."""
    CUT_TAIL = "cut_tail"
    """The last records are missing."""
    NOT_COVERED = "not_covered"
    """Records follow that no head announced."""
    HEAD_MISSING = "head_missing"
    HEAD_REPLACED = "head_replaced"
    """The head was not written with this installation's key."""
    CHECKPOINTS_CUT = "checkpoints_cut"
    CHECKPOINTS_REPLACED = "checkpoints_replaced"
    POWER_FAILURE = "power_failure"
    """The last records since the last checkpoint did not reach the disk before the machine stopped."""


@attrs.frozen
class Finding:
    """One thing that is not as it was written."""

    reason: Reason
    seq: int | None = None
    """First record concerned, if one can be named."""
    lost: int = 0
    """Records known to be missing."""


@attrs.frozen
class Verification:
    """What a check of the whole audit says."""

    ok: bool
    records: int
    """Records found in the chain."""
    first_bad_seq: int | None = None
    reason: Reason | None = None
    lost: int = 0
    """Records that power failures took before they reached the disk; the audit itself tells where."""
