"""In which professional's name INSi is called: everything that his assertion says, found out before a byte leaves.

Sources: INSi integration guide SEL-MP-043, 3.2, as quoted by public libraries; published assertion by CPS.
"""

import re
from typing import Final, Literal

import attrs

from segur_plugin_insi.settings import AttributeNames, InsiSettings
from segur_plugin_insi.signature_certificate import read_signature_certificate
from segur_sdk.context import HookContext, Signer
from segur_sdk.errors import CardError, ConfigError, ErrorSource, ServiceError
from segur_sdk.formats.saml import SUBJECT_NAME
from segur_sdk.models.actor import Session, SessionMeans

SIGNING_USE: Final = "insi_assertion"
Qualifier = Literal["CPS", "PSC"]

_RPPS: Final = "8"
"""Type digit of an RPPS, code list G08 of the ANS."""
_SECTOR: Final = re.compile(r"SA[0-9]{2}")
_PHYSICIAN: Final = re.compile(r"10[A-Z]?")
"""Profession 10 of TRE_G15, with or without its category."""


@attrs.frozen
class Professional:
    """Somebody in whose name INSi is called."""

    qualifier: Qualifier
    """``NameQualifier`` of his ``NameID``: by what he is known."""
    national_id: str
    """Type digit first."""
    issuer: str
    issuer_format: str | None
    attributes: tuple[tuple[str, str], ...]
    """Names and values, in order."""
    signer: Signer | None = attrs.field(default=None, repr=False)
    """His card; nothing for an assertion that is not signed."""


def professional_by_card(ctx: HookContext, settings: InsiSettings) -> Professional:
    """Return the professional whose card opened the session.

    Raises:
        ServiceError: ``insi.session_needed``: the session is not one by card; ``service.session_needed``: it is over.
        CardError: ``insi.card_of_another``: the card is not that of the session's professional;
            ``insi.signature_not_valid``: its signature certificate is not valid now; ``card.unreadable``, and those of
            ``Keys.signer``.
        ConfigError: ``insi.billing_number_missing``, ``insi.sector_missing``, ``insi.speciality_missing``, and those of
            ``Keys.signer``.
    """
    _require_session(ctx.session, SessionMeans.CPS)
    signer = ctx.keys.signer(SIGNING_USE)
    facts = signer.certificate
    if not facts.not_before <= ctx.clock.now() <= facts.not_after:
        raise CardError("insi.signature_not_valid", not_after=facts.not_after.isoformat())
    national_id = facts.subject_cn
    if ctx.actor.rpps is not None and national_id != f"{_RPPS}{ctx.actor.rpps}":
        raise CardError("insi.card_of_another")
    read = read_signature_certificate(signer.chain[0])
    return Professional(
        qualifier="CPS",
        national_id=national_id,
        issuer=read.subject,
        issuer_format=SUBJECT_NAME,
        attributes=_Attributes(ctx, settings, national_id).by_card(settings.cps_attributes, physician=read.physician),
        signer=signer,
    )


def professional_by_psc(ctx: HookContext, settings: InsiSettings) -> Professional:
    """Return the professional who signed in with Pro Santé Connect.

    Raises:
        ServiceError: ``insi.session_needed``: the session is not such a one.
        ConfigError: ``insi.national_id_missing``: he has no RPPS; ``insi.billing_number_missing``,
            ``insi.sector_missing``, ``insi.speciality_missing``.
    """
    _require_session(ctx.session, SessionMeans.PSC)
    if ctx.actor.rpps is None:
        raise ConfigError("insi.national_id_missing")
    national_id = f"{_RPPS}{ctx.actor.rpps}"
    return Professional(
        qualifier="PSC",
        national_id=national_id,
        issuer=settings.psc_issuer or national_id,
        issuer_format=settings.psc_issuer_format,
        attributes=_Attributes(ctx, settings, national_id).by_psc(settings.psc_attributes),
    )


def _require_session(session: Session | None, means: SessionMeans) -> None:
    if session is None or session.means is not means:
        raise ServiceError("insi.session_needed", source=ErrorSource.USER, means=means.value)


class _Attributes:
    """What is said of a professional in the situation d'exercice that he chose."""

    def __init__(self, ctx: HookContext, settings: InsiSettings, national_id: str) -> None:
        exercice = ctx.actor.exercice
        self._structure = ctx.actor.structure
        self._parts = tuple((exercice or "").split("/"))
        fitting = [
            one for one in settings.professionals if one.national_id == national_id and one.exercice in (None, exercice)
        ]
        self._tables = sorted(fitting, key=lambda one: one.exercice is None)

    def by_card(self, names: AttributeNames, *, physician: bool) -> tuple[tuple[str, str], ...]:
        return self._common(names, physician=physician)

    def by_psc(self, names: AttributeNames) -> tuple[tuple[str, str], ...]:
        # The id of a situation bears profession and category there: no certificate tells them.
        physician = any(_PHYSICIAN.fullmatch(part) for part in self._parts[1:])
        profession = self._said("profession")
        chosen = () if profession is None else ((names.profession, profession),)
        return (*self._common(names, physician=physician), *chosen)

    def _common(self, names: AttributeNames, *, physician: bool) -> tuple[tuple[str, str], ...]:
        billing = self._said("identifiant_facturation") or self._structure.finess or self._structure.siret
        if billing is None:
            raise ConfigError("insi.billing_number_missing")
        sector = self._said("secteur_activite") or next(filter(_SECTOR.fullmatch, self._parts[1:]), None)
        if sector is None:
            raise ConfigError("insi.sector_missing")
        attributes = ((names.identifiant_facturation, billing), (names.secteur_activite, sector))
        if not physician:
            return attributes
        speciality = self._said("code_specialite")
        if speciality is None:
            raise ConfigError("insi.speciality_missing")
        return (*attributes, (names.code_specialite, speciality))

    def _said(self, field: str) -> str | None:
        """Return what the first of the configured tables says that says anything."""
        return next((value for one in self._tables if (value := getattr(one, field)) is not None), None)
