"""Whether an action has already had its effect.

A host that stopped after an action, and before it wrote down that it was over, may do it again.
"""

from hashlib import sha256

from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.actions import Action
from segur_plugin_certificates.ordering.state import OrderState


def done_already(state: OrderState, action: Action) -> bool:
    """Tell whether an action, done again, would leave everything as it is."""
    return _gathered(state, action) or _obtained(state, action)


def _gathered(state: OrderState, action: Action) -> bool:
    match action:
        case actions.ContractSigned():
            return state.contract_signed_on == action.on
        case actions.DirectorCardNoted():
            return state.director_card is action.card
        case actions.StructureNamed():
            return state.structure == action.structure
        case actions.AdministratorNamed():
            return state.administrator == action.administrator
        case actions.SignatoryNamed():
            return state.signatory == action.signatory
        case actions.FormChosen():
            return state.form is action.channel
        case actions.FormSent():
            return state.sent_on == action.on
        case actions.Acknowledged():
            return state.case_number == action.case_number
        case actions.Granted():
            return state.granted_on == action.on
        case _:
            return False


def _obtained(state: OrderState, action: Action) -> bool:
    match action:
        case actions.PlatformEntered():
            return state.platform is action.means
        case actions.ProductRequested():
            return _same(
                action.model_dump(), state.request, ("name", "actor_mail", "informed_mail", "csr", "public_key")
            )
        case actions.Withdrawn():
            return action.terms_accepted and _same(
                action.model_dump(), state.withdrawal, ("on", "revocation_code", "password")
            )
        case actions.AnswerReceived():
            fingerprint = sha256(action.certificate).hexdigest().upper()
            return state.answer is not None and state.answer.fingerprint == fingerprint
        case actions.Installed():
            return state.installed_at is not None
        case actions.RolledBack():
            return state.installed_at is None and state.rolled_back_at is not None
        case actions.Confirmed():
            return state.confirmed_at is not None
        case _:
            return False


def _same(asked: dict[str, object], held: object, fields: tuple[str, ...]) -> bool:
    return held is not None and all(asked[field] == getattr(held, field) for field in fields)
