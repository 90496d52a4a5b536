"""Good and bad material on demand: files that a client of this hierarchy must read, or refuse for the right reason."""

import secrets
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from segur_sandbox.pki.authorities import ORGANISATIONS, PERSONNES, authority_name, name_of
from segur_sandbox.pki.der import SET, encoded, inside, parts, signed_again
from segur_sandbox.pki.issuing import (
    Issued,
    LeafRequest,
    begin_certificate,
    issue_leaf,
    key_usage,
    new_key,
    structure_name,
)
from segur_sandbox.pki.store import DEPARTMENT, FINESS, ORGANISATION, PkiFiles, read_key

_PEM = serialization.Encoding.PEM
_NAME = "LGO DU BAC A SABLE"
_UNIT = f"1{FINESS}"
_OWN_SIRET = "341930067800069"
_RPPS_RANG = "499700367909006"
_BAD_FINESS_UNIT = "10B0152873"
JURIDIQUE = "750712184"
_SHA256_RSA, _SHA1_RSA = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")
_NOT_YET = timedelta(days=30)


@attrs.frozen
class Material:
    """Files of one kind.

    Attributes:
        files: Name → content.
        password: Of the PKCS#12 file among them, if any.
        serial: Serial number of the leaf among them, if any.
    """

    files: Mapping[str, bytes]
    password: str | None = None
    serial: int | None = None


@attrs.frozen
class Kind:
    """One kind of material.

    Attributes:
        description: What it is, in French.
        make: Makes it.
        revoked: Whether whoever makes it is to revoke it at once.
    """

    description: str
    make: Callable[[PkiFiles], Material]
    revoked: bool = False


def pem(*certificates: x509.Certificate) -> bytes:
    """Return certificates in PEM, in this order."""
    return b"".join(one.public_bytes(_PEM) for one in certificates)


def key_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return a private key in PEM, not encrypted."""
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def bundle(leaf: Issued, *chain: x509.Certificate) -> tuple[bytes, str]:
    """Return a PKCS#12 file and its password."""
    password = secrets.token_urlsafe(18)
    encryption = serialization.BestAvailableEncryption(password.encode("ascii"))
    file = pkcs12.serialize_key_and_certificates(b"bac-a-sable", leaf.key, leaf.certificate, chain, encryption)
    return file, password


def files_of(leaf: Issued, *chain: x509.Certificate, root: x509.Certificate | None = None) -> Material:
    """Return the files of a leaf: PEM pair with its chain, PKCS#12, and its root when it is not the usual one."""
    p12, password = bundle(leaf, *chain)
    files = {"cert.pem": pem(leaf.certificate, *chain), "key.pem": key_pem(leaf.key), "bundle.p12": p12}
    if root is not None:
        files["ca.pem"] = pem(root, *chain)
    return Material(files, password, leaf.certificate.serial_number)


def kept(pki: PkiFiles, leaf: Issued, issuer: Issued) -> Material:
    """Return the files of a leaf, after noting that it was issued."""
    pki.register.keep(leaf.certificate)
    return files_of(leaf, issuer.certificate)


def _leaf(
    name: str = _NAME,
    unit: str = _UNIT,
    usage: str = "AUTH_CLI",
    *,
    expired: bool = False,
    waits: bool = False,
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1"),
    authority: str = ORGANISATIONS,
) -> Callable[[PkiFiles], Material]:
    def make(pki: PkiFiles) -> Material:
        subject = structure_name(name, unit, ORGANISATION, DEPARTMENT)
        begin = datetime.now(UTC).replace(microsecond=0) + _NOT_YET if waits else None
        issuer = pki.authority(authority)
        return kept(pki, issue_leaf(LeafRequest(subject, usage, expired, begin, hosts), issuer), issuer)

    return make


_server = partial(_leaf, "localhost", usage="SSL_SERV")


def _named(subject: x509.Name) -> Callable[[PkiFiles], Material]:
    def make(pki: PkiFiles) -> Material:
        issuer = pki.organisations()
        return kept(pki, issue_leaf(LeafRequest(subject, "AUTH_CLI"), issuer), issuer)

    return make


