"""The table of intents: the only truth about what will be sent."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from segur_host.consents.ledger import consent_entries
from segur_host.dispatch.dispatcher import new_call_id
from segur_host.identities.repository import revisions
from segur_host.outbox import notices
from segur_host.outbox.intent import Intent, IntentState, Standing
from segur_host.outbox.rows import LIGHT, intent_of, intents, reasons_text, row_of, standing_of
from segur_host.storage.database import Database
from segur_host.storage.host_key import KeyPurpose
from segur_host.storage.row_seal import RowSeal
from segur_sdk.errors import InputError

__all__ = ["Intent", "IntentState", "IntentTable", "Standing"]

_PAGE: Final = 200
_AFTER_ANY: Final = "~"
"""Comes after every character of a key that a program makes."""
_BELOW_TIME: Final = 80
"""Bits of a UUID of version 7 below its milliseconds."""
_MOVING: Final = (IntentState.QUEUED, IntentState.WAITING, IntentState.IN_DOUBT)


class IntentTable:
    """Intents of one tenant. Every method may be called from any thread.

    Args:
        database: the host's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seal = RowSeal(database.key.derive(KeyPurpose.ROWS), intents.name)
        database.ensure(revisions, consent_entries, intents)

    def new_id(self) -> str:
        """Return an id for a new one: greater than every other, even if the clock was set back meanwhile."""
        newest = sa.select(intents.c.id).where(intents.c.tenant == self._database.tenant)
        with self._database.reading_accepted() as connection:
            last = connection.execute(newest.order_by(intents.c.id.desc()).limit(1)).scalar()
        made = UUID(new_call_id()).int
        # Somebody who changed the database may have left what is no id at all.
        with suppress(ValueError):
            # At least a millisecond after the newest, and as unique as the one that was made.
            milliseconds = max(made >> _BELOW_TIME, (UUID(last or "").int >> _BELOW_TIME) + 1)
            made = milliseconds << _BELOW_TIME | made & ((1 << _BELOW_TIME) - 1)
        return str(UUID(int=made))

    def add(self, intent: Intent) -> None:
        """Keep a new one; within a write of this thread, it stands or falls with it."""
        with self._database.accepting() as transaction:
            transaction.connection.execute(intents.insert(), row_of(intent, self._database.tenant, self._seal))

    def put(self, intent: Intent, *, was: IntentState) -> None:
        """Keep where one stands now.

        Args:
            intent: as it is now.
            was: where it stood; somebody else may have moved it meanwhile.

        Raises:
            InputError: ``outbox.changed_meanwhile``; ``outbox.altered``: it is not what was let in.
        """
        if intent.is_altered:
            raise InputError("outbox.altered")
        self._change(intent.id, was, row_of(intent, self._database.tenant, self._seal))

    def put_altered(self, intent: Intent, state: IntentState, now: datetime) -> None:
        """Keep that one which is not what was let in stands still; what it holds is left as it was found."""
        changes = {
            "state": str(state),
            "reasons": reasons_text((notices.ALTERED,)),
            "question": None,
            "next_attempt": None,
            "seen_revision": None,
            "changed_at": now.isoformat(),
        }
        with self._database.accepting() as transaction:
            transaction.connection.execute(intents.update().where(*self._is(intent.id)).values(changes))

    def get(self, intent_id: str) -> Intent:
        """Return one.

        Raises:
            InputError: ``outbox.unknown``.
        """
        found = self._one(*self._is(intent_id))
        if found is None:
            raise InputError("outbox.unknown")
        return found

    def of_key(self, idempotency_key: str) -> Intent | None:
        """Return the one that was let in under a key."""
        return self._one(intents.c.tenant == self._database.tenant, intents.c.idempotency_key == idempotency_key)

    def under(self, prefix: str) -> tuple[Standing, ...]:
        """Return where those stand that were let in under keys that begin so, oldest first."""
        key = intents.c.idempotency_key
        query = sa.select(*LIGHT).where(
            # A range, and not a pattern: the index of the keys answers it.
            intents.c.tenant == self._database.tenant,
            key >= prefix,
            key < f"{prefix}{_AFTER_ANY}",
        )
        with self._database.reading_accepted() as connection:
            return tuple(standing_of(row) for row in connection.execute(query.order_by(intents.c.id)))

    def all(self, *states: IntentState) -> Iterator[Intent]:
        """Yield those in some states, or all, oldest first; one at a time is in memory."""
        for standing in self.standings(*states):
            found = self._one(*self._is(standing.id))
            if found is not None:
                yield found

    def standings(self, *states: IntentState) -> Iterator[Standing]:
        """Yield where those in some states stand, or all, oldest first; without what they send."""
        last = ""
        while page := self._page(last, states):
            yield from page
            last = page[-1].id

    def interrupted(self, most: int, aside: Collection[str] = ()) -> tuple[str, ...]:
        """Return ids of those whose attempt began, oldest first: seen by who alone sends, it was cut short."""
        return self._ids(most, aside, intents.c.state == str(IntentState.SENDING))

    def due(self, now: datetime, no_later_than: datetime, most: int, aside: Collection[str] = ()) -> tuple[str, ...]:
        """Return ids of those whose time has come, oldest first.

        Args:
            now: by the clock.
            no_later_than: a time after this was set while the clock was wrong: it has come.
            most: how many at once.
            aside: ids that are left out.
        """
        when, most_looked_at = intents.c.next_attempt, most + len(aside)
        # Apart, each is a stretch of an index that ends at the limit; together, all that wait would be sorted again.
        stretches = (
            sa.select(intents.c.id)
            .where(intents.c.tenant == self._database.tenant, intents.c.state == str(state), time_has_come)
            .order_by(when, intents.c.id)
            .limit(most_looked_at)
            .subquery()
            for state in _MOVING
            for time_has_come in (when.is_(None), when <= now.isoformat(), when > no_later_than.isoformat())
        )
        query = sa.union_all(*(sa.select(one.c.id) for one in stretches))
        with self._database.reading_accepted() as connection:
            found = connection.execute(query).scalars().all()
        return tuple(one for one in sorted(found) if one not in aside)[:most]

    def to_judge_again(self, most: int, aside: Collection[str] = ()) -> tuple[str, ...]:
        """Return ids of held ones whose patient's identity or consents changed since they were last judged."""
        latest = (
            sa.select(sa.func.coalesce(sa.func.max(consent_entries.c.number), 0))
            .where(
                consent_entries.c.tenant == intents.c.tenant, consent_entries.c.identity_ref == intents.c.identity_ref
            )
            .scalar_subquery()
        )
        current = (
            sa.select(sa.func.max(revisions.c.revision))
            .where(revisions.c.tenant == intents.c.tenant, revisions.c.identity_ref == intents.c.identity_ref)
            .scalar_subquery()
        )
        return self._ids(
            most,
            aside,
            intents.c.state == str(IntentState.HELD),
            intents.c.seen_revision.is_not(None),
            sa.or_(current != intents.c.seen_revision, latest != intents.c.seen_consent),
        )

    def release(self, reason: str) -> None:
        """Have those that wait for one reason tried at once: what they waited for may have come."""
        waits = (
            intents.c.tenant == self._database.tenant,
            intents.c.state.in_([str(IntentState.WAITING), str(IntentState.IN_DOUBT)]),
            intents.c.next_attempt.is_not(None),
            intents.c.reasons.contains(f'"code":"{reason}"', autoescape=True),
        )
        with self._database.reading_accepted() as connection:
            if connection.execute(sa.select(intents.c.id).where(*waits).limit(1)).first() is None:
                return
        with self._database.accepting() as transaction:
            transaction.connection.execute(intents.update().where(*waits).values(next_attempt=None))

    def _change(self, intent_id: str, was: IntentState, row: dict[str, object]) -> None:
        with self._database.accepting() as transaction:
            changed = transaction.connection.execute(
                intents.update().where(*self._is(intent_id), intents.c.state == str(was)).values(row)
            )
            if changed.rowcount != 1:
                raise InputError("outbox.changed_meanwhile", retryable=True)

    def _ids(self, most: int, aside: Collection[str], *conditions: sa.ColumnElement[bool]) -> tuple[str, ...]:
        query = sa.select(intents.c.id).where(intents.c.tenant == self._database.tenant, *conditions)
        with self._database.reading_accepted() as connection:
            found = connection.execute(query.order_by(intents.c.id).limit(most + len(aside))).scalars()
            return tuple(one for one in found if one not in aside)[:most]

    def _page(self, after: str, states: tuple[IntentState, ...]) -> list[Standing]:
        query = sa.select(*LIGHT).where(intents.c.tenant == self._database.tenant, intents.c.id > after)
        if states:
            query = query.where(intents.c.state.in_([str(one) for one in states]))
        with self._database.reading_accepted() as connection:
            return [standing_of(row) for row in connection.execute(query.order_by(intents.c.id).limit(_PAGE))]

    def _one(self, *conditions: sa.ColumnElement[bool]) -> Intent | None:
        with self._database.reading_accepted() as connection:
            row = connection.execute(sa.select(intents).where(*conditions)).one_or_none()
        return None if row is None else intent_of(row, self._seal)

    def _is(self, intent_id: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (intents.c.tenant == self._database.tenant, intents.c.id == intent_id)
