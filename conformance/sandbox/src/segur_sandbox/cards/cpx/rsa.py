"""The private-key operations of a card (RFC 8017)."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

MODULUS_BYTES = 256
DIGEST_BYTES = 32
_PADDING_OVERHEAD = 11


def sign_pkcs1(key: RSAPrivateKey, digest: bytes) -> bytes:
    """Return RSASSA-PKCS1-v1_5 over a SHA-256 digest."""
    return key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))


def sign_pss(key: RSAPrivateKey, digest: bytes) -> bytes:
    """Return RSASSA-PSS over a SHA-256 digest, MGF1 with SHA-256, salt of 32 bytes."""
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), DIGEST_BYTES)
    return key.sign(digest, scheme, Prehashed(hashes.SHA256()))


def sign_block(key: RSAPrivateKey, data: bytes) -> bytes:
    """Pad `data` (a DigestInfo, say) as EMSA-PKCS1-v1_5 does and sign it."""
    filling = b"\xff" * (MODULUS_BYTES - len(data) - 3)
    return raw(key, b"\x00\x01" + filling + b"\x00" + data) or b""


def raw(key: RSAPrivateKey, block: bytes) -> bytes | None:
    """Return RSADP of a block as long as the modulus; `None` when it is not smaller than the modulus."""
    numbers = key.private_numbers()
    value = int.from_bytes(block, "big")
    if value >= numbers.public_numbers.n:
        return None
    by_p = pow(value, numbers.dmp1, numbers.p)
    by_q = pow(value, numbers.dmq1, numbers.q)
    result = by_q + numbers.q * (numbers.iqmp * (by_p - by_q) % numbers.p)
    return result.to_bytes(MODULUS_BYTES, "big")


def without_encryption_padding(block: bytes) -> bytes | None:
    """Return the message of an EME-PKCS1-v1_5 block, or `None` when it is none."""
    end = block.find(b"\x00", 2)
    if block[:2] != b"\x00\x02" or end < _PADDING_OVERHEAD - 1:
        return None
    return block[end + 1 :]
