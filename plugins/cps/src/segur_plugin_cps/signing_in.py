"""Opening a session by a card: the holder's PIN, then a proof of the authentication key, then his situations."""

from typing import Final

from segur_plugin_cps.eligibility import authentication_of
from segur_plugin_cps.exercices import exercices_of
from segur_plugin_cps.finding import find_card
from segur_plugin_cps.settings import CpsSettings
from segur_plugin_cps.situations import read_situations
from segur_sdk.context import HookContext
from segur_sdk.services.session_provider import Authenticated, SessionRequest

_MAX_NAME: Final = 100


def sign_in(request: SessionRequest, ctx: HookContext) -> Authenticated:
    """Prove who holds the card that a request means.

    Nothing is asked of a person whose card cannot open a session anyway.

    Raises:
        CardError: those of :func:`segur_plugin_cps.finding.find_card`,
            :func:`segur_plugin_cps.eligibility.authentication_of` and
            :func:`segur_plugin_cps.situations.read_situations`; ``token.pin_wrong``, ``token.pin_locked``,
            ``token.certificate_untrusted``, ``token.proof_failed`` and others of the token.
        InputError: ``input.nobody_to_ask``, ``input.no_answer``.
    """
    settings = ctx.settings(CpsSettings)
    found = find_card(request, ctx.tokens)
    authentication = authentication_of(found.card, ctx.clock.now(), ctx.environment)
    found.token.unlock()
    found.token.prove(authentication.key, settings.trust)
    holder = found.card.holder(read_situations(found.token.data(), settings.encoding))
    names = (holder.given_name, holder.family_name)
    return Authenticated(
        name=" ".join(name for name in names if name is not None)[:_MAX_NAME],
        rpps=holder.rpps,
        national_id=holder.national_id,
        exercices=exercices_of(holder),
        expires_at=authentication.info.not_after,
        slot=found.token.state.slot,
        token_serial=found.token.state.serial,
    )
