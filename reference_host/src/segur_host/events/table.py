"""The host's event table: an event is written in the transaction of its cause, and stays until it was told."""

from typing import Final

import attrs
import sqlalchemy as sa
from pydantic import ValidationError

from segur_host.dispatch.dispatcher import new_call_id
from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.hooks import HOOKS
from segur_sdk.models.base import Event

host_events: Final = sa.Table(
    "host_events",
    metadata,
    tenant_column(),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("hook", sa.String(60), nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("tellings", sa.Integer, nullable=False),
)
"""Ids grow with time."""


@attrs.frozen
class PendingEvent:
    """An event that not every plugin took notice of yet."""

    id: str
    hook: str
    event: Event
    tellings: int
    """How often it was told in vain."""


class EventTable:
    """Events of one tenant.

    Args:
        database: the host's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.ensure(host_events)

    def add(self, hook: str, event: Event) -> None:
        """Keep an event; within a write of this thread, it stands or falls with it."""
        with self._database.accepting() as transaction:
            transaction.connection.execute(
                host_events.insert(),
                {
                    "tenant": self._database.tenant,
                    "id": new_call_id(),
                    "hook": hook,
                    "event": event.model_dump_json(),
                    "tellings": 0,
                },
            )

    def pending(self) -> tuple[PendingEvent, ...]:
        """Return the events that are still to be told, oldest first; those of a newer host wait for one like it."""
        query = (
            sa.select(host_events.c.id, host_events.c.hook, host_events.c.event, host_events.c.tellings)
            .where(host_events.c.tenant == self._database.tenant)
            .order_by(host_events.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        found = (_read(row.id, row.hook, row.event, row.tellings) for row in rows)
        return tuple(one for one in found if one is not None)

    def told_in_vain(self, pending: PendingEvent) -> None:
        """Count that a plugin failed to take notice."""
        with self._database.accepting() as transaction:
            transaction.connection.execute(
                host_events.update().where(*self._is(pending)).values(tellings=pending.tellings + 1)
            )

    def forget(self, told: PendingEvent) -> None:
        """Remove an event that was told."""
        with self._database.accepting() as transaction:
            transaction.connection.execute(host_events.delete().where(*self._is(told)))

    def _is(self, pending: PendingEvent) -> tuple[sa.ColumnElement[bool], ...]:
        return (host_events.c.tenant == self._database.tenant, host_events.c.id == pending.id)


def _read(found: str, hook: str, event: str, tellings: int) -> PendingEvent | None:
    if hook not in HOOKS:
        return None
    try:
        return PendingEvent(found, hook, HOOKS[hook].event.model_validate_json(event), tellings)
    except ValidationError:
        return None
