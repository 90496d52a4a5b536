"""Plugins are told once that a certificate reached a level, whoever finds it out and however often."""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from segur_host.keyring.pairs import facts_of
from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.context import Clock
from segur_sdk.hooks.certificate_expiring import ON_CERTIFICATE_EXPIRING, CertificateExpiringEvent
from segur_sdk.models.base import Event
from segur_sdk.models.certificate import ExpiryLevel

announced_certificates: Final = sa.Table(
    "announced_certificates",
    metadata,
    tenant_column(),
    sa.Column("certificate", sa.String(64), primary_key=True),
    sa.Column("level", sa.String(20), primary_key=True),
)
"""``certificate``: SHA-256 of its DER."""


class Announcements:
    """Writes the event, and that it was written, in one go.

    Args:
        database: the host's database.
        add: keeps an event of a hook, within the write of its thread.
        clock: dates events.
    """

    def __init__(self, database: Database, add: Callable[[str, Event], None], clock: Clock) -> None:
        self._database = database
        self._add = add
        self._clock = clock
        self._wake: Callable[[], None] = lambda: None
        database.ensure(announced_certificates)

    def when_written(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called whenever there is something to tell."""
        self._wake = wake

    def announce(self, use: str, certificate: x509.Certificate, level: ExpiryLevel, days_left: int) -> None:
        """Have plugins told, unless they were.

        Raises:
            HostError: as ``Database.accepting``.
        """
        row = {
            "tenant": self._database.tenant,
            "certificate": sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
            "level": level.value,
        }
        known = sa.select(sa.literal(1)).where(*(announced_certificates.c[name] == row[name] for name in row))
        with self._database.accepting() as transaction:
            if transaction.connection.execute(known).first() is not None:
                return
            transaction.connection.execute(announced_certificates.insert(), row)
            event = CertificateExpiringEvent(
                use=use,
                certificate=facts_of(certificate),
                level=level,
                days_left=days_left,
                occurred_at=self._clock.now(),
            )
            self._add(ON_CERTIFICATE_EXPIRING.name, event)
            transaction.after_commit.append(self._wake)
