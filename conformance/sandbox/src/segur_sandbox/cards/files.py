"""Lays out the files of a virtual carte Vitale 2.

Known from public readers of real cards: the identity templates in short file 2 of the MF, the NIR templates in
short file 2 of the VITALE application, DIR 2F00, PAN 2F02, POINTERS 2001. OURS, for want of public facts: the
content of 2F02 (12 printable digits), the nature in `66/C1`, the rank in `65/C2`, the other file identifiers.
"""

import attrs

from segur_sandbox.cards.catalogue import Beneficiary, CardRecord
from segur_sandbox.cards.tlv import tlv

AID_VITALE = bytes.fromhex("D250000002") + b"VITALE"
AID_MF = bytes.fromhex("D250000002") + b"MF_VITALE"
MF = 0x3F00
EF_DIR = 0x2F00
EF_PAN = 0x2F02
EF_IDENTITY = 0x2F05
EF_POINTERS = 0x2001
EF_NIR = 0x2002
EF_RIGHTS = 0x2005
SHORT_FILE = 2
VALID_FROM = b"20200101"
_FRANCE = b"250"
_BLOCK = 64
_CUT = 7


@attrs.frozen
class CardFiles:
    """The transparent files of both contexts; `None` stands for a protected one."""

    mf: dict[int, bytes | None]
    vitale: dict[int, bytes | None]


def lay_out(card: CardRecord) -> CardFiles:
    """Return the files of `card`."""
    identities = b"".join(_identity(beneficiary) for beneficiary in card.beneficiaries)
    validity = tlv(0x66, tlv(0x80, VALID_FROM) + tlv(0xC1, card.nature.encode("ascii")))
    numbers = b"".join(tlv(0x65, tlv(0x93, person.nir.encode("ascii"))) for person in card.beneficiaries)
    return CardFiles(
        mf={
            EF_DIR: tlv(0x61, tlv(0x4F, AID_VITALE)) + tlv(0x61, tlv(0x4F, AID_MF)),
            EF_PAN: card.serial.encode("ascii"),
            EF_IDENTITY: _finish(identities + validity, card),
        },
        vitale={EF_POINTERS: _pointers(), EF_NIR: _finish(numbers, card), EF_RIGHTS: None},
    )


def _identity(person: Beneficiary) -> bytes:
    rank = b"" if person.rang == 1 else tlv(0xC2, str(person.rang).encode("ascii"))
    return tlv(
        0x65,
        tlv(0x80, person.nom.encode("latin-1"))
        + tlv(0x81, person.prenom.encode("latin-1"))
        + tlv(0x82, person.date_naissance.encode("ascii"))
        + tlv(0x90, _FRANCE)
        + rank,
    )


def _finish(content: bytes, card: CardRecord) -> bytes:
    if card.truncated:
        return content[:-_CUT]
    return content + bytes(_BLOCK - len(content) % _BLOCK)


def _pointers() -> bytes:
    applications = tlv(0x82, b"\x00\x01\x00\x00" + AID_MF) + tlv(0x82, b"\x00\x02\x00\x00" + AID_VITALE)
    files = b"".join(
        tlv(0x80, name.ljust(8).encode("ascii") + application.to_bytes(2, "big") + file.to_bytes(2, "big"))
        for name, application, file in (
            ("PAN", 1, EF_PAN),
            ("IDENTITE", 1, EF_IDENTITY),
            ("NIR", 2, EF_NIR),
            ("DROITS", 2, EF_RIGHTS),
        )
    )
    return tlv(0xE0, tlv(0xA0, applications) + files)
