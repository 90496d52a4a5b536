"""The signature of the virtual cards: recognisable, worthless outside the sandbox, and OURS.

Real cards hold secret symmetric keys; theirs too answers 8 bytes.
"""

import hashlib
import hmac

KEY = b"SIMULATEUR"
LENGTH = 8


def sign(data: bytes) -> bytes:
    """Return the first 8 bytes of HMAC-SHA256 of `data` under the key `SIMULATEUR`."""
    return hmac.digest(KEY, data, hashlib.sha256)[:LENGTH]
