"""Certificate requests (PKCS#10): whether one may be sent to the platform.

The key is made where it will live, and the request bears its public half only. Its name is not trusted: the platform
builds the subject from the order. Sources: RFC 2986; RSA 2048 and SHA-256 at least.
"""

from contextlib import suppress
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from segur_plugin_certificates.ber import read_ber
from segur_plugin_certificates.public_keys import WEAK_HASHES, KeyKind, key_fingerprint, key_kind
from segur_sdk.errors import InputError

MAX_REQUEST: Final = 16_384
_REFUSALS: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension)


@attrs.frozen
class CertificateRequest:
    """A request that may be sent."""

    name: str | None
    """CN, as an indication."""
    key: KeyKind
    public_key: str
    """SHA-256 of the SubjectPublicKeyInfo, upper-case hexadecimal."""
    pem: bytes = attrs.field(repr=False)


def read_request(data: bytes) -> CertificateRequest:
    """Read a request in DER or PEM and check it.

    Raises:
        InputError: ``certificates.csr_private`` (a private key stands in the file), ``certificates.csr_unreadable``,
            ``certificates.csr_signature``, ``certificates.weak_key``, ``certificates.weak_signature``; those of
            ``read_ber``.
    """
    if len(data) > MAX_REQUEST:
        raise InputError("certificates.too_large", size=len(data))
    if b"PRIVATE KEY-----" in data:
        raise InputError("certificates.csr_private")
    found: CertificateRequest | None = None
    # The library reads late; what it raises may hold bytes of the request.
    with suppress(*_REFUSALS):
        found = _checked(_loaded(data))
    if found is None:
        raise InputError("certificates.csr_unreadable")
    return found


def _loaded(data: bytes) -> x509.CertificateSigningRequest:
    if data.lstrip().startswith(b"-----BEGIN "):
        return x509.load_pem_x509_csr(data)
    read_ber(data, max_size=MAX_REQUEST)
    return x509.load_der_x509_csr(data)


def _checked(request: x509.CertificateSigningRequest) -> CertificateRequest:
    key = request.public_key()
    kind = key_kind(key)
    if kind.weak:
        raise InputError("certificates.weak_key", bits=kind.bits)
    algorithm = request.signature_hash_algorithm
    if algorithm is None or algorithm.name in WEAK_HASHES:
        raise InputError("certificates.weak_signature")
    if not request.is_signature_valid:
        raise InputError("certificates.csr_signature")
    names = [one.value for one in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return CertificateRequest(
        name=names[0] if len(names) == 1 and isinstance(names[0], str) else None,
        key=kind,
        public_key=key_fingerprint(key),
        pem=request.public_bytes(Encoding.PEM),
    )
