"""Why a server gets no request, in words that programs and people can act upon."""

import ssl
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from segur_sdk.errors import ServiceError


class Reason(StrEnum):
    """What is wrong with a server."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    HOSTNAME = "hostname"
    UNKNOWN_AUTHORITY = "unknown_authority"
    """Its chain leads to none of the anchors."""
    SELF_SIGNED = "self_signed"
    AUTHORITY = "authority"
    """Its chain leads to an anchor, but another authority issued its certificate than the purpose names."""
    USAGE = "usage"
    WEAK = "weak"
    """A key too short or a digest too weak in its chain."""
    CHAIN = "chain"
    """Anything else that OpenSSL finds in its chain."""
    REVOKED = "revoked"
    REVOCATION_UNKNOWN = "revocation_unknown"
    PROTOCOL = "protocol"
    """No version and no cipher suite in common, or a parameter of the key exchange that is too weak."""


TEXTS: Final[Mapping[Reason, str]] = {
    Reason.EXPIRED: "service.server_certificate.expired",
    Reason.NOT_YET_VALID: "service.server_certificate.not_yet_valid",
    Reason.HOSTNAME: "service.server_certificate.hostname",
    Reason.UNKNOWN_AUTHORITY: "service.server_certificate.unknown_authority",
    Reason.SELF_SIGNED: "service.server_certificate.unknown_authority",
    Reason.AUTHORITY: "service.server_certificate.authority",
    Reason.WEAK: "service.server_certificate.weak",
    Reason.REVOKED: "service.server_certificate.revoked",
    Reason.REVOCATION_UNKNOWN: "service.server_certificate.revocation_unknown",
    Reason.PROTOCOL: "service.server_certificate.weak",
}
"""Key of the French text, where the one of the code does not do."""

_VERIFY_CODES: Final[Mapping[int, Reason]] = {
    2: Reason.UNKNOWN_AUTHORITY,
    9: Reason.NOT_YET_VALID,
    10: Reason.EXPIRED,
    18: Reason.SELF_SIGNED,
    19: Reason.UNKNOWN_AUTHORITY,
    20: Reason.UNKNOWN_AUTHORITY,
    21: Reason.UNKNOWN_AUTHORITY,
    26: Reason.USAGE,
    62: Reason.HOSTNAME,
    64: Reason.HOSTNAME,
    66: Reason.WEAK,
    67: Reason.WEAK,
    68: Reason.WEAK,
}
"""``X509_V_ERR_*`` of OpenSSL."""
_PROTOCOL: Final = frozenset(
    {
        "UNSUPPORTED_PROTOCOL",
        "WRONG_SSL_VERSION",
        "NO_PROTOCOLS_AVAILABLE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        "DH_KEY_TOO_SMALL",
        "BAD_DH_VALUE",
        "WRONG_CIPHER_RETURNED",
        "UNKNOWN_CIPHER_RETURNED",
        "WRONG_SIGNATURE_TYPE",
        "WRONG_CURVE",
    }
)
_NOTHING_SUITS: Final = "SSLV3_ALERT_HANDSHAKE_FAILURE"


class ServerRefusedError(OSError):
    """The host refuses a server; not a byte of the request was sent.

    Args:
        reason: why.
        detail: what OpenSSL says, for whoever administers the server.
    """

    def __init__(self, reason: Reason, detail: str | None = None) -> None:
        super().__init__(reason)
        self.refused: Final = reason
        self.detail: Final = detail

    def told(self, purpose: str) -> ServiceError:
        """Return what a plugin and a user are told."""
        return ServiceError(
            "service.server_certificate",
            # A list that is fetched meanwhile is enough.
            retryable=self.refused is Reason.REVOCATION_UNKNOWN,
            user_message_key=TEXTS.get(self.refused),
            purpose=purpose,
            reason=self.refused,
            detail=self.detail,
        )


def refusal_of(failure: ssl.SSLError, *, answered: bool) -> ServerRefusedError | None:
    """Return the refusal that a failed handshake is, ``None`` when it is something else: a line that was cut, say.

    Args:
        failure: of the handshake.
        answered: the server had chosen a cipher suite. Until then its *handshake_failure* (RFC 8446, 6.2) means that
            nothing we offer suits it; afterwards, that our certificate does not.
    """
    if isinstance(failure, ssl.SSLCertVerificationError):
        reason = _VERIFY_CODES.get(failure.verify_code, Reason.CHAIN)
        return ServerRefusedError(reason, f"openssl_{failure.verify_code}")
    told = failure.reason or ""
    if told in _PROTOCOL or (told == _NOTHING_SUITS and not answered):
        return ServerRefusedError(Reason.PROTOCOL, told.lower())
    return None
