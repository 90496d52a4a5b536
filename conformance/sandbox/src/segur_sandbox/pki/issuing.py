"""Issues certificates: authorities, software certificates (offer ORG) and server certificates.

Names and extensions follow the TEST tree of IGC-Santé as seen on its published authorities;
the extensions of the leaves follow RFC 5280, because no official leaf profile is public.
"""

import ipaddress
from datetime import UTC, datetime, timedelta

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

_YEAR = timedelta(days=365)
_TEN_YEARS = 10 * _YEAR
_LEAF_YEARS = 3
AUTHORITY_PREFIX = "TEST AC IGC-SANTE ELEMENTAIRE"
ROOT_CN = "TEST AC RACINE IGC-SANTE ELEMENTAIRE"
ORGANISATIONS_CN = f"{AUTHORITY_PREFIX} ORGANISATIONS"
FORT_ROOT_CN = "TEST AC RACINE IGC-SANTE FORT"
FORT_PERSONNES_CN = "TEST AC IGC-SANTE FORT PERSONNES"


@attrs.frozen
class Issued:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


@attrs.frozen
class LeafRequest:
    """What a leaf certificate must say.

    Attributes:
        subject: The whole distinguished name.
        usage: `AUTH_CLI`, `SIGN` or `SSL_SERV`, the usages of the IGC-Santé offers.
        expired: When true, its three years ended a month ago.
    """

    subject: x509.Name
    usage: str
    expired: bool = False


def authority_name(common_name: str) -> x509.Name:
    """Return the distinguished name of an authority of the TEST tree."""
    return _name(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.ORGANIZATION_NAME, "ASIP-SANTE"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 187512751"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST"),
        (NameOID.COMMON_NAME, common_name),
    )


def organisation_name(common_name: str, finess: str, organisation: str, department: str) -> x509.Name:
    """Return the subject of an ORG certificate: C, ST, O, OU (`1` + FINESS géographique), CN, in that order."""
    return _name(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.STATE_OR_PROVINCE_NAME, department),
        (NameOID.ORGANIZATION_NAME, organisation[:40]),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, f"1{finess}"),
        (NameOID.COMMON_NAME, common_name),
    )


def _name(*attributes: tuple[ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Generate an RSA key of `bits` bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def issue_authority(common_name: str, bits: int, issuer: Issued | None = None) -> Issued:
    """Create a root (no `issuer`) or an intermediate authority with `pathLenConstraint` 0."""
    key = new_key(bits)
    now = datetime.now(UTC).replace(microsecond=0)
    subject = authority_name(common_name)
    certificate = (
        begin_certificate(subject, key, issuer.certificate.subject if issuer else subject)
        .not_valid_before(now - _TEN_YEARS)
        .not_valid_after(now + _TEN_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0 if issuer else None), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
    )
    signer = issuer.key if issuer else key
    certificate = certificate.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    return Issued(certificate.sign(signer, hashes.SHA256()), key)


def issue_leaf(request: LeafRequest, issuer: Issued) -> Issued:
    """Create a leaf certificate of three years, RSA 2048."""
    key = new_key()
    end = datetime.now(UTC).replace(microsecond=0) + (timedelta(days=-30) if request.expired else _LEAF_YEARS * _YEAR)
    certificate = (
        begin_certificate(request.subject, key, issuer.certificate.subject)
        .not_valid_before(end - _LEAF_YEARS * _YEAR - timedelta(hours=1))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
    return Issued(_with_usage(certificate, request.usage).sign(issuer.key, hashes.SHA256()), key)


def begin_certificate(
    subject: x509.Name, key: rsa.RSAPrivateKey, issuer: x509.Name, serial: int | None = None
) -> x509.CertificateBuilder:
    """Begin a certificate: names, public key and its identifier, a serial number (random unless given)."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _with_usage(certificate: x509.CertificateBuilder, usage: str) -> x509.CertificateBuilder:
    if usage == "SIGN":
        return certificate.add_extension(key_usage("content_commitment"), critical=True)
    if usage == "AUTH_CLI":
        return certificate.add_extension(key_usage("digital_signature"), critical=True).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
    return (
        certificate.add_extension(key_usage("digital_signature", "key_encipherment"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
    )


def key_usage(*names: str) -> x509.KeyUsage:
    """Return a KeyUsage with the bits `names` set."""
    all_names = (
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
    return x509.KeyUsage(**{name: name in names for name in all_names})


def issue_crl(issuer: Issued, revoked: tuple[int, ...]) -> x509.CertificateRevocationList:
    """Sign a revocation list, valid seven days, that names the serial numbers `revoked`."""
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(days=7))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
    )
    for serial in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - timedelta(days=1)).build()
        )
    return builder.sign(issuer.key, hashes.SHA256())
