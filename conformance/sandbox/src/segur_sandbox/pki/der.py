"""Just enough DER to write what certificate libraries refuse to: unsorted sets, old algorithms, other orders."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SEQUENCE = 0x30
SET = 0x31
_INTEGER = 0x02
_BIT_STRING = 0x03
_LONG = 0x80


def encoded(tag: int, *parts: bytes) -> bytes:
    """Return one value: tag, length, content."""
    content = b"".join(parts)
    size = len(content)
    if size < _LONG:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG | len(length)]) + length + content


def integer(value: int) -> bytes:
    """Return a small non-negative INTEGER."""
    return encoded(_INTEGER, bytes([value]))


def parts(content: bytes) -> list[bytes]:
    """Split a content of definite lengths into the values that follow each other in it, each whole."""
    found = []
    while content:
        size, start = content[1], 2
        if size & _LONG:
            start += size & ~_LONG
            size = int.from_bytes(content[2:start], "big")
        found.append(content[: start + size])
        content = content[start + size :]
    return found


def inside(value: bytes) -> bytes:
    """Return the content of one value."""
    return value[2 + (value[1] & ~_LONG if value[1] & _LONG else 0) :]


def signed_again(
    certificate: x509.Certificate, signer: rsa.RSAPrivateKey, old: bytes, new: bytes, algorithm: hashes.HashAlgorithm
) -> bytes:
    """Return a certificate in DER with some of its bytes replaced and a signature that fits.

    Args:
        certificate: The one to start from.
        signer: Its issuer's key.
        old: Bytes in what is signed and in the algorithm's identifier.
        new: As many bytes, in their place.
        algorithm: Hash of the new signature.
    """
    whole = certificate.public_bytes(serialization.Encoding.DER)
    body, identifier, _ = parts(inside(whole))
    body, identifier = body.replace(old, new), identifier.replace(old, new)
    signature = signer.sign(body, padding.PKCS1v15(), algorithm)
    return encoded(SEQUENCE, body, identifier, encoded(_BIT_STRING, b"\x00", signature))
