"""The table of ATRs."""

import pytest

from segur_sdk.cards.atr import ATR_TABLE, AtrFamily, recognise

VITALE_2 = [f"3B751300004{x}09{end}9000" for x in "3456789BC" for end in ("EA", "FA")]
VITALE_1 = [f"3F6525002{x}09{y}99000" for x in "2C" for y in "F6"] + [
    "3F65250052096A9000",
    "3F652500A3096A9000",
    "3F652500A4096A9000",
]
CPS = {
    "3BAC00402A001225006480820212009000": AtrFamily.CPS_2TER,
    "3BAC00402A001225006480000310009000": AtrFamily.CPS_3,
    "3B8F80010031B86404B0ECC1739401808290000E": AtrFamily.CPS_3_CONTACTLESS,
    "3B9B188001001225006480040100009044": AtrFamily.CPS_4,
    "3B9B188001001225006480000401009044": AtrFamily.CPS_4,
    "3BDC18FF00001225006480000401009000": AtrFamily.CPS_4,
}


@pytest.mark.parametrize(
    ("atr", "family"),
    [
        *((atr, AtrFamily.VITALE_2) for atr in VITALE_2),
        *((atr, AtrFamily.VITALE_1) for atr in VITALE_1),
        *CPS.items(),
    ],
)
def test_known_atr_is_recognised(atr: str, family: AtrFamily) -> None:
    row = recognise(bytes.fromhex(atr))
    assert row is not None
    assert row.family is family


@pytest.mark.parametrize(
    "atr",
    [
        pytest.param("", id="nothing"),
        pytest.param("3B00", id="shortest ATR"),
        pytest.param("3B751300005009EA9000", id="one nibble off the Vitale 2 mask"),
        pytest.param("3B751300004309EA900000", id="a Vitale 2 ATR with one byte more"),
        pytest.param("3B751300004309EA90", id="a Vitale 2 ATR cut"),
        pytest.param("3BAC00402A001225006480000310009001", id="one bit off a CPS3"),
        pytest.param("3B6500002063CB6600", id="another card"),
    ],
)
def test_other_atr_is_not_recognised(atr: str) -> None:
    assert recognise(bytes.fromhex(atr)) is None


def test_only_cartes_vitale_are_patient_cards() -> None:
    assert {family for family in AtrFamily if family.is_vitale} == {AtrFamily.VITALE_1, AtrFamily.VITALE_2}


def test_no_atr_of_the_table_fits_two_rows() -> None:
    assert all(sum(row.matches(other.atr) for row in ATR_TABLE) == 1 for other in ATR_TABLE)


def test_inferred_generation_is_marked_unverified() -> None:
    assert [row.family for row in ATR_TABLE if not row.verified] == [AtrFamily.CPS_2TER]
