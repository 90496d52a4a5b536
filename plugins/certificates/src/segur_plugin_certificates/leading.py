"""Leads an order on: what was done is noted, and what the host has to do for it is done first.

The store says where an order stands, the host's keyring where the keys are. Between the two anything may stop: each
pair of steps is ordered so that the same call again goes on, and nothing is done twice.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import JsonValue

from segur_plugin_certificates.filling import filled
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.actions import Action, read_action
from segur_plugin_certificates.ordering.defaults import preset_of, product_of
from segur_plugin_certificates.ordering.machine import act, begin, begin_under
from segur_plugin_certificates.ordering.products import names_offered
from segur_plugin_certificates.ordering.state import CsrCase, OrderState
from segur_plugin_certificates.orders import Order, Orders
from segur_plugin_certificates.sealing import forget_password, forget_revocation_code, references, refuse_secrets, seal
from segur_plugin_certificates.serving import as_renewed, reference_of, serving_facts
from segur_plugin_certificates.usages import Usage
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError

BY_INSTALLING: Final = frozenset({"answer_received", "installed"})
"""Kinds of action that the installation of the certificate does."""
_NO_KEY_YET: Final = "0" * 64
_USE: Final = re.compile(r"[a-z][a-z0-9_\-]{0,39}")
_DECRYPTING: Final = frozenset({Usage.CONF, Usage.SMIME})
"""Whose former key opens what was encrypted for it: it is never destroyed."""


def begin_order(use: str, asked: Mapping[str, JsonValue] | None, orders: Orders, ctx: HookContext) -> Order:
    """Begin an order, unless one stands: then that one. A certificate that serves already is what it replaces.

    Args:
        use: of the key.
        asked: ``{"box","usage","service"}``, or ``{"preset"}``; with ``under``, the use of an order whose form covers
            this one too. Without anything, what the name of the use stands for.
        orders: of the installation.
        ctx: context of the call.

    Raises:
        InputError: ``certificates.order_product``, ``certificates.order_preset``; ``certificates.order_none`` for an
            ``under`` that names no order; those of ``begin`` and ``begin_under``.
    """
    standing = orders.find(use)
    if standing is not None:
        return standing
    given = dict(asked) if asked is not None else {}
    under, preset = given.pop("under", None), given.pop("preset", None)
    others: tuple[str, ...] = ()
    if preset is None:
        product = product_of(use, given)
    else:
        known, product = preset_of(preset, use)
        others = tuple(one.use for one in known.products if one.use != use)
    if under is not None:
        if not isinstance(under, str) or not _USE.fullmatch(under):
            raise InputError("certificates.order_none")
        state = begin_under(orders.get(under).state, product)
    else:
        granted = [
            one.state for one in map(orders.find, others) if one is not None and one.state.granted_on is not None
        ]
        state = begin_under(granted[0], product) if granted else begin(product, ctx.environment)
    serving = serving_facts(use, ctx)
    if serving is not None:
        state = state.model_copy(update={"renews": as_renewed(serving)})
    ctx.audit.note("order.begun", use=use, under=under if isinstance(under, str) else None)
    return orders.keep(Order(state, preset if isinstance(preset, str) else None), state)


def lead(order: Order, given: Mapping[str, JsonValue], orders: Orders, ctx: HookContext, at: datetime) -> Order:
    """Note what was done.

    Args:
        order: as it stands.
        given: the action, with its ``kind``. Of ``product_requested``, the plugin adds ``public_key``; of
            ``withdrawn``, the references to the sealed secrets.
        orders: of the installation.
        ctx: context of the call.
        at: now, at the workplace.

    Raises:
        InputError: ``certificates.order_action``; ``input.no_answer``, for a field that is missing and was asked;
            ``certificates.order_install``, ``certificates.order_secret``,
            ``certificates.order_not_serving``: another certificate serves than the one that is confirmed; those
            of :func:`segur_plugin_certificates.ordering.machine.act`; those of ``Keyring.seal``.
        ConfigError: those of ``Keyring``.
    """
    kind = given.get("kind")
    if isinstance(kind, str) and kind in BY_INSTALLING:
        raise InputError("certificates.order_install")
    refuse_secrets(given)
    action = _completed(order.state, dict(given), ctx)
    # Whatever is wrong is refused before the host does anything, or has a secret typed.
    state = act(order.state, action, at)
    if state != order.state:
        state = act(order.state, _done_by_the_host(order.state, action, ctx), at)
    kept = orders.keep(order, state)
    if kept is not order:
        ctx.audit.note("order.led", use=order.use, kind=str(kind))
    return kept


def settle(order: Order, ctx: HookContext) -> None:
    """Do what an order that stands where it does leaves to be done, and what a stop in the middle left undone."""
    state = order.state
    if state.installed_at is not None and state.withdrawal is not None and state.withdrawal.password is not None:
        forget_password(state, ctx)
    if state.confirmed_at is not None and state.renews is not None and state.product.usage not in _DECRYPTING:
        reference = reference_of(order.use, ctx)
        if reference is not None and reference.can_take_back:
            ctx.keyring.retire(order.use)


def _done_by_the_host(state: OrderState, action: Action, ctx: HookContext) -> Action:
    """Have the host do its part of an action, unless it did already, and return the action with what came of it."""
    match action:
        case actions.ProductRequested(csr=CsrCase.UPLOAD):
            return action.model_copy(update={"public_key": _new_key(state, action.name, ctx)})
        case actions.Withdrawn():
            seal(state, ctx)
        case actions.RolledBack():
            _take_back(state, ctx)
        case actions.StartedOver():
            # After a stop the request is still there, and is started over once more.
            if state.request is not None and state.request.public_key is not None:
                # One that served, and was taken back, stays: something may have been encrypted for it.
                ctx.keyring.drop_new_key(state.product.use, state.request.public_key)
            forget_password(state, ctx)
            if state.withdrawal is None:
                # Nothing was issued that it could revoke.
                forget_revocation_code(state, ctx)
        case actions.Confirmed():
            _refuse_another(state, ctx)
        case _:
            pass
    return action


def _completed(state: OrderState, given: dict[str, Any], ctx: HookContext) -> Action:
    """Return the action with what only this plugin knows, and with what somebody is asked for."""
    if given.get("kind") == "product_requested":
        _complete_request(state, given)
    elif given.get("kind") == "withdrawn":
        given |= references(state)
    return read_action(filled(state, given, ctx))


def _complete_request(state: OrderState, given: dict[str, Any]) -> None:
    given.setdefault("csr", str(CsrCase.UPLOAD))
    offered = names_offered(state.product.service)
    if offered:
        given.setdefault("name", offered[0])
    # That of a new key is known once it is made.
    known = _NO_KEY_YET if state.request is None else state.request.public_key
    given["public_key"] = known if given["csr"] == CsrCase.UPLOAD else None


def _new_key(state: OrderState, name: str, ctx: HookContext) -> str:
    use = state.product.use
    reference = reference_of(use, ctx)
    if reference is not None and reference.awaiting is not None:
        # Of a request that was never written down: nobody has its CSR. One that had a certificate stays.
        ctx.keyring.drop_new_key(use, reference.awaiting)
    return ctx.keyring.new_key(use, name).public_key


def _refuse_another(state: OrderState, ctx: HookContext) -> None:
    """Refuse to confirm a certificate that does not serve: one was taken back, and a stop kept it from being noted."""
    assert state.answer is not None
    reference = reference_of(state.product.use, ctx)
    if reference is None or reference.public_key != state.answer.public_key:
        raise InputError("certificates.order_not_serving")


def _take_back(state: OrderState, ctx: HookContext) -> None:
    """Have the former certificate serve again, unless it does already."""
    assert state.renews is not None
    reference = reference_of(state.product.use, ctx)
    if reference is None or reference.public_key != state.renews.public_key:
        ctx.keyring.take_back(state.product.use)
