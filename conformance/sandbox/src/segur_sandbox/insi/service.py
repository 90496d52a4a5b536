"""Answers INSi requests: judges the request, searches the register, writes the reply or the fault."""

from datetime import timedelta

from lxml import etree
from starlette.requests import Request

from segur_sandbox.cards.catalogue import BY_SERIAL
from segur_sandbox.clock import SandboxClock
from segur_sandbox.exchanges import Exchange
from segur_sandbox.insi import soap_faults
from segur_sandbox.insi.answer import SoapAnswer, reply
from segur_sandbox.insi.callers import Caller, Callers, StructureCallers
from segur_sandbox.insi.envelope import (
    Envelope,
    check_action,
    check_message_id,
    message_id_of,
    read_contexts,
    read_envelope,
)
from segur_sandbox.insi.namespaces import BY_TRAITS
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.replies import ReplyStyle
from segur_sandbox.insi.schemas import OfficialSchemas
from segur_sandbox.insi.security import assertions_in
from segur_sandbox.insi.traits import read_traits
from segur_sandbox.insi.variants import wrong_answer
from segur_sandbox.insi.vitale import check_couverture, check_question
from segur_sandbox.insi.vitale_assertion import check_vitale_assertion, read_vitale_assertion
from segur_sandbox.ledger import Ledger
from segur_sandbox.people import Person, Register, without_diacritics
from segur_sandbox.replays import ReplayQueue
from segur_sandbox.settings import InsiSettings
from segur_sandbox.xml_reader import XmlRefusedError, read_xml


class InsiService:
    """The teleservice behind `/lps`, at one address.

    Args:
        register: Whom it knows.
        settings: What official documents do not settle.
        schemas: The official ones, if they are there.
        callers: Who may call at that address; structures unless told otherwise.
        clock: Judges dates.
        ledger: Where processed messages are noted.
        replays: Answers to give instead.
    """

    def __init__(
        self,
        register: Register,
        settings: InsiSettings,
        schemas: OfficialSchemas,
        callers: Callers | None = None,
        *,
        clock: SandboxClock,
        ledger: Ledger,
        replays: ReplayQueue,
    ) -> None:
        self._register = register
        self._settings = settings
        self._schemas = schemas
        self._callers = callers or StructureCallers()
        self._clock = clock
        self._ledger = ledger
        self._replays = replays

    def answer(
        self,
        body: bytes,
        http_action: str | None,
        exchange: Exchange,
        variant: str | None,
        request: Request | None = None,
    ) -> SoapAnswer:
        """Answer one request.

        Args:
            body: The request as received.
            http_action: The `action` parameter of its Content-Type.
            exchange: Its place in the journal, completed here.
            variant: Which wrong answer to give, when a fault asks for one.
            request: That of HTTP, for callers who show a token.
        """
        answer = self._judged(body, http_action, exchange, variant, request)
        injected = self._replays.take("insi")
        if injected is None:
            return answer
        exchange.injected = True
        return SoapAnswer(500 if b":Fault" in injected or b"<Fault" in injected else 200, injected)

    def _judged(
        self, body: bytes, http_action: str | None, exchange: Exchange, variant: str | None, request: Request | None
    ) -> SoapAnswer:
        message_id = ""
        try:
            root = read_xml(body)
            message_id = exchange.message_id = message_id_of(root)
            envelope = read_envelope(root)
            exchange.operation = envelope.operation
            people = self._find(envelope, http_action, exchange, request)
        except XmlRefusedError as error:
            return self._fault(RequestRefusedError("xml", error.reason), message_id, exchange)
        except RequestRefusedError as error:
            return self._fault(error, message_id, exchange)
        self._ledger.record("insi", message_id, envelope.operation, connection=exchange.connection)
        style = ReplyStyle(body_prefix=self._settings.body_prefix)
        if variant is not None:
            return wrong_answer(variant, people, self._register, style, message_id)
        return reply(people, style, message_id)

    def _find(
        self, envelope: Envelope, http_action: str | None, exchange: Exchange, request: Request | None
    ) -> tuple[Person, ...]:
        caller = self._callers.identify(assertions_in(envelope.headers), exchange, request)
        check_action(envelope, http_action)
        check_message_id(envelope)
        contexts = read_contexts(envelope)
        if contexts.idam != self._settings.idam:
            raise RequestRefusedError("desir_550", "unknown IDAM")
        if envelope.operation == BY_TRAITS:
            if caller.assertions:
                raise RequestRefusedError("security", "an assertion that this search does not want")
            traits = read_traits(envelope.question)
            people = self._register.search(
                traits.nom_naissance,
                traits.prenom,
                traits.date_naissance,
                sexe=traits.sexe,
                lieu_naissance=traits.lieu_naissance,
            )
        else:
            people = self._find_by_card(envelope, caller, contexts.couverture)
        self._check_schemas(envelope)
        return people

    def _find_by_card(
        self,
        envelope: Envelope,
        caller: Caller,
        couverture: etree._Element,
    ) -> tuple[Person, ...]:
        assertion = read_vitale_assertion(caller.assertions)
        card = check_vitale_assertion(
            assertion,
            now=self._clock.now(),
            max_age=timedelta(seconds=self._settings.vitale_assertion_seconds),
            client_cn=caller.name,
            card=BY_SERIAL.get(assertion.serial),
        )
        beneficiary = card.beneficiaries[assertion.rank - 1]
        born = check_question(envelope.question, beneficiary)
        check_couverture(couverture, beneficiary)
        return self._register.search(without_diacritics(beneficiary.nom), without_diacritics(beneficiary.prenom), born)

    def _check_schemas(self, envelope: Envelope) -> None:
        for element in (*envelope.headers.values(), envelope.question):
            # An empty wsse:Security breaks its schema, but clients in service send it under mutual TLS.
            if len(element) and not self._schemas.accepts(element):
                raise RequestRefusedError("schema", "an element breaks its official schema")

    def _fault(self, error: RequestRefusedError, message_id: str, exchange: Exchange) -> SoapAnswer:
        exchange.refuse(str(error))
        if error.reason == "desir_550":
            return SoapAnswer(500, soap_faults.desir_550(message_id))
        if error.reason == "desir_560":
            return SoapAnswer(500, soap_faults.desir_560(message_id))
        if error.reason == "version":
            return SoapAnswer(500, soap_faults.version_mismatch())
        code = self._settings.fault_codes.get(error.reason, f"sandbox_{error.reason}")
        return SoapAnswer(
            500,
            soap_faults.gateway_fault(code, error.detail, message_id, siram=self._settings.fault_subcode),
        )
