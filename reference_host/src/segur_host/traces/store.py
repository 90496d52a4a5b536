"""Keeps functional traces.

Sources: INS requirements of the Ségur referencing SC.INS/va1.38, .35 (each recovery call and every return, traits
and history included), .27 and .44 (accesses and changes with date, time, kind and author).
"""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from segur_host.storage.database import Database
from segur_host.storage.host_key import KeyPurpose
from segur_host.storage.schema import metadata, tenant_column
from segur_host.traces.record import Trace
from segur_sdk.context import Clock
from segur_sdk.errors import HostError
from segur_sdk.models.actor import Actor
from segur_sdk.models.base import Value

MAX_PAYLOAD_BYTES: Final = 1_048_576
_KIND: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_NO_CALL: Final = ""
_LINKED: Final = sa.text("patient IS NOT NULL")
_ONLY_LINKED: Final[dict[str, Any]] = {"sqlite_where": _LINKED, "postgresql_where": _LINKED}

traces: Final = sa.Table(
    "traces",
    metadata,
    tenant_column(),
    # Ids that grow with time, so that a trace touches the last page of each tree only: every page is encrypted anew.
    sa.Column("call_id", sa.String(64), primary_key=True),
    sa.Column("trace_id", sa.String(36), primary_key=True),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(80), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("patient", sa.String(64)),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Index("traces_by_patient", "tenant", "patient", "at", **_ONLY_LINKED),
)
_COLUMNS: Final = (traces.c.trace_id, traces.c.at, traces.c.kind, traces.c.actor, traces.c.call_id, traces.c.payload)


class TraceStore:
    """Records, finds, exports and purges traces. Every method may be called from any thread.

    The payload is encrypted by the file that holds it, which nothing leaves but through ``export``. A patient is
    found by a keyed index of his reference: the reference itself is not stored.

    Args:
        database: where traces are kept.
        clock: dates them.
        retention_days: how long a trace is kept at least.
    """

    def __init__(self, database: Database, clock: Clock, retention_days: int) -> None:
        self._database = database
        self._tenant = database.tenant
        self._clock = clock
        self._retention = timedelta(days=retention_days)
        self._index_key = database.key.derive(KeyPurpose.BLIND_INDEX)
        database.ensure(traces)

    def record(
        self,
        identity_ref: str | None,
        kind: str,
        actor: Actor,
        payload: Value | Mapping[str, Any],
        call_id: str | None = None,
    ) -> str:
        """Keep one trace; on the disk when this returns, or kept as the write is that this thread is in.

        Args:
            identity_ref: the patient, ``None`` while nobody knows him yet (see ``attach``).
            kind: what was done, ``lower.dotted``.
            actor: who.
            payload: a model, or JSON values; may hold patient data.
            call_id: the call in which it happened.

        Returns:
            Id of the trace.

        Raises:
            HostError: ``traces.refused`` (kind, or a payload that is no JSON or over 1 MiB), ``storage.full`` and
                the other codes of ``Database.accepting``.
        """
        if len(kind) > 80 or not _KIND.fullmatch(kind):
            raise HostError("traces.refused", field="kind")
        content = _payload_text(payload)
        trace_id = f"{time.time_ns():016x}-{secrets.token_hex(8)}"
        row = {
            "tenant": self._tenant,
            "trace_id": trace_id,
            "at": _instant(self._clock.now()),
            "kind": kind,
            "actor": actor.model_dump_json(exclude_none=True),
            "call_id": call_id or _NO_CALL,
            "patient": None if identity_ref is None else self._blind(identity_ref),
            "payload": content,
        }
        current = self._database.current
        with nullcontext(current) if current is not None else self._database.accepting() as transaction:
            transaction.insert(traces, (row,))
        return trace_id

    def attach(self, call_id: str, identity_ref: str) -> int:
        """Link to a patient the traces of a call made before he was known; returns how many.

        Traces already linked to somebody stay with him.
        """
        chosen = (
            traces.update()
            .where(traces.c.tenant == self._tenant, traces.c.call_id == call_id, traces.c.patient.is_(None))
            .values(patient=self._blind(identity_ref))
        )
        with self._database.accepting() as transaction:
            return transaction.connection.execute(chosen).rowcount

    def of_patient(self, identity_ref: str) -> tuple[Trace, ...]:
        """Return the traces of a patient, oldest first."""
        return self._found(traces.c.patient == self._blind(identity_ref))

    def of_call(self, call_id: str) -> tuple[Trace, ...]:
        """Return the traces of one call, oldest first."""
        return self._found(traces.c.call_id == call_id)

    def export(self, identity_ref: str) -> Iterator[str]:
        """Give the traces of a patient as lines of JSON, oldest first."""
        return (trace.as_json() for trace in self.of_patient(identity_ref))

    def purge(self, now: datetime) -> int:
        """Forget what is older than the retention; returns how many traces went.

        Args:
            now: with time zone.
        """
        limit = _instant(now - self._retention)
        chosen = traces.delete().where(traces.c.tenant == self._tenant, traces.c.at < limit)
        with self._database.accepting() as transaction:
            return transaction.connection.execute(chosen).rowcount

    def _found(self, condition: sa.ColumnElement[bool]) -> tuple[Trace, ...]:
        chosen = (
            sa.select(*_COLUMNS)
            .where(traces.c.tenant == self._tenant, condition)
            .order_by(traces.c.at, traces.c.trace_id)
        )
        with self._database.reading() as connection:
            return tuple(
                Trace(
                    row.trace_id, row.at, row.kind, json.loads(row.actor), row.call_id or None, json.loads(row.payload)
                )
                for row in connection.execute(chosen)
            )

    def _blind(self, identity_ref: str) -> str:
        content = f"{self._tenant}\0{identity_ref}".encode()
        return hmac.new(self._index_key, content, hashlib.sha256).hexdigest()


def _trace(row: sa.Row[Any]) -> Trace:
    actor, payload = json.loads(row.actor), json.loads(row.payload)
    return Trace(row.trace_id, row.at, row.kind, actor, row.call_id or None, payload)


def _instant(moment: datetime) -> str:
    # One width and one zone, so that texts sort as instants do.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _payload_text(payload: Value | Mapping[str, Any]) -> str:
    try:
        if isinstance(payload, Value):
            text = payload.model_dump_json()
        else:
            text = json.dumps(dict(payload), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        # What failed may hold the payload: it must not become the context of an error.
        text = None
    if text is None:
        raise HostError("traces.refused", field="payload")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_PAYLOAD_BYTES:
        raise HostError("traces.refused", field="payload_size")
    return text
