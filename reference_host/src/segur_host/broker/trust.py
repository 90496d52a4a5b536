"""Whom the host trusts: the anchors that the configuration names, and no others.

The trust store of the operating system is neither read nor changed. The tree of tests and that of production of
IGC-Santé bear different names, and a certificate of one is refused in an installation of the other.
"""

import ssl
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from segur_host.broker.tls.contexts import client_context
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import Environment

PRODUCTION_TREE: Final = "IGC-SANTE"
TEST_TREE: Final = "IGC-SANTE TEST"
"""Organisational units in the names of the authorities of IGC-Santé."""


def refuse_other_world(certificate: x509.Certificate, environment: Environment, name: str) -> None:
    """Refuse a certificate of tests in production, and one of production elsewhere.

    Args:
        certificate: an anchor, or the certificate of a key.
        environment: of the installation.
        name: of the anchors or the key in the configuration, for the error.

    Raises:
        ConfigError: ``config.certificate_environment``.
    """
    units = {
        str(attribute.value)
        for distinguished_name in (certificate.subject, certificate.issuer)
        for attribute in distinguished_name.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    }
    foreign = TEST_TREE if environment is Environment.PRODUCTION else PRODUCTION_TREE
    if foreign in units:
        raise ConfigError("config.certificate_environment", name=name, environment=str(environment))


class TrustStore:
    """The named trust anchors of the configuration, read when first asked for.

    Args:
        files: PEM file by name; a file may hold several certificates.
        environment: of the installation.
    """

    def __init__(self, files: Mapping[str, Path], environment: Environment) -> None:
        self._files = files
        self._environment = environment

    def context(self, name: str) -> ssl.SSLContext:
        """Return a new context of a TLS client that trusts these anchors only; see ``segur_host.broker.tls``.

        Raises:
            ConfigError: ``config.trust_missing``, ``config.trust_unreadable``, ``config.certificate_environment``.
        """
        return client_context(self.anchors(name))

    def leads_to(self, certificate: x509.Certificate, name: str, at: datetime) -> bool:
        """Tell whether a certificate leads to a root among anchors, through authorities that all hold at that moment.

        Whether it was revoked is not asked here.

        Raises:
            ConfigError: as ``context``.
        """
        return _leads(certificate, [one for one in self.anchors(name) if _holds(one, at)], at)

    def anchors(self, name: str) -> tuple[x509.Certificate, ...]:
        """Return the certificates of that name.

        Raises:
            ConfigError: as ``context``.
        """
        path = self._files.get(name)
        if path is None:
            raise ConfigError("config.trust_missing", name=name, reason="not_configured")
        try:
            certificates = x509.load_pem_x509_certificates(path.read_bytes())
        except FileNotFoundError:
            raise ConfigError("config.trust_missing", name=name, reason="no_file") from None
        except (OSError, ValueError) as failure:
            raise ConfigError("config.trust_unreadable", name=name, reason=type(failure).__name__) from None
        for certificate in certificates:
            refuse_other_world(certificate, self._environment, name)
        return tuple(certificates)


def _leads(certificate: x509.Certificate, authorities: list[x509.Certificate], at: datetime) -> bool:
    """Try every way up: an authority that was renewed has several certificates of one name and key."""
    if not _holds(certificate, at):
        return False
    if certificate in authorities and _issued(certificate, certificate):
        return True
    others = [one for one in authorities if one != certificate]
    return any(_leads(one, others, at) for one in others if _issued(one, certificate))


def _holds(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Tell whether ``issuer`` is an authority that signed ``certificate``."""
    try:
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return True
