"""The Vitale assertion, in a form that is OURS: the official structure is not public.

`saml:Assertion` 2.0, `ID` `_<uuid>`, `IssueInstant` UTC; `Issuer` = CN of the client certificate;
`Subject/NameID` with `NameQualifier="VITALE-SIMULATEUR"` = serial number of the card, 12 digits;
one `AttributeStatement` with `rangBeneficiaire` (position in the card's file, from 1) and `signatureVitale`
(base64 of the 8 bytes that the card answers to INTERNAL AUTHENTICATE over `ID|IssueInstant|serial|rang`).
"""

import base64
import binascii
import hmac
import re
from datetime import datetime, timedelta

import attrs
from lxml import etree

from segur_sandbox.cards.catalogue import CardRecord
from segur_sandbox.cards.signature import sign
from segur_sandbox.insi.namespaces import SAML, WSSE
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.structure import Item, read_sequence, require_uuid, text_of, utc_instant

QUALIFIER = "VITALE-SIMULATEUR"
_SERIAL = re.compile(r"\d{12}")
_RANK = re.compile(r"[1-9]\d?")


@attrs.frozen
class VitaleAssertion:
    """A Vitale assertion whose form is right; nothing says yet that it is true."""

    identifier: str
    issue_instant: str
    issued_at: datetime
    issuer: str
    serial: str
    rank: int
    signature: bytes

    @property
    def signed_text(self) -> bytes:
        """The bytes that the card signed."""
        return f"{self.identifier}|{self.issue_instant}|{self.serial}|{self.rank}".encode()


def read_vitale_assertion(security: etree._Element | None) -> VitaleAssertion:
    """Read the only assertion of `wsse:Security`.

    Raises:
        RequestRefusedError: absent, several, or not of the form above.
    """
    blocks = list(security.iterchildren(etree.Element)) if security is not None else []
    if not blocks:
        raise RequestRefusedError("vitale_missing", "wsse:Security holds no Vitale assertion")
    if security is None or len(blocks) > 1:
        raise RequestRefusedError("security", "wsse:Security holds more than one element")
    assertion = read_sequence(security, SAML, (Item("Assertion", True),), "security")["Assertion"]
    if assertion.get("Version") != "2.0" or not (assertion.get("ID") or "").startswith("_"):
        raise RequestRefusedError("security", "the assertion has no Version 2.0 or no ID starting with _")
    parts = read_sequence(
        assertion,
        SAML,
        (Item("Issuer", True), Item("Subject", True), Item("AttributeStatement", True)),
        "security",
    )
    name_id = read_sequence(parts["Subject"], SAML, (Item("NameID", True),), "security")["NameID"]
    attributes = _attributes(parts["AttributeStatement"])
    identifier, instant = assertion.get("ID") or "", assertion.get("IssueInstant") or ""
    require_uuid(identifier[1:], "Assertion/ID")
    issued_at = utc_instant(instant, "Assertion/IssueInstant")
    serial, rank = text_of(name_id), attributes.get("rangBeneficiaire", "")
    if name_id.get("NameQualifier") != QUALIFIER or not _SERIAL.fullmatch(serial):
        raise RequestRefusedError("security", "NameID is not a card serial number of the sandbox")
    if not _RANK.fullmatch(rank) or set(attributes) != {"rangBeneficiaire", "signatureVitale"}:
        raise RequestRefusedError("security", "the attributes are not rangBeneficiaire and signatureVitale")
    return VitaleAssertion(
        identifier,
        instant,
        issued_at,
        text_of(parts["Issuer"]),
        serial,
        int(rank),
        _decoded(attributes["signatureVitale"]),
    )


def _attributes(statement: etree._Element) -> dict[str, str]:
    values: dict[str, str] = {}
    for attribute in statement.iterchildren(etree.Element):
        if attribute.tag != f"{{{SAML}}}Attribute" or attribute.get("Name") in values:
            raise RequestRefusedError("security", "AttributeStatement holds something else than distinct attributes")
        value = read_sequence(attribute, SAML, (Item("AttributeValue", True),), "security")
        values[attribute.get("Name") or ""] = text_of(value["AttributeValue"])
    return values


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise RequestRefusedError("security", "signatureVitale is not base64") from None


def check_vitale_assertion(
    assertion: VitaleAssertion, *, now: datetime, max_age: timedelta, client_cn: str, card: CardRecord | None
) -> CardRecord:
    """Tell whether the assertion was made by that card, lately, for that client, and return the card.

    Args:
        assertion: What the client sent.
        now: The sandbox's instant.
        max_age: Age beyond which the assertion is refused.
        client_cn: CN of the TLS client certificate.
        card: The card of that serial number, if there is one.

    Raises:
        RequestRefusedError: too old, from the future, from another client, unknown card or wrong signature.
    """
    if assertion.issued_at > now:
        raise RequestRefusedError("vitale_future", "the assertion is dated in the future")
    if now - assertion.issued_at > max_age:
        raise RequestRefusedError("vitale_expired", "the assertion is too old: the card must be read again")
    if assertion.issuer != client_cn:
        raise RequestRefusedError("security", "Issuer is not the CN of the client certificate")
    if card is None or assertion.rank > len(card.beneficiaries):
        raise RequestRefusedError("vitale_card", "no such card, or no beneficiary at that position")
    if not hmac.compare_digest(assertion.signature, sign(assertion.signed_text)):
        raise RequestRefusedError("vitale_mac", "signatureVitale is not the card's")
    return card


def security_block(headers: dict[str, etree._Element]) -> etree._Element | None:
    """Return the `wsse:Security` header block, if any."""
    return headers.get(f"{{{WSSE}}}Security")
