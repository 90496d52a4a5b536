"""What the issuer tells: itself, its keys, who a token stands for."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from segur_sandbox.psc.bearer import active, shown_token
from segur_sandbox.psc.client_auth import authenticate
from segur_sandbox.psc.discovery import discovery_document
from segur_sandbox.psc.errors import OAuthRefusedError
from segur_sandbox.psc.forms import read_form, required
from segur_sandbox.psc.state import PscState
from segur_sandbox.psc.token_endpoint import NO_STORE
from segur_sandbox.psc.variants import distorted_discovery
from segur_sandbox.recording import VARIANT


class IssuerResources:
    """Discovery, keys, userinfo, introspection (RFC 7662) and revocation (RFC 7009)."""

    def __init__(self, state: PscState) -> None:
        self._state = state

    async def discovery(self, request: Request) -> Response:
        """Return the discovery document."""
        document = discovery_document(self._state.addresses)
        return JSONResponse(distorted_discovery(request.scope[VARIANT] or "", document))

    async def certs(self, request: Request) -> Response:
        """Return the JWKS."""
        published = self._state.keys.published()
        return JSONResponse({"keys": []} if request.scope[VARIANT] == "no_keys" else published)

    async def userinfo(self, request: Request) -> Response:
        """Return who a token stands for."""
        session = shown_token(request, self._state).grant.session
        claims = session.professional.userinfo(session.means)
        variant: str | None = request.scope[VARIANT]
        if variant == "other_sub":
            claims |= {"sub": f"{claims['sub']}0"}
        elif variant == "no_sub_userinfo":
            del claims["sub"]
        return JSONResponse(claims, headers=NO_STORE)

    async def introspect(self, request: Request) -> Response:
        """Tell a client whether a token is good, and what it says."""
        form = await read_form(request)
        authenticate(request, form, self._state.clients)
        value = required(form, "token")
        access = self._state.grants.access.get(value)
        refresh = self._state.grants.refresh.get(value)
        answer: dict[str, object] = {"active": False}
        if access is not None and active(self._state, access):
            answer = access.claims | {
                "active": True,
                "client_id": access.grant.client_id,
                "username": access.grant.session.professional.national_id,
                "token_type": "Bearer",
            }
        elif refresh is not None and not (
            refresh.used
            or refresh.grant.revoked
            or self._state.clock.now() >= refresh.expires
            or not self._state.sessions.alive(refresh.grant.session)
        ):
            end = int(refresh.expires.timestamp())
            answer = {"active": True, "client_id": refresh.grant.client_id, "typ": "Refresh", "exp": end}
        return JSONResponse(answer, headers=NO_STORE)

    async def revoke(self, request: Request) -> Response:
        """Take back an access token, or a refresh token with what came from the same grant."""
        form = await read_form(request)
        client = authenticate(request, form, self._state.clients)
        value = required(form, "token")
        access = self._state.grants.access.get(value)
        refresh = self._state.grants.refresh.get(value)
        holder = access or refresh
        if holder is not None and holder.grant.client_id != client.client_id:
            raise OAuthRefusedError(400, "unauthorized_client", "a token of another client")
        if access is not None:
            access.revoked = True
        if refresh is not None:
            refresh.grant.revoked = True
        return Response(status_code=200, headers=NO_STORE)
