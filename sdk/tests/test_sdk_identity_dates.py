"""Dates of birth that are incomplete, lunar, or without century."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.errors import InputError
from segur_sdk.identity.dates import complete, read_birth_date


@pytest.mark.parametrize(
    ("text", "value", "interpreted", "lunar"),
    [
        ("1975-12-31", date(1975, 12, 31), False, False),
        ("19751231", date(1975, 12, 31), False, False),
        ("31/12/1975", date(1975, 12, 31), False, False),
        ("29/02/1976", date(1976, 2, 29), False, False),
        ("1960-05-00", date(1960, 5, 1), True, False),
        ("1960-00-17", date(1960, 1, 17), True, False),
        ("00/00/1960", date(1960, 12, 31), True, False),
        ("19601399", date(1960, 12, 31), True, True),
        ("1960-13-05", date(1960, 1, 5), True, True),
        ("1960-05-42", date(1960, 5, 1), True, True),
    ],
)
@pytest.mark.req("SC.INS/va1.56")
def test_sanitary_date_is_complete_and_says_when_it_was_completed(
    text: str, value: date, interpreted: bool, lunar: bool
) -> None:
    received = read_birth_date(text)
    sanitary = received.sanitary()
    assert (sanitary.value, sanitary.interpreted, received.lunar, received.text) == (value, interpreted, lunar, text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "input.birth_date"),
        ("1975/12/31", "input.birth_date"),
        ("31.12.1975", "input.birth_date"),
        ("1975-12-3", "input.birth_date"),
        ("vers 1960", "input.birth_date"),
        ("31/02/1975", "input.birth_date"),
        ("1975-02-29", "input.birth_date"),
        ("751231", "input.birth_century"),
        ("0000-00-00", "input.birth_year_missing"),
    ],
)
def test_date_that_cannot_be_used_is_refused_without_being_repeated(text: str, code: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_birth_date(text).sanitary()
    assert refusal.value.code == code
    assert refusal.value.facts == {}


@pytest.mark.parametrize(("century", "year"), [(19, 1907), (20, 2007)])
def test_century_is_the_callers(century: int, year: int) -> None:
    assert read_birth_date("070525", century=century).sanitary().value == date(year, 5, 25)


def test_unknown_year_takes_the_announced_one() -> None:
    sanitary = read_birth_date("0000-00-00").sanitary(announced_year=1940)
    assert (sanitary.value, sanitary.interpreted) == (date(1940, 12, 31), True)


def test_dates_never_show_in_a_rendering() -> None:
    received = read_birth_date("19601399")
    assert "1960" not in f"{received!r}{received}{received.sanitary()!r}"


@given(st.dates(min_value=date(1800, 1, 1)))
def test_complete_date_stays_as_it_is(value: date) -> None:
    for text in (value.isoformat(), value.strftime("%Y%m%d"), value.strftime("%d/%m/%Y")):
        assert read_birth_date(text).sanitary().value == value
    assert not complete(value.year, value.month, value.day).interpreted


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_a_typed_refusal(text: str) -> None:
    code = None
    try:
        read_birth_date(text).sanitary()
    except InputError as refusal:
        code = refusal.code
    assert code is None or code.startswith("input.birth_")
