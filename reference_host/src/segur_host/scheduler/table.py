"""What the host knows of each job between its runs, and through its own restarts."""

from datetime import datetime
from typing import Any, Final

import attrs
import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.models.notice import Notice

host_jobs: Final = sa.Table(
    "host_jobs",
    metadata,
    tenant_column(),
    sa.Column("plugin", sa.String(40), primary_key=True),
    sa.Column("job", sa.String(40), primary_key=True),
    sa.Column("due_at", sa.String(40), nullable=False),
    sa.Column("last_done", sa.String(40)),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("last_error", sa.String(120)),
    sa.Column("notices", sa.Text, nullable=False),
)
_NOTICES: Final = TypeAdapter(tuple[Notice, ...])
JobKey = tuple[str, str]
"""Plugin and job."""


@attrs.frozen
class JobState:
    """Where a job stands."""

    due_at: datetime
    last_done: datetime | None = None
    attempts: int = 0
    """Runs begun since the last success."""
    last_error: str | None = None
    """Code of why the last run failed."""
    notices: tuple[Notice, ...] = ()
    """What the last success told users."""


class JobTable:
    """Jobs of one tenant.

    Args:
        database: the host's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.ensure(host_jobs)

    def all(self) -> dict[JobKey, JobState]:
        """Return what is known of every job that was ever declared; a row that nobody understands is not known.

        Raises:
            HostError: as ``Database.reading``.
        """
        query = sa.select(host_jobs).where(host_jobs.c.tenant == self._database.tenant)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        found = {(row.plugin, row.job): _read(row) for row in rows}
        return {key: state for key, state in found.items() if state is not None}

    def get(self, key: JobKey) -> JobState | None:
        """Return what is known of one job.

        Raises:
            HostError: as ``Database.reading``.
        """
        with self._database.reading() as connection:
            row = connection.execute(sa.select(host_jobs).where(*self._is(key))).first()
        return None if row is None else _read(row)

    def put(self, key: JobKey, state: JobState) -> None:
        """Keep where a job stands; within a write of this thread, it stands or falls with it.

        Raises:
            HostError: as ``Database.accepting``.
        """
        values = {
            "due_at": state.due_at.isoformat(),
            "last_done": state.last_done.isoformat() if state.last_done else None,
            "attempts": state.attempts,
            "last_error": state.last_error,
            "notices": _NOTICES.dump_json(state.notices).decode("utf-8"),
        }
        with self._database.accepting() as transaction:
            connection = transaction.connection
            if not connection.execute(host_jobs.update().where(*self._is(key)).values(values)).rowcount:
                plugin, job = key
                connection.execute(
                    host_jobs.insert(), {"tenant": self._database.tenant, "plugin": plugin, "job": job, **values}
                )

    def _is(self, key: JobKey) -> tuple[sa.ColumnElement[bool], ...]:
        plugin, job = key
        return (
            host_jobs.c.tenant == self._database.tenant,
            host_jobs.c.plugin == plugin,
            host_jobs.c.job == job,
        )


def _read(row: Any) -> JobState | None:
    try:
        return JobState(
            due_at=_moment(row.due_at),
            last_done=_moment(row.last_done) if row.last_done is not None else None,
            attempts=row.attempts,
            last_error=row.last_error,
            notices=_NOTICES.validate_json(row.notices),
        )
    except (ValueError, ValidationError):
        return None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment
