"""The card with which somebody signs in: where he says it is, or the only one there."""

from typing import Final

import attrs

from segur_plugin_cps.holder import CpxCard, read_card
from segur_sdk.context import Token, Tokens
from segur_sdk.errors import CardError
from segur_sdk.services.session_provider import SessionRequest

_NOT_THE_CARD: Final = "cps.not_cpx"


@attrs.frozen
class FoundCard:
    """A card and its token."""

    token: Token
    card: CpxCard


def find_card(request: SessionRequest, tokens: Tokens) -> FoundCard:
    """Return the card that a request means.

    Raises:
        CardError: ``cps.other_card`` (the reader holds another serial number), ``cps.no_card``,
            ``cps.several_cards`` (with ``cards``, how many), ``token.absent``, and those of
            :func:`segur_plugin_cps.holder.read_card`.
    """
    if request.slot is not None:
        token = tokens.at(request.slot)
        if request.token_serial not in {None, token.state.serial}:
            raise CardError("cps.other_card", slot=request.slot)
        return FoundCard(token, read_card(token))
    if request.token_serial is not None:
        token = tokens.of_serial(request.token_serial)
        return FoundCard(token, read_card(token))
    return _only_card(tokens)


def _only_card(tokens: Tokens) -> FoundCard:
    cards: dict[str, FoundCard] = {}
    failures: list[CardError] = []
    for state in tokens.present():
        try:
            token = tokens.of_serial(state.serial)
            card = read_card(token)
        except CardError as failure:
            # A token that is something else, or that cannot be read, hides nobody's card.
            failures.append(failure)
        else:
            # Two drivers may show one card, under serial numbers of their own.
            cards.setdefault(card.pair.ans.card_number or state.serial, FoundCard(token, card))
    if len(cards) > 1:
        raise CardError("cps.several_cards", cards=len(cards))
    if cards:
        return cards.popitem()[1]
    raise next((one for one in failures if one.code != _NOT_THE_CARD), CardError("cps.no_card"))
