"""The revocation lists, signed when they are asked for, by the sandbox's clock."""

from datetime import timedelta

from cryptography import x509

from segur_sandbox.clock import SandboxClock
from segur_sandbox.pki.authorities import AUTHORITIES, ORGANISATIONS, ROOT
from segur_sandbox.pki.issuing import CRL_LIFE, issue_crl, new_key
from segur_sandbox.pki.store import PkiFiles

_AGES = {"crl_expired": CRL_LIFE + timedelta(days=1), "crl_stale": CRL_LIFE - timedelta(days=1)}


class Lists:
    """The revocation lists of every authority.

    Args:
        pki: The hierarchy.
        clock: Dates the lists.
    """

    def __init__(self, pki: PkiFiles, clock: SandboxClock) -> None:
        self._pki = pki
        self._clock = clock

    def current(self, short: str, variant: str | None = None) -> x509.CertificateRevocationList:
        """Return an authority's list of this instant, or a wrong one.

        A list that is not of this instant names only what was revoked by then.

        Args:
            short: One of `AUTHORITIES`.
            variant: One of those of `crl`.
        """
        if variant == "crl_other_authority":
            short = ROOT if short != ROOT else ORGANISATIONS
        begin = self._clock.now() - _AGES.get(variant or "", timedelta(0))
        authority = self._pki.authority(short)
        revoked = [
            one.entry()
            for one in self._pki.register.revoked_by(authority.certificate)
            if variant not in _AGES or one.at <= begin
        ]
        signer = new_key() if variant == "crl_wrong_signature" else None
        return issue_crl(authority, revoked, begin=begin, signer=signer)

    @staticmethod
    def known(short: str) -> bool:
        """Tell whether there is such an authority."""
        return short in AUTHORITIES
