"""Certificates out of files: DER, PEM, PKCS#7 (``.p7b``). Every kind of damage has a code of its own.

Bounds come first: a file is measured before any library looks at it. A PKCS#12 holds a key: the host opens it.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final

import attrs
from cryptography import x509

from segur_plugin_certificates.ber import CONTEXT_0, INTEGER, SEQUENCE, Node, read_ber
from segur_sdk.errors import InputError

MAX_CERTIFICATE: Final = 65_536
MAX_CERTIFICATES: Final = 64
_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\s*(.*?)\s*-----END \1-----", re.DOTALL)
_PKCS7_LABELS: Final = frozenset({b"PKCS7", b"PKCS #7 SIGNED DATA", b"CMS"})
_CERTIFICATE_LABELS: Final = frozenset({b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"})


@attrs.frozen
class Container:
    """What a file held."""

    certificates: tuple[bytes, ...] = attrs.field(repr=lambda found: f"‹{len(found)} certificates›")
    """In DER and in the order of the file."""


def read_certificates(data: bytes) -> Container:
    """Read DER, PEM or PKCS#7, told apart by their first bytes. Private keys in a PEM file are passed over.

    Raises:
        InputError: those of :func:`segur_plugin_certificates.ber.read_ber`, ``certificates.no_certificate``,
            ``certificates.is_p12`` (a password is needed).
    """
    if _PEM.search(data[:MAX_CERTIFICATE]) or b"-----BEGIN " in data[:MAX_CERTIFICATE]:
        return Container(tuple(_pem(data)))
    return Container(tuple(_binary(data)))


@lru_cache(maxsize=512)
def load_certificate(der: bytes) -> x509.Certificate:
    """Return the library's certificate of DER that was measured before, the same for the same bytes.

    Raises:
        InputError: those of ``read_ber``, ``certificates.unreadable``.
    """
    if len(der) > MAX_CERTIFICATE:
        raise InputError("certificates.too_large", size=len(der))
    with suppress(ValueError, TypeError, x509.InvalidVersion):
        return x509.load_der_x509_certificate(der)
    # Measured only now: what the library reads is of sound form, and most are.
    read_ber(der, max_size=MAX_CERTIFICATE)
    raise InputError("certificates.unreadable")


def _pem(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    if len(data) > MAX_CERTIFICATE * MAX_CERTIFICATES:
        raise InputError("certificates.too_large", size=len(data))
    if data.count(b"-----BEGIN ") != len(blocks := _PEM.findall(data)):
        raise InputError("certificates.truncated")
    for label, text in blocks:
        if label in _CERTIFICATE_LABELS or label in _PKCS7_LABELS:
            found.extend(_binary(_decoded(text)))
    return _counted(found)


def _decoded(text: bytes) -> bytes:
    with suppress(binascii.Error):
        return base64.b64decode(b"".join(text.split()), validate=True)
    raise InputError("certificates.broken", reason="base64")


def _binary(data: bytes) -> list[bytes]:
    outer = read_ber(data)
    if outer.tag == SEQUENCE and outer.parts and outer.parts[0].content == _SIGNED_DATA:
        return _counted(_of_signed_data(outer))
    if _is_pkcs12(outer):
        raise InputError("certificates.is_p12")
    load_certificate(data)
    return [data]


def _of_signed_data(outer: Node) -> list[bytes]:
    """Return the certificates of PKCS#7 SignedData (RFC 2315, 9.1), whatever the order of their SET."""
    signed = outer.parts[1].parts if len(outer.parts) > 1 else ()
    sets = [part for part in (signed[0].parts if signed else ()) if part.tag == CONTEXT_0]
    if not sets:
        return []
    found = [part.der() for part in sets[0].parts[: MAX_CERTIFICATES + 1]]
    for one in found:
        load_certificate(one)
    return found


def _counted(found: Sequence[bytes]) -> list[bytes]:
    if not found:
        raise InputError("certificates.no_certificate")
    if len(found) > MAX_CERTIFICATES:
        raise InputError("certificates.too_many")
    return list(found)


def _is_pkcs12(outer: Node) -> bool:
    # PFX (RFC 7292, 4): version 3, then authSafe, whose first part is an OID.
    parts = outer.parts
    return len(parts) > 1 and (parts[0].tag, parts[0].content) == (INTEGER, b"\x03") and parts[1].tag == SEQUENCE
