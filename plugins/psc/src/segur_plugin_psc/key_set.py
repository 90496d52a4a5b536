"""The authority's public keys (RFC 7517), and the one that a token names."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import attrs
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import base64_to_int

from segur_plugin_psc.exchanges import Endpoint, get, object_of, unreadable
from segur_plugin_psc.json_objects import JsonObject
from segur_sdk.context import HookContext

PublicKey = RSAKey | ECKey

MAX_KEYS: Final = 32
_RSA_BITS: Final = 2_048
_MEMBERS: Final = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}
_TYPES: Final[Mapping[str, type[PublicKey]]] = {"RSA": RSAKey, "EC": ECKey}
_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


@attrs.frozen
class KeySet:
    """Public keys as they were published."""

    keys: tuple[Mapping[str, Any], ...] = attrs.field(repr=lambda keys: f"‹{len(keys)} keys›")

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """Return the only key of that name for signatures by that algorithm; ``None`` when there is no such one."""
        kind = "EC" if algorithm.startswith("ES") else "RSA"
        found = [one for one in self.keys if one.get("kid") == kid and _signs(one, kind, algorithm)]
        return _imported(found[0], kind) if len(found) == 1 else None


def ask_keys(endpoint: Endpoint, ctx: HookContext) -> KeySet:
    """Ask for the keys.

    Raises:
        ServiceError: ``psc.unavailable``, ``psc.answer_unreadable``.
    """
    return read_keys(object_of(get(endpoint, ctx), endpoint), endpoint)


def read_keys(document: JsonObject, endpoint: Endpoint) -> KeySet:
    """Read a set of keys; one that is of no use here is left out when it is looked for.

    Raises:
        ServiceError: ``psc.answer_unreadable`` with ``reason`` ``keys``.
    """
    keys = document.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= MAX_KEYS or not all(isinstance(one, dict) for one in keys):
        raise unreadable(endpoint, "keys")
    return KeySet(tuple(keys))


def _signs(key: Mapping[str, Any], kind: str, algorithm: str) -> bool:
    return (
        key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kind == "RSA" or key.get("crv") == _CURVES[algorithm])
    )


def _imported(key: Mapping[str, Any], kind: str) -> PublicKey | None:
    # Only what makes a public key: whatever else was published beside it has no say.
    members = {"kty": kind} | {name: key.get(name) for name in _MEMBERS[kind]}
    if not all(isinstance(value, str) for value in members.values()):
        return None
    with suppress(JoseError, ValueError, TypeError):
        if kind == "EC" or base64_to_int(str(members["n"])).bit_length() >= _RSA_BITS:
            return _TYPES[kind].import_key(members)  # type: ignore[arg-type]
    return None
