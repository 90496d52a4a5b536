"""Takes a SOAP 1.2 envelope apart and checks what surrounds the question: headers, contexts, action."""

import re

import attrs
from lxml import etree

from segur_sandbox.insi.namespaces import (
    ACTION_PREFIX,
    BODY_ROOTS,
    CTXBAM,
    CTXLPS,
    SOAP,
    SOAP_11,
    WSA,
    WSSE,
)
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.structure import Item, local, read_sequence, require_uuid, text_of, utc_instant

_MESSAGE_ID = re.compile(r"(?:(?:urn:)?uuid:)?(?P<uuid>.+)")
_KNOWN_HEADERS = {
    f"{{{CTXBAM}}}ContexteBAM",
    f"{{{CTXLPS}}}ContexteLPS",
    f"{{{WSA}}}Action",
    f"{{{WSA}}}MessageID",
    f"{{{WSA}}}To",
    f"{{{WSSE}}}Security",
}
COUVERTURE = (
    Item("GrandRegime"),
    Item("Organisme"),
    Item("CodeCentre"),
    Item("ASSURE"),
    Item("BENEFICIAIRE"),
)


@attrs.frozen
class Envelope:
    """The parts of a request.

    Attributes:
        operation: The one that the body's root element belongs to.
        message_id: Text of `wsa:MessageID`, empty when absent.
        headers: Header blocks by qualified name.
        question: The body's root element.
    """

    operation: str
    message_id: str
    headers: dict[str, etree._Element]
    question: etree._Element


@attrs.frozen
class Contexts:
    """What the two contexts say that later checks need."""

    idam: str
    couverture: etree._Element


def message_id_of(root: etree._Element) -> str:
    """Return the `wsa:MessageID` found anywhere in the header, for a fault to echo."""
    found = root.find(f"{{{SOAP}}}Header/{{{WSA}}}MessageID")
    return (found.text or "").strip() if found is not None else ""


def read_envelope(root: etree._Element) -> Envelope:
    """Take the envelope apart.

    Raises:
        RequestRefusedError: not SOAP 1.2, not one header and one body, a repeated header block,
            a body that is neither of the two questions.
    """
    if root.tag == f"{{{SOAP_11}}}Envelope":
        raise RequestRefusedError("version", "the envelope is SOAP 1.1")
    if root.tag != f"{{{SOAP}}}Envelope":
        raise RequestRefusedError("envelope", "the root element is not a SOAP 1.2 Envelope")
    parts = read_sequence(root, SOAP, (Item("Header", True), Item("Body", True)), "envelope")
    headers: dict[str, etree._Element] = {}
    for block in parts["Header"].iterchildren(etree.Element):
        if block.tag in headers:
            raise RequestRefusedError("envelope", f"header {local(block)} is repeated")
        if block.tag not in _KNOWN_HEADERS and block.get(f"{{{SOAP}}}mustUnderstand") in ("1", "true"):
            raise RequestRefusedError("envelope", f"header {local(block)} is not understood")
        headers[str(block.tag)] = block
    questions = list(parts["Body"].iterchildren(etree.Element))
    operation = BODY_ROOTS.get(str(questions[0].tag)) if len(questions) == 1 else None
    if operation is None:
        raise RequestRefusedError("envelope", "the body is not exactly one known question")
    return Envelope(operation, message_id_of(root), headers, questions[0])


def check_action(envelope: Envelope, http_action: str | None) -> None:
    """Refuse a Content-Type `action` or a `wsa:Action` that is not the operation of the body."""
    expected = ACTION_PREFIX + envelope.operation
    if http_action != expected:
        raise RequestRefusedError("action", "the Content-Type action is not the one of the body")
    if text_of(envelope.headers.get(f"{{{WSA}}}Action")) != expected:
        raise RequestRefusedError("action", "wsa:Action is absent or not the one of the body")


def check_message_id(envelope: Envelope) -> None:
    """Refuse a missing `wsa:MessageID`, or one that holds no UUID (`uuid:…`, `urn:uuid:…` or bare)."""
    match = _MESSAGE_ID.fullmatch(envelope.message_id)
    if match is None:
        raise RequestRefusedError("header", "wsa:MessageID is missing")
    require_uuid(match["uuid"], "wsa:MessageID")


def read_contexts(envelope: Envelope) -> Contexts:
    """Check `ContexteBAM` and `ContexteLPS` against their schemas and the guide.

    Raises:
        RequestRefusedError: one is missing or malformed.
    """
    bam = _context(envelope, CTXBAM, "BAM", (Item("DateRef"), Item("COUVERTURE", True)))
    lps = _context(envelope, CTXLPS, "LPS", (Item("LPS", True),))
    software = read_sequence(
        lps["LPS"], CTXLPS, (Item("IDAM", True), Item("Version"), Item("Instance"), Item("Nom")), "header"
    )
    idam = software["IDAM"]
    if idam.get("R") != "4":
        raise RequestRefusedError("header", 'IDAM does not carry R="4"')
    read_sequence(bam["COUVERTURE"], CTXBAM, COUVERTURE)
    return Contexts(text_of(idam), bam["COUVERTURE"])


def _context(envelope: Envelope, namespace: str, kind: str, rest: tuple[Item, ...]) -> dict[str, etree._Element]:
    context = envelope.headers.get(f"{{{namespace}}}Contexte{kind}")
    if context is None:
        raise RequestRefusedError("header", f"Contexte{kind} is missing")
    if not context.get("Version"):
        raise RequestRefusedError("header", f"Contexte{kind} has no Version")
    if context.get("Nature", f"CTX{kind}") != f"CTX{kind}":
        raise RequestRefusedError("header", f"Contexte{kind} has a wrong Nature")
    children = read_sequence(
        context, namespace, (Item("Id", True), Item("Temps", True), Item("Emetteur"), *rest), "header"
    )
    require_uuid(text_of(children["Id"]), f"Contexte{kind}/Id")
    utc_instant(text_of(children["Temps"]), f"Contexte{kind}/Temps")
    return children
