"""The inventory of a thousand certificates beside bare parsing, and what asking for one costs."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from segur_plugin_certificates.anchors import read_anchors
from segur_plugin_certificates.authorities import Tree
from segur_plugin_certificates.chain import build_chain
from segur_plugin_certificates.crl import read_list
from segur_plugin_certificates.findings import Held, inventory
from segur_plugin_certificates.purposes import Purpose
from segur_plugin_certificates.revocation import Mode, refuse_revoked
from tests.benchmarks.measuring import Result, alone, compared

COUNT: Final = 1000
REVOKED: Final = 20_000
ROUNDS: Final = 15
PURPOSE: Final = Purpose.INSI_AUTO


def certificates() -> Iterator[Result]:
    """The inventory, and the validation of one certificate with what is kept."""
    root = _authority("TEST AC RACINE IGC-SANTE ELEMENTAIRE")
    issuer = _authority("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", root)
    now = datetime.now(UTC)
    made = [_leaf(issuer) for _ in range(COUNT)]
    held = [Held(f"use-{rank}", f"{rank}.p12", der, (PURPOSE,)) for rank, der in enumerate(made)]
    yield compared(
        "certificates.inventory",
        lambda: inventory(held, Tree.TEST, now),
        lambda: [_parsed(der) for der in made],
        rounds=ROUNDS,
        unit="ms",
        target=1.5,
        note=f"{COUNT} certificates; peer: cryptography parses names, dates, extensions and key of each",
    )
    anchors = read_anchors([root.certificate.public_bytes(Encoding.DER)], Tree.TEST)
    others = [issuer.certificate.public_bytes(Encoding.DER)]
    chain = build_chain(made[0], others, anchors, now)
    kept = read_list(_list(issuer, now), issuer.certificate)

    def validated() -> None:
        chain.refuse_outside(now)
        refuse_revoked(kept.ask(chain.path[0], now), Mode.HARD)

    yield alone("certificates.validated", validated, rounds=2000, note=f"chain and a list of {REVOKED} entries kept")
    yield alone(
        "certificates.chain",
        lambda: build_chain(made[0], others, anchors, now),
        rounds=200,
        note="built and checked; its signatures are known",
    )


def _parsed(der: bytes) -> tuple[object, ...]:
    one = x509.load_der_x509_certificate(der)
    dates = (one.not_valid_before_utc, one.not_valid_after_utc)
    return one.subject, one.issuer, one.extensions, one.serial_number, one.public_key(), dates


@attrs.frozen
class Issuer:
    """An authority and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def _name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def _authority(common_name: str, issuer: Issuer | None = None) -> Issuer:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = _name(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.ORGANIZATION_NAME, "ASIP-SANTE"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 187512751"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST"),
        (NameOID.COMMON_NAME, common_name),
    )
    builder = _begun(subject, key.public_key(), issuer.certificate.subject if issuer else subject)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0 if issuer else None), critical=True)
    return Issuer(builder.sign((issuer.key if issuer else key), hashes.SHA256()), key)


def _begun(subject: x509.Name, key: rsa.RSAPublicKey, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1000))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _leaf(issuer: Issuer) -> bytes:
    # Nobody signs with these keys: a modulus drawn at random is a key of its own at no cost.
    key = rsa.RSAPublicNumbers(65537, secrets.randbits(2048) | (1 << 2047) | 1).public_key()
    subject = _name(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Paris (75)"),
        (NameOID.ORGANIZATION_NAME, "CABINET M DOC0036790"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "10B0152872"),
        (NameOID.COMMON_NAME, "INSI-AUTO"),
    )
    builder = (
        _begun(subject, key, issuer.certificate.subject)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _list(issuer: Issuer, now: datetime) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(now - timedelta(hours=1)).next_update(now + timedelta(days=1))
    # Linear, where adding one after another would copy the whole list each time.
    builder._revoked_certificates = [
        x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        for serial in range(1, REVOKED + 1)
    ]
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)
