"""Certificates and data objects of professionals' cards, made for each test without the plugin's code."""

from collections.abc import Iterator
from datetime import UTC, datetime

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from segur_sdk.drivers import TokenData

NOW = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
FIRST_DAY = datetime(2024, 9, 15, 12, 20, tzinfo=UTC)
THREE_YEARS = datetime(2027, 9, 15, 12, 20, tzinfo=UTC)
CPS_4_ATR = "3B9B188001001225006480040100009044"
AUT_KEY, SIG_KEY = "E828BD080F8025000001FF0010010000000000001020", "E828BD080F8025000001FF0010010000000000001010"
ANS = "1.2.250.1.71.1.2."

Attribute = tuple[x509.ObjectIdentifier, str]
Subject = tuple[tuple[Attribute, ...], ...]
"""RDN by RDN, each of one attribute or more."""

COUNTRY: tuple[Attribute, ...] = ((NameOID.COUNTRY_NAME, "FR"),)
CAROLE: Subject = (
    COUNTRY,
    ((NameOID.TITLE, "Pharmacien"),),
    ((NameOID.COMMON_NAME, "899700075122"), (NameOID.SURNAME, "PHARMACH0007512"), (NameOID.GIVEN_NAME, "CAROLE")),
)
OLIVIER: Subject = (
    COUNTRY,
    ((NameOID.TITLE, "Infirmier"),),
    ((NameOID.GIVEN_NAME, "OLIVIER"), (NameOID.COMMON_NAME, "00B6087510"), (NameOID.SURNAME, "INFIRMCS ADELI8751")),
)
EMPLOYEE: Subject = (
    COUNTRY,
    ((NameOID.STATE_OR_PROVINCE_NAME, "Seine-Maritime (76)"),),
    ((NameOID.ORGANIZATION_NAME, "PHARMACIE CRISTOL - LOUIN"),),
    ((NameOID.ORGANIZATIONAL_UNIT_NAME, "1760021832"),),
    ((NameOID.TITLE, "Carte de service santé ou social"),),
    ((NameOID.PSEUDONYM, "EMPLOYE000000018"),),
    ((NameOID.COMMON_NAME, "3760021832/000000018"),),
)
"""A CPE that names nobody."""
PATRICE: Subject = (
    COUNTRY,
    ((NameOID.ORGANIZATION_NAME, "TEST"),),
    ((NameOID.LOCALITY_NAME, "Paris (75)"),),
    ((NameOID.ORGANIZATIONAL_UNIT_NAME, "300000000029751"),),
    (
        (NameOID.COMMON_NAME, "500000000029751/CPAT0001"),
        (NameOID.SURNAME, "MAITRE"),
        (NameOID.GIVEN_NAME, "PATRICE"),
    ),
)


def data_object(tag: str, *parts: bytes) -> bytes:
    """Write one object; ``tag`` in hexadecimal."""
    content = b"".join(parts)
    size = len(content)
    length = bytes((size,)) if size < 0x80 else bytes((0x81, size)) if size < 0x100 else b"\x82" + size.to_bytes(2)
    return bytes.fromhex(tag) + length + content


def ans(arc: int, content: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ANS}{arc}"), content)


def key_usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
        "encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: name in names for name in every.split()})


@attrs.frozen
class Leaf:
    """What a certificate of a card says; as on the published TEST certificate unless told otherwise."""

    subject: Subject = CAROLE
    usages: tuple[str, ...] = ("content_commitment",)
    extended: tuple[x509.ObjectIdentifier, ...] | None = (ExtendedKeyUsageOID.EMAIL_PROTECTION,)
    issuer: str | None = "TEST AC IGC-SANTE FORT PERSONNES"
    begins: datetime = FIRST_DAY
    ends: datetime = THREE_YEARS
    category: bytes | None = b"\x04\x01\x80"
    card_type: bytes | None = b"\x02\x01\x00"
    number: bytes | None = b"\x13\x158025000001/2800636234"
    profession: bytes | None = b"\x02\x01\x15"
    in_training: bytes | None = None
    authority: bool = False
    serial: int = 0x63DAFFCFC8034BDCE06765D525029B44
    more: tuple[x509.ExtensionType, ...] = ()


AUTHENTICATION = Leaf(usages=("digital_signature",), extended=(ExtendedKeyUsageOID.CLIENT_AUTH,), serial=0x10)
SIGNATURE = Leaf()


@attrs.frozen
class Authority:
    """Issues certificates of cards, extension by extension as the published one."""

    key: rsa.RSAPrivateKey
    leaf_key: rsa.RSAPrivateKey

    def issue(self, leaf: Leaf) -> bytes:
        """Return a certificate in DER."""
        names = [x509.RelativeDistinguishedName(x509.NameAttribute(*one) for one in rdn) for rdn in leaf.subject]
        issuer = [
            (NameOID.COUNTRY_NAME, "FR"),
            (NameOID.ORGANIZATION_NAME, "ASIP-SANTE"),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 187512751"),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST"),
            *([] if leaf.issuer is None else [(NameOID.COMMON_NAME, leaf.issuer)]),
        ]
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(names))
            .issuer_name(x509.Name([x509.NameAttribute(*one) for one in issuer]))
            .public_key(self.leaf_key.public_key())
            .serial_number(leaf.serial)
            .not_valid_before(leaf.begins)
            .not_valid_after(leaf.ends)
        )
        for extension in self._extensions(leaf):
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.KeyUsage))
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _extensions(self, leaf: Leaf) -> Iterator[x509.ExtensionType]:
        crl = "http://igc-sante.esante.gouv.fr/CRL/ACI-FO-PP-TEST.crl"
        policy = x509.ObjectIdentifier("1.2.250.1.213.1.7.2.1.1.1.1")
        yield x509.BasicConstraints(ca=leaf.authority, path_length=None)
        yield x509.SubjectKeyIdentifier.from_public_key(self.leaf_key.public_key())
        yield x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        if leaf.usages:
            yield key_usage(*leaf.usages)
        yield x509.CertificatePolicies([x509.PolicyInformation(policy, ["http://igc-sante.esante.gouv.fr/PC%20TEST"])])
        if leaf.extended is not None:
            yield x509.ExtendedKeyUsage(leaf.extended)
        yield x509.PrivateKeyUsagePeriod(leaf.begins.replace(tzinfo=None), leaf.ends.replace(tzinfo=None))
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        yield x509.CRLDistributionPoints([point])
        yield x509.FreshestCRL([point])
        ocsp = x509.UniformResourceIdentifier("http://ocsp.esante.gouv.fr")
        yield x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, ocsp)])
        of_the_ans = {5: leaf.category, 2: leaf.card_type, 3: leaf.number, 7: leaf.profession, 8: leaf.in_training}
        yield from (ans(arc, content) for arc, content in of_the_ans.items() if content is not None)
        yield from leaf.more


def situation(
    number: int, name: str = "PHARMACIE CRISTOL", structure: str = "1760021832", sector: str = "SA33"
) -> TokenData:
    content = data_object(
        "EE",
        data_object("84", name.encode("iso-8859-1")),
        data_object("85", structure.encode()),
        data_object("86", sector.encode()),
    )
    return TokenData(label=f"CPS_ACTIVITY_{number:02d}_PS", private=True, value=content)


def info(*leaves: bytes) -> TokenData:
    """The public object of a professional, whose tags no public document names."""
    content = data_object("E0", *(data_object(f"{0x80 + n:02X}", leaf) for n, leaf in enumerate(leaves)))
    return TokenData(label="CPS_INFO_PS", private=False, value=content)
