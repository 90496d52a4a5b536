"""Issues the two certificates of a professional's card, and keeps them with their keys in `pki/cards/SERIAL`.

The signature certificate follows a published certificate of a TEST card, extension by extension; the addresses of
revocation lists and responders are the sandbox's own. Of an authentication certificate only the purposes are known (TLS
client, smart card logon); its policy is left out.
"""

import contextlib
import os
import secrets
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from segur_sandbox.pki.issuing import STATEMENT, Issued, begin_certificate, key_usage, new_key, with_all
from segur_sandbox.pki.store import PkiFiles, read_key, write_key
from segur_sandbox.private_files import make_private_folder

CardUsage = Literal["AUT", "SIG"]
USAGES: tuple[CardUsage, ...] = ("AUT", "SIG")
_ANS = "1.2.250.1.71.1.2"
_TEST_CARD = b"\x04\x01\x80"
_SIGNATURE_POLICY = ObjectIdentifier("1.2.250.1.213.1.7.2.1.1.1.1")
_YEARS = 3
_SERIAL_BITS = 126


@attrs.frozen
class CardLeafRequest:
    """What the certificates of one card say.

    Attributes:
        subject: The whole distinguished name, the same in both.
        number: Issuer and card, such as `8025000001/2800636234`.
        card_type: Code list TRE_G02.
        profession: Code list TRE_G15.
        training: Code list TRE_G16, instead of a profession.
        expired: When true, its three years ended a month ago.
    """

    subject: x509.Name
    number: str
    card_type: int
    profession: int | None = None
    training: int | None = None
    expired: bool = False


class CardKeys:
    """The certificates and keys of one card, made when they are first opened and the same ever after."""

    def __init__(self, files: PkiFiles, serial: str, request: CardLeafRequest) -> None:
        self._folder = files.cards / serial
        if not self._folder.exists():
            _create(self._folder, request, files.fort_personnes())
        self._keys: dict[CardUsage, rsa.RSAPrivateKey] = {}

    def certificate(self, usage: CardUsage) -> bytes:
        """Return the certificate in DER."""
        pem = (self._folder / f"{usage.lower()}.cert.pem").read_bytes()
        return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)

    def key(self, usage: CardUsage) -> rsa.RSAPrivateKey:
        """Return the private key."""
        if usage not in self._keys:
            self._keys[usage] = read_key(self._folder / f"{usage.lower()}.key.pem")
        return self._keys[usage]


def _create(folder: Path, request: CardLeafRequest, issuer: Issued) -> None:
    making = make_private_folder(folder.with_name(f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}"))
    for usage in USAGES:
        leaf = issue_card_leaf(request, usage, issuer)
        (making / f"{usage.lower()}.cert.pem").write_bytes(leaf.certificate.public_bytes(serialization.Encoding.PEM))
        write_key(making / f"{usage.lower()}.key.pem", leaf.key)
    # Whoever opened the same card at the same moment made other keys: the first ones stay.
    with contextlib.suppress(OSError):
        making.rename(folder)
    shutil.rmtree(making, ignore_errors=True)


def issue_card_leaf(request: CardLeafRequest, usage: CardUsage, issuer: Issued) -> Issued:
    """Create the authentication (`AUT`) or signature (`SIG`) certificate of a card, RSA 2048, valid three years."""
    key = new_key()
    begin, end = _validity(expired=request.expired)
    serial = 1 << _SERIAL_BITS | secrets.randbits(_SERIAL_BITS)
    certificate = (
        begin_certificate(request.subject, key.public_key(), issuer.certificate.subject, serial)
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
    certificate = _with_usage(certificate, usage)
    certificate = certificate.add_extension(x509.PrivateKeyUsagePeriod(begin, end), critical=False)
    certificate = with_all(certificate, issuer.addresses)
    for arc, value in _ans_values(request):
        extension = x509.UnrecognizedExtension(ObjectIdentifier(f"{_ANS}.{arc}"), value)
        certificate = certificate.add_extension(extension, critical=False)
    return Issued(certificate.sign(issuer.key, hashes.SHA256()), key)


def _with_usage(certificate: x509.CertificateBuilder, usage: CardUsage) -> x509.CertificateBuilder:
    if usage == "AUT":
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SMARTCARD_LOGON]
        return certificate.add_extension(key_usage("digital_signature"), critical=True).add_extension(
            x509.ExtendedKeyUsage(purposes), critical=False
        )
    return (
        certificate.add_extension(key_usage("content_commitment"), critical=True)
        .add_extension(
            x509.CertificatePolicies([x509.PolicyInformation(_SIGNATURE_POLICY, [STATEMENT])]), critical=False
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    )


def _ans_values(request: CardLeafRequest) -> list[tuple[int, bytes]]:
    """Arc under 1.2.250.1.71.1.2 and the DER of its value, as published test cards have them."""
    number = request.number.encode("ascii")
    values = [
        (5, _TEST_CARD),
        (2, _integer(request.card_type)),
        (3, bytes([0x13, len(number)]) + number),
    ]
    if request.profession is not None:
        values.append((7, _integer(request.profession)))
    if request.training is not None:
        values.append((8, _integer(request.training)))
    return values


def _integer(value: int) -> bytes:
    return bytes([0x02, 0x01, value])


def _validity(*, expired: bool) -> tuple[datetime, datetime]:
    now = datetime.now(UTC).replace(microsecond=0)
    if expired:
        return _later(now - timedelta(days=30), -_YEARS), now - timedelta(days=30)
    begin = now - timedelta(days=1)
    return begin, _later(begin, _YEARS)


def _later(moment: datetime, years: int) -> datetime:
    leap_day = (moment.month, moment.day) == (2, 29)
    return moment.replace(year=moment.year + years, day=28 if leap_day else moment.day)
