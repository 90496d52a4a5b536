"""What an assertion takes from the certificate of the card that signs it.

Sources: published assertion by CPS; RFC 4514; certificates of IGC-Santé, code list TRE_G15 of the ANS.
"""

from contextlib import suppress
from typing import Final

import attrs
from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from segur_sdk.errors import CardError

_PROFESSIONS: Final = (ObjectIdentifier("1.2.250.1.71.1.2.7"), ObjectIdentifier("1.2.250.1.71.1.2.8"))
"""Extensions that bear a profession, and that of somebody in training."""
_PHYSICIAN: Final = bytes.fromhex("02010A")
"""10, as an INTEGER in DER."""
_SHORT_NAMES: Final = {NameOID.SURNAME: "SN", NameOID.TITLE: "T", NameOID.STATE_OR_PROVINCE_NAME: "ST"}
"""Beside those of RFC 4514; any other type is written with its number, as in the published assertion."""


@attrs.frozen
class SignatureCertificate:
    """Certificate of a card's signature key."""

    subject: str
    """Distinguished name, the last RDN first: ``2.5.4.42=OLIVIER+CN=00B6087510+SN=…,T=Infirmier,C=FR``."""
    physician: bool
    """Its holder is a physician, or in training to be one."""


def read_signature_certificate(der: bytes) -> SignatureCertificate:
    """Read a certificate.

    Raises:
        CardError: ``card.unreadable`` with ``reason`` ``certificate``.
    """
    # What the library raises may hold bytes of the certificate: it must not become the context of an error.
    with suppress(ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        certificate = x509.load_der_x509_certificate(der)
        return SignatureCertificate(certificate.subject.rfc4514_string(_SHORT_NAMES), _is_physician(certificate))
    raise CardError("card.unreadable", reason="certificate")


def _is_physician(certificate: x509.Certificate) -> bool:
    stated = (one.value for one in certificate.extensions if one.oid in _PROFESSIONS)
    return any(isinstance(one, x509.UnrecognizedExtension) and one.value == _PHYSICIAN for one in stated)
