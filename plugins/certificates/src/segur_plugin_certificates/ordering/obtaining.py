"""Steps 8 to 11: the platform, the request, the withdrawal, the certificate beside its key, and its first call."""

from datetime import datetime

from segur_plugin_certificates.facts import read_facts
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.answers import refuse_answer
from segur_plugin_certificates.ordering.products import refuse_name
from segur_plugin_certificates.ordering.state import AcceptedAnswer, CsrCase, OrderState, Request, Withdrawal
from segur_sdk.errors import InputError


def habilitated(state: OrderState) -> str | None:
    """Nothing is ordered before the administrator is habilitated, nor while another is to replace him."""
    if state.granted_on is None:
        return "certificates.order_not_granted"
    if state.administrator_change is not None:
        return "certificates.order_change_pending"
    return None if state.request is None else "certificates.order_requested"


def at_platform(state: OrderState) -> str | None:
    """A product is requested by who is signed in."""
    return habilitated(state) or (None if state.platform is not None else "certificates.order_platform")


def requested(state: OrderState) -> str | None:
    """What was requested is withdrawn, once."""
    if state.request is None:
        return "certificates.order_not_requested"
    return None if state.withdrawal is None else "certificates.order_withdrawn"


def withdrawn(state: OrderState) -> str | None:
    """A certificate comes from a withdrawal."""
    if state.withdrawal is None:
        return "certificates.order_not_withdrawn"
    return None if state.answer is None else "certificates.order_answered"


def in_request(state: OrderState) -> str | None:
    """A request may begin again until its certificate is in service."""
    if state.request is None:
        return "certificates.order_not_requested"
    return None if state.installed_at is None else "certificates.order_installed"


def answered(state: OrderState) -> str | None:
    """Only a certificate that was checked is installed."""
    if state.answer is None:
        return "certificates.order_no_answer"
    return None if state.installed_at is None else "certificates.order_installed"


def installed(state: OrderState) -> str | None:
    """Only what is installed proves itself, or is taken back."""
    if state.installed_at is None:
        return "certificates.order_not_installed"
    return None if state.confirmed_at is None else "certificates.order_confirmed"


def renewing(state: OrderState) -> str | None:
    """Only a renewal has something to go back to."""
    return installed(state) or (None if state.renews is not None else "certificates.order_no_former")


def enter_platform(state: OrderState, action: actions.PlatformEntered, _at: datetime) -> OrderState:
    """Note how the administrator signed in."""
    return state.model_copy(update={"platform": action.means})


def request_product(state: OrderState, action: actions.ProductRequested, _at: datetime) -> OrderState:
    """Note the request.

    Raises:
        InputError: those of :func:`segur_plugin_certificates.ordering.products.refuse_name`,
            ``certificates.order_csr`` (case 1 needs the key of the CSR, case 2 has none),
            ``certificates.order_key_used`` (that key served before).
    """
    refuse_name(state.product.service, action.name)
    if (action.public_key is not None) != (action.csr is CsrCase.UPLOAD):
        raise InputError("certificates.order_csr")
    if action.public_key is not None and action.public_key in _used_keys(state):
        raise InputError("certificates.order_key_used")
    request = Request(
        name=action.name,
        actor_mail=action.actor_mail,
        informed_mail=action.informed_mail,
        csr=action.csr,
        public_key=action.public_key,
    )
    return state.model_copy(update={"request": request})


def withdraw(state: OrderState, action: actions.Withdrawn, at: datetime) -> OrderState:
    """Note the withdrawal; its secrets are references to what the host sealed.

    Raises:
        InputError: ``certificates.order_terms`` (not accepted), ``certificates.order_password`` (case 2 has one, case
            1 has none), ``certificates.order_date``.
    """
    assert state.request is not None
    if not action.terms_accepted:
        raise InputError("certificates.order_terms")
    if (action.password is not None) != (state.request.csr is CsrCase.PLATFORM):
        raise InputError("certificates.order_password")
    if action.on > at.date():
        raise InputError("certificates.order_date", reason="future")
    if state.granted_on is not None and action.on < state.granted_on:
        raise InputError("certificates.order_date", reason="before_habilitation")
    withdrawal = Withdrawal(on=action.on, revocation_code=action.revocation_code, password=action.password)
    return state.model_copy(update={"withdrawal": withdrawal})


def receive_answer(state: OrderState, action: actions.AnswerReceived, at: datetime) -> OrderState:
    """Accept the certificate when it is the one that was ordered.

    Raises:
        InputError: those of :func:`segur_plugin_certificates.ordering.answers.refuse_answer` and of ``read_facts``.
    """
    facts = read_facts(action.certificate)
    refuse_answer(state, facts, at)
    if facts.public_key in _used_keys(state):
        raise InputError("certificates.order_key_used")
    answer = AcceptedAnswer(
        fingerprint=facts.fingerprint,
        serial=facts.serial,
        public_key=facts.public_key,
        not_after=facts.not_after,
    )
    return state.model_copy(update={"answer": answer})


def start_over(state: OrderState, _action: actions.StartedOver, _at: datetime) -> OrderState:
    """Forget the request, and never take its key again: a lost password or key cannot be had back."""
    assert state.request is not None
    keys = {state.request.public_key, state.answer.public_key if state.answer is not None else None}
    abandoned = (*state.abandoned_keys, *sorted(key for key in keys if key and key not in state.abandoned_keys))
    forgotten = {"request": None, "withdrawal": None, "answer": None}
    return state.model_copy(update={**forgotten, "abandoned_keys": abandoned, "round": state.round + 1})


def install(state: OrderState, _action: actions.Installed, at: datetime) -> OrderState:
    """Note that the host installed it; a former one stays beside it until it has proved itself."""
    return state.model_copy(update={"installed_at": at})


def roll_back(state: OrderState, _action: actions.RolledBack, at: datetime) -> OrderState:
    """Take the former one again, as long as it holds; the new one may be installed once more.

    Raises:
        InputError: ``certificates.order_former_ended``.
    """
    assert state.renews is not None
    if at > state.renews.not_after:
        raise InputError("certificates.order_former_ended")
    return state.model_copy(update={"installed_at": None, "rolled_back_at": at})


def confirm(state: OrderState, _action: actions.Confirmed, at: datetime) -> OrderState:
    """Note that it serves."""
    return state.model_copy(update={"confirmed_at": at})


def _used_keys(state: OrderState) -> frozenset[str]:
    former = frozenset({state.renews.public_key}) if state.renews is not None else frozenset()
    return former | frozenset(state.abandoned_keys)
