"""Access tokens shown by a caller (RFC 6750), on the connection of the certificate they are bound to (RFC 8705 §3)."""

import hmac

from starlette.requests import Request

from segur_sandbox.psc.client_auth import certificate_of, thumbprint
from segur_sandbox.psc.errors import OAuthRefusedError, invalid_token
from segur_sandbox.psc.grants import AccessToken
from segur_sandbox.psc.state import PscState


def bearer(request: Request) -> str:
    """Return the token of the `Authorization` header.

    Raises:
        OAuthRefusedError: none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise OAuthRefusedError(401, "invalid_request", "expected Authorization: Bearer", scheme="Bearer")
    return token.strip()


def shown_token(request: Request, state: PscState) -> AccessToken:
    """Return the token that a caller shows, good and his.

    Raises:
        OAuthRefusedError: unknown, over, or bound to another certificate.
    """
    token = state.grants.access.get(bearer(request))
    if token is None:
        raise invalid_token("unknown token")
    if not active(state, token):
        raise invalid_token("the token is over", routine=True)
    check_binding(request, token.thumbprint)
    return token


def check_binding(request: Request, expected: bytes | None) -> None:
    """Compare the certificate of the connection with that a token is bound to.

    Raises:
        OAuthRefusedError: it is another, or there is none.
    """
    if expected is None:
        return
    certificate = certificate_of(request)
    if certificate is None or not hmac.compare_digest(thumbprint(certificate), expected):
        raise invalid_token("the token is bound to another certificate")


def active(state: PscState, token: AccessToken) -> bool:
    """Tell whether a token is still good."""
    if token.revoked or token.grant.revoked or state.clock.now() >= token.expires:
        return False
    return state.sessions.alive(token.grant.session)
