"""Ends sessions: at the request of software (OpenID Connect RP-Initiated Logout 1.0) or of the authority itself."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from segur_sandbox.psc import html
from segur_sandbox.psc.backchannel import BackchannelLogout
from segur_sandbox.psc.clients import Client
from segur_sandbox.psc.errors import OAuthRefusedError, PageRefusedError
from segur_sandbox.psc.forms import read_form, read_parameters
from segur_sandbox.psc.login import COOKIE
from segur_sandbox.psc.sessions import SsoSession
from segur_sandbox.psc.state import PscState


class LogoutEndpoint:
    """The end-session endpoint."""

    def __init__(self, state: PscState, backchannel: BackchannelLogout) -> None:
        self._state = state
        self._backchannel = backchannel

    async def logout(self, request: Request) -> Response:
        """End the session of the ID token given, or of the browser once it confirms."""
        try:
            in_form = request.method == "POST"
            parameters = await read_form(request) if in_form else read_parameters(request.url.query)
        except OAuthRefusedError as error:
            raise PageRefusedError(error.description) from None
        client, session = self._told(parameters)
        target = parameters.get("post_logout_redirect_uri")
        if target is not None and (client is None or target not in client.post_logout_redirect_uris):
            raise PageRefusedError("post_logout_redirect_uri n'est pas enregistrée pour ce client")
        if "id_token_hint" not in parameters:
            if parameters.get("confirmer") != "oui":
                return html.page_response(html.confirmation_page(), 200)
            session = self._state.sessions.of_cookie(request.cookies.get(COOKIE))
        if session is not None:
            self.end(session)
        response = self._farewell(target, parameters.get("state"))
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def end(self, session: SsoSession) -> None:
        """End a session, if it lasts, and tell the software that took part in it."""
        if not self._state.sessions.alive(session):
            return
        session.ended = True
        self._state.ledger.record(
            "psc", f"{session.sid}:logout", "logout", connection="", professional=session.professional.name
        )
        self._backchannel.tell(session)

    def _told(self, parameters: dict[str, str]) -> tuple[Client | None, SsoSession | None]:
        hint, named = parameters.get("id_token_hint"), parameters.get("client_id")
        if hint is None:
            return self._state.clients.find(named), None
        # However old the token is: it only says whose session ends.
        claims = self._state.keys.claims_of(hint)
        if claims is None or claims.get("iss") != self._state.addresses.issuer or claims.get("typ") != "ID":
            raise PageRefusedError("id_token_hint n'est pas un jeton d'identité d'ici")
        client = self._state.clients.find(str(claims.get("aud")))
        if client is None or named not in (None, client.client_id):
            raise PageRefusedError("id_token_hint n'est pas de ce client")
        return client, self._state.sessions.find(str(claims.get("sid")))

    def _farewell(self, target: str | None, state: str | None) -> Response:
        if target is None:
            return html.page_response(html.closed_page(), 200)
        query = f"{'&' if '?' in target else '?'}{urlencode({'state': state})}" if state is not None else ""
        return RedirectResponse(target + query, 302, headers={"cache-control": "no-store"})
