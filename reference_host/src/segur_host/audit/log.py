"""The hash-chained audit of one installation.

Order of one append, under the database's locks between threads and processes: read the head, announce the new end
in it, insert, commit or note, confirm in the head. A killed process leaves the chain as the head
says, or as it announced. What stands in the head is what the next record is tied to, so that records cut while
the host runs leave a gap that stays.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import attrs
import sqlalchemy as sa

from segur_host.audit import table
from segur_host.audit.checkpoints import CheckpointFile, Line, LineKind
from segur_host.audit.continuity import CHECKPOINT_EVERY, judge_end
from segur_host.audit.entries import AuditEntry, AuditRecord, make_record
from segur_host.audit.findings import Finding, Reason, Verification
from segur_host.audit.head import Head, HeadFile, Link, this_boot
from segur_host.audit.verification import Kept, verify
from segur_host.storage.database import Database, Transaction
from segur_host.storage.failures import disk_error
from segur_host.storage.host_key import KeyPurpose
from segur_sdk.context import Clock
from segur_sdk.errors import HostError

__all__ = ["AuditEntry", "AuditLog"]


class AuditLog:
    """Appends to the audit and verifies it. Every method may be called from any thread, and by several processes.

    Args:
        database: where the chain is; head and checkpoints stand beside it in the data folder.
        clock: dates the records.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._key = database.key.derive(KeyPurpose.AUDIT)
        self._head = HeadFile(database.folder, self._key)
        self._checkpoints = CheckpointFile(database.folder, self._key)
        self._progress: _Progress | None = None
        self._end_was_checked = False
        self._since_checkpoint = 0
        database.ensure(table.audit)

    def append(self, entry: AuditEntry) -> None:
        """Add one record. Errors as ``append_all``."""
        self.append_all((entry,))

    def append_all(self, entries: Sequence[AuditEntry]) -> None:
        """Add records in one transaction, or in the one that this thread is in: then they stand or fall with it.

        When this returns, or that transaction is committed, the records survive a kill of the process.

        Raises:
            HostError: ``storage.full``, ``storage.busy``, ``storage.conflict``, ``storage.unreadable``,
                ``storage.failed``, ``audit.files_unusable``, ``audit.other_tenant``.
        """
        if entries:
            self._append(entries, checkpoint=self._checkpoint_is_due)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open a write for records and what stands or falls with them: noted when it may be, accepted now and then.

        Raises:
            HostError: as ``append_all``.
        """
        with self._writing(checkpoint=self._checkpoint_is_due) as transaction:
            yield transaction

    def verify(self) -> Verification:
        """Check every record, their order and number, head and checkpoints; they stay as they are.

        Not to be called within a write of the same thread.

        What it cannot see: head, checkpoints and database put back together to an earlier state of all three.
        Against that, copies of ``audit.checkpoints`` are kept elsewhere.

        Raises:
            HostError: ``storage.busy``, ``storage.unreadable``, ``storage.failed``, ``audit.files_unusable``.
        """
        head = HeadFile(self._database.folder, self._key)
        found = None
        try:
            # Once more when something was noted since the notes were taken over.
            while found is None:
                with _file_errors(), self._database.reading() as connection:
                    found = self._verified(connection, head)
        finally:
            head.close()
        return found

    def records(self, after: int = 0) -> Iterator[AuditRecord]:
        """Read the records whose number is greater than ``after``, in order."""
        with self._database.reading() as connection:
            yield from table.records_after(connection, self._database.tenant, after)

    def close(self) -> None:
        """Add a last record and a checkpoint if this log added any, and let go of the files.

        Raises:
            HostError: as ``append_all``.
        """
        if self._since_checkpoint:
            self._append((AuditEntry(event="audit.closed"),), checkpoint=True)
        self._head.close()

    def _verified(self, connection: sa.Connection, head: HeadFile) -> Verification | None:
        """Check the audit, if all of the chain can be read."""
        tenant = self._database.tenant
        with self._database.held() as complete:
            if not complete:
                return None
            # The first reading fixes the snapshot: from here the chain is the one this head speaks of.
            end = table.end_of(connection, tenant)
            foreign = table.first_foreign(connection, tenant)
            kept = Kept(tenant, head.read(), self._checkpoints.read(), end, foreign)
        records = table.records_after(connection, tenant)
        return verify(kept, records, lambda seq: table.hash_at(connection, tenant, seq))

    def _append(self, entries: Sequence[AuditEntry], *, checkpoint: bool) -> None:
        try:
            with _file_errors(), self._writing(checkpoint=checkpoint) as transaction:
                progress = self._progress or self._begin(transaction)
                progress.checkpoint = checkpoint and transaction.durable
                self._chain(progress, entries)
        except BaseException:
            # Whatever stopped us, the next append looks at the end of the chain before it goes on.
            self._end_was_checked = False
            raise

    @contextmanager
    def _writing(self, *, checkpoint: bool) -> Iterator[Transaction]:
        if not checkpoint or self._database.current is not None:
            with self._database.noting() as transaction:
                if transaction.durable or self._goes_on(transaction):
                    yield transaction
                    return
        # Where the chain ends can be looked up in the database only.
        with self._database.accepting() as transaction:
            yield transaction

    @property
    def _checkpoint_is_due(self) -> bool:
        return self._since_checkpoint >= CHECKPOINT_EVERY

    def _known_head(self) -> Head | None:
        """Return the head if it certainly tells the end of the chain, as it was checked once and nobody was killed."""
        head = self._head.read()
        return head if self._end_was_checked and isinstance(head, Head) and head.pending is None else None

    def _goes_on(self, transaction: Transaction) -> bool:
        """Tell whether the end that the next record follows is known; what only notes cannot look it up."""
        if self._progress is None:
            head = self._known_head()
            if head is None:
                return False
            self._start(transaction, head)
        return True

    def _begin(self, transaction: Transaction) -> "_Progress":
        """Find the end that the next record follows."""
        head, found = self._checked_head(transaction)
        progress = self._start(transaction, head)
        if found is not None:
            self._chain(progress, (_break_entry(found),))
        return progress

    def _start(self, transaction: Transaction, head: Head) -> "_Progress":
        self._progress = progress = _Progress(transaction, head, head.end)
        transaction.at_end.callback(self._finish)
        transaction.after_commit.append(lambda: self._confirm(progress))
        return progress

    def _finish(self) -> None:
        self._progress = None

    def _chain(self, progress: "_Progress", entries: Sequence[AuditEntry]) -> None:
        at = self._now()
        end = progress.end
        records = []
        for entry in entries:
            record = make_record(entry, end.seq + 1, at, self._database.tenant, end.hash)
            records.append(record)
            end = Link(record.seq, record.hash)
        table.add(progress.transaction, records)
        self._head.write(attrs.evolve(progress.head, pending=end))
        progress.end = end

    def _checked_head(self, transaction: Transaction) -> tuple[Head, Finding | None]:
        """Return the head of the chain as it is, and what is wrong with it so far."""
        known_head = self._known_head()
        if known_head is not None:
            return known_head, None
        head = self._head.read()
        tenant = self._database.tenant
        connection = transaction.connection
        lines = self._checkpoints.read()
        end = table.end_of(connection, tenant)
        found = judge_end(tenant, head, lines, end, lambda seq: table.hash_at(connection, tenant, seq))
        if found is not None and found.reason is Reason.WRONG_TENANT:
            raise HostError("audit.other_tenant")
        count = len(lines.lines)
        if found is not None:
            count = self._checkpoints.add(lines, Line(LineKind.BREAK, self._now(), end, found))
        elif not lines.whole_bytes:
            # A trace that there is an audit, so that an emptied one is not taken for a new one. The head comes
            # first: a line without head would look like one that somebody removed.
            self._head.write(Head(tenant, boot=this_boot()))
            count = self._checkpoints.add(lines, Line(LineKind.CHECKPOINT, self._now(), Link()))
        known = head if isinstance(head, Head) else Head(tenant)
        return attrs.evolve(known, end=end, pending=None, checkpoints=count, boot=this_boot()), found

    def _confirm(self, progress: "_Progress") -> None:
        if progress.end == progress.head.end:
            return
        head = attrs.evolve(progress.head, end=progress.end)
        done = False
        with _file_errors():
            if progress.checkpoint:
                # A full disk is no reason to refuse a record that is already kept: the next one tries again.
                with suppress(OSError):
                    head = self._with_checkpoint(head)
                    done = True
            self._head.write(head, durable=done)
        self._end_was_checked = True
        self._since_checkpoint = 0 if done else self._since_checkpoint + progress.end.seq - progress.head.end.seq

    def _with_checkpoint(self, head: Head) -> Head:
        lines = self._checkpoints.read()
        count = self._checkpoints.add(lines, Line(LineKind.CHECKPOINT, self._now(), head.end))
        return attrs.evolve(head, checkpoints=count, checkpoint_seq=head.end.seq)

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="microseconds")


@attrs.define
class _Progress:
    """What one transaction has added so far."""

    transaction: Transaction
    head: Head
    """As it was before."""
    end: Link
    checkpoint: bool = False


def _break_entry(found: Finding) -> AuditEntry:
    return AuditEntry(
        event="audit.break_found", facts={"reason": str(found.reason), "seq": found.seq, "lost": found.lost}
    )


@contextmanager
def _file_errors() -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        raise disk_error(failure, "audit.files_unusable", "audit") from None
