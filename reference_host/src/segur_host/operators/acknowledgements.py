"""Professionals who know that their national identifier is sent to national services, and agreed."""

from typing import Final

import sqlalchemy as sa

from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.context import Clock

_OF_RPPS: Final = "8"
"""Kind of identifier that stands before an RPPS number in a national identifier (CI-SIS, ``PS_IdNat``)."""

acknowledgements: Final = sa.Table(
    "acknowledgements",
    metadata,
    tenant_column(),
    sa.Column("national_id", sa.String(64), primary_key=True),
    sa.Column("acknowledged_at", sa.String(40), nullable=False),
)

_GIVEN: Final = sa.select(acknowledgements.c.acknowledged_at).where(
    acknowledgements.c.tenant == sa.bindparam("tenant"),
    acknowledgements.c.national_id == sa.bindparam("national_id"),
)
"""Asked at every login."""


def identifier_sent(rpps: str | None, national_id: str | None) -> str | None:
    """Return the identifier that is sent of a professional, the same by whichever means he signs in.

    Args:
        rpps: 11 digits.
        national_id: as an authority names him (``SubjectNameID``); it counts for who has no RPPS.
    """
    return _OF_RPPS + rpps if rpps is not None else national_id


class Acknowledgements:
    """Who of one tenant knows, whether he has an account or not. Every method may be called from any thread.

    Args:
        database: the host's database.
        clock: dates what is agreed to.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        database.ensure(acknowledgements)

    def has(self, identifier: str) -> bool:
        """Tell whether he agreed whose ``identifier_sent`` this is."""
        named = {"tenant": self._database.tenant, "national_id": identifier}
        with self._database.reading_accepted() as connection:
            return connection.execute(_GIVEN, named).first() is not None

    def add(self, identifier: str) -> None:
        """Keep that he agreed; the first time counts."""
        with self._database.accepting() as transaction:
            # Asked again inside the write: he may have answered elsewhere at the same time.
            if self.has(identifier):
                return
            now = self._clock.now().isoformat()
            transaction.connection.execute(
                acknowledgements.insert(),
                {"tenant": self._database.tenant, "national_id": identifier, "acknowledged_at": now},
            )
