"""Keeps the hierarchy in `DIR/pki`: made once, the same at every start, renewed whole when it nears its end."""

import json
import secrets
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from segur_sandbox.pki.issuing import (
    FORT_PERSONNES_CN,
    FORT_ROOT_CN,
    ORGANISATIONS_CN,
    ROOT_CN,
    Issued,
    LeafRequest,
    issue_authority,
    issue_crl,
    issue_leaf,
    organisation_name,
)
from segur_sandbox.private_files import make_private_folder, write_private

FINESS = "0B0152872"
ORGANISATION = "PHARMACIE DU BAC A SABLE"
DEPARTMENT = "Haute-Corse (2B)"
_FORMAT = 1
_RENEW_BEFORE = timedelta(days=30)
_PEM = serialization.Encoding.PEM
_FORT_KEY = "fort-personnes.key.pem"

CLIENT_ROLES: dict[str, tuple[str, str]] = {
    "insi-auto": ("INSI-AUTO", "AUTH_CLI"),
    "insi-manu": ("INSI-MANU", "AUTH_CLI"),
    "expired": ("INSI-AUTO", "AUTH_CLI"),
    "revoked": ("INSI-AUTO", "AUTH_CLI"),
    "wrong-cn": ("DMP-OFFICINE", "AUTH_CLI"),
    "wrong-usage": ("INSI-MANU", "SIGN"),
    "foreign-ca": ("INSI-AUTO", "AUTH_CLI"),
    "org-auth": ("LGO DU BAC A SABLE", "AUTH_CLI"),
}
"""Role → common name and usage of its certificate. What is wrong with a role is its name."""


@attrs.frozen
class RoleFiles:
    """Where the material of one client role stands; `key`, `p12` and `password_file` have mode 0600."""

    cert: Path
    key: Path
    p12: Path
    password_file: Path

    @property
    def p12_password(self) -> str:
        """The password of the PKCS#12 file."""
        return self.password_file.read_text(encoding="ascii")


@attrs.frozen
class PkiFiles:
    """Where the hierarchy stands on disk.

    Attributes:
        folder: Holds `ca.pem` (root, then intermediate), `crl.pem` (signed anew at each start) and the leaves;
            `ca-fort.pem` and, in `cards`, what the cards of professionals hold.
    """

    folder: Path

    @property
    def ca(self) -> Path:
        """The trust anchors."""
        return self.folder / "ca.pem"

    @property
    def ca_fort(self) -> Path:
        """The trust anchors of the cards of professionals: root, then intermediate."""
        return self.folder / "ca-fort.pem"

    @property
    def cards(self) -> Path:
        """Keys and certificates of the cards, one folder each."""
        return self.folder / "cards"

    def fort_personnes(self) -> Issued:
        """Return the authority that issues the certificates of cards."""
        _, intermediate = x509.load_pem_x509_certificates(self.ca_fort.read_bytes())
        return Issued(intermediate, read_key(self.folder / _FORT_KEY))

    def organisations(self) -> Issued:
        """Return the authority that issues the certificates of organisations."""
        _, intermediate = x509.load_pem_x509_certificates(self.ca.read_bytes())
        return Issued(intermediate, read_key(self.folder / "organisations.key.pem"))

    @property
    def crl(self) -> Path:
        """The revocation list."""
        return self.folder / "crl.pem"

    def server(self, *, expired: bool = False) -> tuple[Path, Path]:
        """Return the chain and the key that the services present."""
        stem = "server-expired" if expired else "server"
        return self.folder / f"{stem}.cert.pem", self.folder / f"{stem}.key.pem"

    def role(self, name: str) -> RoleFiles:
        """Return the files of one client role."""
        return RoleFiles(
            self.folder / f"{name}.cert.pem",
            self.folder / f"{name}.key.pem",
            self.folder / f"{name}.p12",
            self.folder / f"{name}.p12.password",
        )

    def certificates(self) -> dict[str, dict[str, str]]:
        """Return every client role with its paths and password, as the descriptor shows them."""
        roles = {name: self.role(name) for name in CLIENT_ROLES}
        return {
            name: {
                "cert": str(files.cert),
                "key": str(files.key),
                "p12": str(files.p12),
                "p12_password": files.p12_password,
            }
            for name, files in roles.items()
        }


