"""What a certificate is for: to authenticate, or to sign. A key has one use.

Usages that are not stated forbid nothing to whoever authenticates (RFC 5280, 4.2.1.3 and 4.2.1.12); what commits
somebody has to be stated.
"""

from contextlib import suppress
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

_CLIENT_USAGES: Final = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


def authenticates_clients(certificate: x509.Certificate) -> bool:
    """Tell whether its usages allow a certificate to authenticate a TLS client."""
    usage, purposes = _stated(certificate)
    if usage is not None and not usage.digital_signature:
        return False
    return purposes is None or bool(purposes & _CLIENT_USAGES)


def signs(certificate: x509.Certificate) -> bool:
    """Tell whether its usages say that a certificate signs what commits its holder, and does not authenticate him."""
    usage, purposes = _stated(certificate)
    committing = usage is not None and usage.content_commitment
    return committing and not (purposes is not None and purposes & _CLIENT_USAGES)


def _stated(certificate: x509.Certificate) -> tuple[x509.KeyUsage | None, frozenset[ObjectIdentifier] | None]:
    extensions = certificate.extensions
    usage, purposes = None, None
    with suppress(x509.ExtensionNotFound):
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    with suppress(x509.ExtensionNotFound):
        purposes = frozenset(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    return usage, purposes
