"""Public keys: whether one is strong enough."""

from typing import Final

import attrs
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

MIN_RSA_BITS: Final = 2048
MIN_EC_BITS: Final = 256
WEAK_HASHES: Final = frozenset({"md5", "sha1"})


@attrs.frozen
class KeyKind:
    """What a public key is."""

    algorithm: str
    """``RSA``, ``EC`` or ``other``."""
    bits: int

    @property
    def weak(self) -> bool:
        """Whether it is shorter than IGC-Santé issues, or of an algorithm that nobody asked for."""
        return self.bits < {"RSA": MIN_RSA_BITS, "EC": MIN_EC_BITS}.get(self.algorithm, 1 << 30)


def key_kind(key: PublicKeyTypes) -> KeyKind:
    """Return algorithm and size of a key."""
    if isinstance(key, rsa.RSAPublicKey):
        return KeyKind("RSA", key.key_size)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return KeyKind("EC", key.key_size)
    return KeyKind("other", 0)
