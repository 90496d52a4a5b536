"""One exchange with the DMP: one question, one answer or one failure, one audit note without patient data."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

import attrs
from lxml import etree

from segur_plugin_dmp import mtom
from segur_plugin_dmp.answers import refuse_fault
from segur_plugin_dmp.callers import Caller
from segur_plugin_dmp.mtom import Attachment
from segur_plugin_dmp.namespaces import Transaction
from segur_plugin_dmp.outcomes import UNAVAILABLE, raised_as
from segur_plugin_dmp.settings import DmpSettings
from segur_plugin_dmp.soap import MAX_ANSWER, content_type, read_envelope, unreadable, write_envelope
from segur_plugin_dmp.vihf import Habilitation, vihf
from segur_sdk.context import HookContext, HttpReply
from segur_sdk.errors import InputError, SegurError, ServiceError
from segur_sdk.formats.xml_writer import Xml

_BUSY_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})


@attrs.frozen
class Question:
    """What is asked."""

    transaction: Transaction
    body: Xml = attrs.field(repr=False)
    about: Habilitation
    attachments: Sequence[Attachment] = ()


@attrs.frozen
class Message:
    """A question as it goes out."""

    message_id: str
    assertion: Xml = attrs.field(repr=False)
    content_type: str
    body: bytes = attrs.field(repr=False)
    multipart: mtom.Multipart | None = attrs.field(default=None, repr=False)


def compose(question: Question, caller: Caller, ctx: HookContext) -> Message:
    """Write a message, its VIHF included.

    Raises:
        ServiceError: ``dmp.too_large``: longer than ``max_message``.
        SegurError: those of :func:`segur_plugin_dmp.vihf.vihf`.
    """
    settings = ctx.settings(DmpSettings)
    message_id = f"urn:uuid:{uuid4()}"
    transaction = question.transaction
    assertion = vihf(caller, question.about, ctx.software, settings, ctx.clock.now())
    envelope = write_envelope(transaction, message_id, assertion, question.body)
    if not transaction.attaches:
        return Message(message_id, assertion, content_type(transaction), envelope)
    whole = mtom.write(envelope, question.attachments, transaction.value)
    if len(whole.body) > settings.max_message:
        raise ServiceError("dmp.too_large", limit=settings.max_message)
    return Message(message_id, assertion, whole.content_type, whole.body, whole)


def exchange(question: Question, caller: Caller, ctx: HookContext) -> etree._Element:
    """Ask once, and return the element that was answered; it is no fault.

    Raises:
        ServiceError: ``service.timed_out`` when no time is left: nothing was sent; ``service.*``,
            ``dmp.answer_unreadable``, ``dmp.http_status``, ``dmp.unavailable``, ``dmp.too_large``.
        SegurError: a fault, see :mod:`segur_plugin_dmp.outcomes`; those of :func:`compose`.
    """
    if ctx.deadline.remaining() <= 0:
        raise ServiceError("service.timed_out", retryable=True)
    message = compose(question, caller, ctx)
    failure: str | None = None
    try:
        reply = ctx.http(caller.mode.purpose).request(
            "POST",
            question.transaction.path,
            headers={"Content-Type": message.content_type},
            body=message.body,
            max_answer=MAX_ANSWER,
        )
        return _read(reply, message.message_id)
    except SegurError as error:
        failure = str(error.facts.get("service_code") or error.code)
        raise
    finally:
        ctx.audit.note(
            "exchange",
            transaction=question.transaction.name.lower(),
            message_id=message.message_id,
            mode=caller.mode.value,
            failure=failure,
        )


@contextmanager
def only_asked() -> Iterator[None]:
    """What fails here asked something of the DMP and left nothing there, whether or not its answer was lost."""
    try:
        yield
    except ServiceError as failure:
        failure.maybe_processed = False
        raise


def _read(reply: HttpReply, message_id: str) -> etree._Element:
    try:
        received = mtom.read(reply.headers.get("content-type", ""), reply.body)
        answer = read_envelope(received.root, message_id)
    except InputError as failure:
        reason = str(failure.facts.get("reason"))
    except ServiceError:
        if reply.status != 200:
            raise _by_status(reply.status) from None
        raise
    else:
        refuse_fault(answer)
        if reply.status != 200:
            raise _by_status(reply.status)
        return answer
    raise unreadable(reason) if reply.status == 200 else _by_status(reply.status)


def _by_status(status: int) -> SegurError:
    """Return the error of an answer that is not the service's own."""
    if status in _BUSY_STATUSES:
        return raised_as(UNAVAILABLE, f"http_{status}")
    if status == 413:
        return ServiceError("dmp.too_large", status=status)
    return ServiceError("dmp.http_status", status=status)