def open_pki(folder: Path, authority_bits: int = 2048) -> PkiFiles:
    """Return the hierarchy kept in `folder`, made first if it is absent, cut short or about to expire."""
    files = PkiFiles(folder)
    if not _usable(files):
        if folder.exists():
            shutil.rmtree(folder)
        make_private_folder(folder)
        _create(files, authority_bits)
    if not files.role("org-auth").cert.exists():
        # A hierarchy made before this role was known keeps its authorities.
        _create_role(files, "org-auth", files.organisations())
    if not files.ca_fort.exists():
        _create_fort(files, authority_bits)
    _publish_crl(files)
    return files


def _usable(files: PkiFiles) -> bool:
    marker = files.folder / "complete.json"
    if not marker.exists() or json.loads(marker.read_text(encoding="ascii")) != {"format": _FORMAT}:
        return False
    leaf = x509.load_pem_x509_certificate(files.role("insi-auto").cert.read_bytes())
    return leaf.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE


def _create(files: PkiFiles, bits: int) -> None:
    root = issue_authority(ROOT_CN, bits)
    organisations = issue_authority(ORGANISATIONS_CN, bits, root)
    foreign_root = issue_authority(ROOT_CN, bits)
    foreign = issue_authority(ORGANISATIONS_CN, bits, foreign_root)
    files.ca.write_bytes(_pem(root.certificate, organisations.certificate))
    write_key(files.folder / "organisations.key.pem", organisations.key)

    for expired in (False, True):
        chain, key_path = files.server(expired=expired)
        subject = organisation_name("localhost", FINESS, ORGANISATION, DEPARTMENT)
        server = issue_leaf(LeafRequest(subject, "SSL_SERV", expired), organisations)
        chain.write_bytes(_pem(server.certificate, organisations.certificate))
        write_key(key_path, server.key)

    for role in CLIENT_ROLES:
        _create_role(files, role, foreign if role == "foreign-ca" else organisations)

    write_private(files.folder / "complete.json", json.dumps({"format": _FORMAT}).encode("ascii"))


def _create_role(files: PkiFiles, role: str, issuer: Issued) -> None:
    common_name, usage = CLIENT_ROLES[role]
    subject = organisation_name(common_name, FINESS, ORGANISATION, DEPARTMENT)
    leaf = issue_leaf(LeafRequest(subject, usage, expired=role == "expired"), issuer)
    _write_role(files.role(role), role, leaf, issuer)


def _create_fort(files: PkiFiles, bits: int) -> None:
    root = issue_authority(FORT_ROOT_CN, bits)
    personnes = issue_authority(FORT_PERSONNES_CN, bits, root)
    # Cards of an authority that was never finished would chain to nothing.
    shutil.rmtree(files.cards, ignore_errors=True)
    write_key(files.folder / _FORT_KEY, personnes.key)
    files.ca_fort.write_bytes(_pem(root.certificate, personnes.certificate))


def _write_role(where: RoleFiles, role: str, leaf: Issued, issuer: Issued) -> None:
    password = secrets.token_urlsafe(18)
    where.cert.write_bytes(_pem(leaf.certificate, issuer.certificate))
    write_key(where.key, leaf.key)
    bundle = pkcs12.serialize_key_and_certificates(
        role.encode("ascii"),
        leaf.key,
        leaf.certificate,
        [issuer.certificate],
        serialization.BestAvailableEncryption(password.encode("ascii")),
    )
    write_private(where.p12, bundle)
    write_private(where.password_file, password.encode("ascii"))


def _publish_crl(files: PkiFiles) -> None:
    revoked = x509.load_pem_x509_certificate(files.role("revoked").cert.read_bytes())
    crl = issue_crl(files.organisations(), (revoked.serial_number,))
    files.crl.write_bytes(crl.public_bytes(_PEM))


def _pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(_PEM) for certificate in certificates)


def read_key(path: Path) -> rsa.RSAPrivateKey:
    """Read a private key that `write_key` wrote."""
    key = serialization.load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path.name} is not an RSA key")
    return key


def write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    """Write a private key in PEM, unencrypted, readable by its owner only."""
    write_private(
        path,
        key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
