"""Opening a session: the professional proves who he is, then Pro Santé Connect says what he is."""

from datetime import datetime, timedelta
from typing import Final

from segur_plugin_psc.authority import Authority
from segur_plugin_psc.authorization import sign_in_by_code
from segur_plugin_psc.ciba import Waiting, sign_in_by_device
from segur_plugin_psc.discovery import HOSTILE
from segur_plugin_psc.exercices import exercices_of, profession_of
from segur_plugin_psc.id_token import Expected, IdToken, check_id_token, refused
from segur_plugin_psc.national_id import NationalId, read_national_id, typed_national_id
from segur_plugin_psc.settings import PscSettings
from segur_plugin_psc.userinfo import Userinfo, ask_userinfo
from segur_sdk.context import HookContext
from segur_sdk.errors import ServiceError
from segur_sdk.services.session_provider import Authenticated, LoginFlow, SessionRequest

_MAX_NAME: Final = 100
_AUTH_MODES: Final = frozenset({"CARD", "MOBILE"})


def sign_in(request: SessionRequest, authority: Authority, waiting: Waiting, ctx: HookContext) -> Authenticated:
    """Prove who signs in; see ``SessionProvider``.

    Raises:
        InputError, ConfigError, HostError, ServiceError: those of
            :func:`segur_plugin_psc.authorization.sign_in_by_code` or
            :func:`segur_plugin_psc.ciba.sign_in_by_device`;
            of :func:`segur_plugin_psc.id_token.check_id_token` and :func:`segur_plugin_psc.userinfo.ask_userinfo`;
            ``psc.national_id``: what was given is none; ``psc.other_person``: somebody else signed in than
            the one who was meant.
    """
    settings = ctx.settings(PscSettings)
    flow = request.flow or settings.flow
    provider = authority.provider(ctx)
    meant = None if request.national_id is None else typed_national_id(request.national_id)
    nonce = None
    if flow is LoginFlow.CIBA:
        grant, meant = sign_in_by_device(provider, meant, request.device, waiting, ctx)
    else:
        try:
            by_code = sign_in_by_code(provider, ctx)
        except ServiceError as failure:
            if failure.code == HOSTILE:
                # Where the browser may go is known to a visit only: the document was taken for a good one.
                authority.forget(provider)
            raise
        grant, nonce = by_code.grant, by_code.nonce
    now = ctx.clock.now()
    if grant.id_token is None:
        raise refused("missing")
    proven = check_id_token(
        grant.id_token,
        grant.access_token,
        Expected(provider.issuer, settings, now, nonce),
        authority.keys(ctx),
    )
    userinfo = ask_userinfo(provider.endpoint("userinfo"), grant.access_token, proven.subject, ctx)
    who = _national_id(proven, userinfo)
    if meant is not None and who.text != meant.text:
        raise ServiceError("psc.other_person")
    authority.remember(proven.subject, who.text)
    exercices = exercices_of(userinfo)
    mode = userinfo.auth_mode if userinfo.auth_mode in _AUTH_MODES else None
    ctx.audit.note("login", flow=flow.value, mode=mode, exercices=len(exercices))
    names = " ".join(name for name in (userinfo.given_name, userinfo.family_name) if name is not None)
    return Authenticated(
        name=(names or who.text)[:_MAX_NAME],
        rpps=who.rpps,
        national_id=who.text,
        profession=profession_of(userinfo),
        exercices=exercices,
        expires_at=_end(proven, settings, now),
        authority_session=proven.authority_session,
        tokens=grant.tokens(settings),
    )


def _national_id(proven: IdToken, userinfo: Userinfo) -> NationalId:
    """Return the identifier that the two agree on; either may be silent, not both."""
    said = {text for text in (proven.national_id, userinfo.national_id) if text is not None}
    if len(said) > 1:
        raise ServiceError("psc.userinfo", reason="SubjectNameID_differs")
    found = read_national_id(said.pop()) if said else None
    if found is None:
        raise ServiceError("psc.userinfo", reason="SubjectNameID")
    return found


def _end(proven: IdToken, settings: PscSettings, now: datetime) -> datetime:
    """Return the end of the authority's own session, which may have begun in another software."""
    longest = timedelta(seconds=settings.session_max_s)
    began = proven.authenticated_at
    return (began if began is not None and now - longest < began < now else now) + longest
