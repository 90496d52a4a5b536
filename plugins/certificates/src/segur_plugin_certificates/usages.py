"""What a certificate may be used for, as KeyUsage and ExtendedKeyUsage say.

Source: RFC 5280, 4.2.1.3 and 4.2.1.12. The profiles of the offers ORG, SERV and PRO are not public: which of their
usages a certificate was ordered for is told as probable, and only what RFC 5280 excludes is refused.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Final

import attrs
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier


class Usage(StrEnum):
    """A usage of the offers of IGC-Santé."""

    AUTH_CLI = "AUTH_CLI"
    """Client of TLS."""
    SIGN = "SIGN"
    """Signature of assertions and documents."""
    CONF = "CONF"
    """Encryption."""
    SSL_SERV = "SSL_SERV"
    """Server of TLS."""
    SMIME = "SMIME"
    """Mail."""


_ANY: Final = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
_ENTITY_ONLY: Final = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH})
_PURPOSES: Final = {
    Usage.AUTH_CLI: ExtendedKeyUsageOID.CLIENT_AUTH,
    Usage.SSL_SERV: ExtendedKeyUsageOID.SERVER_AUTH,
    Usage.SMIME: ExtendedKeyUsageOID.EMAIL_PROTECTION,
}


@attrs.frozen
class Usages:
    """The two extensions; ``None`` when a certificate has not the one."""

    key: frozenset[str] | None
    """Names of the bits of KeyUsage, as RFC 5280 writes them."""
    extended: frozenset[ObjectIdentifier] | None

    def allow(self, usage: Usage) -> bool:
        """Tell whether nothing excludes a usage; an extension that is not there excludes none."""
        if self.extended is not None and _ANY not in self.extended:
            purpose = _PURPOSES.get(usage)
            if purpose is not None and purpose not in self.extended:
                return False
            # Who is to prove himself at the door of a server is not meant to sign or to decrypt for others.
            if purpose is None and self.extended <= _ENTITY_ONLY:
                return False
        return self.key is None or not _BITS[usage].isdisjoint(self.key)

    def point_to(self, usage: Usage) -> bool:
        """Tell whether the extensions name a usage, and not only leave it open."""
        if not self.allow(usage):
            return False
        if usage in _PURPOSES:
            return self.extended is not None and _PURPOSES[usage] in self.extended
        if usage is Usage.SIGN:
            return self.key is not None and "nonRepudiation" in self.key
        return self.key is not None and not _BITS[Usage.CONF].isdisjoint(self.key)

    def probable(self) -> tuple[Usage, ...]:
        """Return the usages it was probably ordered for: those that are named, otherwise those that are left open."""
        return _probable(self)


_BITS: Final = {
    Usage.AUTH_CLI: frozenset({"digitalSignature", "keyAgreement"}),
    Usage.SIGN: frozenset({"digitalSignature", "nonRepudiation"}),
    Usage.CONF: frozenset({"keyEncipherment", "dataEncipherment", "keyAgreement"}),
    Usage.SSL_SERV: frozenset({"digitalSignature", "keyEncipherment", "keyAgreement"}),
    Usage.SMIME: frozenset({"digitalSignature", "nonRepudiation", "keyEncipherment"}),
}


@lru_cache(maxsize=64)
def _probable(usages: Usages) -> tuple[Usage, ...]:
    named = tuple(usage for usage in Usage if usages.point_to(usage))
    return named or tuple(usage for usage in Usage if usages.allow(usage))


def read_usages(key: x509.KeyUsage | None, extended: x509.ExtendedKeyUsage | None) -> Usages:
    """Return what the two extensions say."""
    return Usages(None if key is None else _bits(key), None if extended is None else frozenset(extended))


def _bits(key: x509.KeyUsage) -> frozenset[str]:
    flags = (
        ("digitalSignature", key.digital_signature),
        ("nonRepudiation", key.content_commitment),
        ("keyEncipherment", key.key_encipherment),
        ("dataEncipherment", key.data_encipherment),
        ("keyAgreement", key.key_agreement),
        ("keyCertSign", key.key_cert_sign),
        ("cRLSign", key.crl_sign),
    )
    return frozenset(name for name, held in flags if held)
