"""Installs a certificate that came, after it was found to fit the key, the order, its purposes and the authorities."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import pairwise

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from segur_plugin_certificates.chain import build_chain
from segur_plugin_certificates.containers import read_certificates
from segur_plugin_certificates.facts import Facts, read_facts
from segur_plugin_certificates.fitting import purposes_of
from segur_plugin_certificates.kept_lists import KeptLists, ReadLists
from segur_plugin_certificates.kind import Offer
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.machine import act
from segur_plugin_certificates.ordering.obtaining import withdrawn
from segur_plugin_certificates.ordering.state import OrderState
from segur_plugin_certificates.orders import Order, Orders
from segur_plugin_certificates.purposes import misfits
from segur_plugin_certificates.revocation import Mode, Standing, refuse_revoked
from segur_plugin_certificates.serving import reference_of
from segur_plugin_certificates.settings import CertificatesSettings
from segur_plugin_certificates.trusted import trusted
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.keyring import KeyPlace, KeyReference


@attrs.frozen
class _Came:
    """What a file held: the certificate of the key, and everything else."""

    der: bytes = attrs.field(repr=False)
    facts: Facts
    others: tuple[bytes, ...] = attrs.field(repr=False)


def install(
    order: Order, data: bytes, orders: Orders, ctx: HookContext, read: ReadLists, at: datetime
) -> tuple[Order, tuple[str, ...]]:
    """Check a certificate, note that it came, and have the host put it beside its key.

    The same certificate again goes on where a stop left it.

    Args:
        order: as it stands.
        data: DER, PEM or PKCS#7.
        orders: of the installation.
        ctx: context of the call.
        read: lists that were read before.
        at: now, at the workplace.

    Returns:
        The order, and the codes of what was odd in the chain and did no harm.

    Raises:
        InputError: those of ``read_certificates`` and ``read_facts``; ``certificates.answer_key`` and the others of
            ``refuse_answer``; those of ``build_chain``, ``misfits``, ``trusted``; ``certificates.revoked``,
            ``certificates.chain_revoked``; that the order is not that far.
        ConfigError: those of ``Keyring.install``.
    """
    refusal = withdrawn(order.state)
    if refusal is not None and order.state.answer is None:
        raise InputError(refusal)
    reference = reference_of(order.use, ctx)
    came = _leaf(read_certificates(data).certificates, _expected(order.state, reference))
    answered = act(order.state, actions.AnswerReceived(certificate=came.der), at)
    path, notes = _checked(came, order, reference, ctx, read)
    kept = orders.keep(order, answered)
    # The anchor is everybody's own; servers are sent the rest.
    ctx.keyring.install(order.use, tuple(one.public_bytes(Encoding.DER) for one in path[:-1]))
    installed = orders.keep(kept, act(answered, actions.Installed(), at))
    if installed is not order:
        ctx.audit.note("order.installed", use=order.use, serial=came.facts.serial)
    return installed, notes


def _expected(state: OrderState, reference: KeyReference | None) -> frozenset[str]:
    """Return the public keys of which a certificate may have come: of the request, of the key that waits or serves."""
    known = {state.request.public_key if state.request is not None else None}
    if reference is not None and known == {None}:
        known |= {reference.awaiting}
        # After a stop, that of the platform's key serves already.
        known |= {state.answer.public_key if state.answer is not None else None}
    return frozenset(key for key in known if key is not None)


def _leaf(certificates: Sequence[bytes], expected: frozenset[str]) -> _Came:
    """Return the certificate of an expected key, in whatever order the file has them.

    Raises:
        InputError: ``certificates.answer_key``: none is.
    """
    for rank, der in enumerate(certificates):
        with suppress(InputError):
            facts = read_facts(der)
            if facts.public_key in expected:
                return _Came(der, facts, (*certificates[:rank], *certificates[rank + 1 :]))
    # One that is alone and cannot be read says why.
    for der in certificates if len(certificates) == 1 else ():
        read_facts(der)
    raise InputError("certificates.answer_key")


def _checked(
    came: _Came, order: Order, reference: KeyReference | None, ctx: HookContext, read: ReadLists
) -> tuple[tuple[x509.Certificate, ...], tuple[str, ...]]:
    now = ctx.clock.now()
    if came.facts.kind.offer is Offer.AUTHORITY:
        raise InputError("certificates.authority")
    chain = build_chain(came.der, came.others, trusted(ctx), now)
    settings = ctx.settings(CertificatesSettings)
    fitting = reference or KeyReference(use=order.use, place=KeyPlace.STORE, where="")
    for purpose in purposes_of(fitting, settings.purposes):
        for code in misfits(came.facts, purpose):
            raise InputError(code)
    _refuse_revoked(chain.path, KeptLists(ctx, read), now)
    return chain.path, chain.notes


def _refuse_revoked(path: Sequence[x509.Certificate], kept: KeptLists, now: datetime) -> None:
    for rank, (link, issuer) in enumerate(pairwise(path)):
        answer = kept.ask(link, issuer, now)
        if rank and answer.standing is Standing.REVOKED:
            raise InputError("certificates.chain_revoked")
        # A list that is not there keeps nobody from installing: the certificate is minutes old.
        refuse_revoked(answer, Mode.SOFT)
