"""Issues certificates: authorities, software certificates (offers ORG and SERV) and revocation lists.

Names and extensions follow the TEST tree of IGC-Santé as seen on its published authorities;
the extensions of the leaves follow RFC 5280, because no official leaf profile is public.
"""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from segur_sandbox.pki.authorities import authority_name, name_of

_YEAR = timedelta(days=365)
_TEN_YEARS = 10 * _YEAR
LEAF_LIFE = 3 * _YEAR + timedelta(hours=1)
CRL_LIFE = timedelta(days=7)
STATEMENT = "http://igc-sante.esante.gouv.fr/PC%20TEST"
_ANY_POLICY = ObjectIdentifier("2.5.29.32.0")


@attrs.frozen
class Issued:
    """A certificate and its private key.

    Attributes:
        certificate: The certificate.
        key: Its private key.
        addresses: Of an authority: the extensions that every certificate it signs bears.
    """

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    addresses: tuple[x509.ExtensionType, ...] = ()


@attrs.frozen
class LeafRequest:
    """What a leaf certificate must say.

    Attributes:
        subject: The whole distinguished name.
        usage: `AUTH_CLI`, `SIGN`, `CONF`, `SSL_SERV` or `SMIME`, the usages of the IGC-Santé offers.
        expired: When true, its three years ended a month ago.
        begin: When its three years begin, instead of an hour ago.
        hosts: Names and addresses of a server.
        mail: Address of `SMIME`.
    """

    subject: x509.Name
    usage: str
    expired: bool = False
    begin: datetime | None = None
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    mail: str = "boite@mssante.invalid"

    def validity(self) -> tuple[datetime, datetime]:
        """Return the first and the last instant."""
        if self.begin is not None:
            return self.begin, self.begin + LEAF_LIFE
        now = datetime.now(UTC).replace(microsecond=0)
        end = now + (timedelta(days=-30) if self.expired else 3 * _YEAR)
        return end - LEAF_LIFE, end


def organisation_name(common_name: str, finess: str, organisation: str, department: str) -> x509.Name:
    """Return the subject of an ORG certificate: C, ST, O, OU (`1` + FINESS géographique), CN, in that order."""
    return structure_name(common_name, f"1{finess}", organisation, department)


def structure_name(common_name: str, unit: str, organisation: str, department: str) -> x509.Name:
    """Return the subject of a certificate of a structure; `unit` is its OU, type digit included."""
    return name_of(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.STATE_OR_PROVINCE_NAME, department),
        (NameOID.ORGANIZATION_NAME, organisation[:40]),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
        (NameOID.COMMON_NAME, common_name),
    )


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Generate an RSA key of `bits` bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def issue_authority(
    common_name: str,
    key: rsa.RSAPrivateKey,
    issuer: Issued | None = None,
    addresses: Iterable[x509.ExtensionType] = (),
) -> Issued:
    """Certify a root (no `issuer`) or an intermediate authority, with `pathLenConstraint` 0 and `addresses`."""
    now = datetime.now(UTC).replace(microsecond=0)
    subject = authority_name(common_name)
    certificate = (
        begin_certificate(subject, key.public_key(), issuer.certificate.subject if issuer else subject)
        .not_valid_before(now - _TEN_YEARS)
        .not_valid_after(now + _TEN_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0 if issuer else None), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(_ANY_POLICY, [STATEMENT])]), critical=False)
    )
    signer = issuer.key if issuer else key
    certificate = certificate.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    return Issued(with_all(certificate, addresses).sign(signer, hashes.SHA256()), key)


def issue_leaf(request: LeafRequest, issuer: Issued, key: rsa.RSAPrivateKey | None = None) -> Issued:
    """Create a leaf certificate of three years, for `key` or else a new one of RSA 2048."""
    key = key or new_key()
    return Issued(certify(request, key.public_key(), issuer), key)


def certify(request: LeafRequest, key: rsa.RSAPublicKey, issuer: Issued) -> x509.Certificate:
    """Sign a leaf certificate of three years for a key whose private half stays where it is."""
    begin, end = request.validity()
    certificate = (
        begin_certificate(request.subject, key, issuer.certificate.subject)
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
    return with_all(_with_usage(certificate, request), issuer.addresses).sign(issuer.key, hashes.SHA256())


def begin_certificate(
    subject: x509.Name, key: rsa.RSAPublicKey, issuer: x509.Name, serial: int | None = None
) -> x509.CertificateBuilder:
    """Begin a certificate: names, public key and its identifier, a serial number (random unless given)."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial or x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def with_all(certificate: x509.CertificateBuilder, extensions: Iterable[x509.ExtensionType]) -> x509.CertificateBuilder:
    """Add extensions, none of them critical."""
    for extension in extensions:
        certificate = certificate.add_extension(extension, critical=False)
    return certificate


_KEY_USAGES = {
    "AUTH_CLI": ("digital_signature",),
    "SIGN": ("content_commitment",),
    "CONF": ("key_encipherment", "data_encipherment"),
    "SSL_SERV": ("digital_signature", "key_encipherment"),
    "SMIME": ("digital_signature", "content_commitment", "key_encipherment"),
}
_PURPOSES = {
    "AUTH_CLI": ExtendedKeyUsageOID.CLIENT_AUTH,
    "SSL_SERV": ExtendedKeyUsageOID.SERVER_AUTH,
    "SMIME": ExtendedKeyUsageOID.EMAIL_PROTECTION,
}
USAGES = tuple(_KEY_USAGES)


def _with_usage(certificate: x509.CertificateBuilder, request: LeafRequest) -> x509.CertificateBuilder:
    certificate = certificate.add_extension(key_usage(*_KEY_USAGES[request.usage]), critical=True)
    if request.usage in _PURPOSES:
        certificate = certificate.add_extension(x509.ExtendedKeyUsage([_PURPOSES[request.usage]]), critical=False)
    names: list[x509.GeneralName] = []
    if request.usage == "SSL_SERV":
        names = [_host(one) for one in request.hosts]
    elif request.usage == "SMIME":
        names = [x509.RFC822Name(request.mail)]
    return certificate.add_extension(x509.SubjectAlternativeName(names), critical=False) if names else certificate


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


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


def issue_crl(
    issuer: Issued,
    revoked: Iterable[x509.RevokedCertificate],
    *,
    begin: datetime | None = None,
    life: timedelta = CRL_LIFE,
    signer: rsa.RSAPrivateKey | None = None,
) -> x509.CertificateRevocationList:
    """Sign a revocation list.

    Args:
        issuer: Whose list it is.
        revoked: What it names.
        begin: Its `thisUpdate`, an hour ago by default.
        life: How long until its `nextUpdate`.
        signer: Sign with this key instead of the issuer's.
    """
    begin = (begin or datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(begin)
        .next_update(begin + life)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
        .add_extension(x509.CRLNumber(int(begin.timestamp())), critical=False)
    )
    for one in revoked:
        builder = builder.add_revoked_certificate(one)
    return builder.sign(signer or issuer.key, hashes.SHA256())
