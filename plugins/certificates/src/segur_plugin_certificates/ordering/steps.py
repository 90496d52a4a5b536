"""The eleven steps, and what each still lacks.

Source: the steps by which the agency has certificates ordered: contract, FINESS, administrator, forms F101, F301, F413
and F503, platform (PFC), withdrawal.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from segur_plugin_certificates.ordering.people import AdministratorCard, DirectorCard, Doer, FinessNature
from segur_plugin_certificates.ordering.state import CsrCase, OrderState
from segur_sdk.identifiers.structure_id import StructureIdType


class Step(IntEnum):
    """The steps, by their numbers."""

    CONTRACT = 1
    STRUCTURE = 2
    DELEGATION = 3
    ADMINISTRATOR = 4
    FORM = 5
    SIGNATORY = 6
    SUBMISSION = 7
    PLATFORM = 8
    REQUEST = 9
    WITHDRAWAL = 10
    GOOD_PRACTICE = 11


def _contract(state: OrderState) -> Iterator[str]:
    structure = state.structure
    if state.contract_signed_on is None:
        yield "contract"
    elif (
        structure is not None
        and structure.attributed_on is not None
        and state.contract_signed_on < structure.attributed_on
    ):
        # A contract that is older than the number names none: it is signed again.
        yield "contract_again"
    if state.director_card is not DirectorCard.HELD:
        yield "director_card" if state.director_card is DirectorCard.NONE else "director_card_awaited"


def _structure(state: OrderState) -> Iterator[str]:
    structure = state.structure
    if structure is None:
        yield "structure"
    elif structure.type is StructureIdType.FINESS:
        if structure.finess_nature is not FinessNature.GEOGRAPHIQUE:
            yield "finess_nature"
        if structure.attributed_on is None:
            yield "finess_date"


def _delegation(state: OrderState) -> Iterator[str]:
    if state.doer is None:
        yield "doer"
    elif state.doer is Doer.EDITOR and state.delegated_on is None:
        yield "delegation"


def _administrator(state: OrderState) -> Iterator[str]:
    administrator = state.administrator
    if administrator is None:
        yield "administrator"
        return
    if not administrator.card_active:
        yield "administrator_card"
    if state.doer is Doer.EDITOR:
        if administrator.card is not AdministratorCard.CPA:
            yield "editor_card"
        if not administrator.editor_contract:
            yield "editor_contract"


def _form(state: OrderState) -> Iterator[str]:
    if state.form is None:
        yield "form"


def _signatory(state: OrderState) -> Iterator[str]:
    if state.signatory is None:
        yield "signatory"


def _submission(state: OrderState) -> Iterator[str]:
    if state.sent_on is None:
        yield "form_sent"
    elif state.case_number is None:
        yield "case_number"
    elif state.granted_on is None:
        yield "habilitation"


def _platform(state: OrderState) -> Iterator[str]:
    if state.administrator_change is not None:
        yield "administrator_change"
    if state.platform is None:
        yield "platform"


def _request(state: OrderState) -> Iterator[str]:
    if state.request is None:
        yield "request"


def _withdrawal(state: OrderState) -> Iterator[str]:
    if state.withdrawal is None:
        yield "withdrawal"
        if state.request is not None and state.request.csr is CsrCase.PLATFORM:
            yield "password"
    elif state.answer is None:
        yield "answer"
    elif state.installed_at is None:
        yield "installation"


def _good_practice(state: OrderState) -> Iterator[str]:
    if state.confirmed_at is None:
        yield "confirmation"


_LACKS: Final[Mapping[Step, Callable[[OrderState], Iterator[str]]]] = MappingProxyType(
    {
        Step.CONTRACT: _contract,
        Step.STRUCTURE: _structure,
        Step.DELEGATION: _delegation,
        Step.ADMINISTRATOR: _administrator,
        Step.FORM: _form,
        Step.SIGNATORY: _signatory,
        Step.SUBMISSION: _submission,
        Step.PLATFORM: _platform,
        Step.REQUEST: _request,
        Step.WITHDRAWAL: _withdrawal,
        Step.GOOD_PRACTICE: _good_practice,
    }
)
PREPARED: Final = Step.SIGNATORY
"""Last of the steps that come before anything is sent."""


def lacks(state: OrderState, step: Step) -> tuple[str, ...]:
    """Return what a step still lacks, as codes of ``ordering_fr.toml``.

    A habilitation that was given covers the steps up to it: they are not gone through again for a renewal.
    """
    if step <= Step.SUBMISSION and state.granted_on is not None:
        return ()
    return tuple(_LACKS[step](state))


def current_step(state: OrderState) -> Step | None:
    """Return the first step that lacks something; ``None`` when the certificate is in service."""
    return next((step for step in Step if lacks(state, step)), None)


def lacks_until(state: OrderState, last: Step) -> tuple[str, ...]:
    """Return everything that the steps up to one lack."""
    return tuple(code for step in Step if step <= last for code in lacks(state, step))
