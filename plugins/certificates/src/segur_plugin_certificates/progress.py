"""Where an order stands and what to do next, as the contract has it."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from segur_plugin_certificates.findings import text_of
from segur_plugin_certificates.identifiers import read_structure
from segur_plugin_certificates.leading import BY_INSTALLING
from segur_plugin_certificates.ordering.guide import advise, form_fields
from segur_plugin_certificates.ordering.presets import PRESETS
from segur_plugin_certificates.ordering.state import CsrCase, OrderState
from segur_plugin_certificates.ordering.steps import Step
from segur_plugin_certificates.orders import Order
from segur_plugin_certificates.serving import reference_of
from segur_sdk.context import HookContext
from segur_sdk.models.notice import Notice
from segur_sdk.services.structure_certificates import FormField, OrderProgress

_FORM: Final = (Step.FORM, Step.SUBMISSION)
"""Steps at which somebody fills in, signs or sends the form."""
_LETTERS: Final = re.compile(r"[a-z]{3,}")


def progress_of(order: Order, ctx: HookContext, at: datetime, *more: str) -> OrderProgress:
    """Return where an order stands.

    Args:
        order: as it stands.
        ctx: context of the call.
        at: now, at the workplace.
        *more: codes of notices to show besides.
    """
    state = order.state
    advice = advise(state, at.date())
    csr = _csr(state, ctx)
    form = form_fields(state) if advice.step is not None and _FORM[0] <= advice.step <= _FORM[1] else ()
    return OrderProgress(
        use=order.use,
        step=advice.step,
        title=advice.title,
        to_do=advice.to_do,
        missing=tuple(Notice(code=f"certificates.missing.{one.code}", text=one.text) for one in advice.missing),
        possible=tuple(kind for kind in advice.possible if kind not in BY_INSTALLING),
        names=advice.names,
        form=tuple(FormField(part=one.part, label=one.label, value=one.value) for one in form),
        csr=csr,
        case_number=state.case_number,
        expected_on=advice.expected_on,
        late=advice.late,
        notices=tuple(_notices(order, advice.step, csr, ctx, more)),
    )


def _csr(state: OrderState, ctx: HookContext) -> bytes | None:
    """Return the request to upload, as long as its certificate did not come."""
    request = state.request
    if request is None or request.csr is not CsrCase.UPLOAD or state.answer is not None:
        return None
    reference = reference_of(state.product.use, ctx)
    if reference is None or reference.awaiting != request.public_key:
        return None
    return ctx.keyring.new_key(state.product.use, request.name).csr


def _notices(
    order: Order, step: int | None, csr: bytes | None, ctx: HookContext, more: tuple[str, ...]
) -> Iterator[Notice]:
    state = order.state
    if csr is not None:
        yield _notice("certificates.csr_transport")
    elif state.request is not None and state.request.csr is CsrCase.UPLOAD and state.answer is None:
        yield _notice("certificates.order_key_lost")
    if state.renews is not None and state.installed_at is None and ctx.clock.now() <= state.renews.not_after:
        yield _notice("certificates.former_serves", f"au plus tard jusqu’au {state.renews.not_after:%d/%m/%Y}")
    if state.granted_on is not None and state.sent_on is None and state.request is None:
        yield _notice("certificates.renew_elsewhere")
    if state.granted_on is None and _personal_mailbox(state):
        yield _notice("certificates.mailbox_personal")
    if state.granted_on is None and _doubtful_number(state):
        yield _notice("certificates.order_number_doubtful")
    if state.withdrawal is not None and state.answer is not None:
        name = state.withdrawal.revocation_code.removeprefix("sealed:")
        yield _notice("certificates.revocation_code_kept", f"sous le nom « {name} »")
    for code in more:
        yield _notice(code)
    preset = PRESETS.get(order.preset or "")
    if preset is not None and step is not None and step <= Step.SUBMISSION:
        for rank, advice in enumerate(preset.advice, 1):
            yield Notice(code=f"certificates.preset.{preset.name}.{rank}", text=advice)


def _notice(code: str, detail: str = "") -> Notice:
    text = text_of(code)
    message = text.message if not detail else f"{text.message.rstrip('.')} {detail}."
    return Notice(code=code, text=message, action=text.action)


def _doubtful_number(state: OrderState) -> bool:
    """Tell whether the number of the structure fails its check; in production such a one is refused."""
    structure = state.structure
    return structure is not None and not read_structure(structure.type + structure.number).check_fits


def _personal_mailbox(state: OrderState) -> bool:
    """Tell whether the signatory's or the administrator's mailbox bears a name of his own."""
    people = (state.signatory, state.administrator)
    return any(
        word in one.mail.partition("@")[0].lower()
        for one in people
        if one is not None
        for word in _LETTERS.findall(one.name.lower())
    )
