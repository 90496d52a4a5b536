"""Claims of a JWT that the authority signed (RFC 7515, RFC 7519, RFC 8725), before any of them is believed."""

import re
from collections.abc import Callable
from typing import Final

import attrs
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from segur_plugin_psc.json_objects import JsonObject, read_object
from segur_plugin_psc.key_set import KeySet, PublicKey
from segur_sdk.errors import SegurError

MAX_TOKEN: Final = 16_384
MAX_HEADER: Final = 512
_EXTENSIONS: Final = frozenset({"crit", "b64"})
_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")

Refuse = Callable[[str], SegurError]
"""Makes the error of a token from the reason."""
Keys = Callable[[bool], KeySet]
"""Gives the authority's keys; with ``True``, asked for anew."""


@attrs.frozen
class Signed:
    """Who signed, how, and what."""

    algorithm: str
    claims: JsonObject = attrs.field(repr=False)


def read_signed(
    token: str, keys: Keys, algorithms: tuple[str, ...], types: frozenset[str | None], refuse: Refuse
) -> Signed:
    """Return the claims of a token whose signature is right.

    Args:
        token: JWS compact serialisation.
        keys: of the authority; asked for anew once when the token names one that is unknown.
        algorithms: that are accepted.
        types: accepted values of the header ``typ``, lower case, ``None`` for none.
        refuse: makes the error.

    Raises:
        SegurError: that of ``refuse``, with the reason ``form``, ``header``, ``alg``, ``typ``, ``kid``, ``signature``
            or ``claims``; those of ``keys``.
    """
    header = _part(token, 1, MAX_HEADER)
    if header is None:
        raise refuse("form")
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise refuse("alg")
    # No extension is understood here, and a JWT never has one that leaves its payload as it is (RFC 7797, 7).
    if not _EXTENSIONS.isdisjoint(header) or not isinstance(kind, str | None):
        raise refuse("header")
    if (kind and kind.lower().removeprefix("application/")) not in types:
        raise refuse("typ")
    if not isinstance(kid, str):
        raise refuse("kid")
    key = keys(False).find(kid, algorithm) or keys(True).find(kid, algorithm)
    if key is None:
        raise refuse("kid")
    if not _is_signed(token, key, algorithm):
        raise refuse("signature")
    claims = claims_of(token)
    if claims is None:
        raise refuse("claims")
    return Signed(algorithm, claims)


def claims_of(token: str) -> JsonObject | None:
    """Return the claims of a token, whoever signed it: only for one that was checked before."""
    return _part(token, 2, MAX_TOKEN)


def _part(token: str, number: int, max_bytes: int) -> JsonObject | None:
    compact = _COMPACT.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if compact is None:
        return None
    try:
        content = urlsafe_b64decode(compact[number].encode("ascii"))
    except ValueError:
        return None
    return read_object(content, max_bytes)


def _is_signed(token: str, key: PublicKey, algorithm: str) -> bool:
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    try:
        jws.deserialize_compact(token, key, algorithms=[algorithm], registry=registry)
    except (JoseError, ValueError, TypeError):
        return False
    return True
