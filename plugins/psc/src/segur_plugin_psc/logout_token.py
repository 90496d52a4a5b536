"""The authority tells that a session is over: its logout token, checked before anything is ended.

Source: OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6.
"""

import re
from datetime import timedelta
from typing import Final

from pydantic import SecretStr

from segur_plugin_psc.authority import Authority
from segur_plugin_psc.id_token import instant
from segur_plugin_psc.json_objects import JsonObject
from segur_plugin_psc.settings import PscSettings
from segur_plugin_psc.signed_claims import read_signed
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.services.session_provider import EndedElsewhere

_TYPES: Final = frozenset[str | None]({"logout+jwt"})
_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LABEL: Final = re.compile(r"[!-~]{1,200}")
_LONGEST: Final = timedelta(hours=1)


def read_logout(token: SecretStr, authority: Authority, ctx: HookContext) -> EndedElsewhere:
    """Return whose sessions the authority ended: nobody's, when it names a person only who did not sign in here.

    Raises:
        InputError: ``psc.logout_token`` with ``reason``: those of
            :func:`segur_plugin_psc.signed_claims.read_signed`, or the claim that is not what it must be.
        ServiceError: ``psc.unavailable`` and others of asking for keys.
    """
    settings = ctx.settings(PscSettings)
    # Nobody is asked for anything before the header was judged: anybody may have made the token.
    keys = authority.keys(ctx, for_anybody=True)
    claims = read_signed(token.get_secret_value(), keys, settings.algorithms, _TYPES, _refused).claims
    if claims.get("iss") != authority.provider(ctx).issuer:
        raise _refused("iss")
    audience = claims.get("aud")
    if settings.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("aud")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict):
        raise _refused("events")
    if "nonce" in claims:
        raise _refused("nonce")
    session, subject = _label(claims, "sid"), _label(claims, "sub")
    if session is None and subject is None:
        raise _refused("sub")
    _check_first_time(claims, settings, authority, ctx)
    # A person who did not sign in here has nothing that could end, and is no reason to refuse.
    national_id = None if subject is None else authority.national_id(subject)
    return EndedElsewhere(authority_session=session, national_id=national_id)


def _check_first_time(claims: JsonObject, settings: PscSettings, authority: Authority, ctx: HookContext) -> None:
    now, leeway = ctx.clock.now(), timedelta(seconds=settings.leeway_s)
    issued, ends = instant(claims.get("iat")), instant(claims.get("exp"))
    if issued is None or issued - leeway > now:
        raise _refused("iat")
    # A token that lived for long would have to be remembered for long.
    if ends is None or ends + leeway <= now or ends > now + _LONGEST:
        raise _refused("exp")
    token_id = _label(claims, "jti")
    if token_id is None or not authority.is_new(token_id, ends + leeway, now):
        raise _refused("jti")


def _label(claims: JsonObject, name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _LABEL.fullmatch(value):
        raise _refused(name)
    return value


def _refused(reason: str) -> InputError:
    return InputError("psc.logout_token", reason=reason)
