"""JWTs that the authority between signs with keys of its own: rightly, or in every way that a relying party refuses.

Sources: RFC 7515, RFC 7517, RFC 7519, RFC 8725.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import attrs
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ALGORITHM: Final = "RS256"
Json = Mapping[str, Any]


@attrs.frozen
class Signer:
    """A key and the name under which it is published."""

    kid: str
    key: rsa.RSAPrivateKey = attrs.field(repr=False)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key as a JWKS holds it."""
        numbers = self.key.public_key().public_numbers()
        members = {"n": _encoded(_bytes_of(numbers.n)), "e": _encoded(_bytes_of(numbers.e))}
        return {"kty": "RSA", "kid": self.kid, "alg": ALGORITHM, "use": "sig", **members}

    @property
    def public_pem(self) -> bytes:
        """The public key, which everybody has."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, claims: Json, **header: Any) -> str:
        """Return a JWT; members of ``header`` that are ``None`` are left out of it."""
        return self.sign_text(json.dumps(claims), **header)

    def sign_text(self, payload: str, **header: Any) -> str:
        """Return a rightly signed token, whatever its payload is."""
        members = {"alg": ALGORITHM, "typ": "JWT", "kid": self.kid, **header}
        signed = _signed_part({name: value for name, value in members.items() if value is not None}, payload)
        signature = self.key.sign(signed.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"


@cache
def signer(kid: str) -> Signer:
    """Return the key of that name, the same as long as this process lives."""
    return Signer(kid, rsa.generate_private_key(public_exponent=65537, key_size=2048))


def unsigned(claims: Json) -> str:
    """Return a JWT that says of itself that nobody signed it (``alg`` ``none``)."""
    return f"{_signed_part({'alg': 'none', 'typ': 'JWT'}, json.dumps(claims))}."


def sealed_with_public_key(claims: Json, by: Signer) -> str:
    """Return a JWT whose shared secret is a public key: the confusion of HS256 with RS256."""
    signed = _signed_part({"alg": "HS256", "typ": "JWT", "kid": by.kid}, json.dumps(claims))
    return f"{signed}.{_encoded(hmac.new(by.public_pem, signed.encode('ascii'), hashlib.sha256).digest())}"


def with_other_claims(token: str, **claims: Any) -> str:
    """Return a JWT whose claims were changed after it was signed."""
    header, payload, signature = token.split(".")
    return f"{header}.{_encoded(json.dumps({**_decoded(payload), **claims}).encode())}.{signature}"


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, whoever signed it."""
    return _decoded(token.split(".")[1])


def _signed_part(header: Json, payload: str) -> str:
    return f"{_encoded(json.dumps(header).encode())}.{_encoded(payload.encode())}"


def _decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _bytes_of(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
