"""Whom the host trusts: the anchors that the configuration names, and no others.

The trust store of the operating system is neither read nor changed. The tree of tests and that of production of
IGC-Santé bear different names, and a certificate of one is refused in an installation of the other.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

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
        """Return a new context of a TLS client that trusts these anchors only.

        TLS 1.2 at least, the server's name and chain are checked. ``ssl.create_default_context`` is not used: it
        would honour ``SSLKEYLOGFILE``, and the system's anchors when given none.

        Raises:
            ConfigError: ``config.trust_missing``, ``config.trust_unreadable``, ``config.certificate_environment``.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self._anchors(name))
        return context

    def _anchors(self, name: str) -> str:
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
        # Written again, so that nothing but certificates of that file reaches OpenSSL.
        return "".join(certificate.public_bytes(Encoding.PEM).decode("ascii") for certificate in certificates)
