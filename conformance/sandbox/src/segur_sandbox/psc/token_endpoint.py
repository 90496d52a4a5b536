"""The token endpoint: authorization_code, refresh_token, ciba."""

import base64
import hashlib
import hmac
from typing import Any

from cryptography import x509
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from segur_sandbox.psc.ciba import poll
from segur_sandbox.psc.client_auth import authenticate, certificate_of
from segur_sandbox.psc.clients import Client
from segur_sandbox.psc.discovery import CIBA_GRANT
from segur_sandbox.psc.errors import OAuthRefusedError, invalid_grant, invalid_request
from segur_sandbox.psc.forms import read_form, required
from segur_sandbox.psc.grants import Code, Grant
from segur_sandbox.psc.state import PscState
from segur_sandbox.psc.tokens import issue_tokens
from segur_sandbox.recording import VARIANT

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


class TokenEndpoint:
    """Exchanges what a client holds for tokens."""

    def __init__(self, state: PscState) -> None:
        self._state = state

    async def token(self, request: Request) -> Response:
        """Answer one token request."""
        form = await read_form(request)
        client = authenticate(request, form, self._state.clients)
        variant: str | None = request.scope[VARIANT]
        grant_type = required(form, "grant_type")
        if grant_type == "authorization_code":
            grant = self._code(client, form)
        elif grant_type == "refresh_token":
            grant = self._refresh(client, form)
        elif grant_type == CIBA_GRANT:
            grant = poll(self._state, client, form, slowed=variant == "slow_down")
        else:
            raise OAuthRefusedError(400, "unsupported_grant_type", "not a grant of this client")
        return JSONResponse(self._tokens(client, grant, certificate_of(request), variant), headers=NO_STORE)

    def _tokens(
        self, client: Client, grant: Grant, certificate: x509.Certificate | None, variant: str | None
    ) -> dict[str, Any]:
        if not self._state.sessions.alive(grant.session):
            raise invalid_grant("Session not active", routine=True)
        answer = issue_tokens(self._state, client, grant, certificate, variant)
        if variant == "no_id_token":
            del answer["id_token"]
        return answer

    def _code(self, client: Client, form: dict[str, str]) -> Grant:
        code = self._state.grants.codes.get(required(form, "code"))
        if code is None:
            raise invalid_grant("Code not valid")
        if code.used:
            # What a stolen code gave is taken back (RFC 6749 §4.1.2).
            code.grant.revoked = True
            raise invalid_grant("Code already used")
        # Whoever shows it and however, a code serves once.
        code.used = True
        if self._state.clock.now() >= code.expires:
            raise invalid_grant("Code is expired", routine=True)
        if code.grant.client_id != client.client_id:
            raise invalid_grant("Code of another client")
        if form.get("redirect_uri") != code.redirect_uri:
            raise invalid_grant("Incorrect redirect_uri")
        _check_verifier(code, form.get("code_verifier"))
        return code.grant

    def _refresh(self, client: Client, form: dict[str, str]) -> Grant:
        token = self._state.grants.refresh.get(required(form, "refresh_token"))
        if token is None or token.grant.client_id != client.client_id:
            raise invalid_grant("Invalid refresh token")
        if form.get("scope", token.grant.scope) != token.grant.scope:
            raise OAuthRefusedError(400, "invalid_scope", "a refresh keeps its scope")
        if token.used:
            token.grant.revoked = True
            raise invalid_grant("Refresh token already used")
        if token.grant.revoked or self._state.clock.now() >= token.expires:
            raise invalid_grant("Token is not active", routine=True)
        if not self._state.sessions.alive(token.grant.session):
            raise invalid_grant("Session not active", routine=True)
        token.used = True
        return token.grant


def _check_verifier(code: Code, verifier: str | None) -> None:
    if code.challenge is None:
        if verifier is not None:
            raise invalid_grant("code_verifier without code_challenge")
        return
    if verifier is None:
        raise invalid_grant("PKCE code verifier not specified")
    try:
        given = verifier.encode("ascii")
    except UnicodeEncodeError:
        raise invalid_request("malformed code_verifier") from None
    if code.challenge_method == "S256":
        given = base64.urlsafe_b64encode(hashlib.sha256(given).digest()).rstrip(b"=")
    if not hmac.compare_digest(given, code.challenge.encode("ascii")):
        raise invalid_grant("PKCE verification failed")