def _subject() -> x509.Name:
    return structure_name(_NAME, _UNIT, ORGANISATION, DEPARTMENT)


def _key_twice(pki: PkiFiles) -> Material:
    issuer = pki.organisations()
    leaf = issue_leaf(LeafRequest(_subject(), "AUTH_CLI"), issuer, read_key(pki.role("org-auth").key))
    return kept(pki, leaf, issuer)


def _sha1(pki: PkiFiles) -> Material:
    issuer = pki.organisations()
    leaf = issue_leaf(LeafRequest(_subject(), "AUTH_CLI"), issuer)
    # SHA-1 is what it is about; libraries sign no certificate with it any more.
    der = signed_again(leaf.certificate, issuer.key, _SHA256_RSA, _SHA1_RSA, hashes.SHA1())  # noqa: S303
    return kept(pki, attrs.evolve(leaf, certificate=x509.load_der_x509_certificate(der)), issuer)


def _rsa_1024(pki: PkiFiles) -> Material:
    issuer = pki.organisations()
    return kept(pki, issue_leaf(LeafRequest(_subject(), "AUTH_CLI"), issuer, new_key(1024)), issuer)


def _other_tree(_: PkiFiles) -> Material:
    """Names of the production tree, keys of nobody: what meets the wrong trust anchors, in either direction."""
    root = _production("AC RACINE IGC-SANTE ELEMENTAIRE", None)
    issuer = _production("AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", root)
    leaf = issue_leaf(LeafRequest(_subject(), "AUTH_CLI"), issuer)
    return files_of(leaf, issuer.certificate, root=root.certificate)


def _production(common_name: str, issuer: Issued | None) -> Issued:
    attributes = [
        x509.NameAttribute(one.oid, "IGC-SANTE" if one.value == "IGC-SANTE TEST" else str(one.value))
        for one in authority_name(common_name)
    ]
    name, key = x509.Name([x509.NameAttribute(one.oid, str(one.value)) for one in attributes]), new_key()
    now = datetime.now(UTC).replace(microsecond=0)
    signer = issuer.key if issuer is not None else key
    certificate = (
        begin_certificate(name, key.public_key(), issuer.certificate.subject if issuer is not None else name)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None if issuer is None else 0), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return Issued(certificate, key)


def _person(pki: PkiFiles, given_name: str) -> tuple[Issued, Issued]:
    person = x509.RelativeDistinguishedName(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "899700075122"),
            x509.NameAttribute(NameOID.SURNAME, "PHARMACH0007512"),
            x509.NameAttribute(NameOID.GIVEN_NAME, given_name),
        ]
    )
    country = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")])
    title = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.TITLE, "Pharmacien")])
    issuer = pki.authority(PERSONNES)
    return issue_leaf(LeafRequest(x509.Name([country, title, person]), "AUTH_CLI"), issuer), issuer


def _name_part_order(pki: PkiFiles) -> Material:
    """A last name part that begins with the name people are called by: DER sorts by length first."""
    return kept(pki, *_person(pki, "ANA"))


def _name_part_unsorted(pki: PkiFiles) -> Material:
    """A last name part in the opposite of the order that DER asks for, which strict readers refuse."""
    leaf, issuer = _person(pki, "CAROLE")
    last = parts(inside(leaf.certificate.subject.public_bytes()))[-1]
    turned = encoded(SET, *reversed(parts(inside(last))))
    der = signed_again(leaf.certificate, issuer.key, last, turned, hashes.SHA256())
    armour = ssl.DER_cert_to_PEM_cert(der).encode("ascii") + pem(issuer.certificate)
    return Material({"cert.pem": armour, "key.pem": key_pem(leaf.key)}, serial=leaf.certificate.serial_number)


