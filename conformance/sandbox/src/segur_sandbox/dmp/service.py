"""Answers requests: lets the caller in, judges the message, gives it its effect, writes the answer or the refusal."""

from typing import Final

import attrs
from lxml import etree

from segur_sandbox.clock import SandboxClock
from segur_sandbox.dmp import namespaces as ns
from segur_sandbox.dmp.answers import (
    FAILURE,
    SoapAnswer,
    envelope,
    fault,
    receiver_fault,
    registry_response,
    sender_fault,
)
from segur_sandbox.dmp.audit import Audit
from segur_sandbox.dmp.deleting import Deleting
from segur_sandbox.dmp.documents import documents_in
from segur_sandbox.dmp.existence import QUESTION, answer_existence, read_question
from segur_sandbox.dmp.feeding import DUPLICATE, Feeding
from segur_sandbox.dmp.gate import Caller, Gate
from segur_sandbox.dmp.mtom import Received, take_apart
from segur_sandbox.dmp.namespaces import in_
from segur_sandbox.dmp.objects import query_failure, query_response
from segur_sandbox.dmp.options import Options
from segur_sandbox.dmp.patients import Patients
from segur_sandbox.dmp.refusal import RegistryError, RegistryRefusedError, SoapRefusedError
from segur_sandbox.dmp.rights import Matrix, Right, right_to
from segur_sandbox.dmp.searching import Searching
from segur_sandbox.dmp.soap import Envelope, message_id_of, read_envelope
from segur_sandbox.dmp.variants import (
    ACCEPT_DUPLICATES,
    REGISTRY_ERRORS,
    SOAP_FAULTS,
    WARNING,
    shape_of,
    without_effect,
    wrapped,
)
from segur_sandbox.exchanges import Exchange
from segur_sandbox.replays import ReplayQueue
from segur_sandbox.tls.connection import Connection
from segur_sandbox.xml_reader import XmlRefusedError, read_xml

BASE: Final = "/si-dmp-server/v2/services"
REPOSITORY_PATH: Final = f"{BASE}/DocumentRepository_Service"
REGISTRY_PATH: Final = f"{BASE}/DocumentRegistry_Service"
PATIENT_PATH: Final = f"{BASE}/patient"
_ROUTINE: Final = (DUPLICATE, "DMPClosed", "XDSUnknownPatientId")
"""Refusals that a correct client hears too."""


@attrs.frozen
class Operation:
    """A transaction: where it is, the actions of its messages."""

    name: str
    path: str
    request: str
    answer: str


OPERATIONS: Final = {
    QUESTION: Operation(
        ns.TD_EXISTENCE, PATIENT_PATH, "urn:hl7-org:v3:PRPA_IN201307UV02", "urn:hl7-org:v3:PRPA_IN201308UV02"
    ),
    in_(ns.XDSB, "ProvideAndRegisterDocumentSetRequest"): Operation(
        ns.TD_FEED,
        REPOSITORY_PATH,
        "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
        "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse",
    ),
    in_(ns.QUERY, "AdhocQueryRequest"): Operation(
        ns.TD_SEARCH,
        REGISTRY_PATH,
        "urn:ihe:iti:2007:RegistryStoredQuery",
        "urn:ihe:iti:2007:RegistryStoredQueryResponse",
    ),
    in_(ns.LCM, "SubmitObjectsRequest"): Operation(
        ns.TD_DELETE,
        REGISTRY_PATH,
        "urn:ihe:iti:2010:UpdateDocumentSet",
        "urn:ihe:iti:2010:UpdateDocumentSet-Response",
    ),
}


@attrs.frozen
class HttpAnswer:
    """An answer as it goes out."""

    status: int
    content_type: str
    body: bytes


@attrs.frozen
class Request:
    """A request as it came in."""

    path: str
    content_type: str
    body: bytes
    connection: Connection


@attrs.frozen
class Transactions:
    """What each transaction is done by."""

    feeding: Feeding
    searching: Searching
    deleting: Deleting
    patients: Patients


