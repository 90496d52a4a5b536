"""Authorities and certificates that tests make: the shape of the TEST tree, with keys of their own."""

from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

NOW: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LIFE: Final = timedelta(days=3 * 365)
DAY: Final = timedelta(days=1)
CRL_URL: Final = "http://127.0.0.1/ACI-EL-ORG-TEST.crl"
OCSP_URL: Final = "http://127.0.0.1/ocsp"
LISTS: Final = "http://igc-sante.esante.gouv.fr/CRL"
_BITS: Final = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
USAGES: Final[dict[str, tuple[tuple[str, ...], tuple[ObjectIdentifier, ...]]]] = {
    "AUTH_CLI": (("digital_signature",), (ExtendedKeyUsageOID.CLIENT_AUTH,)),
    "SIGN": (("content_commitment",), ()),
    "CONF": (("key_encipherment", "data_encipherment"), ()),
    "SSL_SERV": (("digital_signature", "key_encipherment"), (ExtendedKeyUsageOID.SERVER_AUTH,)),
    "SMIME": (("digital_signature", "key_encipherment"), (ExtendedKeyUsageOID.EMAIL_PROTECTION,)),
}


@cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the key of a name: the same each time in one run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def key_fingerprint(public: CertificatePublicKeyTypes) -> str:
    """Return the SHA-256 of the SubjectPublicKeyInfo, upper-case hexadecimal, as hosts name keys."""
    return sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest().upper()


def name(*attributes: tuple[ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def authority_name(common_name: str, unit: str = "IGC-SANTE TEST") -> x509.Name:
    return name(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.ORGANIZATION_NAME, "ASIP-SANTE"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 187512751"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
        (NameOID.COMMON_NAME, common_name),
    )


def org_name(common_name: str = "INSI-AUTO", unit: str | None = "10B0152872", state: str = "Paris (75)") -> x509.Name:
    attributes = [(NameOID.COUNTRY_NAME, "FR"), (NameOID.STATE_OR_PROVINCE_NAME, state)]
    attributes.append((NameOID.ORGANIZATION_NAME, "CABINET M DOC0036790"))
    if unit is not None:
        attributes.append((NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return name(*attributes, (NameOID.COMMON_NAME, common_name))


def key_usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{bit: bit in names for bit in _BITS})


@attrs.frozen
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def make(
    subject: x509.Name,
    issuer: Made | None = None,
    *,
    key_name: str = "leaf",
    own: rsa.RSAPrivateKey | None = None,
    bits: int = 2048,
    begin: datetime = NOW - DAY,
    end: datetime = NOW + LIFE,
    ca: bool | None = False,
    path_length: int | None = None,
    usage: tuple[str, ...] | None = None,
    extended: tuple[ObjectIdentifier, ...] = (),
    extras: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    serial: int | None = None,
) -> Made:
    """Make a certificate; without issuer it is signed by its own key."""
    own = own or key(key_name, bits)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    )
    signer = issuer.key if issuer else own
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(identifier, critical=False)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    if usage is not None:
        builder = builder.add_extension(key_usage(*usage), critical=True)
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    for extension, critical in extras:
        builder = builder.add_extension(extension, critical=critical)
    return Made(builder.sign(signer, hashes.SHA256()), own)


def published(short: str, *, ocsp: bool = True) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """Return the extensions that say where the list ``short`` is, and where the responder."""
    address = x509.UniformResourceIdentifier(f"{LISTS}/{short}.crl")
    point = x509.DistributionPoint([address], relative_name=None, reasons=None, crl_issuer=None)
    extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.CRLDistributionPoints([point]), False)]
    if ocsp:
        responder = x509.UniformResourceIdentifier(OCSP_URL)
        access = x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP, responder)
        extensions.append((x509.AuthorityInformationAccess([access]), False))
    return tuple(extensions)


def make_authority(common_name: str, issuer: Made | None = None, **changes: Any) -> Made:
    settings: dict[str, Any] = {
        "key_name": common_name,
        "ca": True,
        "path_length": 0 if issuer else None,
        "usage": ("key_cert_sign", "crl_sign"),
        "begin": NOW - 10 * 365 * DAY,
        "end": NOW + 10 * 365 * DAY,
    }
    unit = changes.pop("unit", "IGC-SANTE TEST")
    return make(authority_name(common_name, unit), issuer, **(settings | changes))


def make_leaf(issuer: Made, kind: str = "AUTH_CLI", subject: x509.Name | None = None, **changes: Any) -> Made:
    usage, extended = USAGES[kind]
    settings: dict[str, Any] = {"usage": usage, "extended": extended, "key_name": kind}
    return make(subject or org_name(), issuer, **(settings | changes))


@attrs.frozen
class Pki:
    """Two levels of the TEST tree, and those of others."""

    root: Made
    organisations: Made
    persons: Made
    fort_root: Made
    production_root: Made
    production: Made
    impostor: Made
    """The name of the root, another key."""

    @property
    def anchors(self) -> tuple[bytes, ...]:
        return (self.root.der, self.fort_root.der)


@cache
def pki() -> Pki:
    root = make_authority("TEST AC RACINE IGC-SANTE ELEMENTAIRE")
    fort_root = make_authority("TEST AC RACINE IGC-SANTE FORT")
    production_root = make_authority("AC RACINE IGC-SANTE ELEMENTAIRE", unit="IGC-SANTE")
    return Pki(
        root=root,
        organisations=make_authority(
            "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", root, extras=published("ACR-EL-TEST", ocsp=False)
        ),
        persons=make_authority("TEST AC IGC-SANTE FORT PERSONNES", fort_root),
        fort_root=fort_root,
        production_root=production_root,
        production=make_authority("AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", production_root, unit="IGC-SANTE"),
        impostor=make_authority("TEST AC RACINE IGC-SANTE ELEMENTAIRE", key_name="impostor"),
    )
