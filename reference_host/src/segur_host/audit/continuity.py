"""Does the end of the chain agree with what was kept apart from it?"""

from collections.abc import Callable

from segur_host.audit.checkpoints import Lines, checkpoints_in_force
from segur_host.audit.findings import Finding, Reason
from segur_host.audit.head import Head, Link

HashAt = Callable[[int], str | None]
"""Hash of the record of that number, ``None`` if there is none."""

CHECKPOINT_EVERY = 200
"""Records after which a checkpoint is due."""


def judge_end(tenant: str, head: Head | Reason, lines: Lines, end: Link, hash_at: HashAt) -> Finding | None:
    """Compare the end of the chain with its head and checkpoints.

    Args:
        tenant: whose audit it is.
        head: what ``HeadFile.read`` returned.
        lines: what ``CheckpointFile.read`` returned.
        end: last record of the chain; ``Link()`` when it is empty.
        hash_at: looks a record up.

    Returns:
        What is wrong, ``None`` if nothing is. ``POWER_FAILURE`` is not anybody's doing, and may have taken only
        what came after the last checkpoint.
    """
    if isinstance(head, Reason):
        if head is Reason.HEAD_MISSING and end.seq == 0 and not lines.whole_bytes:
            return None  # nothing was ever recorded
        return Finding(head)
    if head.tenant != tenant:
        return Finding(Reason.WRONG_TENANT)
    if lines.reason is not None:
        return Finding(lines.reason)
    if len(lines.lines) < head.checkpoints:
        return Finding(Reason.CHECKPOINTS_CUT)
    for place in checkpoints_in_force(lines.lines):
        if place.seq > end.seq:
            return Finding(Reason.CUT_TAIL, end.seq + 1, max(place.seq, head.end.seq) - end.seq)
        if hash_at(place.seq) != place.hash:
            return Finding(Reason.REWRITTEN, place.seq)
    return _judge_against_head(head, end, hash_at)


def _judge_against_head(head: Head, end: Link, hash_at: HashAt) -> Finding | None:
    if end.seq < head.end.seq:
        reason = Reason.POWER_FAILURE if head.of_another_boot else Reason.CUT_TAIL
        return Finding(reason, end.seq + 1, head.end.seq - end.seq)
    if head.end.seq and hash_at(head.end.seq) != head.end.hash:
        return Finding(Reason.REWRITTEN, head.end.seq)
    if end == head.end or end == head.pending:
        return None
    # After a power failure the head may be the older of the two, by no more than it is behind its own disk copy.
    if head.of_another_boot and end.seq - head.checkpoint_seq <= 2 * CHECKPOINT_EVERY:
        return None
    return Finding(Reason.NOT_COVERED, head.end.seq + 1)
