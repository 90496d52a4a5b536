"""The Vitale assertion, in a form that is OURS: the official structure is not public.

`saml:Assertion` 2.0, `ID` `_<uuid>`, `IssueInstant` UTC; `Issuer` = CN of the client certificate, or identifier of the
professional who calls;
`Subject/NameID` with `NameQualifier="VITALE-SIMULATEUR"` = serial number of the card, 12 digits;
one `AttributeStatement` with `rangBeneficiaire` (position in the card's file, from 1) and `signatureVitale`
(base64 of the 8 bytes that the card answers to INTERNAL AUTHENTICATE over `ID|IssueInstant|serial|rang`).
"""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
from lxml import etree

from segur_sandbox.cards.catalogue import CardRecord
from segur_sandbox.cards.signature import sign
from segur_sandbox.insi.namespaces import SAML
from segur_sandbox.insi.professional_assertion import attributes_in
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.security import require_saml_2
from segur_sandbox.insi.structure import Item, read_sequence, text_of, utc_instant

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


def read_vitale_assertion(assertions: Sequence[etree._Element]) -> VitaleAssertion:
    """Read the only assertion that is not the caller's own.

    Raises:
        RequestRefusedError: absent, several, or not of the form above.
    """
    if not assertions:
        raise RequestRefusedError("vitale_missing", "wsse:Security holds no Vitale assertion")
    if len(assertions) > 1:
        raise RequestRefusedError("security", "wsse:Security holds more than one element")
    (assertion,) = assertions
    require_saml_2(assertion)
    parts = read_sequence(
        assertion,
        SAML,
        (Item("Issuer", True), Item("Subject", True), Item("AttributeStatement", True)),
        "security",
    )
    name_id = read_sequence(parts["Subject"], SAML, (Item("NameID", True),), "security")["NameID"]
    attributes = attributes_in(parts["AttributeStatement"])
    identifier, instant = assertion.get("ID") or "", assertion.get("IssueInstant") or ""
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
        client_cn: CN of the TLS client certificate, or identifier of the professional.
        card: The card of that serial number, if there is one.

    Raises:
        RequestRefusedError: too old, from the future, from another client, unknown card or wrong signature.
    """
    if assertion.issued_at > now:
        raise RequestRefusedError("vitale_future", "the assertion is dated in the future")
    if now - assertion.issued_at > max_age:
        raise RequestRefusedError("vitale_expired", "the assertion is too old: the card must be read again")
    if assertion.issuer != client_cn:
        raise RequestRefusedError("security", "Issuer is not the one who calls")
    if card is None or assertion.rank > len(card.beneficiaries):
        raise RequestRefusedError("vitale_card", "no such card, or no beneficiary at that position")
    if not hmac.compare_digest(assertion.signature, sign(assertion.signed_text)):
        raise RequestRefusedError("vitale_mac", "signatureVitale is not the card's")
    return card
