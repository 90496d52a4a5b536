"""Whether a certificate was revoked, as whoever keeps the lists tells it."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

import attrs


class Verdict(StrEnum):
    """What is known of one certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@attrs.frozen
class RevocationAnswer:
    """A verdict and its date."""

    verdict: Verdict
    at: datetime | None = None
    """When it was revoked; else when what tells that it was not was issued. ``None`` when nothing is known."""


UNKNOWN: Final = RevocationAnswer(Verdict.UNKNOWN)


class RevocationStatus(Protocol):
    """Whoever knows what authorities revoked.

    Called from any thread, in the middle of a call: it never waits for a network, and answers ``unknown`` rather than
    fail.
    """

    def status(self, certificate: bytes, issuer: bytes) -> RevocationAnswer:
        """Tell whether a certificate was revoked.

        Args:
            certificate: DER.
            issuer: DER of the certificate of the authority that issued it, already proved.
        """
        ...


class NothingKnown:
    """Implements ``RevocationStatus`` where no list is kept."""

    def status(self, certificate: bytes, issuer: bytes) -> RevocationAnswer:
        """Know nothing."""
        return UNKNOWN
