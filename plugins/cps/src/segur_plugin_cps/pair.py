"""The two certificates of one card, chosen among all that its token shows."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import attrs

from segur_plugin_cps.ans_extensions import AnsExtensions
from segur_plugin_cps.certificates import CpxCertificate, read_certificate
from segur_plugin_cps.subject import CardSubject
from segur_sdk.drivers import TokenCertificate
from segur_sdk.errors import CardError
from segur_sdk.models.card import CardNature
from segur_sdk.models.professional import CardKeyUsage

_USUAL_ENDING: Final[Mapping[CardKeyUsage, str]] = MappingProxyType(
    {CardKeyUsage.AUTHENTICATION: "1020", CardKeyUsage.SIGNATURE: "1010"}
)
"""How a ``CKA_ID`` ends on real cards: a hint among several that the usages allow, and nothing more."""


@attrs.frozen
class CardPair:
    """The certificates of one card: two, or at least one of them."""

    certificates: tuple[CpxCertificate, ...]
    """Authentication first."""
    ans: AnsExtensions
    """What they say together: one may leave out what the other states."""

    @property
    def authentication(self) -> CpxCertificate | None:
        """The one that authenticates, when the card has it."""
        first = self.certificates[0]
        return first if first.usage is CardKeyUsage.AUTHENTICATION else None

    @property
    def subject(self) -> CardSubject:
        """Whom the certificates name."""
        return self.certificates[0].subject

    @property
    def valid_from(self) -> datetime:
        """When the last of them begins."""
        return max(one.info.not_before for one in self.certificates)

    @property
    def valid_until(self) -> datetime:
        """When the first of them ends."""
        return min(one.info.not_after for one in self.certificates)


def read_pair(found: Iterable[TokenCertificate]) -> CardPair | None:
    """Choose the certificates of a card; ``None`` when the token is no CPx card.

    Raises:
        CardError: ``cps.certificates_ambiguous`` (several for one ``usage``), ``cps.certificates_differ`` (the two
            name another holder, card or issuer; ``field``), and those of
            :func:`segur_plugin_cps.certificates.read_certificate`.
    """
    read = [one for one in map(read_certificate, found) if one is not None]
    chosen = [one for usage in _USUAL_ENDING if (one := _chosen(read, usage)) is not None]
    if not chosen:
        return None
    first, last = chosen[0], chosen[-1]
    if first.subject_name != last.subject_name:
        raise _differ("subject")
    if first.issuer_name != last.issuer_name:
        raise _differ("issuer")
    return CardPair(tuple(chosen), _together(first.ans, last.ans))


def _chosen(read: Iterable[CpxCertificate], usage: CardKeyUsage) -> CpxCertificate | None:
    fitting = [one for one in read if one.usage is usage]
    if len(fitting) > 1:
        fitting = [one for one in fitting if one.key.endswith(_USUAL_ENDING[usage])]
        if len(fitting) != 1:
            raise CardError("cps.certificates_ambiguous", usage=usage.value)
    return fitting[0] if fitting else None


def _together(one: AnsExtensions, other: AnsExtensions) -> AnsExtensions:
    if one.card_type is not other.card_type:
        raise _differ("card_type")
    natures = {one.nature, other.nature}
    if len(natures - {CardNature.UNKNOWN}) > 1:
        raise _differ("nature")
    return AnsExtensions(
        card_type=one.card_type,
        card_number=_stated(one.card_number, other.card_number, "card_number"),
        nature=min(natures, key=lambda nature: nature is CardNature.UNKNOWN),
        profession=_stated(one.profession, other.profession, "profession"),
    )


def _stated(one: str | None, other: str | None, field: str) -> str | None:
    if one is not None and other is not None and one != other:
        raise _differ(field)
    return one if one is not None else other


def _differ(field: str) -> CardError:
    return CardError("cps.certificates_differ", field=field)
