"""Check the whole audit against itself, its head and its checkpoints."""

from collections.abc import Iterable, Iterator

import attrs

from segur_host.audit.checkpoints import LineKind, Lines
from segur_host.audit.continuity import HashAt, judge_end
from segur_host.audit.entries import GENESIS, AuditRecord, hash_after
from segur_host.audit.findings import Finding, Reason, Verification
from segur_host.audit.head import Head, Link


@attrs.frozen
class Kept:
    """What is kept apart from the chain, with the chain's end of the same moment."""

    tenant: str
    head: Head | Reason
    lines: Lines
    end: Link
    first_foreign: int | None
    """Lowest record number of another tenant."""


def verify(kept: Kept, records: Iterable[AuditRecord], hash_at: HashAt) -> Verification:
    """Judge a whole audit.

    Args:
        kept: head, checkpoints and end.
        records: the chain in order.
        hash_at: looks a record up.
    """
    count, wrong = _walk(records)
    findings = list(_findings(kept, wrong, hash_at))
    lost = sum(finding.lost for finding in findings if finding.reason is Reason.POWER_FAILURE)
    bad = [finding for finding in findings if finding.reason is not Reason.POWER_FAILURE]
    if not bad:
        return Verification(ok=True, records=count, lost=lost)
    # The lowest record that is named; ``min`` keeps the first of several.
    worst = min(bad, key=lambda finding: (finding.seq is None, finding.seq or 0))
    return Verification(ok=False, records=count, first_bad_seq=worst.seq, reason=worst.reason, lost=lost)


def _findings(kept: Kept, in_the_chain: Finding | None, hash_at: HashAt) -> Iterator[Finding]:
    """Give what is wrong, what says most first."""
    if kept.first_foreign is not None:
        yield Finding(Reason.WRONG_TENANT, kept.first_foreign)
    if in_the_chain is not None:
        yield in_the_chain
    for line in kept.lines.lines:
        if line.kind is LineKind.BREAK and line.finding is not None:
            yield line.finding
    end = judge_end(kept.tenant, kept.head, kept.lines, kept.end, hash_at)
    if end is not None:
        yield end


def _walk(records: Iterable[AuditRecord]) -> tuple[int, Finding | None]:
    """Follow the chain from its start; return how many records it has and the first that does not follow."""
    count = 0
    previous = GENESIS
    wrong: Finding | None = None
    for record in records:
        count += 1
        if wrong is not None:
            continue
        if record.seq != count:
            wrong = Finding(Reason.OUT_OF_SEQUENCE, count)
        elif not _follows(record, previous):
            wrong = Finding(Reason.RECORD_CHANGED, record.seq)
        previous = record.hash
    return count, wrong


def _follows(record: AuditRecord, previous: str) -> bool:
    try:
        return record.hash == hash_after(previous, record)
    except (TypeError, ValueError):
        # SQLite stores anything anywhere: a changed cell need not hold a text.
        return False
