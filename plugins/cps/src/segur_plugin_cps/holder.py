"""The professional on a card, from its certificates and its data objects."""

import re
from typing import Final

import attrs

from segur_plugin_cps.national_id import NationalId, read_national_id
from segur_plugin_cps.pair import CardPair, read_pair
from segur_plugin_cps.speciality import read_speciality
from segur_plugin_cps.subject import MAX_TEXT, CardSubject
from segur_sdk.context import Token
from segur_sdk.drivers import TokenData
from segur_sdk.errors import CardError
from segur_sdk.models.professional import CardHolder, ExerciceSituation

_SPECIAL: Final = re.compile(r"[^0-9A-Za-zÀ-ÖØ-öø-ÿ\-]")


@attrs.frozen
class CpxCard:
    """What a card shows."""

    pair: CardPair
    national_id: NationalId | None
    speciality: str | None
    objects: tuple[TokenData, ...] = attrs.field(repr=lambda objects: f"‹{len(objects)} objects›")
    """Data objects that could be read: private ones too when the PIN was verified before."""

    def holder(self, situations: tuple[ExerciceSituation, ...] | None) -> CardHolder:
        """Return the professional as the contract has him.

        Args:
            situations: those of the card; ``None`` as long as its PIN was not verified.

        Raises:
            CardError: ``card.unreadable`` with ``reason`` ``attribute_missing``: the card names neither a person nor
                a structure.
        """
        subject = self.pair.subject
        family_name, given_name = _names(subject)
        return CardHolder(
            card_type=self.pair.ans.card_type,
            national_id=None if self.national_id is None else self.national_id.text,
            rpps=None if self.national_id is None else self.national_id.rpps,
            adeli=None if self.national_id is None else self.national_id.adeli,
            family_name=family_name,
            given_name=given_name,
            named=subject.surname is not None,
            profession=self.pair.ans.profession,
            speciality=self.speciality,
            situations=situations,
            certificates=tuple(one.for_contract() for one in self.pair.certificates),
            valid_until=self.pair.valid_until,
        )


def read_card(token: Token) -> CpxCard:
    """Read what a card shows now: certificates and data objects; no PIN is needed.

    Raises:
        CardError: ``cps.not_cpx``: the token is no professional's card; those of
            :func:`segur_plugin_cps.pair.read_pair`, :func:`segur_plugin_cps.national_id.read_national_id` and
            :func:`segur_plugin_cps.speciality.read_speciality`; what the token raises.
    """
    pair = read_pair(token.certificates())
    if pair is None:
        raise CardError("cps.not_cpx", slot=token.state.slot)
    objects = token.data()
    return CpxCard(pair, read_national_id(pair.subject.common_name), read_speciality(objects), objects)


def _names(subject: CardSubject) -> tuple[str, str | None]:
    """Return family name and given name.

    A card that names nobody has neither: its structure stands for the first and its own identifier for the second,
    special characters replaced by a hyphen (GIE SESAM-Vitale, PDT-INF-617).
    """
    if subject.surname is not None:
        return subject.surname, subject.given_name
    if subject.organisation is None:
        raise CardError("card.unreadable", reason="attribute_missing", attribute="SN")
    return subject.organisation, _SPECIAL.sub("-", subject.common_name)[:MAX_TEXT]
