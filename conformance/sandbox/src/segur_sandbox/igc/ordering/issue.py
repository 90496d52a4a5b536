"""Makes what was ordered: the name it bears, the certificate, and the file when the key is made here."""

import re
from datetime import datetime, timedelta
from typing import Self

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from segur_sandbox.igc.ordering.catalogue import Structure
from segur_sandbox.igc.ordering.forms import NewOrder
from segur_sandbox.igc.ordering.refusals import PlatformRefusedError
from segur_sandbox.pki.issuing import LeafRequest, certify, structure_name
from segur_sandbox.pki.store import PkiFiles

_INSI_NAMES = ("INSI-AUTO", "INSI-MANU")
_LONGEST_NAME = 64
_SHORTEST_PASSWORD = 8
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_PEM = serialization.Encoding.PEM


@attrs.frozen
class Product:
    """What is handed out.

    Attributes:
        certificate: PEM.
        chain: PEM of the issuer.
        p12: The bundle, when the key was made here.
        name: File name of the bundle, as the real platform's look.
    """

    certificate: str
    chain: str
    p12: bytes | None = None
    name: str | None = None

    @classmethod
    def of(cls, certificate: x509.Certificate, issuer: x509.Certificate) -> Self:
        """Return a product whose key is elsewhere."""
        return cls(certificate.public_bytes(_PEM).decode("ascii"), issuer.public_bytes(_PEM).decode("ascii"))


def check_name(asked: NewOrder) -> None:
    """Refuse a *Service applicatif* that cannot be the CN.

    Raises:
        PlatformRefusedError: `cn_missing`, `cn_insi` or `server_name_invalid`.
    """
    name = asked.service_applicatif
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise PlatformRefusedError("cn_missing")
    if asked.purpose == "insi" and name not in _INSI_NAMES:
        raise PlatformRefusedError("cn_insi")
    if asked.offer == "SERV" and not _HOST.fullmatch(name):
        raise PlatformRefusedError("server_name_invalid")


def certificate_for(
    asked: NewOrder, structure: Structure, key: rsa.RSAPublicKey, pki: PkiFiles, now: datetime
) -> x509.Certificate:
    """Issue a certificate; its name is made from the order, whatever the request says."""
    name = asked.service_applicatif
    request = LeafRequest(
        structure_name(name, structure.unit, structure.name, structure.department),
        asked.usage,
        begin=now.replace(microsecond=0) - timedelta(hours=1),
        hosts=(name,),
        mail=f"boite@{name}",
    )
    certificate = certify(request, key, pki.organisations())
    pki.register.keep(certificate)
    return certificate


def product_with_key(
    certificate: x509.Certificate,
    key: rsa.RSAPrivateKey,
    pki: PkiFiles,
    password: str | None,
    asked: NewOrder,
    now: datetime,
) -> Product:
    """Return a product with its key, in a bundle that only `password` opens."""
    issuer = pki.organisations().certificate
    encryption = serialization.BestAvailableEncryption(check_password(password).encode("utf-8"))
    name = f"asip-p12-EL-TEST-{asked.offer}-{asked.usage}-{now:%Y%m%d-%H%M%S}.p12"
    p12 = pkcs12.serialize_key_and_certificates(name.encode("ascii"), key, certificate, [issuer], encryption)
    return attrs.evolve(Product.of(certificate, issuer), p12=p12, name=name)


def check_password(password: str | None) -> str:
    """Return the password of a key made here.

    Raises:
        PlatformRefusedError: `key_password_missing`.
    """
    if password is None or len(password) < _SHORTEST_PASSWORD:
        raise PlatformRefusedError("key_password_missing")
    return password
