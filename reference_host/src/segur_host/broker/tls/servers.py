"""What a server has to prove besides its chain and name: the authority of its purpose, and that it was not revoked."""

from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from segur_host.broker.tls.refusal import Reason, ServerRefusedError
from segur_host.broker.tls.revocation import RevocationStatus, Verdict
from segur_host.config.tls import PUBLIC_KEY_PREFIX, RevocationMode


@attrs.frozen
class ServerPolicy:
    """What is demanded of the servers of one purpose."""

    authority: str | None = None
    """Which authority issued their certificates; see ``segur_host.config.tls.AuthorityName``."""
    revocation: RevocationMode = RevocationMode.SOFT


class ServerCheck:
    """Examines a server whose chain and name were proved, before anything is sent to it.

    Args:
        policy: of the purpose.
        revocation: who knows what authorities revoked.
    """

    def __init__(self, policy: ServerPolicy, revocation: RevocationStatus) -> None:
        self._is_authority = _authority(policy.authority) if policy.authority is not None else None
        self._mode = policy.revocation
        self._revocation = revocation

    def examine(self, chain: tuple[bytes, ...]) -> bool:
        """Return whether it is known that nothing in a chain was revoked; always ``True`` where that is not asked.

        Args:
            chain: DER: the certificate of the server first, an anchor last, as OpenSSL verified it.

        Raises:
            ServerRefusedError: ``authority``, ``revoked``, ``revocation_unknown``, ``chain``.
        """
        if not chain:
            raise ServerRefusedError(Reason.CHAIN)
        if self._is_authority is not None and not self._is_authority(chain[1] if len(chain) > 1 else chain[0]):
            raise ServerRefusedError(Reason.AUTHORITY)
        if self._mode is RevocationMode.OFF:
            return True
        verdicts = {self._revocation.status(one, issuer).verdict for one, issuer in pairwise(chain)}
        if Verdict.REVOKED in verdicts:
            raise ServerRefusedError(Reason.REVOKED)
        if Verdict.UNKNOWN in verdicts and self._mode is RevocationMode.HARD:
            raise ServerRefusedError(Reason.REVOCATION_UNKNOWN)
        return Verdict.UNKNOWN not in verdicts


def _authority(wanted: str) -> Callable[[bytes], bool]:
    """Return what tells the authority of a purpose by the DER of its certificate."""
    if wanted.startswith(PUBLIC_KEY_PREFIX):
        return lambda der: _public_key(_parsed(der)) == wanted.removeprefix(PUBLIC_KEY_PREFIX)
    parts = frozenset(x509.Name.from_rfc4514_string(wanted))
    return lambda der: parts.issubset(_parsed(der).subject)


def _public_key(certificate: x509.Certificate) -> str:
    public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(public).hexdigest()


def _parsed(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        # OpenSSL is more lenient.
        raise ServerRefusedError(Reason.CHAIN, "unreadable") from None
