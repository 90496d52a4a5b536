"""The extensions of the ANS: product, card, profession.

Sources: certificates of IGC-Santé; code lists TRE_G01, TRE_G02, TRE_G04, TRE_G15 and TRE_G16 of the ANS.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import attrs
from cryptography import x509

from segur_plugin_certificates.ber import INTEGER, OCTET_STRING
from segur_sdk.errors import InputError

_ARC: Final = "1.2.250.1.71.1.2."
_TYPE: Final = x509.ObjectIdentifier(_ARC + "2")
_NUMBER: Final = x509.ObjectIdentifier(_ARC + "3")
_CATEGORY: Final = x509.ObjectIdentifier(_ARC + "5")
_PROFESSION: Final = x509.ObjectIdentifier(_ARC + "7")
_IN_TRAINING: Final = x509.ObjectIdentifier(_ARC + "8")
_RESPONSIBILITY: Final = x509.ObjectIdentifier(_ARC + "12")
_OIDS: Final = (_TYPE, _NUMBER, _CATEGORY, _PROFESSION, _IN_TRAINING, _RESPONSIBILITY)
_INTEGERS: Final = frozenset({INTEGER})
_OCTETS: Final = frozenset({OCTET_STRING})
_TEXTS: Final = frozenset({0x0C, 0x13})
_CARD_NUMBER: Final = re.compile(r"([0-9]{10})/([0-9]{1,12})")
_LARGEST: Final = 200
_HEAD: Final = 2
_SHORT: Final = 127
_TEST_BIT: Final = 0x80
_Values = Mapping[x509.ObjectIdentifier, bytes]


class Product(StrEnum):
    """Category of product (TRE_G01), test or not."""

    CARD = "card"
    SECURITY_MODULE = "security_module"
    SOFTWARE = "software"


class CardType(StrEnum):
    """Type of card (TRE_G02)."""

    CPS = "CPS"
    CPF = "CPF"
    CPE = "CPE"
    CPA = "CPA"


_PRODUCTS: Final = {0x00: Product.CARD, 0x02: Product.SECURITY_MODULE, 0x03: Product.SOFTWARE}
_CARDS: Final = {0: CardType.CPS, 1: CardType.CPF, 2: CardType.CPE, 3: CardType.CPA}


@attrs.frozen
class AnsExtensions:
    """What they say; ``None`` for each that is not there."""

    product: Product | None = None
    test: bool | None = None
    """Whether the category is one of the test products."""
    card: CardType | None = None
    issuer_number: str | None = None
    card_number: str | None = None
    profession: int | None = None
    """TRE_G15, on a CPF TRE_G16."""
    responsibility: int | None = None
    """TRE_G04, of a CPE or CPA."""


NONE: Final = AnsExtensions()


def read_ans_extensions(extensions: Mapping[x509.ObjectIdentifier, x509.ExtensionType]) -> AnsExtensions:
    """Read them.

    Args:
        extensions: all extensions of a certificate.

    Raises:
        InputError: ``certificates.extension`` with ``oid``: one holds something else than it should.
    """
    values = {oid: found.value for oid in _OIDS if type(found := extensions.get(oid)) is x509.UnrecognizedExtension}
    if not values:
        return NONE
    category = _octet(values)
    kind = _integer(values, _TYPE)
    number = _card_number(values)
    card = None if kind is None else _CARDS.get(kind)
    profession = _integer(values, _IN_TRAINING if card is CardType.CPF else _PROFESSION)
    return AnsExtensions(
        product=None if category is None else _PRODUCTS.get(category & ~_TEST_BIT),
        test=None if category is None else bool(category & _TEST_BIT),
        card=card,
        issuer_number=None if number is None else number[1],
        card_number=None if number is None else number[2],
        profession=profession,
        responsibility=_integer(values, _RESPONSIBILITY),
    )


def _content(values: _Values, oid: x509.ObjectIdentifier, tags: frozenset[int]) -> bytes:
    # One primitive value, its length in one byte: none of these is longer.
    der = values[oid]
    if len(der) < _HEAD or der[0] not in tags or der[1] != len(der) - _HEAD or der[1] > _SHORT:
        raise InputError("certificates.extension", oid=oid.dotted_string, reason="form")
    return der[_HEAD:]


def _integer(values: _Values, oid: x509.ObjectIdentifier) -> int | None:
    if oid not in values:
        return None
    content = _content(values, oid, _INTEGERS)
    number = int.from_bytes(content, "big", signed=True)
    if len(content) not in {1, 2} or not 0 <= number <= _LARGEST:
        raise InputError("certificates.extension", oid=oid.dotted_string, reason="value")
    return number


def _octet(values: _Values) -> int | None:
    if _CATEGORY not in values:
        return None
    content = _content(values, _CATEGORY, _OCTETS)
    if len(content) != 1:
        raise InputError("certificates.extension", oid=_CATEGORY.dotted_string, reason="value")
    return content[0]


def _card_number(values: _Values) -> re.Match[str] | None:
    if _NUMBER not in values:
        return None
    found = _CARD_NUMBER.fullmatch(_content(values, _NUMBER, _TEXTS).decode("latin-1"))
    if found is None:
        raise InputError("certificates.extension", oid=_NUMBER.dotted_string, reason="value")
    return found
