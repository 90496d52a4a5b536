"""CIBA, poll mode (OpenID Connect CIBA Core 1.0): the request, the polls, and the errors of either dialect."""

import re
from datetime import timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from segur_sandbox.psc.answers import Answer
from segur_sandbox.psc.authorization import scope_problem
from segur_sandbox.psc.client_auth import authenticate
from segur_sandbox.psc.clients import Client
from segur_sandbox.psc.errors import OAuthRefusedError, invalid_grant, invalid_request
from segur_sandbox.psc.forms import read_form
from segur_sandbox.psc.grants import Grant
from segur_sandbox.psc.pending import CibaRequest
from segur_sandbox.psc.professionals import Professional
from segur_sandbox.psc.state import PscState
from segur_sandbox.psc.tokens import ACR
from segur_sandbox.recording import VARIANT

_BINDING_MESSAGE: Final = re.compile(r"[0-9]{2}")
_SLOWER_S: Final = 5
_GRACE: Final = timedelta(milliseconds=200)
"""A poll in time for the client may come this much too early here."""
_HINTS: Final = ("login_hint", "login_hint_token", "id_token_hint")


class CibaEndpoint:
    """The backchannel authentication endpoint."""

    def __init__(self, state: PscState) -> None:
        self._state = state

    async def authenticate(self, request: Request) -> Response:
        """Send a request to a professional's device."""
        form = await read_form(request)
        client = authenticate(request, form, self._state.clients)
        variant: str | None = request.scope[VARIANT]
        professional, channel = self._judged(client, form)
        if variant == "channel_failure":
            raise OAuthRefusedError(503, "server_error", "Failed to send authentication request")
        settings = self._state.options.now
        sent = CibaRequest(
            client_id=client.client_id,
            professional=professional,
            channel=channel,
            binding_message=form.get("binding_message"),
            scope=form["scope"],
            expires=self._state.after(settings.ciba_s),
            interval=settings.ciba_interval_s,
        )
        identifier = self._state.ciba.open(sent)
        answer = self._state.answers.take_of(professional)
        if answer is not None:
            decide(self._state, sent, answer.verdict)
        body: dict[str, Any] = {"auth_req_id": identifier, "expires_in": settings.ciba_s}
        if variant != "no_interval":
            body["interval"] = settings.ciba_interval_s
        return JSONResponse(body, headers={"cache-control": "no-store"})

    def _judged(self, client: Client, form: dict[str, str]) -> tuple[Professional, str]:
        keycloak = self._state.options.now.dialect == "keycloak"
        if not client.ciba and keycloak:
            raise OAuthRefusedError(401, "invalid_grant", "Client not allowed OIDC CIBA Grant")
        if not client.ciba:
            raise OAuthRefusedError(400, "unauthorized_client", "this client may not use CIBA")
        if "request" in form:
            raise invalid_request("signed requests are not supported")
        hints = [name for name in _HINTS if name in form]
        if hints != ["login_hint"]:
            raise invalid_request("missing parameter : login_hint" if not hints else "one hint: login_hint")
        if "scope" not in form:
            raise invalid_request("missing parameter : scope")
        professional = self._state.professionals.identified(form["login_hint"])
        if professional is None:
            raise _unknown_user(keycloak=keycloak)
        problem = scope_problem(form["scope"], lenient=self._state.options.now.lenient)
        if problem is not None:
            raise OAuthRefusedError(400, "invalid_scope", problem)
        lenient = self._state.options.now.lenient
        if form.get("acr_values") != ACR and not lenient:
            raise invalid_request(f"acr_values is {ACR}")
        if not _BINDING_MESSAGE.fullmatch(form.get("binding_message", "00" if lenient else "")):
            raise OAuthRefusedError(400, "invalid_binding_message", "binding_message is two digits")
        channel = form.get("channel", professional.means[0] if lenient else "")
        if channel not in ("CARD", "MOBILE"):
            raise invalid_request("channel is CARD or MOBILE")
        if channel not in professional.means:
            raise _unknown_user(keycloak=keycloak)
        return professional, channel


def _unknown_user(*, keycloak: bool) -> OAuthRefusedError:
    if keycloak:
        return invalid_request("invalid_user")
    return OAuthRefusedError(400, "unknown_user_id", "nobody has this identifier and this device")


def decide(state: PscState, request: CibaRequest, verdict: str) -> None:
    """Answer a request as its professional would: `accept`, `refuse`, `expire`."""
    request.verdict = verdict
    if verdict != "accept":
        return
    request.session = state.sessions.open(request.professional, request.channel, browser=False)
    state.ledger.record(
        "psc",
        request.session.sid,
        "login",
        connection="",
        flow="ciba",
        professional=request.professional.name,
        means=request.channel,
        client_id=request.client_id,
    )


def answer_waiting(state: PscState, answer: Answer) -> bool:
    """Give an answer to the oldest request that its professional has on his device; false when there is none."""
    for request in state.ciba.waiting(state.clock.now()).values():
        if request.professional == answer.professional:
            decide(state, request, answer.verdict)
            return True
    return False


def poll(state: PscState, client: Client, form: dict[str, str], *, slowed: bool) -> Grant:
    """Return what a CIBA request granted.

    Args:
        state: Where the request is.
        client: Who polls.
        form: Its parameters.
        slowed: Answer `slow_down` whatever the pace.

    Raises:
        OAuthRefusedError: nothing granted, or not yet.
    """
    keycloak = state.options.now.dialect == "keycloak"
    identifier = form.get("auth_req_id")
    if identifier is None:
        raise invalid_request("Missing parameter: auth_req_id")
    request = state.ciba.find(identifier)
    if request is None or request.client_id != client.client_id or request.used:
        raise invalid_grant("Invalid Auth Req ID" if keycloak else "auth_req_id is unknown or was used")
    now = state.clock.now()
    early = request.polled is not None and now - request.polled < timedelta(seconds=request.interval) - _GRACE
    request.polled = now
    if slowed or early:
        request.interval += _SLOWER_S
        raise OAuthRefusedError(400, "slow_down", "polled too fast", routine=slowed)
    if request.verdict == "refuse":
        raise OAuthRefusedError(400, "access_denied", "The end-user denied the authorization request")
    if request.verdict == "expire" or now >= request.expires:
        raise OAuthRefusedError(400, "expired_token", "authentication timed out")
    if request.session is None:
        raise OAuthRefusedError(400, "authorization_pending", "The authorization request is still pending")
    request.used = True
    return Grant(client.client_id, request.session, request.scope)
