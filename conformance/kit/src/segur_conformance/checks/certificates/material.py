"""Certificates that a check has made by the authorities of the services, and where a target finds their keys."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from segur_conformance.runner.bench import Bench
from segur_sandbox.pki.authorities import ORGANISATIONS
from segur_sandbox.pki.issuing import LEAF_LIFE, Issued, LeafRequest, certify, new_key, structure_name
from segur_sandbox.pki.store import DEPARTMENT, FINESS, ORGANISATION, PkiFiles
from segur_sandbox.private_files import write_private

UNIT: Final = f"1{FINESS}"
"""``OU`` of the structure of the services."""
SOFTWARE: Final = "LGO DU BAC A SABLE"
INSI_AUTO: Final = "INSI-AUTO"
INSI_MANU: Final = "INSI-MANU"
OTHER_FINESS: Final = "12A0000014"
"""``OU`` of another structure."""

Keys = Mapping[str, Mapping[str, Any]]
"""Keys by use, as the host's configuration has them."""


@cache
def key(name: str) -> rsa.RSAPrivateKey:  # noqa: ARG001 - by which it is asked for again
    """Return the key of that name, the same as long as this process lives."""
    return new_key()


def authorities(bench: Bench) -> PkiFiles:
    """Return the authorities of the services."""
    return PkiFiles(bench.sandbox.config.parent / "pki")


@attrs.frozen
class Wanted:
    """What a certificate is to say.

    Attributes:
        name: ``CN``.
        unit: ``OU``.
        usage: of the offers of IGC-Santé.
        ends: when; three years from now without it.
        authority: short name of who issues it.
    """

    name: str = SOFTWARE
    unit: str = UNIT
    usage: str = "AUTH_CLI"
    ends: datetime | None = None
    authority: str = ORGANISATIONS

    @classmethod
    def ending_in(cls, left: timedelta, **given: Any) -> Self:
        """Return what is to end so long from now."""
        return cls(ends=datetime.now(UTC) + left, **given)


def issued(bench: Bench, wanted: Wanted, public: rsa.RSAPublicKey, by: Issued | None = None) -> x509.Certificate:
    """Have a certificate issued for a key, which the register of the services never hears of.

    Args:
        bench: of the check.
        wanted: what it is to say.
        public: the key.
        by: who signs it, instead of the authority that is wanted.
    """
    begin = wanted.ends.replace(microsecond=0) - LEAF_LIFE if wanted.ends is not None else None
    subject = structure_name(wanted.name, wanted.unit, ORGANISATION, DEPARTMENT)
    request = LeafRequest(subject, wanted.usage, begin=begin, hosts=("localhost",))
    return certify(request, public, by or authorities(bench).authority(wanted.authority))


class Places:
    """A folder in which keys stand that the configuration of a target names.

    Args:
        bench: of the check.
        folder: for this check alone.
    """

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._bench = bench
        self.folder = folder
        self._keys: dict[str, str] = {}

    def key(self, use: str) -> rsa.RSAPrivateKey:
        """Return the key of a use, which no other use of this check has."""
        return key(self._keys.setdefault(use, f"clef {len(self._keys)}"))

    def of(self, use: str, wanted: Wanted, key_name: str = "") -> dict[str, Any]:
        """Return the table of a key whose certificate says what is wanted.

        Args:
            use: in the configuration; the files are named after it.
            wanted: of the certificate.
            key_name: of which use the key is; its own without it.
        """
        pki, own = authorities(self._bench), self.key(key_name or use)
        leaf = issued(self._bench, wanted, own.public_key())
        return self.put(use, Issued(leaf, own), pki.authority(wanted.authority).certificate)

    def put(self, use: str, leaf: Issued, *chain: x509.Certificate) -> dict[str, Any]:
        """Return the table of a key and its certificates."""
        cert, private = self.folder / f"{use}.cert.pem", self.folder / f"{use}.key.pem"
        cert.write_bytes(b"".join(pem(one) for one in (leaf.certificate, *chain)))
        write_private(private, key_pem(leaf.key))
        return {"cert": str(cert), "key": str(private)}

    def kind(self, kind: str) -> dict[str, Any]:
        """Return the table of a key of some kind that the services make on demand."""
        files = self._bench.sandbox.make_material(kind, self.folder / kind)["files"]
        return {"cert": str(files["cert.pem"]), "key": str(files["key.pem"])}

    def role(self, name: str) -> dict[str, Any]:
        """Return the table of a key that the services gave from the beginning."""
        files = self._bench.sandbox.descriptor["certificates"][name]
        # The services leave each password in a private file beside its PKCS#12.
        return {"p12": files["p12"], "password": {"file": f"{Path(files['p12'])}.password"}}


@contextmanager
def places(bench: Bench) -> Iterator[Places]:
    """Have a folder for keys until the block ends."""
    with tempfile.TemporaryDirectory(prefix="segur-keys-") as folder:
        yield Places(bench, Path(folder))


def pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate in PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(private: rsa.RSAPrivateKey) -> bytes:
    """Return a private key in PEM, in clear."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return private.private_bytes(encoding, form, serialization.NoEncryption())
