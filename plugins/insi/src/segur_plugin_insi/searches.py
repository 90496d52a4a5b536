"""The two searches, one exchange each, with what makes each of them safe."""

from typing import Final
from uuid import uuid4

from segur_plugin_insi.assertion import VitaleClaim, sign_by_card, vitale_assertion
from segur_plugin_insi.bodies import recsansvitale, recvitale
from segur_plugin_insi.callers import Caller
from segur_plugin_insi.card_person import CardPerson
from segur_plugin_insi.criteria import Criteria
from segur_plugin_insi.exchange import Exchanged, Request, exchange
from segur_plugin_insi.namespaces import Operation
from segur_sdk.context import HookContext
from segur_sdk.models.card import CardPresence
from segur_sdk.services.ins_lookup import CardQuery

SERIAL_LENGTH: Final = 12
"""Digits of a card's serial number, left-padded."""


def search_by_traits(
    criteria: Criteria, caller: Caller, ctx: HookContext, *, presence: CardPresence | None = None
) -> Exchanged:
    """Ask ``rechercherInsAvecTraitsIdentite`` once.

    Args:
        criteria: what is sent.
        caller: in whose name.
        ctx: context of this plugin.
        presence: insertion that the traits were read from; it must still be there.

    Raises:
        CardError: ``card.swapped``, ``card.removed``: nothing was sent.
        ServiceError: ``service.timed_out`` when no time is left: nothing was sent.
    """
    if presence is not None:
        ctx.cards.confirm(presence)
    request = Request(Operation.BY_TRAITS, recsansvitale(criteria), criteria.as_traits())
    return exchange(request, caller, ctx)


def search_by_card(query: CardQuery, person: CardPerson, caller: Caller, ctx: HookContext) -> Exchanged:
    """Ask ``rechercherInsAvecCarteVitale`` once, with an assertion that the card makes now, for this exchange.

    Raises:
        CardError: ``card.swapped``, ``card.removed`` and those of reading a card: nothing was sent.
        ServiceError: ``service.timed_out`` when no time is left: nothing was sent.
    """
    claim = VitaleClaim(
        assertion_id=f"_{uuid4()}",
        issued_at=ctx.clock.now(),
        issuer=caller.name,
        serial=query.serial.zfill(SERIAL_LENGTH),
        rank=query.beneficiary.position,
    )
    with ctx.cards.open(query.presence) as channel:
        signature = sign_by_card(channel, claim)
    request = Request(
        operation=Operation.BY_CARD,
        question=recvitale(person),
        criteria=query.beneficiary.for_search(),
        person=person,
        vitale=vitale_assertion(claim, signature),
    )
    return exchange(request, caller, ctx)
