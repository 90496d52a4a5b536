"""Begins to replace a certificate before its end: the one that serves goes on until the new one has proved itself."""

from segur_plugin_certificates.ordering.defaults import product_like
from segur_plugin_certificates.ordering.machine import begin, begin_renewal
from segur_plugin_certificates.orders import Order, Orders
from segur_plugin_certificates.serving import as_renewed, serving_facts
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError


def renew(use: str, orders: Orders, ctx: HookContext) -> Order:
    """Begin a renewal, unless one is under way, or a first order: then that one.

    A certificate that was ordered elsewhere begins with an order of its own: nothing is known of its habilitation.

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
        state = begin(product_like(use, facts), ctx.environment).model_copy(update={"renews": renewed})
        order = Order(state)
    else:
        state, order = begin_renewal(former.state, renewed), former
    ctx.audit.note("renewal.begun", use=use)
    return orders.keep(order, state)


def _replaceable(former: Order) -> bool:
    """Tell whether a first order has come to a certificate, although nobody confirmed it: that one may be renewed."""
    return former.state.renews is None and former.state.installed_at is not None
