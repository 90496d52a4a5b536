"""Two authorities one under the other, what they issue and what they revoke, made for tests of TLS."""

import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
LOOPBACK = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@attrs.frozen(eq=False)
class Made:
    certificate: x509.Certificate
    key: Key
    above: "Made | None" = None

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def revoking(
        self,
        *revoked: "Made",
        since: timedelta = -DAY,
        until: timedelta = DAY,
        signer: Key | None = None,
        extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    ) -> bytes:
        """Return a list of this authority, DER, that says what it revoked."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(NOW + since).next_update(NOW + until)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(NOW - DAY).build())
        return builder.sign(signer or self.key, SHA256()).public_bytes(Encoding.DER)

    def file(self, folder: Path, *, alone: bool = False) -> Path:
        """Write the key and the chain without its root into a file, and return its path."""
        path = folder / f"{self.certificate.serial_number:x}.pem"
        chain, above = self.pem, None if alone else self.above
        while above is not None and above.above is not None:
            chain, above = chain + above.pem, above.above
        path.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain)
        path.chmod(0o600)
        return path

    def bundle(self, folder: Path, password: bytes) -> Path:
        """Write the key and its certificate into a PKCS#12 file, and return its path."""
        assert isinstance(self.key, rsa.RSAPrivateKey)
        path = folder / f"{self.certificate.serial_number:x}.p12"
        encryption = BestAvailableEncryption(password)
        path.write_bytes(serialize_key_and_certificates(b"client", self.key, self.certificate, None, encryption))
        path.chmod(0o600)
        return path


def name(common_name: str) -> x509.Name:
    parts = [(NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, "AUTORITE"), (NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(*part) for part in parts])


_NUMBERS = count(1000)


def issue(
    common_name: str,
    above: Made | None,
    key: Key,
    *extensions: x509.ExtensionType,
    begin: timedelta = -2 * DAY,
    end: timedelta = 2 * DAY,
) -> Made:
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common_name))
        .issuer_name(above.certificate.subject if above else name(common_name))
        .public_key(key.public_key())
        .serial_number(next(_NUMBERS))
        .not_valid_before(NOW + begin)
        .not_valid_after(NOW + end)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Made(builder.sign(above.key if above else key, SHA256()), key, above)


class Hierarchy:
    """A root, the authority of servers under it, and an authority nobody trusts; one RSA key for all servers."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.more_rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        """For what may not have the same key as another."""
        self.root = issue("RACINE", None, _curve(), AUTHORITY)
        self.servers = issue("AC SERVEURS", self.root, _curve(), AUTHORITY)
        self.persons = issue("AC PERSONNES", self.root, _curve(), AUTHORITY)
        self.foreign = issue("AC SERVEURS", None, _curve(), AUTHORITY)
        self.good = self.server()

    def server(self, *, above: Made | None = None, key: Key | None = None, **options: Any) -> Made:
        """Issue a certificate of a server; ``names`` and ``usage`` replace the usual extensions."""
        given = [options.pop("names", LOOPBACK), options.pop("usage", SERVER)]
        extensions = [one for one in given if one is not None]
        return issue("127.0.0.1", above or self.servers, key or self.rsa, *extensions, **options)

    def self_signed(self) -> Made:
        return issue("127.0.0.1", None, self.rsa, LOOPBACK, SERVER)


def _curve() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def serving(
    path: Path, *, version: ssl.TLSVersion | None = None, ciphers: str | None = None, dh: Path | None = None
) -> ssl.SSLContext:
    """Return the context of a server that may be as weak as it likes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(f"{ciphers or 'ALL'}:@SECLEVEL=0")
    if version is not None:
        context.minimum_version = min(version, ssl.TLSVersion.TLSv1_2)
        context.maximum_version = version
    if dh is not None:
        context.load_dh_params(str(dh))
    context.load_cert_chain(path)
    return context
