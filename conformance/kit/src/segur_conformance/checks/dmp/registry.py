"""What the DMP saw and took, read from the journal and the ledger of the services and by nobody else's code."""

from base64 import b64decode
from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message as EmailMessage
from typing import Any, Final

from lxml import etree

from segur_conformance.outcomes import CheckFailed
from segur_conformance.runner.bench import Bench, expect, expect_equal

SERVICE: Final = "dmp"
EXISTENCE: Final = "TD0.2"
FEEDING: Final = "TD2.1"
HL7: Final = "{urn:hl7-org:v3}"
SAML: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
INCLUDE: Final = "{http://www.w3.org/2004/08/xop/include}Include"
XDS_DOCUMENT: Final = "{urn:ihe:iti:xds-b:2007}Document"
CONFIDENTIALITY: Final = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
_STATUS: Final = ":"


class Message:
    """One request, taken apart.

    Args:
        exchange: of the journal.
    """

    def __init__(self, exchange: Mapping[str, Any]) -> None:
        request = exchange["request"]
        self.operation: Final = exchange["operation"]
        self.path: Final = str(request["path"])
        self.client: Final[Mapping[str, Any]] = exchange["client"] or {}
        whole = request["body"]
        body = b64decode(whole) if request["body_encoding"] == "base64" else whole.encode()
        read = message_from_bytes(b"Content-Type: " + request["headers"]["content-type"].encode() + b"\r\n\r\n" + body)
        root, *attached = (one for one in read.walk() if not one.is_multipart())
        self.media: Final = read.get_content_type()
        self.root_media: Final = root.get_content_type()
        self.envelope: Final = _parsed(_content(root))
        self.attached: Final = [_content(one) for one in attached]

    @property
    def habilitation(self) -> dict[str, str]:
        """Attributes of the VIHF that are text."""
        found = self.envelope.iter(f"{SAML}Attribute")
        return {str(one.get("Name")): one.findtext(f"{SAML}AttributeValue") or "" for one in found}


def messages(bench: Bench) -> tuple[Message, ...]:
    """Return every request that is a transaction of the DMP, since the last reset, in order."""
    found = bench.sandbox.exchanges(SERVICE)
    return tuple(Message(one) for one in found if one["request"] is not None and one["operation"] is not None)


def operations(bench: Bench) -> list[str | None]:
    """Return the transactions that were asked for, in order, by their names."""
    return [one["operation"] for one in bench.sandbox.exchanges(SERVICE) if one["request"] is not None]


def feedings(bench: Bench) -> tuple[Message, ...]:
    """Return every request to feed, in order."""
    return tuple(one for one in messages(bench) if one.operation == FEEDING)


def documents(bench: Bench) -> list[dict[str, Any]]:
    """Return the documents in the registry, oldest first, without the signatures of lots."""
    return [one for one in bench.sandbox.dmp_now()["entries"] if not one["signature"]]


def statuses(bench: Bench) -> dict[str, str]:
    """Return the last word of each document's status, by its unique id."""
    return {one["unique_id"]: str(one["status"]).rpartition(_STATUS)[2] for one in documents(bench)}


def taken(bench: Bench) -> list[dict[str, Any]]:
    """Return what the ledger says of each document."""
    return [one for one in bench.sandbox.ledger(SERVICE) if one["kind"] == "document"]


def expect_nothing_fed(bench: Bench, when: str) -> None:
    """Expect that no document reached the DMP, and nobody was asked about there."""
    expect_equal(operations(bench), [], f"{when}, demandes reçues par le DMP")


def expect_fed_once(bench: Bench, when: str) -> None:
    """Expect one document in the registry, taken once."""
    found = taken(bench)
    expect_equal(len(found), 1, f"{when}, documents reçus par le DMP")
    expect_equal(found[0]["acceptances"], 1, f"{when}, fois où le document a été pris")
    expect_equal([*statuses(bench).values()], ["Approved"], f"{when}, documents au registre")


def cda_of(bench: Bench, unique_id: str) -> etree._Element:
    """Return a document of the registry, read."""
    contents = bench.sandbox.dmp_documents(unique_id)
    expect_equal(len(contents), 1, "exemplaires de ce document au registre")
    root = _parsed(contents[0])
    expect(root.tag == f"{HL7}ClinicalDocument", "ce qui a été déposé n’est pas un CDA")
    return root


def _content(part: EmailMessage) -> bytes:
    """Return the bytes of a part."""
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def there(parent: etree._Element, path: str, what: str) -> etree._Element:
    """Return the first element at a path of HL7 names.

    Raises:
        CheckFailed: there is none.
    """
    found = parent.find("/".join(f"{HL7}{name}" if name else name for name in path.split("/")))
    if found is None:
        raise CheckFailed(f"{what} manque dans le document")
    return found


def _parsed(content: bytes) -> etree._Element:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise CheckFailed("ce qui a été envoyé au DMP n’est pas du XML") from None
