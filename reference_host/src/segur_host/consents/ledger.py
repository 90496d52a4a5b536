"""The ledger of consents: who told a patient what and how, who opposes what and why, and who judged it.

Entries are added, never changed: the state is what the last ones say. The software judges no motive.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs
import sqlalchemy as sa

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.dispatch.dispatcher import new_call_id
from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.context import Clock
from segur_sdk.errors import InputError
from segur_sdk.models.actor import Actor

consent_entries: Final = sa.Table(
    "consent_entries",
    metadata,
    tenant_column(),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("identity_ref", sa.String(64), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("author", sa.String(200), nullable=False),
    sa.Column("channel", sa.String(20)),
    sa.Column("document", sa.String(100)),
    sa.Column("judge", sa.String(200)),
    sa.Column("accepted", sa.Boolean),
    sa.Column("motive", sa.Text),
    sa.UniqueConstraint("tenant", "identity_ref", "number", name="consents_by_identity"),
)
"""Numbered for each patient: which is the last must not depend on the clock. A patient's motive stands here, encrypted
with the database, and nowhere else."""

MAX_MOTIVE: Final = 2000


class InformationChannel(StrEnum):
    """How a patient was told. A poster alone does not count."""

    ORAL = "oral"
    WRITTEN = "ecrit"
    ONLINE = "en_ligne"


class ConsentKind(StrEnum):
    """What an entry says."""

    INFORMED = "informed"
    OPPOSED = "opposed"
    JUDGED = "judged"
    LIFTED = "lifted"


@attrs.frozen
class ConsentEntry:
    """One entry of the ledger."""

    id: str
    identity_ref: str
    number: int
    """From 1 for each patient, in the order of recording."""
    kind: ConsentKind
    at: datetime
    author: str
    """Who recorded it."""
    channel: InformationChannel | None = None
    document: str | None = None
    """The one document meant, as the practice software names it; all of them without one."""
    judge: str | None = None
    """The professional who judged the motive."""
    accepted: bool | None = None
    motive: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class ConsentState:
    """What the ledger says of one patient now."""

    entries: tuple[ConsentEntry, ...] = ()

    @property
    def information(self) -> ConsentEntry | None:
        """When, by whom and how he was told, if he was."""
        return next((entry for entry in self.entries if entry.kind is ConsentKind.INFORMED), None)

    @property
    def last(self) -> int:
        """Number of the last entry, or 0: two states of a patient that have the same are the same."""
        return self.entries[-1].number if self.entries else 0

    def opposes(self, document: str | None = None) -> bool:
        """Tell whether he opposes that his DMP is fed, or that this document is.

        An opposition counts from the moment that it is recorded until it is lifted, or judged not legitimate.
        """
        return self._stands(None) or (document is not None and self._stands(document))

    def _stands(self, document: str | None) -> bool:
        about = [
            entry for entry in self.entries if entry.document == document and entry.kind is not ConsentKind.INFORMED
        ]
        if not about:
            return False
        last = about[-1]
        return last.kind is ConsentKind.OPPOSED or (last.kind is ConsentKind.JUDGED and last.accepted is True)


class Consents:
    """The consents of one tenant's patients. Every method may be called from any thread.

    Args:
        database: the host's database.
        audit: says that something was recorded, never what the patient said.
        clock: dates entries.
    """

    def __init__(self, database: Database, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        database.ensure(consent_entries)

    def state(self, identity_ref: str) -> ConsentState:
        """Return what is known of one patient."""
        query = (
            sa.select(consent_entries)
            .where(consent_entries.c.tenant == self._database.tenant, consent_entries.c.identity_ref == identity_ref)
            .order_by(consent_entries.c.number)
        )
        with self._database.reading_accepted() as connection:
            rows: Sequence[sa.Row[tuple[object, ...]]] = connection.execute(query).all()
        return ConsentState(tuple(_entry(row) for row in rows))

    def inform(
        self, identity_ref: str, channel: InformationChannel, actor: Actor, *, at: datetime | None = None
    ) -> ConsentState:
        """Record that a patient was told that his DMP is fed; once per patient, the first time counts.

        Args:
            identity_ref: of the patient.
            channel: how.
            actor: who says so; any member of the team.
            at: when it was, for what another software recorded; now without it.
        """
        with self._database.accepting():
            if self.state(identity_ref).information is None:
                self._add(identity_ref, ConsentKind.INFORMED, actor, at=at, channel=channel)
        return self.state(identity_ref)

    def oppose(
        self, identity_ref: str, actor: Actor, *, motive: str | None = None, document: str | None = None
    ) -> ConsentState:
        """Record that a patient opposes; it counts at once.

        Args:
            identity_ref: of the patient.
            actor: who records it.
            motive: in the patient's words; encrypted, and in no trace.
            document: the one document meant.

        Raises:
            InputError: ``consent.motive_too_long``.
        """
        if motive is not None and len(motive) > MAX_MOTIVE:
            raise InputError("consent.motive_too_long", most=MAX_MOTIVE)
        self._add(identity_ref, ConsentKind.OPPOSED, actor, motive=motive, document=document)
        return self.state(identity_ref)

    def judge(
        self, identity_ref: str, actor: Actor, *, judge: str, accepted: bool, document: str | None = None
    ) -> ConsentState:
        """Record a professional's judgement of the motive.

        Args:
            identity_ref: of the patient.
            actor: who records it.
            judge: the professional who judged.
            accepted: the motive is legitimate.
            document: as in the opposition.

        Raises:
            InputError: ``consent.not_opposed``: there is nothing to judge.
        """
        with self._database.accepting():
            self._require_opposition(identity_ref, document)
            self._add(identity_ref, ConsentKind.JUDGED, actor, judge=judge, accepted=accepted, document=document)
        return self.state(identity_ref)

    def lift(self, identity_ref: str, actor: Actor, *, document: str | None = None) -> ConsentState:
        """Record that a patient opposes no longer.

        Raises:
            InputError: ``consent.not_opposed``.
        """
        with self._database.accepting():
            self._require_opposition(identity_ref, document)
            self._add(identity_ref, ConsentKind.LIFTED, actor, document=document)
        return self.state(identity_ref)

    def _require_opposition(self, identity_ref: str, document: str | None) -> None:
        about = [
            entry
            for entry in self.state(identity_ref).entries
            if entry.document == document and entry.kind is not ConsentKind.INFORMED
        ]
        if not about or about[-1].kind is ConsentKind.LIFTED:
            raise InputError("consent.not_opposed")

    def _add(
        self,
        identity_ref: str,
        kind: ConsentKind,
        actor: Actor,
        *,
        at: datetime | None = None,
        channel: InformationChannel | None = None,
        document: str | None = None,
        judge: str | None = None,
        accepted: bool | None = None,
        motive: str | None = None,
    ) -> None:
        row: dict[str, object] = {
            "tenant": self._database.tenant,
            "id": new_call_id(),
            "identity_ref": identity_ref,
            "kind": str(kind),
            "at": (at or self._clock.now()).isoformat(),
            "author": actor.name,
            "channel": None if channel is None else str(channel),
            "document": document,
            "judge": judge,
            "accepted": accepted,
            "motive": motive,
        }
        last = sa.select(sa.func.max(consent_entries.c.number)).where(
            consent_entries.c.tenant == self._database.tenant, consent_entries.c.identity_ref == identity_ref
        )
        with self._database.accepting() as transaction:
            row["number"] = (transaction.connection.execute(last).scalar() or 0) + 1
            transaction.connection.execute(consent_entries.insert(), row)
            self._audit.append(
                AuditEntry(
                    event=f"consent.{kind}",
                    actor=actor,
                    facts={"identity": identity_ref, "one_document": document is not None, "accepted": accepted},
                )
            )


def _entry(row: "sa.Row[tuple[object, ...]]") -> ConsentEntry:
    stored = row._mapping  # noqa: SLF001 - the documented way to read a row by column name
    return ConsentEntry(
        id=str(stored["id"]),
        identity_ref=str(stored["identity_ref"]),
        number=int(str(stored["number"])),
        kind=ConsentKind(str(stored["kind"])),
        at=datetime.fromisoformat(str(stored["at"])),
        author=str(stored["author"]),
        channel=None if stored["channel"] is None else InformationChannel(str(stored["channel"])),
        document=_text(stored["document"]),
        judge=_text(stored["judge"]),
        accepted=None if stored["accepted"] is None else bool(stored["accepted"]),
        motive=_text(stored["motive"]),
    )


def _text(stored: object) -> str | None:
    return None if stored is None else str(stored)
