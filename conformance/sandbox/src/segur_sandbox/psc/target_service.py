"""A fake service that trusts Pro Santé Connect: exchanges its tokens for its own (RFC 8693), under mutual TLS."""

import secrets
from datetime import datetime
from typing import Final

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from segur_sandbox.psc.bearer import active, bearer, check_binding
from segur_sandbox.psc.client_auth import authenticate, certificate_of, thumbprint
from segur_sandbox.psc.errors import OAuthRefusedError, invalid_client, invalid_request, invalid_token
from segur_sandbox.psc.forms import read_form, required
from segur_sandbox.psc.state import PscState
from segur_sandbox.psc.token_endpoint import NO_STORE

EXCHANGE_GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
_SUBJECT_TYPES: Final = (ACCESS_TOKEN_TYPE, "urn:ietf:params:oauth:token-type:jwt")
SCOPES: Final = ("dossier.lire", "dossier.ecrire")


@attrs.frozen
class _ServiceToken:
    national_id: str
    scope: str
    expires: datetime
    thumbprint: bytes


class TargetService:
    """Its authorization server and its one resource."""

    def __init__(self, state: PscState) -> None:
        self._state = state
        self._tokens: dict[str, _ServiceToken] = {}

    async def token(self, request: Request) -> Response:
        """Exchange an access token of Pro Santé Connect for one of this service."""
        form = await read_form(request)
        client = authenticate(request, form, self._state.clients)
        certificate = certificate_of(request)
        if client.method != "tls_client_auth" or certificate is None:
            raise invalid_client("this service knows clients by their certificate")
        if required(form, "grant_type") != EXCHANGE_GRANT:
            raise OAuthRefusedError(400, "unsupported_grant_type", "token-exchange only")
        if required(form, "subject_token_type") not in _SUBJECT_TYPES:
            raise invalid_request("subject_token_type is that of an access token")
        subject = self._state.grants.access.get(required(form, "subject_token"))
        if subject is None or not active(self._state, subject):
            raise invalid_request("subject_token is not an access token in force")
        if subject.thumbprint != thumbprint(certificate):
            raise invalid_request("subject_token is bound to another certificate")
        scope = required(form, "scope")
        if set(scope.split(" ")) - set(SCOPES):
            raise OAuthRefusedError(400, "invalid_scope", f"scope holds some of {' '.join(SCOPES)}")
        seconds = self._state.options.now.service_token_s
        value = secrets.token_urlsafe(32)
        self._tokens[value] = _ServiceToken(
            subject.grant.session.professional.national_id,
            scope,
            self._state.after(seconds),
            thumbprint(certificate),
        )
        answer = {
            "access_token": value,
            "issued_token_type": ACCESS_TOKEN_TYPE,
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": scope,
        }
        return JSONResponse(answer, headers=NO_STORE)

    async def resource(self, request: Request) -> Response:
        """Tell in whose name a token calls."""
        token = self._tokens.get(bearer(request))
        if token is None:
            raise invalid_token("unknown token")
        if self._state.clock.now() >= token.expires:
            raise invalid_token("the token is over", routine=True)
        check_binding(request, token.thumbprint)
        return JSONResponse({"SubjectNameID": token.national_id, "scope": token.scope}, headers=NO_STORE)

    def reset(self) -> None:
        """Forget the tokens issued."""
        self._tokens.clear()
