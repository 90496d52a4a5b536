"""Answers to reset of the French health cards.

An ATR is a hint, never a proof: only the selection of an application proves what a card is.
Sources: the public list of ``pcsc-tools`` (labels are its users' words) and the published CPS PKCS#11 library.
"""

from enum import StrEnum
from typing import Final

import attrs


class AtrFamily(StrEnum):
    """Generation of card that an ATR announces."""

    VITALE_1 = "vitale1"
    VITALE_2 = "vitale2"
    CPS_2TER = "cps2ter"
    CPS_3 = "cps3"
    CPS_3_CONTACTLESS = "cps3_contactless"
    CPS_4 = "cps4"

    @property
    def is_vitale(self) -> bool:
        """Whether a patient's card is announced, not a professional's."""
        return self in (AtrFamily.VITALE_1, AtrFamily.VITALE_2)


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)


@attrs.frozen
class AtrPattern:
    """One row of the table: ``atr`` compared under ``mask``, byte by byte; lengths are equal."""

    family: AtrFamily
    atr: bytes = attrs.field(converter=_hex)
    mask: bytes = attrs.field(converter=_hex)
    verified: bool = True
    """False when the generation behind this ATR was inferred and never confirmed."""

    def matches(self, atr: bytes) -> bool:
        """Tell whether ``atr`` fits this row."""
        return len(atr) == len(self.atr) and all(
            (given ^ known) & care == 0 for given, known, care in zip(atr, self.atr, self.mask, strict=True)
        )


def _exact(family: AtrFamily, atr: str, *, verified: bool = True) -> AtrPattern:
    return AtrPattern(family, atr, "FF" * len(bytes.fromhex(atr)), verified)


ATR_TABLE: Final[tuple[AtrPattern, ...]] = (
    AtrPattern(AtrFamily.VITALE_2, "3B751300004009EA9000", "FFFFFFFFFFF0FFEFFFFF"),
    _exact(AtrFamily.VITALE_1, "3F6525002209F99000"),
    _exact(AtrFamily.VITALE_1, "3F6525002209699000"),
    _exact(AtrFamily.VITALE_1, "3F6525002C09F99000"),
    _exact(AtrFamily.VITALE_1, "3F6525002C09699000"),
    _exact(AtrFamily.VITALE_1, "3F65250052096A9000"),
    _exact(AtrFamily.VITALE_1, "3F652500A3096A9000"),
    _exact(AtrFamily.VITALE_1, "3F652500A4096A9000"),
    _exact(AtrFamily.CPS_2TER, "3BAC00402A001225006480820212009000", verified=False),
    _exact(AtrFamily.CPS_3, "3BAC00402A001225006480000310009000"),
    _exact(AtrFamily.CPS_3_CONTACTLESS, "3B8F80010031B86404B0ECC1739401808290000E"),
    _exact(AtrFamily.CPS_4, "3B9B188001001225006480040100009044"),
    _exact(AtrFamily.CPS_4, "3B9B188001001225006480000401009044"),
    _exact(AtrFamily.CPS_4, "3BDC18FF00001225006480000401009000"),
)
"""CPS rows are compared whole, as the CPS library does."""


def recognise(atr: bytes) -> AtrPattern | None:
    """Return the row of the table that ``atr`` (answer to reset, 2–33 bytes) fits, or ``None``."""
    return next((row for row in ATR_TABLE if row.matches(atr)), None)
