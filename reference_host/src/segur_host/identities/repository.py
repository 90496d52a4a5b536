"""Identities in the database: every revision of each, the last one current."""

import uuid
from datetime import date, datetime
from typing import Final

import attrs
import sqlalchemy as sa

from segur_host.storage.database import Database
from segur_host.storage.host_key import KeyPurpose
from segur_host.storage.row_seal import RowSeal
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.errors import IdentityError
from segur_sdk.identity.names import search_key
from segur_sdk.identity.record import IdentityRecord

revisions: Final = sa.Table(
    "identity_revisions",
    metadata,
    tenant_column(),
    sa.Column("identity_ref", sa.String(36), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("is_current", sa.Boolean, nullable=False),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("author", sa.String(200), nullable=False),
    sa.Column("events", sa.String(400), nullable=False),
    sa.Column("birth_date", sa.String(10), nullable=False),
    sa.Column("name_key", sa.String(200), nullable=False),
    sa.Column("given_key", sa.String(200), nullable=False),
    sa.Column("matricule", sa.String(15)),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("seal", sa.String(64), nullable=False),
    sa.Index("identity_by_traits", "tenant", "is_current", "birth_date", "name_key"),
    sa.Index("identity_by_matricule", "tenant", "is_current", "matricule"),
)
"""Encrypted with the whole file; the search keys are what an antecedence search compares (SC.INS/va1.02, .25)."""

card_links: Final = sa.Table(
    "card_links",
    metadata,
    tenant_column(),
    sa.Column("serial", sa.String(12), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("identity_ref", sa.String(36), nullable=False),
)
"""Which person a beneficiary of a card was found to be."""


@attrs.frozen
class Revision:
    """One revision of one identity."""

    identity_ref: str
    number: int
    record: IdentityRecord
    at: datetime
    author: str
    events: tuple[str, ...] = ()


class IdentityRepository:
    """Reads and writes identities of one tenant.

    Args:
        database: the host's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seal = RowSeal(database.key.derive(KeyPurpose.ROWS), revisions.name)
        database.ensure(revisions, card_links)

    def current(self, identity_ref: str) -> Revision:
        """Return the current revision.

        Raises:
            IdentityError: ``identity.unknown``; ``identity.altered``: somebody changed the database.
        """
        query = self._select().where(revisions.c.identity_ref == identity_ref)
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(revisions.c.revision.desc()).limit(1)).one_or_none()
        if row is None:
            raise IdentityError("identity.unknown")
        if not row._mapping["is_current"]:  # noqa: SLF001 - the documented way to read a row by column name
            # An earlier one was made current again.
            raise IdentityError("identity.altered")
        return self._revision(row)

    def history(self, identity_ref: str) -> tuple[Revision, ...]:
        """Return every revision, oldest first (SC.INS/va1.44)."""
        query = self._select().where(revisions.c.identity_ref == identity_ref).order_by(revisions.c.revision)
        with self._database.reading() as connection:
            return tuple(self._revision(row) for row in connection.execute(query))

    def add(self, record: IdentityRecord, at: datetime, author: str, events: tuple[str, ...]) -> Revision:
        """Record a new person and return the first revision."""
        revision = Revision(str(uuid.uuid4()), 1, record, at, author, events)
        with self._database.accepting() as transaction:
            transaction.connection.execute(revisions.insert(), self._row(revision))
        return revision

    def replace(
        self, known: Revision, record: IdentityRecord, at: datetime, author: str, events: tuple[str, ...]
    ) -> Revision:
        """Add a revision after ``known``.

        Raises:
            IdentityError: ``identity.changed_meanwhile`` when ``known`` is no longer the current one.
        """
        revision = Revision(known.identity_ref, known.number + 1, record, at, author, events)
        with self._database.accepting() as transaction:
            retired = transaction.connection.execute(
                revisions.update()
                .where(
                    revisions.c.tenant == self._database.tenant,
                    revisions.c.identity_ref == known.identity_ref,
                    revisions.c.revision == known.number,
                    revisions.c.is_current,
                )
                .values(is_current=False)
            )
            if retired.rowcount != 1:
                raise IdentityError("identity.changed_meanwhile", retryable=True)
            transaction.connection.execute(revisions.insert(), self._row(revision))
        return revision

    def search(self, birth_date: date, name: str = "", given_name: str = "") -> tuple[Revision, ...]:
        """Return the people born that day whose names begin so, accents and separators aside.

        Args:
            birth_date: complete date.
            name: first letters of the name of birth, or nothing.
            given_name: first letters of the first given name, or nothing.
        """
        query = self._select().where(revisions.c.is_current, revisions.c.birth_date == birth_date.isoformat())
        if name:
            query = query.where(revisions.c.name_key.startswith(search_key(name), autoescape=True))
        if given_name:
            query = query.where(revisions.c.given_key.startswith(search_key(given_name), autoescape=True))
        with self._database.reading() as connection:
            return tuple(self._revision(row) for row in connection.execute(query.order_by(revisions.c.identity_ref)))

    def holding(self, matricule: str) -> tuple[Revision, ...]:
        """Return the people recorded under that matricule."""
        query = self._select().where(revisions.c.is_current, revisions.c.matricule == matricule)
        with self._database.reading() as connection:
            return tuple(self._revision(row) for row in connection.execute(query))

    def linked(self, serial: str, position: int, digest: str) -> str | None:
        """Return who a beneficiary of a card was found to be.

        Args:
            serial: of the card.
            position: of the beneficiary.
            digest: of what the card says of him.
        """
        query = sa.select(card_links.c.identity_ref).where(*self._is_link(serial, position, digest))
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def link(self, serial: str, position: int, digest: str, identity_ref: str) -> None:
        """Remember who a beneficiary of a card was found to be."""
        with self._database.accepting() as transaction:
            transaction.connection.execute(card_links.delete().where(*self._is_link(serial, position, digest)))
            transaction.connection.execute(
                card_links.insert(),
                {
                    "tenant": self._database.tenant,
                    "serial": serial,
                    "position": position,
                    "digest": digest,
                    "identity_ref": identity_ref,
                },
            )

    def _is_link(self, serial: str, position: int, digest: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            card_links.c.tenant == self._database.tenant,
            card_links.c.serial == serial,
            card_links.c.position == position,
            card_links.c.digest == digest,
        )

    def _select(self) -> sa.Select[tuple[object, ...]]:
        return sa.select(revisions).where(revisions.c.tenant == self._database.tenant)

    def _row(self, revision: Revision) -> dict[str, object]:
        traits = revision.record.traits
        matricule = revision.record.matricule
        record = revision.record.model_dump_json()
        at, events = revision.at.isoformat(), " ".join(revision.events)
        return {
            "tenant": self._database.tenant,
            "identity_ref": revision.identity_ref,
            "revision": revision.number,
            "is_current": True,
            "at": at,
            "author": revision.author,
            "events": events,
            "birth_date": traits.date_naissance.isoformat(),
            "name_key": search_key(traits.nom_naissance),
            "given_key": search_key(traits.premier_prenom),
            "matricule": matricule.value if matricule else None,
            "record": record,
            "seal": self._seal.of(
                self._database.tenant, revision.identity_ref, revision.number, at, revision.author, events, record
            ),
        }

    def _revision(self, row: "sa.Row[tuple[object, ...]]") -> Revision:
        stored = row._mapping  # noqa: SLF001 - the documented way to read a row by column name
        number = int(str(stored["revision"]))
        texts = [str(stored[name]) for name in ("at", "author", "events", "record")]
        if not self._seal.is_of(stored["seal"], self._database.tenant, str(stored["identity_ref"]), number, *texts):
            raise IdentityError("identity.altered")
        at, author, events, record = texts
        return Revision(
            identity_ref=str(stored["identity_ref"]),
            number=number,
            record=IdentityRecord.model_validate_json(record),
            at=datetime.fromisoformat(at),
            author=author,
            events=tuple(events.split()),
        )
