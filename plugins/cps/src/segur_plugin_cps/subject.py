"""Who a certificate of a card names: the subject, attribute by attribute, never by position.

The last RDN of a card's subject holds several attributes (surname, given name, identifier) whose order varies from one
certificate to the next. Source: X.501; subjects of IGC-Santé certificates.
"""

from typing import Final

import attrs
from cryptography import x509
from cryptography.x509.oid import NameOID

from segur_sdk.errors import CardError

_NAMES: Final = {
    NameOID.COMMON_NAME: "CN",
    NameOID.SURNAME: "SN",
    NameOID.GIVEN_NAME: "GN",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
}
MAX_TEXT: Final = 100


@attrs.frozen
class CardSubject:
    """The attributes of a subject that this plugin needs."""

    common_name: str
    surname: str | None
    given_name: str | None
    organisation: str | None
    unit: str | None
    """Structure identifier of a CPE or CPA."""


def read_subject(name: x509.Name) -> CardSubject:
    """Read a subject, whatever the order and the grouping of its attributes.

    Raises:
        CardError: ``card.unreadable`` with ``attribute`` and ``reason``: ``attribute_missing``, ``attribute_twice``,
            ``not_text``, ``too_long``.
    """
    common_name = _one(name, NameOID.COMMON_NAME)
    if common_name is None:
        raise CardError("card.unreadable", reason="attribute_missing", attribute="CN")
    return CardSubject(
        common_name=common_name,
        surname=_one(name, NameOID.SURNAME),
        given_name=_one(name, NameOID.GIVEN_NAME),
        organisation=_one(name, NameOID.ORGANIZATION_NAME),
        unit=_one(name, NameOID.ORGANIZATIONAL_UNIT_NAME),
    )


def _one(name: x509.Name, kind: x509.ObjectIdentifier) -> str | None:
    found = name.get_attributes_for_oid(kind)
    if not found:
        return None
    if len(found) > 1:
        raise CardError("card.unreadable", reason="attribute_twice", attribute=_NAMES[kind])
    value = found[0].value
    if not isinstance(value, str) or not value.isprintable():
        raise CardError("card.unreadable", reason="not_text", attribute=_NAMES[kind])
    text = value.strip()
    if len(text) > MAX_TEXT:
        raise CardError("card.unreadable", reason="too_long", attribute=_NAMES[kind])
    return text or None