class DmpService:
    """The DMP behind its three addresses.

    Args:
        options: Settings in force.
        gate: Lets callers in.
        matrix: Functional rights.
        transactions: What each is done by.
        audit: Who did what.
        clock: Judges dates.
        replays: Answers to give instead.
    """

    def __init__(
        self,
        options: Options,
        gate: Gate,
        matrix: Matrix,
        transactions: Transactions,
        *,
        audit: Audit,
        clock: SandboxClock,
        replays: ReplayQueue,
    ) -> None:
        self._options = options
        self._gate = gate
        self._matrix = matrix
        self._transactions = transactions
        self._audit = audit
        self._clock = clock
        self._replays = replays

    def answer(self, request: Request, exchange: Exchange, variant: str | None) -> HttpAnswer:
        """Answer one request.

        Args:
            request: As received.
            exchange: Its place in the journal, completed here.
            variant: Which wrong answer to give, when a fault asks for one.
        """
        multipart = False
        message_id = ""
        try:
            received = take_apart(request.content_type, request.body)
            multipart = received.multipart
            root = read_xml(received.envelope, self._options.now.max_bytes)
            message_id = exchange.message_id = message_id_of(root)
            answer = self._judged(root, received, request, exchange, variant)
        except XmlRefusedError as error:
            answer = self._refused(SoapRefusedError("xml", error.reason), message_id, exchange)
        except SoapRefusedError as error:
            answer = self._refused(error, message_id, exchange)
        injected = self._replays.take("dmp")
        if injected is not None:
            exchange.injected = True
            status = 500 if b":Fault" in injected or b"<Fault" in injected else 200
            answer = SoapAnswer(status, answer.action, injected)
        content_type, body = wrapped(answer, variant, multipart=multipart)
        return HttpAnswer(answer.status, content_type, body)

    def _refused(self, error: SoapRefusedError, message_id: str, exchange: Exchange) -> SoapAnswer:
        exchange.refuse(str(error))
        return fault(error, message_id, self._options.now.fault_codes)

    def _judged(
        self, root: etree._Element, received: Received, request: Request, exchange: Exchange, variant: str | None
    ) -> SoapAnswer:
        read = read_envelope(root, received.action)
        operation = OPERATIONS.get(str(read.question.tag))
        if operation is None or operation.path != request.path:
            raise SoapRefusedError("action", "the body is no question that this address answers")
        exchange.operation = operation.name
        if read.action != operation.request:
            raise SoapRefusedError("action", "wsa:Action is not that of the body")
        if operation.name == ns.TD_EXISTENCE and received.multipart:
            raise SoapRefusedError("mime", "this address takes SOAP without attachments")
        documents = documents_in(read.question, received.parts, inline=self._options.now.inline_documents)
        caller = self._gate.admit(read, request.connection.certificate)
        if without_effect(variant):
            return self._asked_for(variant or REGISTRY_ERRORS[0], operation, read.message_id)
        try:
            right = self._right(operation.name, caller)
            content, concerned = self._done(operation.name, read, documents, caller, right, exchange, variant)
        except SoapRefusedError as error:
            self._audit.note(operation.name, caller.vihf, error.reason)
            raise
        except RegistryRefusedError as error:
            self._audit.note(operation.name, caller.vihf, error.error.code)
            if error.error.code not in _ROUTINE:
                exchange.refuse(str(error))
            content = _failure(operation.name, error.error)
        else:
            self._audit.note(operation.name, caller.vihf, "accepted", concerned)
        return envelope(operation.answer, content, shape_of(variant, read.message_id))

    def _right(self, transaction: str, caller: Caller) -> Right:
        vihf = caller.vihf
        found = self._transactions.patients.find(vihf.patient) if vihf.patient is not None else None
        attending = found is not None and vihf.name_id in found.attending
        right = right_to(self._matrix, transaction, vihf, attending=attending)
        if found is not None:
            opposed = {"centre_15": found.no_emergency, "bris_de_glace": found.no_break_glass}
            if opposed.get(vihf.purpose.code, False):
                raise SoapRefusedError("rights", "the patient is opposed to this access mode")
        return right

    def _done(
        self,
        transaction: str,
        read: Envelope,
        documents: dict[str, bytes],
        caller: Caller,
        right: Right,
        exchange: Exchange,
        variant: str | None,
    ) -> tuple[str, tuple[str, ...]]:
        """Give a message its effect; return the content of the answer and the documents concerned."""
        to = self._transactions
        if transaction == ns.TD_EXISTENCE:
            return answer_existence(read_question(read.question), caller, to.patients, self._clock.now()), ()
        if transaction == ns.TD_SEARCH:
            found = to.searching.find(read.question, caller, right)
            return query_response(found), tuple(one.unique_id for one in found.entries)
        if transaction == ns.TD_DELETE:
            concerned = to.deleting.delete(read.question, caller, right, connection=exchange.connection)
        else:
            duplicates = "accept" if variant == ACCEPT_DUPLICATES else None
            concerned = to.feeding.take(
                read.question, documents, caller, connection=exchange.connection, duplicates=duplicates
            )
        warning = RegistryError("XDSExtraMetadataNotSaved", "asked for", warning=True)
        return registry_response([warning] if variant == WARNING else ()), concerned

    def _asked_for(self, variant: str, operation: Operation, message_id: str) -> SoapAnswer:
        if variant in SOAP_FAULTS:
            return sender_fault(variant, "asked for", message_id)
        if operation.name == ns.TD_EXISTENCE:
            return receiver_fault(variant, "asked for", message_id)
        error = RegistryError(variant, "asked for")
        return envelope(operation.answer, _failure(operation.name, error), shape_of(None, message_id))


def _failure(transaction: str, error: RegistryError) -> str:
    return query_failure([error], FAILURE) if transaction == ns.TD_SEARCH else registry_response([error])


def operation_of(headers: dict[str, str], body: bytes) -> str | None:
    """Name the transaction of a request without judging it."""
    del headers
    return next((one.name for one in OPERATIONS.values() if f">{one.request}<".encode() in body), None)
