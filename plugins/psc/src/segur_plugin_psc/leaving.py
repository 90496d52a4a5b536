"""What is said to the authority when a session of this software is over.

Sources: OpenID Connect RP-Initiated Logout 1.0, RFC 7009.
"""

from typing import Final

from pydantic import SecretStr

from segur_plugin_psc.authority import Authority
from segur_plugin_psc.exchanges import post_form
from segur_plugin_psc.renewal import renew
from segur_plugin_psc.settings import PscSettings
from segur_sdk.context import HookContext
from segur_sdk.errors import ConfigError, SegurError, ServiceError
from segur_sdk.models.session_tokens import SessionTokens

_ANSWERED: Final = range(200, 400)
"""A Keycloak answers with a page, with nothing, or with a redirection."""


def leave_everywhere(tokens: SessionTokens | None, authority: Authority, ctx: HookContext) -> None:
    """End the authority's own session, for every other software: asked exactly once.

    Its answer proves nothing: a provider may answer with a page on which somebody would still have to confirm. Only a
    refresh token that it no longer accepts shows that the session is over; one that is still good is revoked.

    Raises:
        ServiceError: ``psc.logout_unconfirmed`` with ``reason``, and ``status``: it may still be open.
    """
    if tokens is None or tokens.id_token is None:
        raise ServiceError("psc.logout_unconfirmed", reason="no_id_token")
    reason, status = None, None
    try:
        endpoint = authority.provider(ctx).endpoint("end_session")
        form = {
            "id_token_hint": tokens.id_token.get_secret_value(),
            "client_id": ctx.settings(PscSettings).client_id,
        }
        status = post_form(endpoint, form, ctx).status
    except (ServiceError, ConfigError) as failure:
        reason = failure.code
    if reason is None:
        reason = _still_open(tokens, authority, ctx) if status in _ANSWERED else _refused(tokens, authority, ctx)
    if reason is not None:
        raise ServiceError("psc.logout_unconfirmed", reason=reason, status=status)


def leave_here(tokens: SessionTokens | None, authority: Authority, ctx: HookContext) -> None:
    """Have this software's tokens revoked; the professional stays signed in to his other software.

    Nobody is waiting for the answer: what failed is noted, and the tokens end by themselves.
    """
    if tokens is not None and ctx.settings(PscSettings).revoke_on_leaving:
        _revoke(tokens.refresh_token, authority, ctx)


def _still_open(tokens: SessionTokens, authority: Authority, ctx: HookContext) -> str | None:
    """Return why the authority's own session may still be open, ``None`` when it is over."""
    if tokens.refresh_token is None:
        return "no_refresh_token"
    try:
        renewed = renew(tokens, authority, ctx)
    except SegurError as failure:
        if failure.code == "psc.session_over" and failure.facts["reason"] == "invalid_grant":
            return None
        left, reason = tokens, failure.code
    else:
        left, reason = renewed, "renewable"
    _revoke(left.refresh_token, authority, ctx)
    return reason


def _refused(tokens: SessionTokens, authority: Authority, ctx: HookContext) -> str:
    _revoke(tokens.refresh_token, authority, ctx)
    return "status"


def _revoke(refresh_token: SecretStr | None, authority: Authority, ctx: HookContext) -> None:
    if refresh_token is None:
        return
    try:
        endpoint = authority.provider(ctx).optional("revocation")
        if endpoint is None:
            return
        form = {
            "token": refresh_token.get_secret_value(),
            "token_type_hint": "refresh_token",
            "client_id": ctx.settings(PscSettings).client_id,
        }
        post_form(endpoint, form, ctx)
    except (ServiceError, ConfigError) as failure:
        ctx.audit.note("revocation_failed", code=failure.code)
