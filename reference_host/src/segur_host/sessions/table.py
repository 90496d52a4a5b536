"""Sessions in the database: which are open, by whose run of the host, and how the others ended."""

from datetime import datetime
from typing import Final

import attrs
import sqlalchemy as sa

from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.models.actor import Actor, Session, SessionEnd

sessions: Final = sa.Table(
    "sessions",
    metadata,
    tenant_column(),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("run", sa.String(36), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("opened_at", sa.String(40), nullable=False),
    sa.Column("ended_at", sa.String(40)),
    sa.Column("reason", sa.String(20)),
)

exercice_choices: Final = sa.Table(
    "exercice_choices",
    metadata,
    tenant_column(),
    sa.Column("token_serial", sa.String(64), primary_key=True),
    sa.Column("exercice", sa.String(100), nullable=False),
)
"""The situation d'exercice that a professional chose last. ``token_serial``, named before there was another means,
holds his card's serial number, else his national identifier."""

_CHOICE: Final = sa.select(exercice_choices.c.exercice).where(
    exercice_choices.c.tenant == sa.bindparam("tenant"),
    exercice_choices.c.token_serial == sa.bindparam("token_serial"),
)


@attrs.frozen
class KeptSession:
    """A session as it was opened."""

    session: Session
    actor: Actor
    run: str


class SessionTable:
    """Sessions of one tenant.

    Args:
        database: the host's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.ensure(sessions, exercice_choices)

    def add(self, kept: KeptSession, at: datetime) -> None:
        """Keep a session that opens; it may be noted only, and then outlives a kill of the process."""
        row = {
            "tenant": self._database.tenant,
            "id": kept.session.session_id,
            "run": kept.run,
            "actor": kept.actor.model_dump_json(),
            "session": kept.session.model_dump_json(),
            "opened_at": at.isoformat(),
            "ended_at": None,
            "reason": None,
        }
        with self._database.noting() as transaction:
            transaction.insert(sessions, [row])

    def end(self, session_id: str, reason: SessionEnd, at: datetime) -> bool:
        """Note how a session ended; tell whether it was still open."""
        with self._database.accepting() as transaction:
            changed = transaction.connection.execute(
                sessions.update()
                .where(
                    sessions.c.tenant == self._database.tenant,
                    sessions.c.id == session_id,
                    sessions.c.ended_at.is_(None),
                )
                .values(ended_at=at.isoformat(), reason=reason.value)
            )
        return changed.rowcount == 1

    def still_open(self) -> tuple[KeptSession, ...]:
        """Return the sessions that nobody ended, of this run of the host and of others."""
        query = (
            sa.select(sessions.c.run, sessions.c.actor, sessions.c.session)
            .where(sessions.c.tenant == self._database.tenant, sessions.c.ended_at.is_(None))
            .order_by(sessions.c.opened_at)
        )
        with self._database.reading() as connection:
            return tuple(
                KeptSession(Session.model_validate_json(row.session), Actor.model_validate_json(row.actor), row.run)
                for row in connection.execute(query)
            )

    def choice(self, whose: str) -> str | None:
        """Return the situation d'exercice that was chosen last; ``whose``: a card's serial or a national identifier."""
        named = {"tenant": self._database.tenant, "token_serial": whose}
        with self._database.reading_accepted() as connection:
            found: str | None = connection.execute(_CHOICE, named).scalar()
        return found

    def choose(self, whose: str, exercice: str) -> None:
        """Remember the situation d'exercice that was chosen, for him alone; ``whose``: as for ``choice``."""
        mine = (
            exercice_choices.c.tenant == self._database.tenant,
            exercice_choices.c.token_serial == whose,
        )
        with self._database.accepting() as transaction:
            transaction.connection.execute(exercice_choices.delete().where(*mine))
            transaction.connection.execute(
                exercice_choices.insert(),
                {"tenant": self._database.tenant, "token_serial": whose, "exercice": exercice},
            )
