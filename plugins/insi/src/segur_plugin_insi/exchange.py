"""One exchange with INSi: one question, one answer or one failure, one audit note without patient data."""

from datetime import datetime
from uuid import uuid4

import attrs

from segur_plugin_insi.answers import Answer
from segur_plugin_insi.callers import Caller
from segur_plugin_insi.card_person import CardPerson
from segur_plugin_insi.contexts import contexte_bam, contexte_lps
from segur_plugin_insi.envelope import build_envelope, content_type
from segur_plugin_insi.namespaces import WSSE, Operation
from segur_plugin_insi.professional_assertion import professional_assertion
from segur_plugin_insi.replies import MAX_ANSWER, read_reply
from segur_sdk.context import HookContext
from segur_sdk.errors import ConfigError, Fact, SegurError, ServiceError
from segur_sdk.formats.xml_writer import Xml, node
from segur_sdk.models.identity import InsAttempt, SearchTraits


@attrs.frozen
class Request:
    """A question ready to be asked."""

    operation: Operation
    question: Xml = attrs.field(repr=False)
    criteria: SearchTraits
    """What is asked for, for the trace."""
    person: CardPerson | None = None
    """The beneficiary, for a search by card."""
    vitale: Xml | None = attrs.field(default=None, repr=False)
    """The assertion Vitale, for a search by card."""


@attrs.frozen
class Exchanged:
    """What came of one exchange; ``attempt`` is there whatever happened."""

    attempt: InsAttempt
    outcome: Answer | ServiceError | ConfigError

    def answer(self) -> Answer:
        """Return the functional answer, or raise the failure."""
        if isinstance(self.outcome, SegurError):
            raise self.outcome
        return self.outcome


def exchange(request: Request, caller: Caller, ctx: HookContext) -> Exchanged:
    """Ask once, and read what comes back.

    Raises:
        ServiceError: ``service.timed_out`` when no time is left: nothing was sent.
        SegurError: what ``Signer.sign`` raises when a card signs for the caller: nothing was sent.
    """
    if ctx.deadline.remaining() <= 0:
        raise ServiceError("service.timed_out", retryable=True)
    now = ctx.clock.now()
    message_id = str(uuid4())
    headers = [
        contexte_bam(str(uuid4()), now, caller.emitter, request.person),
        contexte_lps(str(uuid4()), now, caller.emitter, ctx.software),
    ]
    assertions = _assertions(request, caller, now)
    if assertions:
        headers.append(node("wsse:Security", *assertions, attributes={"xmlns:wsse": WSSE}))
    body = build_envelope(request.operation, message_id, headers, request.question)
    outcome = _ask(body, request.operation, caller, ctx)
    attempt = InsAttempt(
        operation=request.operation.value,
        message_id=f"uuid:{message_id}",
        sent_at=now,
        criteria=request.criteria,
        cr=outcome.cr if isinstance(outcome, Answer) else None,
        fault=None if isinstance(outcome, Answer) else _fault_code(outcome),
    )
    ctx.audit.note(
        "exchange",
        operation=attempt.operation,
        message_id=attempt.message_id,
        **_by_whom(caller),
        cr=None if attempt.cr is None else attempt.cr.value,
        fault=attempt.fault,
    )
    return Exchanged(attempt, outcome)


def _by_whom(caller: Caller) -> dict[str, Fact]:
    """Return by what the caller is known; who the professional is, the record says by itself."""
    own = caller.professional
    return {"certificate": caller.name} if own is None else {"professional": own.qualifier}


def _assertions(request: Request, caller: Caller, now: datetime) -> tuple[Xml, ...]:
    """Return what stands in ``wsse:Security``: an empty one would not fit its schema."""
    own = caller.professional
    by_whom = () if own is None else (professional_assertion(own, f"_{uuid4()}", now),)
    return (*by_whom, request.vitale) if request.vitale is not None else by_whom


def _ask(body: bytes, operation: Operation, caller: Caller, ctx: HookContext) -> Answer | ServiceError | ConfigError:
    try:
        reply = ctx.http(caller.use).request(
            "POST", headers={"Content-Type": content_type(operation)}, body=body, max_answer=MAX_ANSWER
        )
        return read_reply(reply)
    except (ServiceError, ConfigError) as failure:
        return failure


def _fault_code(failure: SegurError) -> str:
    return str(failure.facts.get("service_code") or failure.facts.get("subcode") or failure.code)
