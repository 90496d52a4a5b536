"""Keeps the hierarchy in `DIR/pki`: made once, the same at every start, renewed whole when it nears its end."""

import json
import random
import secrets
import shutil
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from segur_sandbox.pki.authorities import (
    AUTHORITIES,
    FORT_PERSONNES,
    FORT_ROOT,
    ORGANISATIONS,
    ROOT,
    Publication,
)
from segur_sandbox.pki.issuing import (
    Issued,
    LeafRequest,
    issue_authority,
    issue_crl,
    issue_leaf,
    new_key,
    organisation_name,
)
from segur_sandbox.pki.keys_ahead import KeysAhead
from segur_sandbox.pki.register import Register
from segur_sandbox.pki.roles import CLIENT_ROLES
from segur_sandbox.private_files import make_private_folder, write_private

FINESS = "0B0152872"
ORGANISATION = "PHARMACIE DU BAC A SABLE"
DEPARTMENT = "Haute-Corse (2B)"
_FORMAT = 2
_RENEW_BEFORE = timedelta(days=30)
_PEM = serialization.Encoding.PEM
_QUIET_PORTS = range(20_000, 30_000)
"""No system gives these by itself: one that is free when certificates are made is free when they are used."""
_TRIES = 100
_PORT = "igc.port"
_MAKING: Final = threading.Lock()


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
            `ca-fort.pem` and, in `cards`, what the cards of professionals hold; every authority in `authorities`, and
            in `issued` what was ordered or made on demand.
        register: What was issued and what is revoked.
    """

    folder: Path
    register: Register = attrs.field(
        default=attrs.Factory(lambda self: Register(self.folder), takes_self=True), eq=False, repr=False
    )

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

    @property
    def igc_port(self) -> int:
        """The port that certificates name for lists, authorities and the responder."""
        return int((self.folder / _PORT).read_text(encoding="ascii"))

    @property
    def publication(self) -> Publication:
        """The addresses that certificates bear."""
        return Publication(f"http://127.0.0.1:{self.igc_port}")

    def fort_personnes(self) -> Issued:
        """Return the authority that issues the certificates of cards."""
        return self.authority(FORT_PERSONNES)

    def organisations(self) -> Issued:
        """Return the authority that issues the certificates of organisations."""
        return self.authority(ORGANISATIONS)

    def authority(self, short: str) -> Issued:
        """Return an authority, made now if nobody wanted it before.

        Args:
            short: One of `AUTHORITIES`.
        """
        cert, key = self._authority_files(short)
        if not cert.exists():
            with _MAKING:
                self.make_authority(short, new_key(self.authority(ROOT).key.key_size))
        certificate = x509.load_pem_x509_certificate(cert.read_bytes())
        return Issued(certificate, read_key(key), self.publication.in_leaf(short))

    def has_authority(self, short: str) -> bool:
        """Tell whether an authority was made."""
        return self._authority_files(short)[0].exists()

    def make_authority(self, short: str, key: rsa.RSAPrivateKey) -> None:
        """Certify an authority, after its issuer, unless it is there already."""
        cert, key_path = self._authority_files(short)
        known = AUTHORITIES[short]
        if cert.exists():
            return
        make_private_folder(cert.parent)
        if known.issuer is None:
            issued = issue_authority(known.common_name, key)
        else:
            if not self.has_authority(known.issuer):
                self.make_authority(known.issuer, new_key(key.key_size))
            addresses = self.publication.in_authority(known.issuer)
            issued = issue_authority(known.common_name, key, self.authority(known.issuer), addresses)
        write_key(key_path, key)
        write_private(cert, _pem(issued.certificate))

    def _authority_files(self, short: str) -> tuple[Path, Path]:
        folder = self.folder / "authorities"
        return folder / f"{short}.cert.pem", folder / f"{short}.key.pem"

    @property
    def crl(self) -> Path:
        """The revocation list by which handshakes are judged, in real time; what is published is made on demand."""
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
    for role in CLIENT_ROLES:
        if not files.role(role).cert.exists():
            # A hierarchy made before this role was known keeps its authorities.
            _write_role(
                files.role(role), role, issue_leaf(_request(role), files.organisations()), files.organisations()
            )
    write_handshake_crl(files)
    return files


def _usable(files: PkiFiles) -> bool:
    marker = files.folder / "complete.json"
    if not marker.exists() or json.loads(marker.read_text(encoding="ascii")) != {"format": _FORMAT}:
        return False
    leaf = x509.load_pem_x509_certificate(files.role("insi-auto").cert.read_bytes())
    return leaf.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE


def _create(files: PkiFiles, bits: int) -> None:
    write_private(files.folder / _PORT, str(_free_port()).encode("ascii"))
    first = (ROOT, ORGANISATIONS, FORT_ROOT, FORT_PERSONNES)
    leaves = len(CLIENT_ROLES) + 1
    with KeysAhead((*[bits] * (len(first) + 2), *[2048] * leaves)) as keys:
        for short in first:
            files.make_authority(short, keys.take())
        organisations = files.organisations()
        files.ca.write_bytes(_pem(files.authority(ROOT).certificate, organisations.certificate))
        files.ca_fort.write_bytes(_pem(files.authority(FORT_ROOT).certificate, files.fort_personnes().certificate))
        foreign_root = issue_authority(AUTHORITIES[ROOT].common_name, keys.take())
        addresses = files.publication.in_authority(ROOT)
        foreign = issue_authority(AUTHORITIES[ORGANISATIONS].common_name, keys.take(), foreign_root, addresses)
        foreign = attrs.evolve(foreign, addresses=organisations.addresses)
        # As a server has it that was not renewed in time: the same key, an older certificate.
        server_key = keys.take()
        for expired in (False, True):
            chain, key_path = files.server(expired=expired)
            subject = organisation_name("localhost", FINESS, ORGANISATION, DEPARTMENT)
            server = issue_leaf(LeafRequest(subject, "SSL_SERV", expired), organisations, server_key)
            chain.write_bytes(_pem(server.certificate, organisations.certificate))
            write_key(key_path, server.key)
        for role in CLIENT_ROLES:
            issuer = foreign if role == "foreign-ca" else organisations
            _write_role(files.role(role), role, issue_leaf(_request(role), issuer, keys.take()), issuer)
    write_private(files.folder / "complete.json", json.dumps({"format": _FORMAT}).encode("ascii"))


def _free_port() -> int:
    for port in random.sample(_QUIET_PORTS, _TRIES):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    # Nothing is lost: the service says in the descriptor where it really is.
    return _QUIET_PORTS[0]


def _request(role: str) -> LeafRequest:
    common_name, usage = CLIENT_ROLES[role]
    subject = organisation_name(common_name, FINESS, ORGANISATION, DEPARTMENT)
    return LeafRequest(subject, usage, expired=role == "expired")


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


def write_handshake_crl(files: PkiFiles) -> None:
    """Sign the lists by which the simulators judge who connects: that of organisations first, then that of cards."""
    lists = b""
    for issuer in (files.organisations(), files.fort_personnes()):
        crl = issue_crl(issuer, [one.entry() for one in files.register.revoked_by(issuer.certificate)])
        lists += crl.public_bytes(_PEM)
    write_private(files.crl, lists)


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
