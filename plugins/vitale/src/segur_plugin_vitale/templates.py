"""From the files of a card to its beneficiaries.

Identity number n and NIR number n belong together by their place in the two files; nothing else joins them.
Tags are those of public readers of real cards: ``65`` with ``80`` nom, ``81`` prénom, ``82`` date de naissance,
``93`` NIR; other objects are left alone.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs
from pydantic import ValidationError

from segur_plugin_vitale.birth_dates import read_card_date, shared_dates
from segur_plugin_vitale.files import VitaleFiles
from segur_plugin_vitale.numbers import MISSING, CardNumber, read_number
from segur_plugin_vitale.objects import (
    CARD_TEMPLATE,
    MAX_BENEFICIARIES,
    TEMPLATE,
    Template,
    read_objects,
    templates_in,
)
from segur_plugin_vitale.settings import VitaleSettings
from segur_sdk.errors import CardError
from segur_sdk.models.card import Beneficiary, CardNature, ReadingFlag

_NOM: Final = 0x80
_PRENOM: Final = 0x81
_BIRTH_DATE: Final = 0x82
_NIR: Final = 0x93
_ASCII: Final = "ascii"
_NATURES: Final[Mapping[str, CardNature]] = MappingProxyType(
    {nature.value: nature for nature in (CardNature.REAL, CardNature.TEST, CardNature.DEMONSTRATION)}
)
_MAX_SERIAL: Final = 12


@attrs.frozen
class CardContent:
    """What the files say, whole."""

    beneficiaries: tuple[Beneficiary, ...]
    nature: CardNature
    serial: str | None


def read_content(files: VitaleFiles, settings: VitaleSettings) -> CardContent:
    """Read every beneficiary, or none.

    Raises:
        CardError: ``card.unreadable`` with ``reason``, and ``file``, ``tag``, ``offset`` or ``template`` where there
            are any: ``no_objects``, ``no_beneficiary``, ``too_many_beneficiaries``, ``counts_differ``,
            ``object_missing``, ``object_twice``, ``not_text``, ``date``, ``nir``, ``rank``, ``value``, and those of
            the TLV reader.
    """
    identity_objects = read_objects(files.identities, "identities")
    number_objects = read_objects(files.numbers, "numbers")
    identities = templates_in(identity_objects, TEMPLATE, "identities")
    numbers = templates_in(number_objects, TEMPLATE, "numbers")
    if not identities:
        raise CardError("card.unreadable", reason="no_beneficiary")
    if len(identities) > MAX_BENEFICIARIES:
        raise CardError("card.unreadable", reason="too_many_beneficiaries", identities=len(identities))
    if len(identities) != len(numbers):
        raise CardError("card.unreadable", reason="counts_differ", identities=len(identities), numbers=len(numbers))
    shared = shared_dates(_required(identity, _BIRTH_DATE, _ASCII) for identity in identities)
    beneficiaries = tuple(
        _beneficiary(identity, number, shared, settings) for identity, number in zip(identities, numbers, strict=True)
    )
    nature = _nature(templates_in(identity_objects, CARD_TEMPLATE, "identities"), settings)
    return CardContent(beneficiaries, nature, _serial(files.serial))


def _beneficiary(
    identity: Template, numbers: Template, shared: frozenset[str], settings: VitaleSettings
) -> Beneficiary:
    on_card = _required(identity, _BIRTH_DATE, _ASCII)
    birth = read_card_date(on_card)
    if birth is None:
        raise identity.refused("date", _BIRTH_DATE)
    number = _number(numbers)
    same = (ReadingFlag.SAME_BIRTH_DATE,) if on_card in shared else ()
    nom = _required(identity, _NOM, settings.encoding)
    prenom = _required(identity, _PRENOM, settings.encoding)
    rank = _rank(identity, settings)
    # The exception of a failed validation holds its input: it must not become the context of an error.
    try:
        return Beneficiary(
            position=identity.position,
            nom=nom,
            prenom=prenom,
            date_naissance=birth.complete,
            date_en_carte=on_card,
            rang_naissance=rank,
            nir=number.nir,
            flags=(*number.flags, *birth.flags, *same),
        )
    except ValidationError:
        pass
    raise CardError("card.unreadable", reason="value", file=identity.file, template=identity.position)


def _required(template: Template, tag: int, encoding: str) -> str:
    text = template.text(tag, encoding)
    if not text:
        raise template.refused("object_missing", tag)
    return text


def _number(template: Template) -> CardNumber:
    text = template.text(_NIR, _ASCII)
    if text is None:
        return MISSING
    number = read_number(text)
    if number is None:
        raise template.refused("nir", _NIR)
    return number


def _rank(identity: Template, settings: VitaleSettings) -> int:
    if not settings.rank_object:
        return 1
    tag = _inner_tag(settings.rank_object)
    text = identity.text(tag, _ASCII)
    if text is None:
        return 1
    if len(text) != 1 or text not in "123456789":
        raise identity.refused("rank", tag)
    return int(text)


def _nature(templates: tuple[Template, ...], settings: VitaleSettings) -> CardNature:
    if not settings.nature_object:
        return CardNature.UNKNOWN
    tag = _inner_tag(settings.nature_object)
    found = {text for text in (template.text(tag, _ASCII) for template in templates) if text is not None}
    if len(found) != 1:
        return CardNature.UNKNOWN
    return _NATURES.get(found.pop(), CardNature.UNKNOWN)


def _inner_tag(path: str) -> int:
    return int(path.rpartition("/")[2], 16)


def _serial(content: bytes | None) -> str | None:
    """Return the digits, or ``None``: the file may hold something else on cards nobody described."""
    digits = (content or b"").strip(b" \x00")
    return digits.decode(_ASCII) if digits.isdigit() and len(digits) <= _MAX_SERIAL else None
