"""Whether a card may open a session: judged before its PIN is asked."""

from datetime import datetime

from segur_plugin_cps.certificates import CpxCertificate
from segur_plugin_cps.holder import CpxCard
from segur_sdk.cards.nature import check_nature
from segur_sdk.errors import CardError
from segur_sdk.models.actor import Environment


def authentication_of(card: CpxCard, now: datetime, environment: Environment) -> CpxCertificate:
    """Return the certificate by which the card may authenticate its holder.

    Raises:
        CardError: ``card.test_in_production`` and its kin, ``cps.card_expired``, ``cps.card_not_yet_valid``,
            ``cps.not_nominative``, ``cps.no_authentication_certificate``.
    """
    pair = card.pair
    check_nature(pair.ans.nature, environment)
    if now >= pair.valid_until:
        raise CardError("cps.card_expired", ended=f"{pair.valid_until:%Y-%m-%d}")
    if now < pair.valid_from:
        raise CardError("cps.card_not_yet_valid", begins=f"{pair.valid_from:%Y-%m-%d}")
    if pair.subject.surname is None:
        raise CardError("cps.not_nominative", card_type=pair.ans.card_type.value)
    if pair.authentication is None:
        raise CardError("cps.no_authentication_certificate")
    return pair.authentication
