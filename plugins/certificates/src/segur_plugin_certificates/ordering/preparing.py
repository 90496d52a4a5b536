"""Steps 1 to 7: what is gathered for the form F413, sending it, and what comes back."""

from datetime import date, datetime

from segur_plugin_certificates.identifiers import read_structure
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.people import Doer, FinessNature, OrderingStructure, SignatoryBox
from segur_plugin_certificates.ordering.state import AdministratorChange, OrderState
from segur_plugin_certificates.ordering.steps import PREPARED, lacks_until
from segur_sdk.errors import InputError
from segur_sdk.identifiers.structure_id import StructureIdType
from segur_sdk.models.actor import Environment


def still_open(state: OrderState) -> str | None:
    """What is gathered may change until the form is sent."""
    return None if state.sent_on is None else "certificates.order_sent"


def structure_known(state: OrderState) -> str | None:
    """Which boxes there are depends on the structure."""
    return still_open(state) or (None if state.structure is not None else "certificates.order_structure_first")


def ready_to_send(state: OrderState) -> str | None:
    """The form is sent complete, also where a habilitation was only supposed; its date is mended until the answer."""
    if state.request is not None:
        return "certificates.order_requested"
    asked = state.model_copy(update={"granted_on": None})
    answered = "certificates.order_sent" if state.sent_on is not None and state.granted_on is not None else None
    return answered or ("certificates.order_incomplete" if lacks_until(asked, PREPARED) else None)


def sent(state: OrderState) -> str | None:
    """Only a form that was sent and not granted yet is answered."""
    if state.sent_on is None:
        return "certificates.order_not_sent"
    return None if state.granted_on is None else "certificates.order_granted"


def acknowledged(state: OrderState) -> str | None:
    """A habilitation comes under a case number."""
    return sent(state) or (None if state.case_number is not None else "certificates.order_no_case")


def granted(state: OrderState) -> str | None:
    """An administrator is changed (F503) after he was habilitated; before, he is named anew."""
    return None if state.granted_on is not None else "certificates.order_not_granted"


def change_sent(state: OrderState) -> str | None:
    """A change takes effect after it was sent."""
    return None if state.administrator_change is not None else "certificates.order_no_change"


def sign_contract(state: OrderState, action: actions.ContractSigned, at: datetime) -> OrderState:
    """Note the contract."""
    _refuse_future(action.on, at)
    return state.model_copy(update={"contract_signed_on": action.on})


def note_director_card(state: OrderState, action: actions.DirectorCardNoted, _at: datetime) -> OrderState:
    """Note the director's card."""
    return state.model_copy(update={"director_card": action.card})


def name_structure(state: OrderState, action: actions.StructureNamed, at: datetime) -> OrderState:
    """Note the structure; a FINESS juridique is refused, because certificates bear the number of the site.

    Raises:
        InputError: ``certificates.structure_form``, ``certificates.order_structure_check`` (in production),
            ``certificates.order_finess_juridique``, ``certificates.order_date``.
    """
    structure: OrderingStructure = action.structure
    found = read_structure(structure.type + structure.number)
    if not found.check_fits and state.environment is Environment.PRODUCTION:
        raise InputError("certificates.order_structure_check")
    if structure.type is StructureIdType.FINESS and structure.finess_nature is FinessNature.JURIDIQUE:
        raise InputError("certificates.order_finess_juridique")
    _refuse_future(structure.attributed_on, at)
    signatory = state.signatory
    if signatory is not None:
        _refuse_box(signatory.box, structure.type)
    return state.model_copy(update={"structure": structure})


def choose_doer(state: OrderState, action: actions.DoerChosen, at: datetime) -> OrderState:
    """Note who does it; a delegation is only to an editor."""
    _refuse_future(action.delegated_on, at)
    delegated_on = action.delegated_on if action.doer is Doer.EDITOR else None
    return state.model_copy(update={"doer": action.doer, "delegated_on": delegated_on})


def name_administrator(state: OrderState, action: actions.AdministratorNamed, _at: datetime) -> OrderState:
    """Note the administrateur technique."""
    return state.model_copy(update={"administrator": action.administrator})


def choose_form(state: OrderState, action: actions.FormChosen, _at: datetime) -> OrderState:
    """Note how the form is filled in."""
    return state.model_copy(update={"form": action.channel})


def name_signatory(state: OrderState, action: actions.SignatoryNamed, _at: datetime) -> OrderState:
    """Note who signs.

    Raises:
        InputError: ``certificates.order_titulaire``: that box is only for an RPPS and rang.
    """
    assert state.structure is not None
    _refuse_box(action.signatory.box, state.structure.type)
    return state.model_copy(update={"signatory": action.signatory})


def send_form(state: OrderState, action: actions.FormSent, at: datetime) -> OrderState:
    """Note that the form is sent: the clock of three working days starts. Before the answer, a wrong date is mended.

    Raises:
        InputError: ``certificates.order_date``: in the future, or before the contract was signed.
    """
    _refuse_future(action.on, at)
    if state.contract_signed_on is not None and action.on < state.contract_signed_on:
        raise InputError("certificates.order_date", reason="before_contract")
    return state.model_copy(update={"sent_on": action.on, "granted_on": None})


def acknowledge(state: OrderState, action: actions.Acknowledged, _at: datetime) -> OrderState:
    """Note the case number."""
    return state.model_copy(update={"case_number": action.case_number})


def grant(state: OrderState, action: actions.Granted, at: datetime) -> OrderState:
    """Note the habilitation.

    Raises:
        InputError: ``certificates.order_date``: in the future, or before the form was sent.
    """
    _refuse_future(action.on, at)
    if state.sent_on is not None and action.on < state.sent_on:
        raise InputError("certificates.order_date", reason="before_form")
    return state.model_copy(update={"granted_on": action.on})


def refuse_form(state: OrderState, _action: actions.FormRefused, _at: datetime) -> OrderState:
    """Open the form again."""
    return state.model_copy(update={"sent_on": None, "case_number": None, "refusals": state.refusals + 1})


def send_change(state: OrderState, action: actions.AdministratorChangeSent, at: datetime) -> OrderState:
    """Note that form F503 is sent.

    Raises:
        InputError: ``certificates.order_date``.
    """
    _refuse_future(action.on, at)
    return state.model_copy(update={"administrator_change": AdministratorChange(new=action.new, sent_on=action.on)})


def end_change(state: OrderState, _action: actions.AdministratorChangeDone, _at: datetime) -> OrderState:
    """The new administrator is in charge, and signs in at the platform himself."""
    assert state.administrator_change is not None
    change = state.administrator_change
    platform = state.platform if state.request is not None else None
    return state.model_copy(update={"administrator": change.new, "administrator_change": None, "platform": platform})


def _refuse_box(box: SignatoryBox, kind: StructureIdType) -> None:
    if box is SignatoryBox.TITULAIRE and kind is not StructureIdType.RPPS_RANG:
        raise InputError("certificates.order_titulaire")


def _refuse_future(day: date | None, at: datetime) -> None:
    if day is not None and day > at.date():
        raise InputError("certificates.order_date", reason="future")
