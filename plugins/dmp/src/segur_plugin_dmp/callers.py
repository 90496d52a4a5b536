"""In whose name the DMP is called, by which keys, and that they are what they have to be.

Source: authentication modes of the DMP (*directe*, *indirecte*, *indirecte renforcée*); the certificate of the
signature is that of the card's signature key, or the structure's *cachet* (ORG, SIGN), never one that authenticates.
"""

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import attrs
from cryptography import x509
from cryptography.x509.oid import NameOID

from segur_plugin_dmp.settings import DmpSettings
from segur_sdk.context import HookContext, Signer
from segur_sdk.errors import CardError, ConfigError, ErrorSource, ServiceError
from segur_sdk.models.actor import Session, SessionMeans
from segur_sdk.models.document import DocumentProfessional
from segur_sdk.senders import Needs

SIGNING_USE: Final = "dmp-sign"
TLS_USES: Final = MappingProxyType({"dmp": "dmp-auth", "dmp-cps": "dmp-cps"})
"""Network purpose → use of the key that authenticates there."""

_AC: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
_SHORT_NAMES: Final = {
    NameOID.SURNAME: "SN",
    NameOID.GIVEN_NAME: "GN",
    NameOID.TITLE: "T",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
}
"""Beside those of RFC 4514."""


class Mode(StrEnum):
    """Authentication modes in which documents are fed, as the VIHF names them."""

    DIRECT = "DIRECTE"
    INDIRECT = "INDIRECTE"

    @property
    def purpose(self) -> str:
        """Network purpose by which the DMP is reached."""
        return "dmp-cps" if self is Mode.DIRECT else "dmp"


_HOW: Final[Mapping[SessionMeans | None, str]] = MappingProxyType(
    {
        SessionMeans.LOCAL: f"{_AC}Password",
        SessionMeans.CPS: f"{_AC}SmartcardPKI",
        SessionMeans.PSC: f"{_AC}MobileTwoFactorUnregistered",
        None: f"{_AC}unspecified",
    }
)
"""``AuthnContextClassRef`` of how the user was authenticated."""


@attrs.frozen
class Caller:
    """Somebody in whose name the DMP is called."""

    mode: Mode
    professional: DocumentProfessional
    """Who answers to the DMP for the call."""
    signer: Signer = attrs.field(repr=False)
    issuer: str
    """Subject of the certificate that signs, RFC 2253 order."""
    authenticated_by: str
    """``AuthnContextClassRef``."""


def mode_of(settings: DmpSettings, session: Session | None) -> Mode:
    """Return the mode in which a document is fed.

    Raises:
        ConfigError: ``dmp.air_feeding``: the DMP takes none in the mode that is set.
    """
    if settings.mode == "indirect_renforcee":
        raise ConfigError("dmp.air_feeding")
    by_card = session is not None and session.means is SessionMeans.CPS
    return Mode.DIRECT if by_card and settings.mode == "by_session" else Mode.INDIRECT


def needs_of(mode: Mode, session: Session | None) -> Needs:
    """Return what an attempt requires in a mode; a card, that very one."""
    purpose = mode.purpose
    if mode is Mode.INDIRECT:
        return Needs(keys=(TLS_USES[purpose], SIGNING_USE), purpose=purpose)
    card = None if session is None else session.token_serial
    return Needs(means=SessionMeans.CPS, card=card, keys=(TLS_USES[purpose],), purpose=purpose)


def caller_of(mode: Mode, professional: DocumentProfessional, ctx: HookContext) -> Caller:
    """Return the caller of one message, his keys looked at.

    Args:
        mode: as it was when the document was prepared.
        professional: the author of the document, or who answers for the deletion.
        ctx: context of this plugin.

    Raises:
        ServiceError: ``service.session_needed``: no session by card is open for a direct call.
        CardError: ``dmp.card_of_another``: the card is not the author's; ``dmp.signature_not_valid``;
            ``card.unreadable``, and those of ``Keys.signer``.
        ConfigError: ``dmp.card_signs``: indirect in a session by card; ``dmp.structure_differs``: the certificate is
            another structure's than the author's; those of ``Keys.signer``.
    """
    session = ctx.session
    by_card = session is not None and session.means is SessionMeans.CPS
    if mode is Mode.DIRECT and not by_card:
        raise ServiceError("service.session_needed", source=ErrorSource.USER, means=SessionMeans.CPS.value)
    if mode is Mode.INDIRECT and by_card:
        raise ConfigError("dmp.card_signs")
    signer = ctx.keys.signer(SIGNING_USE)
    facts = signer.certificate
    if not facts.not_before <= ctx.clock.now() <= facts.not_after:
        raise CardError("dmp.signature_not_valid", not_after=facts.not_after.isoformat())
    if mode is Mode.DIRECT and facts.subject_cn != professional.id:
        raise CardError("dmp.card_of_another")
    if mode is Mode.INDIRECT and facts.subject_ou != professional.structure.id:
        raise ConfigError("dmp.structure_differs", certificate=facts.subject_ou)
    return Caller(
        mode=mode,
        professional=professional,
        signer=signer,
        issuer=_subject(signer.chain[0]),
        authenticated_by=_HOW[None if session is None else session.means],
    )


@lru_cache(maxsize=16)
def _subject(der: bytes) -> str:
    # What the library raises may hold bytes of the certificate: it must not become the context of an error.
    with suppress(ValueError, TypeError):
        return x509.load_der_x509_certificate(der).subject.rfc4514_string(_SHORT_NAMES)
    raise CardError("card.unreadable", reason="certificate")
