"""*Situations d'exercice*: objects ``CPS_ACTIVITY_01_PS`` to ``CPS_ACTIVITY_16_PS``, readable once the PIN is verified.

Each holds a container ``EE`` with ``84`` raison sociale, ``85`` Struct_IdNat, ``86`` secteur d'activité. Indices may
have gaps. Source: external specification of the CPS PKCS#11 library of the ANS, and public programs that read cards.
"""

import re
from collections.abc import Iterable
from typing import Final

from pydantic import ValidationError

from segur_plugin_cps.data_objects import MAX_OBJECT, Encoding, text_in
from segur_sdk.cards.tlv import Tlv, parse_tlv, tag_name
from segur_sdk.drivers import TokenData
from segur_sdk.errors import CardError
from segur_sdk.models.professional import ExerciceSituation

CONTAINER: Final = 0xEE
_STRUCTURE_NAME: Final = 0x84
_STRUCTURE_ID: Final = 0x85
_SECTOR: Final = 0x86
_LABEL: Final = re.compile(r"CPS_ACTIVITY_([0-9]{2})_PS")
_INDICES: Final = range(1, 17)
_SECTOR_FORM: Final = re.compile(r"[A-Z0-9]{4}")


def read_situations(objects: Iterable[TokenData], encoding: Encoding) -> tuple[ExerciceSituation, ...]:
    """Return every situation of a card, in the order of their indices.

    An object without content is a place on the card that is not used.

    Raises:
        CardError: ``card.unreadable`` with ``file`` (the label), ``tag`` where there is one, and ``reason``: ``index``,
            ``object_twice``, ``object_missing``, ``not_text``, ``value``, and those of the TLV reader.
    """
    found: dict[int, ExerciceSituation | None] = {}
    for one in objects:
        label = _LABEL.fullmatch(one.label)
        if label is None:
            continue
        index = int(label[1])
        if index not in _INDICES:
            raise CardError("card.unreadable", reason="index", file=one.label)
        if index in found:
            raise CardError("card.unreadable", reason="object_twice", file=one.label)
        found[index] = _situation(index, one, encoding)
    return tuple(situation for _, situation in sorted(found.items()) if situation is not None)


def _situation(index: int, given: TokenData, encoding: Encoding) -> ExerciceSituation | None:
    objects = parse_tlv(given.value, file=given.label, max_size=MAX_OBJECT)
    if not objects:
        return None
    inner = _container(objects, given.label)
    if not inner:
        return None
    sector = text_in(inner, _SECTOR, given.label, encoding)
    if sector is not None and not _SECTOR_FORM.fullmatch(sector):
        raise CardError("card.unreadable", reason="value", file=given.label, tag=tag_name(_SECTOR))
    name = text_in(inner, _STRUCTURE_NAME, given.label, encoding)
    structure_id = text_in(inner, _STRUCTURE_ID, given.label, encoding)
    # The exception of a failed validation may hold its input: it must not become the context of an error.
    try:
        return ExerciceSituation(number=index, structure_name=name or "", structure_id=structure_id, sector=sector)
    except ValidationError:
        pass
    raise CardError("card.unreadable", reason="value", file=given.label)


def _container(objects: tuple[Tlv, ...], label: str) -> tuple[Tlv, ...]:
    containers = [one for one in objects if one.tag == CONTAINER]
    if len(containers) != 1:
        reason = "object_twice" if containers else "object_missing"
        raise CardError("card.unreadable", reason=reason, file=label, tag=tag_name(CONTAINER))
    return containers[0].children
