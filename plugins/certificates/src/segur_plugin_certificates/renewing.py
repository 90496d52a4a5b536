"""Begins to replace a certificate before its end: the one that serves goes on until the new one has proved itself."""

from segur_plugin_certificates.authorities import tree_of
from segur_plugin_certificates.facts import Facts
from segur_plugin_certificates.ordering.defaults import product_like, structure_of
from segur_plugin_certificates.ordering.machine import begin, begin_renewal
from segur_plugin_certificates.ordering.state import OrderState
from segur_plugin_certificates.orders import Order, Orders
from segur_plugin_certificates.serving import as_renewed, serving_facts
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError


def renew(use: str, orders: Orders, ctx: HookContext) -> Order:
    """Begin a renewal, unless one is under way, or a first order: then that one.

    One that was ordered elsewhere was issued under a habilitation: the renewal begins at the platform, as any other.
    When it says too little of its structure, or is of another environment, it begins with an order from the first step.

    Args:
        use: of the key.
        orders: of the installation.
        ctx: context of the call.

    Raises:
        InputError: ``certificates.renew_nothing``: no certificate that can be read serves for that use;
            ``certificates.order_not_granted``.
    """
    facts = serving_facts(use, ctx)
    if facts is None:
        raise InputError("certificates.renew_nothing", use=use)
    former = orders.find(use)
    if former is not None and former.state.confirmed_at is None and not _replaceable(former):
        return former
    renewed = as_renewed(facts)
    if former is None:
        state = _of_elsewhere(use, facts, ctx).model_copy(update={"renews": renewed})
        order = Order(state)
    else:
        state, order = begin_renewal(former.state, renewed), former
    ctx.audit.note("renewal.begun", use=use)
    return orders.keep(order, state)


def _of_elsewhere(use: str, facts: Facts, ctx: HookContext) -> OrderState:
    """Return the order as which a certificate of which nothing is written down is renewed."""
    state, structure = begin(product_like(use, facts), ctx.environment), structure_of(facts)
    if structure is None or facts.issuer is None or facts.issuer.tree is not tree_of(ctx.environment):
        return state
    return state.model_copy(update={"structure": structure, "granted_on": facts.not_before.date()})


def _replaceable(former: Order) -> bool:
    """Tell whether a first order has come to a certificate, although nobody confirmed it: that one may be renewed."""
    return former.state.renews is None and former.state.installed_at is not None