_WITHOUT_UNIT = name_of(
    (NameOID.COUNTRY_NAME, "FR"), (NameOID.TITLE, "Pharmacien"), (NameOID.COMMON_NAME, "899700075122")
)
_LOCALITY = name_of(
    (NameOID.COUNTRY_NAME, "FR"),
    (NameOID.LOCALITY_NAME, DEPARTMENT),
    (NameOID.ORGANIZATION_NAME, ORGANISATION),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, _UNIT),
    (NameOID.COMMON_NAME, _NAME),
)

LEAF_KINDS: Mapping[str, Kind] = {
    "good": Kind("ORG AUTH_CLI, sans défaut", _leaf()),
    "org-auth": Kind("ORG AUTH_CLI", _leaf()),
    "org-sign": Kind("ORG SIGN", _leaf(usage="SIGN")),
    "org-conf": Kind("ORG CONF", _leaf(usage="CONF")),
    "serv-ssl": Kind("SERV SSL_SERV, localhost", _leaf("localhost", usage="SSL_SERV")),
    "serv-expired": Kind("serveur, fini depuis un mois", _server(expired=True)),
    "serv-not-yet-valid": Kind("serveur, commence dans un mois", _server(waits=True)),
    "serv-revoked": Kind("serveur, révoqué à l'instant", _server(), revoked=True),
    "serv-wrong-name": Kind("serveur d'un autre nom", _server(hosts=("autre.invalid",))),
    "serv-no-name": Kind("serveur dont le nom n'est que dans le CN", _server(hosts=())),
    "serv-wrong-issuer": Kind("serveur, émis par ELEMENTAIRE PERSONNES", _server(authority=PERSONNES)),
    "serv-smime": Kind("SERV S/MIME", _leaf("mssante.invalid", usage="SMIME")),
    "expired": Kind("fini depuis un mois", _leaf(expired=True)),
    "not-yet-valid": Kind("commence dans un mois", _leaf(waits=True)),
    "revoked": Kind("révoqué à l'instant", _leaf(), revoked=True),
    "wrong-issuer": Kind("émis par ELEMENTAIRE PERSONNES", _leaf(authority=PERSONNES)),
    "no-ou": Kind("sans OU, comme l'offre PS", _named(_WITHOUT_UNIT)),
    "ou-siret": Kind("OU : un SIRET au lieu du FINESS", _leaf(unit=_OWN_SIRET)),
    "ou-rpps-rang": Kind("OU : RPPS-rang d'un cabinet", _leaf(unit=_RPPS_RANG)),
    "ou-unknown-type": Kind("OU : un type de structure qui n'existe pas", _leaf(unit=f"9{FINESS}")),
    "finess-bad-key": Kind("OU : FINESS dont la clé est fausse", _leaf(unit=_BAD_FINESS_UNIT)),
    "finess-juridique": Kind("OU : FINESS juridique", _leaf(unit=f"1{JURIDIQUE}")),
    "key-twice": Kind("la clé du rôle org-auth, certifiée une seconde fois", _key_twice),
    "sha1": Kind("signé avec SHA-1", _sha1),
    "rsa-1024": Kind("clé RSA de 1024 bits", _rsa_1024),
    "cn-insi-auto": Kind("CN INSI-AUTO", _leaf("INSI-AUTO")),
    "cn-insi-manu": Kind("CN INSI-MANU", _leaf("INSI-MANU")),
    "cn-lower": Kind("CN insi-auto", _leaf("insi-auto")),
    "cn-space": Kind("CN INSI AUTO", _leaf("INSI AUTO")),
    "cn-hyphen": Kind("CN avec un trait d'union insécable (U+2011)", _leaf("INSI\u2011AUTO")),
    "other-tree": Kind("aux noms de l'arbre de production, avec sa racine", _other_tree),
    "name-part-order": Kind("dernière partie du nom dans un autre ordre", _name_part_order),
    "name-part-unsorted": Kind("dernière partie du nom dans un ordre que DER interdit", _name_part_unsorted),
    "l-instead-of-st": Kind("département en L au lieu de ST", _named(_LOCALITY)),
}
"""Kind → how it is made. What is wrong with a kind is its name."""
