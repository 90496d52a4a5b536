"""Who calls INSi: which of the two certificates, checked before anything leaves.

Sources: INSi integration rules for ``INSI-AUTO`` and ``INSI-MANU``; RFC 5280 for validity and usage.
"""

from typing import Final

import attrs

from segur_sdk.context import HookContext
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import ActorKind

AUTOMATIC: Final = "insi-auto"
MANUAL: Final = "insi-manu"
EXPECTED_CN: Final = {AUTOMATIC: "INSI-AUTO", MANUAL: "INSI-MANU"}


@attrs.frozen
class Caller:
    """A certificate that may call INSi."""

    use: str
    """Purpose and key use: ``insi-auto`` or ``insi-manu``."""
    common_name: str
    emitter: str | None
    """``OU`` of the certificate: the structure, as ``Emetteur`` wants it."""


def caller_of(ctx: HookContext, *, automatic: bool) -> Caller:
    """Return the caller of one search.

    Args:
        ctx: context of this plugin.
        automatic: nobody triggered the call by hand. An automaton never calls as a person does, whatever it says.

    Raises:
        ConfigError: ``insi.certificate_level`` when the subject CN is not, literally, the one expected;
            ``insi.certificate_not_yet_valid``, ``insi.certificate_expired``, ``insi.certificate_usage``.
    """
    use = AUTOMATIC if automatic or ctx.actor.kind is ActorKind.AUTOMATON else MANUAL
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
    return Caller(use=use, common_name=certificate.subject_cn, emitter=certificate.subject_ou)
