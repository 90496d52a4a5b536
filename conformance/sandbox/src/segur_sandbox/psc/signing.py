"""Signing keys: one signs, all those published verify; the first is kept in the data folder."""

from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from segur_sandbox.pki.issuing import new_key
from segur_sandbox.pki.store import read_key, write_key

ALGORITHM = "RS256"


class SigningKeys:
    """Signs JWTs with RS256 and publishes the keys.

    Args:
        path: PEM file of the first key, made when it does not exist.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            write_key(path, new_key())
        self._first = RSAKey.import_key(read_key(path))
        self._published = [self._first]
        self._known = [self._first]

    @property
    def kid(self) -> str:
        """The identifier of the current key."""
        return self._published[-1].thumbprint()

    @property
    def public_pem(self) -> bytes:
        """The current public key, PEM."""
        return self._published[-1].as_pem(private=False)

    def sign(self, claims: dict[str, Any], *, typ: str = "JWT", kid: str | None = "") -> str:
        """Return the JWT of `claims`, signed with the current key.

        Args:
            claims: What it says.
            typ: Its type.
            kid: The key it names: the current one when empty, none when `None`.
        """
        named = {"kid": kid or self.kid} if kid is not None else {}
        return jwt.encode({"alg": ALGORITHM, "typ": typ, **named}, claims, self._published[-1])

    def published(self) -> dict[str, Any]:
        """Return the JWKS, oldest key first."""
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": ALGORITHM, "use": "sig"}
                for key in self._published
            ]
        }

    def rotate(self, *, retire: bool) -> str:
        """Sign with a new key from now on, and return its `kid`; `retire` takes the older ones out of the JWKS."""
        key = RSAKey.import_key(new_key())
        self._known.append(key)
        self._published = [key] if retire else [*self._published, key]
        return key.thumbprint()

    def claims_of(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a JWT that any key of ours signed, retired ones included; `None` otherwise."""
        keys = {key.thumbprint(): key for key in self._known}
        try:
            return jwt.decode(
                token, lambda header: keys[str(header.headers().get("kid"))], algorithms=[ALGORITHM]
            ).claims
        except (JoseError, ValueError, KeyError):
            return None

    def reset(self) -> None:
        """Sign with the first key again, the only one published."""
        self._published = [self._first]
        self._known = [self._first]
