"""A certificate as a plugin may see it: facts, never the key."""

from enum import StrEnum

from pydantic import Field

from segur_sdk.models.base import Moment, Value


class CertificateInfo(Value):
    """Facts of an X.509 certificate of the structure or of a professional."""

    subject_cn: str
    subject_ou: str | None = None
    """Structure identifier with its type digit, for example ``10B0152872`` (``1`` + FINESS)."""
    issuer_cn: str
    serial: str = Field(pattern=r"^[0-9A-F]+$")
    """Serial number, upper-case hexadecimal."""
    not_before: Moment
    not_after: Moment
    client_authentication: bool
    """Whether its usages allow TLS client authentication."""


class ExpiryLevel(StrEnum):
    """How near the end of a certificate is."""

    CALENDAR = "calendar"
    """From 90 days before."""
    WARNING = "warning"
    """From 30 days before."""
    URGENT = "urgent"
    """From 7 days before."""
    ENDED = "ended"
    """Its last second is over: the host makes no call with it any more."""
