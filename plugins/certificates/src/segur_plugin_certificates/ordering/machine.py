"""The order as a state machine: from a state and an action to the next state, or a typed refusal.

Nothing but the state decides. The same action a second time changes nothing, so that a host that stopped between
acting and writing down may act again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from segur_plugin_certificates.ordering import actions, obtaining, preparing
from segur_plugin_certificates.ordering.actions import Action
from segur_plugin_certificates.ordering.products import Product, refuse_impossible
from segur_plugin_certificates.ordering.repeating import done_already
from segur_plugin_certificates.ordering.state import OrderState, Renewed
from segur_plugin_certificates.ordering.steps import PREPARED, lacks_until
from segur_sdk.errors import InputError
from segur_sdk.models.actor import Environment

_Guard = Callable[[OrderState], str | None]
_Change = Callable[[OrderState, Any, datetime], OrderState]

_RULES: Final[Mapping[type[Action], tuple[_Guard, _Change]]] = MappingProxyType(
    {
        actions.ContractSigned: (preparing.still_open, preparing.sign_contract),
        actions.DirectorCardNoted: (preparing.still_open, preparing.note_director_card),
        actions.StructureNamed: (preparing.still_open, preparing.name_structure),
        actions.DoerChosen: (preparing.still_open, preparing.choose_doer),
        actions.AdministratorNamed: (preparing.still_open, preparing.name_administrator),
        actions.FormChosen: (preparing.still_open, preparing.choose_form),
        actions.SignatoryNamed: (preparing.structure_known, preparing.name_signatory),
        actions.FormSent: (preparing.ready_to_send, preparing.send_form),
        actions.Acknowledged: (preparing.sent, preparing.acknowledge),
        actions.Granted: (preparing.acknowledged, preparing.grant),
        actions.FormRefused: (preparing.sent, preparing.refuse_form),
        actions.AdministratorChangeSent: (preparing.granted, preparing.send_change),
        actions.AdministratorChangeDone: (preparing.change_sent, preparing.end_change),
        actions.PlatformEntered: (obtaining.habilitated, obtaining.enter_platform),
        actions.ProductRequested: (obtaining.at_platform, obtaining.request_product),
        actions.Withdrawn: (obtaining.requested, obtaining.withdraw),
        actions.AnswerReceived: (obtaining.withdrawn, obtaining.receive_answer),
        actions.StartedOver: (obtaining.in_request, obtaining.start_over),
        actions.Installed: (obtaining.answered, obtaining.install),
        actions.RolledBack: (obtaining.renewing, obtaining.roll_back),
        actions.Confirmed: (obtaining.installed, obtaining.confirm),
    }
)


def begin(product: Product, environment: Environment) -> OrderState:
    """Begin an order.

    Raises:
        InputError: those of :func:`segur_plugin_certificates.ordering.products.refuse_impossible`.
    """
    refuse_impossible(product)
    return OrderState(environment=environment, product=product)


def begin_renewal(former: OrderState, renewed: Renewed) -> OrderState:
    """Begin to renew: contract, structure, administrator and habilitation are those of before, the key is not.

    Args:
        former: the order of the certificate that ends; its habilitation goes on.
        renewed: that certificate, which serves until the new one has proved itself.

    Raises:
        InputError: ``certificates.order_not_granted``: nobody is habilitated; a new order is needed.
    """
    if former.granted_on is None:
        raise InputError("certificates.order_not_granted")
    kept = former.model_dump(include=_KEPT)
    begun = {"renews": renewed, "abandoned_keys": _all_keys(former, renewed), "round": former.round + 1}
    return OrderState.model_validate({**kept, **begun})


def begin_under(granted: OrderState, product: Product) -> OrderState:
    """Begin an order whose form was granted already: one form covers every certificate of the box that was ticked.

    Args:
        granted: the order of which it was the form.
        product: what is ordered now.

    Raises:
        InputError: ``certificates.order_not_granted``; ``certificates.order_other_form``: of another box; those of
            :func:`segur_plugin_certificates.ordering.products.refuse_impossible`.
    """
    refuse_impossible(product)
    if granted.granted_on is None:
        raise InputError("certificates.order_not_granted")
    if granted.product.box is not product.box:
        raise InputError("certificates.order_other_form", box=str(product.box))
    return OrderState.model_validate({**granted.model_dump(include=_KEPT), "product": product})


_KEPT: Final = {
    "environment",
    "product",
    "contract_signed_on",
    "director_card",
    "structure",
    "doer",
    "delegated_on",
    "administrator",
    "administrator_change",
    "form",
    "signatory",
    "sent_on",
    "case_number",
    "granted_on",
}


def act(state: OrderState, action: Action, at: datetime) -> OrderState:
    """Return the state after an action.

    Args:
        state: where the order stands.
        action: what is done.
        at: now, with its time zone.

    Raises:
        InputError: ``certificates.order_sent``, ``certificates.order_structure_first``,
            ``certificates.order_incomplete``, ``certificates.order_not_sent``, ``certificates.order_granted``,
            ``certificates.order_no_case``, ``certificates.order_not_granted``, ``certificates.order_no_change``,
            ``certificates.order_change_pending``, ``certificates.order_requested``, ``certificates.order_platform``,
            ``certificates.order_not_requested``, ``certificates.order_withdrawn``,
            ``certificates.order_not_withdrawn``, ``certificates.order_answered``, ``certificates.order_no_answer``,
            ``certificates.order_installed``, ``certificates.order_not_installed``, ``certificates.order_confirmed``,
            ``certificates.order_no_former``: the action is not for this state; those of the action itself.
    """
    guard, change = _RULES[type(action)]
    refusal = guard(state)
    if refusal is not None:
        if done_already(state, action):
            return state
        lacking = lacks_until(state, PREPARED)
        raise InputError(refusal, lacking=", ".join(lacking)) if lacking else InputError(refusal)
    return change(state, action, at)


def possible(state: OrderState) -> tuple[str, ...]:
    """Return the kinds of action that this state takes."""
    return tuple(kind.model_fields["kind"].default for kind, (guard, _) in _RULES.items() if guard(state) is None)


def _all_keys(former: OrderState, renewed: Renewed) -> tuple[str, ...]:
    keys = {*former.abandoned_keys, renewed.public_key}
    if former.answer is not None:
        keys.add(former.answer.public_key)
    return tuple(sorted(keys))
