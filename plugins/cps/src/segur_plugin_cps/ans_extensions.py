"""The extensions of the ANS in the certificates of cards.

Source: certificates of IGC-Santé and the code lists TRE_G01, TRE_G02, TRE_G15 and TRE_G16 of the ANS. Each extension
holds one value in DER, short enough to be read as the TLV of a card.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

import attrs
from cryptography import x509

from segur_sdk.cards.tlv import Tlv, parse_tlv
from segur_sdk.errors import CardError
from segur_sdk.models.card import CardNature
from segur_sdk.models.professional import CpxType

_ARC: Final = "1.2.250.1.71.1.2."
CARD_TYPE: Final = x509.ObjectIdentifier(_ARC + "2")
CARD_NUMBER: Final = x509.ObjectIdentifier(_ARC + "3")
CATEGORY: Final = x509.ObjectIdentifier(_ARC + "5")
PROFESSION: Final = x509.ObjectIdentifier(_ARC + "7")
PROFESSION_IN_TRAINING: Final = x509.ObjectIdentifier(_ARC + "8")

_INTEGER: Final = 0x02
_OCTET_STRING: Final = 0x04
_PRINTABLE: Final = frozenset({0x0C, 0x13})
"""UTF8String too: the profile of the certificates is not public in full."""
_TYPES: Final[Mapping[int, CpxType]] = MappingProxyType(
    {0: CpxType.CPS, 1: CpxType.CPF, 2: CpxType.CPE, 3: CpxType.CPA}
)
_NATURES: Final[Mapping[int, CardNature]] = MappingProxyType({0x00: CardNature.REAL, 0x80: CardNature.TEST})
"""Other categories are security modules and software certificates, which are no cards."""
_NUMBER: Final = re.compile(r"[0-9]{10}/([0-9]{1,12})")
_LAST_CODE: Final = 99


@attrs.frozen
class AnsExtensions:
    """What the extensions say."""

    card_type: CpxType
    card_number: str | None
    """Digits printed on the card, without the number of its issuer."""
    nature: CardNature
    profession: str | None
    """TRE_G15, for a professional in training TRE_G16."""


def read_ans_extensions(extensions: x509.Extensions) -> AnsExtensions | None:
    """Read the extensions; ``None`` when the certificate is not that of a CPx card.

    Raises:
        CardError: ``card.unreadable`` with ``oid``: an extension holds something else than it should.
    """
    values = {one.oid: one.value.value for one in extensions if isinstance(one.value, x509.UnrecognizedExtension)}
    card_type = _integer(values, CARD_TYPE)
    category = _category(values)
    nature = CardNature.UNKNOWN if category is None else _NATURES.get(category)
    if card_type is None or nature is None:
        return None
    kind = _TYPES.get(card_type, CpxType.OTHER)
    profession = _integer(values, PROFESSION_IN_TRAINING if kind is CpxType.CPF else PROFESSION)
    return AnsExtensions(
        card_type=kind,
        card_number=_card_number(values),
        nature=nature,
        profession=None if profession is None else f"{profession:02d}",
    )


def _value(values: Mapping[x509.ObjectIdentifier, bytes], oid: x509.ObjectIdentifier, tags: frozenset[int]) -> bytes:
    objects: tuple[Tlv, ...] = ()
    with suppress(CardError):
        objects = parse_tlv(values[oid], max_objects=1)
    # Encoded again: no padding, no longer form of length than needed.
    if len(objects) != 1 or objects[0].tag not in tags or objects[0].encode() != values[oid]:
        raise CardError("card.unreadable", reason="extension", oid=oid.dotted_string)
    return objects[0].value


def _integer(values: Mapping[x509.ObjectIdentifier, bytes], oid: x509.ObjectIdentifier) -> int | None:
    if oid not in values:
        return None
    content = _value(values, oid, frozenset({_INTEGER}))
    number = int.from_bytes(content, "big", signed=True)
    if len(content) != 1 or not 0 <= number <= _LAST_CODE:
        raise CardError("card.unreadable", reason="extension", oid=oid.dotted_string)
    return number


def _category(values: Mapping[x509.ObjectIdentifier, bytes]) -> int | None:
    if CATEGORY not in values:
        return None
    content = _value(values, CATEGORY, frozenset({_OCTET_STRING}))
    if len(content) != 1:
        raise CardError("card.unreadable", reason="extension", oid=CATEGORY.dotted_string)
    return content[0]


def _card_number(values: Mapping[x509.ObjectIdentifier, bytes]) -> str | None:
    if CARD_NUMBER not in values:
        return None
    form = _NUMBER.fullmatch(_value(values, CARD_NUMBER, _PRINTABLE).decode("latin-1"))
    if form is None:
        raise CardError("card.unreadable", reason="extension", oid=CARD_NUMBER.dotted_string)
    return form[1]
