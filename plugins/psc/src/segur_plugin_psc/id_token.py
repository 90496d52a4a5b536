"""The ID token: who was authenticated, for whom, when and how well.

Sources: OpenID Connect Core 1.0, 3.1.3.7 and 3.1.3.8; level ``eidas1``: exigence EX PSC 16.
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs
from pydantic import SecretStr

from segur_plugin_psc.json_objects import JsonObject
from segur_plugin_psc.settings import PscSettings
from segur_plugin_psc.signed_claims import Keys, Signed, claims_of, read_signed
from segur_sdk.errors import ServiceError

_TYPES: Final = frozenset({None, "jwt"})
_SUBJECT: Final = re.compile(r"[ -~]{1,255}")
_LABEL: Final = re.compile(r"[!-~]{1,200}")
_LATEST: Final = 253_402_300_799
"""Last second of the year 9999."""


@attrs.frozen
class Expected:
    """What an ID token must say."""

    issuer: str
    settings: PscSettings
    now: datetime
    nonce: str | None = attrs.field(default=None, repr=False)
    """``None``: no nonce was sent."""
    subject: str | None = attrs.field(default=None, repr=False)
    """``None``: it is not known yet."""


@attrs.frozen
class IdToken:
    """What an ID token says, once checked."""

    subject: str = attrs.field(repr=False)
    authority_session: str | None = attrs.field(repr=False)
    authenticated_at: datetime | None
    national_id: str | None = attrs.field(repr=False)


def check_id_token(token: SecretStr, access_token: SecretStr, expected: Expected, keys: Keys) -> IdToken:
    """Return what an ID token says.

    Args:
        token: as it was granted.
        access_token: granted with it.
        expected: what it must say.
        keys: of the authority.

    Raises:
        ServiceError: ``psc.id_token`` with ``reason``: those of
            :func:`segur_plugin_psc.signed_claims.read_signed`, or the claim that is not what it must be: ``iss``,
            ``aud``, ``azp``, ``typ``, ``exp``, ``iat``, ``nbf``, ``auth_time``, ``nonce``, ``acr``, ``at_hash``,
            ``sub``, ``sid``; those of ``keys``.
    """
    settings = expected.settings
    signed = read_signed(token.get_secret_value(), keys, settings.algorithms, _TYPES, refused)
    claims = signed.claims
    if claims.get("iss") != expected.issuer:
        raise refused("iss")
    check_audience(claims, settings.client_id)
    if claims.get("typ", "ID") != "ID":
        raise refused("typ")
    _check_times(claims, expected.now, timedelta(seconds=settings.leeway_s))
    if expected.nonce is not None and not _same(claims.get("nonce"), expected.nonce):
        raise refused("nonce")
    if claims.get("acr") != settings.acr:
        raise refused("acr")
    if "at_hash" in claims and not _same(claims["at_hash"], _half_hash(access_token, signed)):
        raise refused("at_hash")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject) or expected.subject not in {None, subject}:
        raise refused("sub")
    national_id = claims.get("SubjectNameID")
    return IdToken(
        subject=subject,
        authority_session=_authority_session(claims),
        authenticated_at=instant(claims["auth_time"]) if "auth_time" in claims else None,
        national_id=national_id if isinstance(national_id, str) and national_id else None,
    )


def subject_of(token: SecretStr) -> str | None:
    """Return the subject of an ID token that was checked when it was granted."""
    claims = claims_of(token.get_secret_value())
    subject = None if claims is None else claims.get("sub")
    return subject if isinstance(subject, str) else None


def refused(reason: str) -> ServiceError:
    """Return the error of an ID token that is not what it must be."""
    return ServiceError("psc.id_token", reason=reason)


def check_audience(claims: JsonObject, client_id: str) -> None:
    """Return if a token was made for this software, and for others at most by its own leave."""
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client_id not in named or not all(isinstance(one, str) for one in named):
        raise refused("aud")
    azp = claims.get("azp")
    if azp != client_id and (azp is not None or len(named) > 1):
        raise refused("azp")


def instant(value: Any) -> datetime | None:
    """Return the instant that a ``NumericDate`` is (RFC 7519, 2); ``None`` for anything else."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return datetime.fromtimestamp(value, UTC) if number and 0 <= value <= _LATEST else None


def _check_times(claims: JsonObject, now: datetime, leeway: timedelta) -> None:
    ends, issued = instant(claims.get("exp")), instant(claims.get("iat"))
    if ends is None or ends + leeway <= now:
        raise refused("exp")
    if issued is None or issued - leeway > now:
        raise refused("iat")
    for name in ("nbf", "auth_time"):
        if name in claims:
            begins = instant(claims[name])
            if begins is None or begins - leeway > now:
                raise refused(name)


def _authority_session(claims: JsonObject) -> str | None:
    # Older Keycloaks call it session_state only (OpenID Connect Session Management 1.0).
    session = claims.get("sid", claims.get("session_state"))
    if session is None:
        return None
    if not isinstance(session, str) or not _LABEL.fullmatch(session):
        raise refused("sid")
    return session


def _half_hash(access_token: SecretStr, signed: Signed) -> str:
    digest = hashlib.new(f"sha{signed.algorithm[2:]}", access_token.get_secret_value().encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")


def _same(given: Any, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())
