"""Issues tokens: access and ID tokens as JWTs, refresh tokens as random text."""

import base64
import hashlib
import secrets
import uuid
from datetime import datetime
from typing import Any

from cryptography import x509

from segur_sandbox.psc.client_auth import thumbprint
from segur_sandbox.psc.clients import Client
from segur_sandbox.psc.grants import AccessToken, Grant, RefreshToken
from segur_sandbox.psc.state import PscState
from segur_sandbox.psc.variants import distorted_id_token

ACR = "eidas1"


def issue_tokens(
    state: PscState, client: Client, grant: Grant, certificate: x509.Certificate | None, variant: str | None = None
) -> dict[str, Any]:
    """Return a token response with an access token, a refresh token and an ID token.

    Args:
        state: Where what is issued is kept.
        client: Whose tokens these are.
        grant: What it was granted.
        certificate: That of the connection; tokens of a client that authenticates with one are bound to it.
        variant: How to spoil the ID token, when a fault asks for it.
    """
    settings, session, now = state.options.now, grant.session, state.clock.now()
    state.sessions.use(session)
    session.client_ids[client.client_id] = None
    access_token = issue_access_token(state, client, grant, certificate)
    last_end = state.sessions.last_end_of(session)
    refresh_end = min(state.after(settings.refresh_s), last_end)
    refresh_token = secrets.token_urlsafe(48)
    state.grants.refresh[refresh_token] = RefreshToken(grant, refresh_end)
    claims = {
        **_dates(now, min(state.after(settings.access_s), last_end)),
        "auth_time": int(session.started.timestamp()),
        "jti": str(uuid.uuid4()),
        "iss": state.addresses.issuer,
        "aud": client.client_id,
        "typ": "ID",
        "azp": client.client_id,
        **({"nonce": grant.nonce} if grant.nonce is not None else {}),
        "session_state": session.sid,
        "sid": session.sid,
        "at_hash": half_hash(access_token),
        "acr": ACR,
        **session.professional.identity(),
    }
    # Only the ID token of the login itself repeats the nonce (OpenID Connect Core §12.2).
    grant.nonce = None
    return {
        "access_token": access_token,
        "expires_in": int((state.grants.access[access_token].expires - now).total_seconds()),
        "refresh_expires_in": int((refresh_end - now).total_seconds()),
        "refresh_token": refresh_token,
        "token_type": "Bearer",
        "id_token": distorted_id_token(variant, claims, state.keys),
        "not-before-policy": 0,
        "session_state": session.sid,
        "scope": grant.scope,
    }


def issue_access_token(state: PscState, client: Client, grant: Grant, certificate: x509.Certificate | None) -> str:
    """Return a new access token, kept by the state."""
    session, now = grant.session, state.clock.now()
    expires = min(state.after(state.options.now.access_s), state.sessions.last_end_of(session))
    digest = thumbprint(certificate) if certificate is not None and client.method == "tls_client_auth" else None
    claims = {
        **_dates(now, expires),
        "jti": str(uuid.uuid4()),
        "iss": state.addresses.issuer,
        "aud": "account",
        "typ": "Bearer",
        "azp": client.client_id,
        "session_state": session.sid,
        "acr": ACR,
        "scope": grant.scope,
        "sid": session.sid,
        **({"cnf": {"x5t#S256": confirmation(digest, state.options.now.cnf)}} if digest is not None else {}),
        **session.professional.identity(),
    }
    token = state.keys.sign(claims)
    state.grants.access[token] = AccessToken(grant, now, expires, digest, claims)
    return token


def confirmation(digest: bytes, form: str) -> str:
    """Return `x5t#S256`: base64url of the SHA-256 (RFC 8705 §3.1), or base64 of its hexadecimal text (`hex`)."""
    content = digest.hex().encode("ascii") if form == "hex" else digest
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def half_hash(token: str) -> str:
    """Return `at_hash`: base64url of the left half of the SHA-256 (OpenID Connect Core §3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode("ascii")).digest()[:16]).rstrip(b"=").decode("ascii")


def _dates(issued: datetime, expires: datetime) -> dict[str, int]:
    return {"exp": int(expires.timestamp()), "iat": int(issued.timestamp())}
