"""Which certification requests are taken: PKCS#10 in PEM, RSA of 2048 bits at least, a good signature, a new key.

Whether ECDSA is taken by the real platform is not public. UNVERIFIED: refused here.
"""

import hashlib
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from segur_sandbox.igc.ordering.refusals import PlatformRefusedError

_SMALLEST = 2048
_WEAK = ("md5", "sha1")


def read_csr(text: str, is_certified: Callable[[str], bool]) -> rsa.RSAPublicKey:
    """Return the key for which a certificate is requested.

    Args:
        text: The request.
        is_certified: Tells whether a key, named as `key_name` does, has a certificate or an order already.

    Raises:
        PlatformRefusedError: a code that begins with `csr_`.
    """
    if "PRIVATE KEY" in text:
        raise PlatformRefusedError("csr_holds_private_key")
    try:
        csr = x509.load_pem_x509_csr(text.encode("ascii"))
        key = csr.public_key()
        algorithm = csr.signature_hash_algorithm
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise PlatformRefusedError("csr_malformed") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise PlatformRefusedError("csr_key_type")
    if key.key_size < _SMALLEST:
        raise PlatformRefusedError("csr_key_small")
    if algorithm is None or algorithm.name in _WEAK:
        raise PlatformRefusedError("csr_hash_weak")
    if not _signed(csr):
        raise PlatformRefusedError("csr_signature")
    if is_certified(key_name(key)):
        raise PlatformRefusedError("csr_key_already_certified")
    return key


def key_name(key: object) -> str:
    """Return the SHA-256 of a public key, in hexadecimal; what is no RSA key has no name."""
    if not isinstance(key, rsa.RSAPublicKey):
        return ""
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def _signed(csr: x509.CertificateSigningRequest) -> bool:
    try:
        return csr.is_signature_valid
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
