"""Values that are drawn for one login and never again (RFC 6749 10.12, OpenID Connect Core 15.5.2, RFC 7636)."""

import base64
import hashlib
import secrets
from typing import Final

import attrs

_BYTES: Final = 32


def _drawn() -> str:
    """Return 256 bits from the system's generator, 43 characters."""
    return secrets.token_urlsafe(_BYTES)


@attrs.frozen
class OneTime:
    """What ties the answer of the browser, the code and the ID token to this very request."""

    state: str = attrs.field(factory=_drawn, repr=False)
    nonce: str = attrs.field(factory=_drawn, repr=False)
    verifier: str = attrs.field(factory=_drawn, repr=False)

    @property
    def challenge(self) -> str:
        """What the authority is told of ``verifier`` beforehand: method ``S256``."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def binding_message() -> str:
    """Return two random digits, ``00`` to ``99``, that the professional compares on his device."""
    return f"{secrets.randbelow(100):02d}"
