"""New keys, and the requests for their certificates."""

from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from segur_host.keyring.pairs import PrivateKey

KEY_BITS: Final = 2048
MAX_NAME: Final = 64
"""Characters of a common name (RFC 5280, ub-common-name)."""


def new_private_key() -> PrivateKey:
    """Make a key: RSA, 2048 bits, as IGC-Santé certifies."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def request_for(key: PrivateKey, name: str) -> bytes:
    """Return a request for a certificate (PKCS#10, PEM, SHA-256). It bears a name and the public half.

    Args:
        key: it is signed with it.
        name: common name; an indication, the authority builds the subject itself.

    Raises:
        ValueError: the name is empty, or longer than 64 characters.
    """
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())
    return made.public_bytes(Encoding.PEM)
