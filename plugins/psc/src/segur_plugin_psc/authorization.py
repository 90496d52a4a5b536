"""Signing in through the browser: authorization code with PKCE, state and nonce.

Sources: OpenID Connect Core 1.0 3.1, RFC 6749, RFC 7636, RFC 8252, RFC 9207.
"""

from typing import Final
from urllib.parse import quote, urlencode

import attrs

from segur_plugin_psc.callback import read_callback
from segur_plugin_psc.discovery import Provider
from segur_plugin_psc.exchanges import post_form
from segur_plugin_psc.grants import Grant, grant_of
from segur_plugin_psc.one_time import OneTime
from segur_plugin_psc.refusals import refusal_of, service_code
from segur_plugin_psc.settings import PscSettings
from segur_sdk.context import HookContext

BROWSER_PURPOSE: Final = "psc-login"
_OK: Final = 200


@attrs.frozen
class ByCode:
    """What came of a login in the browser."""

    grant: Grant
    nonce: str = attrs.field(repr=False)
    """That the ID token must bear."""


def sign_in_by_code(provider: Provider, ctx: HookContext) -> ByCode:
    """Send the browser of whoever sits there to the authority, and exchange the code that it brings back.

    Raises:
        InputError: ``input.no_answer``, ``input.cancelled``, ``psc.callback``, ``psc.state``.
        HostError: ``browser.unavailable``, ``browser.port_in_use``.
        ServiceError: ``psc.refused``, ``psc.issuer``, ``psc.grant_refused``, ``psc.unavailable``,
            ``psc.answer_unreadable``, ``psc.fault``.
        ConfigError: ``psc.client_refused``.
    """
    settings = ctx.settings(PscSettings)
    drawn = OneTime()
    with ctx.browser(BROWSER_PURPOSE) as visit:
        redirect_uri = visit.redirect_uri
        page = f"{provider.login_path(visit.address)}?{_request(settings, drawn, redirect_uri)}"
        query = visit.go(page, state=drawn.state)
    code = read_callback(query, drawn.state, provider)
    endpoint = provider.endpoint("token")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": drawn.verifier,
        "client_id": settings.client_id,
    }
    asked_at = ctx.clock.now()
    reply = post_form(endpoint, form, ctx)
    if reply.status != _OK:
        raise refusal_of(service_code(reply), endpoint, reply.status)
    return ByCode(grant_of(reply, endpoint, asked_at), drawn.nonce)


def _request(settings: PscSettings, drawn: OneTime, redirect_uri: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": redirect_uri,
        "scope": settings.scope,
        "acr_values": settings.acr,
        "state": drawn.state,
        "nonce": drawn.nonce,
        "code_challenge": drawn.challenge,
        "code_challenge_method": "S256",
    }
    if settings.identity_provider is not None:
        asked["kc_idp_hint"] = settings.identity_provider
    return urlencode(asked, quote_via=quote)
