"""The assertion Vitale of a search by card. PLAINLY OURS: understood by this project's sandbox and nothing else.

The structure of the official assertion is not public and the keys of real cards are secret: the official
components make it. This one has the same place (``wsse:Security``), the same SAML 2.0 frame and the same rules
(made for one call, at most 20 minutes old, bound to the card in the reader), so that everything around it can be
exercised. Sources: SAML 2.0 core; ISO 7816-4 (INTERNAL AUTHENTICATE).
"""

from base64 import b64encode
from datetime import datetime
from typing import Final

import attrs

from segur_plugin_insi.namespaces import SAML
from segur_sdk.cards.apdu import CommandApdu
from segur_sdk.cards.channel import CardChannel
from segur_sdk.cards.iso7816 import Iso7816Card, refusal
from segur_sdk.cards.status_words import Behaviour, StatusWord, meaning_of
from segur_sdk.errors import CardError
from segur_sdk.formats.saml import utc_milliseconds
from segur_sdk.formats.xml_writer import Xml, leaf, node

VITALE_AID: Final = bytes.fromhex("D250000002564954414C45")
NAME_QUALIFIER: Final = "VITALE-SIMULATEUR"
SIGNATURE_LENGTH: Final = 8

_INTERNAL_AUTHENTICATE: Final = 0x88


@attrs.frozen
class VitaleClaim:
    """What a card attests: which card, which person on it, for which call."""

    assertion_id: str
    """``_<UUID>``."""
    issued_at: datetime
    issuer: str
    """Subject CN of the client certificate, or national identifier of the professional who calls."""
    serial: str = attrs.field(repr=False)
    """Serial number of the card, 12 digits."""
    rank: int
    """1-based place of the beneficiary on the card."""

    @property
    def signed_text(self) -> bytes:
        """What the card answers to: ``ID|IssueInstant|serial|rang`` in UTF-8."""
        return f"{self.assertion_id}|{utc_milliseconds(self.issued_at)}|{self.serial}|{self.rank}".encode()


def sign_by_card(channel: CardChannel, claim: VitaleClaim) -> bytes:
    """Return the 8 bytes that the card answers to INTERNAL AUTHENTICATE over the claim.

    Raises:
        CardError: ``card.unknown`` when there is no VITALE application, ``card.protected``, ``card.blocked``,
            ``card.unreadable``, ``card.protocol``; what the channel raises.
    """
    card = Iso7816Card(channel)
    selected = card.select_application(VITALE_AID)
    if meaning_of(selected.sw).behaviour is Behaviour.NOT_FOUND:
        raise CardError("card.unknown", sw=f"{selected.sw:04X}", step="select")
    if selected.sw != StatusWord.OK:
        raise refusal(selected.sw, "select")
    answered = card.send(CommandApdu(0x00, _INTERNAL_AUTHENTICATE, 0x00, 0x00, data=claim.signed_text))
    if answered.sw != StatusWord.OK:
        raise refusal(answered.sw, "internal_authenticate")
    if len(answered.data) != SIGNATURE_LENGTH:
        raise CardError("card.protocol", reason="signature_length", length=len(answered.data))
    return answered.data


def vitale_assertion(claim: VitaleClaim, signature: bytes) -> Xml:
    """Return the assertion of a claim and its signature by the card."""
    return node(
        "Assertion",
        leaf("Issuer", claim.issuer),
        node("Subject", leaf("NameID", claim.serial, {"NameQualifier": NAME_QUALIFIER})),
        node(
            "AttributeStatement",
            _attribute("rangBeneficiaire", str(claim.rank)),
            _attribute("signatureVitale", b64encode(signature).decode("ascii")),
        ),
        attributes={
            "xmlns": SAML,
            "ID": claim.assertion_id,
            "IssueInstant": utc_milliseconds(claim.issued_at),
            "Version": "2.0",
        },
    )


def _attribute(name: str, text: str) -> Xml:
    return node("Attribute", leaf("AttributeValue", text), attributes={"Name": name})
