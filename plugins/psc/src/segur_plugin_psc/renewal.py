"""Renewing the tokens of a session (RFC 6749 6, OpenID Connect Core 12)."""

from typing import Final

from pydantic import SecretStr

from segur_plugin_psc.authority import Authority
from segur_plugin_psc.exchanges import post_form
from segur_plugin_psc.grants import Grant, grant_of
from segur_plugin_psc.id_token import Expected, check_id_token, subject_of
from segur_plugin_psc.refusals import refusal_of, service_code
from segur_plugin_psc.settings import PscSettings
from segur_sdk.context import HookContext
from segur_sdk.errors import ServiceError
from segur_sdk.models.session_tokens import SessionTokens

_OK: Final = 200


def renew(tokens: SessionTokens, authority: Authority, ctx: HookContext) -> SessionTokens:
    """Have the tokens of a session renewed.

    Returns:
        The new ones; what the authority did not renew stays as it was.

    Raises:
        ServiceError: ``psc.session_over``, which alone is final, with ``reason``: ``invalid_grant``;
            ``no_refresh_token``; ``id_token``: the authority answered about somebody else, as ``claim`` says.
            ``psc.unavailable`` and ``psc.answer_unreadable``, after which the same may succeed later; ``psc.fault``.
        ConfigError: ``psc.client_refused``.
    """
    unreachable = None
    try:
        return _renewed(tokens, authority, ctx)
    except ServiceError as failure:
        # What the line says of this instant says nothing of the session.
        if not failure.code.startswith("service."):
            raise
        unreachable = failure.code
    raise ServiceError("psc.unavailable", retryable=True, endpoint="token", reason=unreachable)


def _renewed(tokens: SessionTokens, authority: Authority, ctx: HookContext) -> SessionTokens:
    settings = ctx.settings(PscSettings)
    if tokens.refresh_token is None:
        raise ServiceError("psc.session_over", reason="no_refresh_token")
    provider = authority.provider(ctx)
    endpoint = provider.endpoint("token")
    asked_at = ctx.clock.now()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens.refresh_token.get_secret_value(),
        "client_id": settings.client_id,
    }
    reply = post_form(endpoint, form, ctx)
    if reply.status != _OK:
        code = service_code(reply)
        if code == "invalid_grant":
            raise ServiceError("psc.session_over", reason=code)
        raise refusal_of(code, endpoint, reply.status)
    grant = grant_of(reply, endpoint, asked_at)
    if grant.id_token is not None and tokens.id_token is not None:
        _check_same_person(grant, grant.id_token, tokens.id_token, authority, ctx)
    renewed = grant.tokens(settings)
    kept = {"id_token": renewed.id_token or tokens.id_token}
    if renewed.refresh_token is None:
        kept |= {"refresh_token": tokens.refresh_token}
        return renewed.model_copy(update=kept | {"refresh_expires_at": tokens.refresh_expires_at})
    return renewed.model_copy(update=kept)


def _check_same_person(grant: Grant, new: SecretStr, old: SecretStr, authority: Authority, ctx: HookContext) -> None:
    expected = Expected(
        issuer=authority.provider(ctx).issuer,
        settings=ctx.settings(PscSettings),
        now=ctx.clock.now(),
        subject=subject_of(old),
    )
    keys = authority.keys(ctx)
    claim = None
    try:
        check_id_token(new, grant.access_token, expected, keys)
    except ServiceError as failure:
        claim = failure.facts["reason"]
    if claim is not None:
        raise ServiceError("psc.session_over", reason="id_token", claim=claim)
