"""Who calls INSi: which of the two certificates, or which professional; checked before anything leaves.

Sources: INSi integration rules for ``INSI-AUTO`` and ``INSI-MANU``; RFC 5280 for validity and usage.
"""

from typing import Final

import attrs

from segur_plugin_insi.professionals import Professional, professional_by_card, professional_by_psc
from segur_plugin_insi.settings import InsiSettings
from segur_sdk.context import HookContext
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import ActorKind, Session, SessionMeans

AUTOMATIC: Final = "insi-auto"
MANUAL: Final = "insi-manu"
BY_CARD: Final = "insi-cps"
BY_PSC: Final = "insi-psc"
EXPECTED_CN: Final = {AUTOMATIC: "INSI-AUTO", MANUAL: "INSI-MANU"}


@attrs.frozen
class Caller:
    """Somebody who may call INSi: a certificate of the structure, or a professional."""

    use: str
    """Purpose: ``insi-auto`` or ``insi-manu``, which are uses of keys too, ``insi-cps`` or ``insi-psc``."""
    name: str
    """Subject CN of the certificate; national identifier of the professional."""
    emitter: str | None
    """``OU`` of the certificate, which is the structure, or the professional, as ``Emetteur`` wants it."""
    professional: Professional | None = None


def caller_of(ctx: HookContext, *, automatic: bool) -> Caller:
    """Return the caller of one search.

    Who signed in with a national means calls as the setting ``authentication`` says. Who typed a local code calls by
    the structure's certificate, like a person whom only the practice software knows: neither proved a national
    identity.

    Args:
        ctx: context of this plugin.
        automatic: nobody triggered the call by hand. An automaton never calls as a person does, whatever it says.

    Raises:
        SegurError: those of ``professional_by_card`` and ``professional_by_psc``, by the setting ``authentication``.
        ConfigError: ``insi.certificate_level`` when the subject CN is not, literally, the one expected;
            ``insi.certificate_not_yet_valid``, ``insi.certificate_expired``, ``insi.certificate_usage``.
    """
    settings = ctx.settings(InsiSettings)
    use = AUTOMATIC if automatic or ctx.actor.kind is ActorKind.AUTOMATON else MANUAL
    in_his_name = use == MANUAL and _is_national(ctx.session)
    if in_his_name and settings.authentication == "cps":
        return _in_the_name_of(professional_by_card(ctx, settings), BY_CARD)
    if in_his_name and settings.authentication == "psc":
        return _in_the_name_of(professional_by_psc(ctx, settings), BY_PSC)
    certificate = ctx.keys.certificate(use)
    now = ctx.clock.now()
    if certificate.subject_cn != EXPECTED_CN[use]:
        raise ConfigError("insi.certificate_level", use=use, expected=EXPECTED_CN[use], found=certificate.subject_cn)
    if now < certificate.not_before:
        raise ConfigError("insi.certificate_not_yet_valid", use=use, not_before=certificate.not_before.isoformat())
    if now > certificate.not_after:
        raise ConfigError("insi.certificate_expired", use=use, not_after=certificate.not_after.isoformat())
    if not certificate.client_authentication:
        raise ConfigError("insi.certificate_usage", use=use)
    return Caller(use=use, name=certificate.subject_cn, emitter=certificate.subject_ou)


def _is_national(session: Session | None) -> bool:
    return session is not None and session.means is not SessionMeans.LOCAL


def _in_the_name_of(professional: Professional, use: str) -> Caller:
    return Caller(use=use, name=professional.national_id, emitter=professional.national_id, professional=professional)
