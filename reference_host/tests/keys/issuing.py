"""Certificates made for a test, and a handshake in memory."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

PASSWORD = "mot de passe é"
START = datetime(2026, 1, 1, tzinfo=UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@attrs.frozen
class Issued:
    key: Key
    certificate: x509.Certificate

    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, encryption: KeySerializationEncryption | None = None) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())

    def p12(self, password: str = PASSWORD, *others: "Issued") -> bytes:
        chain = [other.certificate for other in others]
        encryption = BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(b"segur", self.key, self.certificate, chain, encryption)


def name(common_name: str, *units: str) -> x509.Name:
    parts = [(NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, "PHARMACIE DU CENTRE")]
    parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in [*parts, (NameOID.COMMON_NAME, common_name)]])


def issue(
    subject: x509.Name,
    issuer: Issued | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
    key: Key | None = None,
) -> Issued:
    own = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(0xAB12CD)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=3650))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    signer = issuer.key if issuer else own
    return Issued(own, builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else SHA256()))


def usages(*allowed: str) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{one: one in allowed for one in names})


def authority(common_name: str, *units: str) -> Issued:
    return issue(name(common_name, *units), None, (x509.BasicConstraints(ca=True, path_length=None),))


def p12_table(folder: Path, content: bytes) -> dict[str, Any]:
    path = folder / "key.p12"
    path.write_bytes(content)
    path.chmod(0o600)
    return {"p12": path, "password": {"env": "P12_PASSWORD"}}


def pem_table(folder: Path, cert: bytes, key: bytes, mode: int = 0o600) -> dict[str, Any]:
    (folder / "cert.pem").write_bytes(cert)
    (folder / "key.pem").write_bytes(key)
    (folder / "key.pem").chmod(mode)
    return {"cert": folder / "cert.pem", "key": folder / "key.pem"}


def handshake(client_side: ssl.SSLContext, server_side: ssl.SSLContext, host: str = "localhost") -> ssl.SSLObject:
    """Shake hands in memory; returns the server's end."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client_side.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server_side.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    for _ in range(10):
        for side in tuple(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
    assert not waiting
    return theirs


def server_context(folder: Path, server: Issued, ca: Issued) -> ssl.SSLContext:
    path = folder / "server.pem"
    path.write_bytes(server.key_pem() + server.pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=ca.pem().decode())
    return context
