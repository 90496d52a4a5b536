"""The data objects of a professional's card, BER-TLV.

Public: the labels; which ones need the PIN; `EE { 84 85 86 }` of a situation; that the professional data end with the
speciality. OURS, for want of the official *données métier*: every other tag, and the billing situation's.
"""

import attrs

from segur_sandbox.cards.cpx.records import TYPE_CODES, CpxRecord, Situation
from segur_sandbox.cards.tlv import tlv

_TEST_CATEGORY = b"\x80"
_FRENCH = b"fr"


@attrs.frozen
class DataObject:
    """A data object: its label, its file in the PKCS#15 application, its value, and whether the PIN guards it."""

    label: str
    file: int
    value: bytes
    private: bool = False


def data_objects(record: CpxRecord) -> tuple[DataObject, ...]:
    """Return the data objects of `record`, in the order of its directory file."""
    holder = record.holder
    card = tlv(0x80, bytes.fromhex(record.full_number)) + tlv(0x81, _TEST_CATEGORY)
    objects = [
        DataObject("CPS_ID_CARD", 0xD101, tlv(0xE0, card + tlv(0x82, bytes([TYPE_CODES[holder.card_type]])))),
        DataObject("CPS_LANG_PS", 0xD103, tlv(0x5F2D, _FRENCH)),
    ]
    if holder.family_name is not None and holder.given_name is not None:
        name = _text(0x80, holder.identifier) + _text(0x81, holder.family_name) + _text(0x82, holder.given_name)
        objects.insert(1, DataObject("CPS_NAME_PS", 0xD102, tlv(0xE1, name)))
    if holder.profession is not None:
        profession = _text(0x80, f"{holder.profession:02d}") + _text(0x81, holder.section)
        objects.append(DataObject("CPS_INFO_PS", 0xD104, tlv(0xE3, profession + _text(0x86, holder.speciality))))
    objects += [
        DataObject(f"CPS_ACTIVITY_{each.number:02d}_PS", 0xD11F + each.number, _situation(each), private=True)
        for each in holder.situations
    ]
    if holder.billing is not None:
        billing = _text(0x80, holder.billing)
        objects.append(DataObject("CPS_SIT_FACT", 0xD110, tlv(0xEF, billing), private=True))
    return tuple(objects)


def _situation(situation: Situation) -> bytes:
    return tlv(0xEE, _text(0x84, situation.name) + _text(0x85, situation.structure) + _text(0x86, situation.sector))


def _text(tag: int, value: str | None) -> bytes:
    return b"" if value is None else tlv(tag, value.encode("latin-1"))
