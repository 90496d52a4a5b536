"""Whether the certificate that came is the one that was ordered: asked before it is installed.

Its chain is checked besides, by :mod:`segur_plugin_certificates.chain`.
"""

from datetime import datetime
from typing import Final

from segur_plugin_certificates.authorities import Domain, Gamme, tree_of
from segur_plugin_certificates.facts import Facts
from segur_plugin_certificates.ordering.products import Box
from segur_plugin_certificates.ordering.state import OrderState
from segur_sdk.errors import InputError

_OF_ORGANISATIONS: Final = frozenset({Box.ORG, Box.SERVER_DOMAIN, Box.SERVER_NAME, Box.SERVER_MAIL})


def refuse_answer(state: OrderState, facts: Facts, at: datetime) -> None:
    """Refuse a certificate that does not fit key and order.

    Raises:
        InputError: ``certificates.answer_key`` (not of the key of the CSR), ``certificates.answer_tree`` (of the other
            environment), ``certificates.answer_issuer``, ``certificates.answer_name``,
            ``certificates.answer_structure``, ``certificates.answer_usage``, ``certificates.answer_time``.
    """
    assert state.request is not None
    if state.request.public_key is not None and facts.public_key != state.request.public_key:
        raise InputError("certificates.answer_key")
    _refuse_issuer(state, facts)
    if facts.subject.common_name != state.request.name:
        raise InputError("certificates.answer_name")
    if not _of_structure(state, facts):
        raise InputError("certificates.answer_structure")
    if not facts.usages.allow(state.product.usage):
        raise InputError("certificates.answer_usage")
    if not facts.not_before <= at <= facts.not_after:
        raise InputError("certificates.answer_time")


def _refuse_issuer(state: OrderState, facts: Facts) -> None:
    issuer = facts.issuer
    if issuer is None:
        raise InputError("certificates.answer_issuer")
    if issuer.tree is not tree_of(state.environment):
        raise InputError("certificates.answer_tree")
    if state.product.box in _OF_ORGANISATIONS and (issuer.gamme, issuer.domain) != (
        Gamme.ELEMENTAIRE,
        Domain.ORGANISATIONS,
    ):
        raise InputError("certificates.answer_issuer")


def _of_structure(state: OrderState, facts: Facts) -> bool:
    found, ordered = facts.subject.structure, state.structure
    if found is None or ordered is None:
        return False
    return (found.type, found.value) == (ordered.type, ordered.number)
