"""Names: the two lexical profiles, comparison, search."""

import re
import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from segur_sdk.errors import InputError
from segur_sdk.identity.names import (
    NameProfile,
    fold,
    for_comparison,
    normalise_name,
    search_key,
    start_that_fits,
)

FAMILY, GIVEN = NameProfile.FAMILY_NAME, NameProfile.GIVEN_NAME

WRITTEN = [
    ("Adrun", FAMILY, "ADRUN"),
    ("Zoé", GIVEN, "ZOE"),
    ("Zoe\u0301", GIVEN, "ZOE"),
    ("François", GIVEN, "FRANCOIS"),
    ("Cœur", GIVEN, "COEUR"),
    ("Lætitia", GIVEN, "LAETITIA"),
    ("Straße", FAMILY, "STRASSE"),
    ("Łukasz", GIVEN, "LUKASZ"),
    ("Søren", GIVEN, "SOREN"),
    ("Nguyễn", FAMILY, "NGUYEN"),
    ("d’Artagnan de l’Hérault", FAMILY, "D'ARTAGNAN DE L'HERAULT"),
    ("D\u02bcAeion", FAMILY, "D'AEION"),
    ("Pierre\u2011Alain", GIVEN, "PIERRE-ALAIN"),
    ("Pierre–Alain\u00a0Muriel", GIVEN, "PIERRE-ALAIN MURIEL"),
    ("Dupont--Martin", FAMILY, "DUPONT--MARTIN"),
    ("'Ouren", FAMILY, "'OUREN"),
    ("'Ouren", GIVEN, "'OUREN"),
    ("Dupont-", FAMILY, "DUPONT-"),
    ("L'", FAMILY, "L'"),
]

REFUSED = [
    ("", FAMILY, "identity.name_empty"),
    ("'", GIVEN, "identity.name_empty"),
    ("'", FAMILY, "identity.name_empty"),
    ("ADRUN2", FAMILY, "identity.name_character"),
    ("ADRUN_Z", FAMILY, "identity.name_character"),
    ("ADRUN/Z", FAMILY, "identity.name_character"),
    ("ADRUN!", FAMILY, "identity.name_character"),
    ("ADRUN\tZ", FAMILY, "identity.name_character"),
    ("Адрун", FAMILY, "identity.name_character"),
    ("\u0301ZOE", GIVEN, "identity.name_character"),
    ("ÞOR", GIVEN, "identity.name_character"),
    ("ZO\u200bE", GIVEN, "identity.name_character"),
    (" ADRUN", FAMILY, "identity.name_start"),
    ("-ADRUN", FAMILY, "identity.name_start"),
    (" ZOE", GIVEN, "identity.name_start"),
    ("-ZOE", GIVEN, "identity.name_start"),
    ("ZOE-", GIVEN, "identity.name_end"),
    ("ZOE'", GIVEN, "identity.name_end"),
    ("PIERRE--ALAIN", GIVEN, "identity.name_double_hyphen"),
    ("DUPONT---MARTIN", FAMILY, "identity.name_double_hyphen"),
    ("DE  VINCI", FAMILY, "identity.name_separators"),
    ("D''AEION", FAMILY, "identity.name_separators"),
    ("D' AEION", FAMILY, "identity.name_separators"),
    ("D 'AEION", GIVEN, "identity.name_separators"),
]


@pytest.mark.parametrize(("text", "profile", "wire"), WRITTEN)
def test_name_is_put_into_its_profile(text: str, profile: NameProfile, wire: str) -> None:
    assert normalise_name(text, profile) == wire


@pytest.mark.parametrize(("text", "profile", "code"), REFUSED)
def test_name_outside_its_profile_is_refused(text: str, profile: NameProfile, code: str) -> None:
    with pytest.raises(InputError) as refusal:
        normalise_name(text, profile)
    assert refusal.value.code == code
    assert set(refusal.value.facts) <= {"profile", "place"}


def test_forbidden_character_is_told_by_its_place_only() -> None:
    with pytest.raises(InputError) as refusal:
        normalise_name("ADRUN☂", FAMILY)
    assert refusal.value.facts == {"profile": "family_name", "place": 6}
    assert "☂" not in f"{refusal.value!r} {refusal.value}"


@given(st.text(max_size=30), st.sampled_from(NameProfile))
@example("Ŀ", GIVEN)
@example("ﬁ", GIVEN)
def test_a_name_is_in_the_profile_or_refused_never_shortened(text: str, profile: NameProfile) -> None:
    wire = code = None
    try:
        wire = normalise_name(text, profile)
    except InputError as refusal:
        code = refusal.code
    if wire is None:
        assert code is not None
        assert code.startswith("identity.name_")
        return
    assert re.fullmatch(r"[A-Z' \-]+", wire)
    assert normalise_name(wire, profile) == wire
    assert len(wire) >= sum(not "\u0300" <= character <= "\u036f" for character in text)
    assert "--" not in wire or profile is FAMILY
    assert not re.search(r"[' ][' ]|^[ \-]", wire)


@given(st.from_regex(r"[A-Z]{1,6}(?:[-' ][A-Z]{1,6}){0,3}", fullmatch=True), st.sampled_from(NameProfile))
def test_a_good_name_passes_unchanged(name: str, profile: NameProfile) -> None:
    assert normalise_name(name, profile) == name


@pytest.mark.parametrize("first", ["JEAN CHRISTOPHE", "JEAN-CHRISTOPHE", "JEAN-CHRISTOPHE-PIERRE", "jean", "Jean"])
@pytest.mark.req("SC.INS/va1.51")
def test_first_given_name_fits_the_start_of_the_list(first: str) -> None:
    piece = start_that_fits(first, "JEAN CHRISTOPHE PIERRE")
    assert piece is not None
    assert for_comparison(piece) == for_comparison(first)
    assert "JEAN CHRISTOPHE PIERRE".startswith(piece)


@pytest.mark.parametrize(
    "first", ["CHRISTOPHE", "JE", "JEANCHRISTOPHE", "JEAN PIERRE", "", "-", "JEAN CHRISTOPHE PIERRE X"]
)
@pytest.mark.req("SC.INS/va1.51")
def test_first_given_name_elsewhere_does_not_fit(first: str) -> None:
    assert start_that_fits(first, "JEAN CHRISTOPHE PIERRE") is None


@pytest.mark.parametrize(
    ("first", "names", "piece"),
    [
        ("Pierre Alain", "PIERRE-ALAIN MURIEL FLORIANT", "PIERRE-ALAIN"),
        ("PIERRE-ALAIN", "PIERRE-ALAIN MURIEL FLORIANT", "PIERRE-ALAIN"),
        ("Zoé", "ZOE", "ZOE"),
        ("Dominique Marie", "DOMINIQUE MARIE-LOUISE", "DOMINIQUE MARIE"),
    ],
)
def test_piece_of_the_list_is_given_as_the_list_writes_it(first: str, names: str, piece: str) -> None:
    assert start_that_fits(first, names) == piece


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("D'ARTAGNAN", "dartagnan"),
        ("D’Artagnan", "D ARTAGNAN"),
        ("DUPONT--MARTIN", "Dupont-Martin"),
        ("DUPONT--MARTIN", "DUPONT MARTIN"),
        ("FRANÇOIS", "francois"),
        ("NESSI", "Nessi"),
        ("CŒUR", "coeur"),
    ],
)
@pytest.mark.req("SC.INS/va1.25")
def test_search_ignores_apostrophes_hyphens_accents_and_cedilla(one: str, other: str) -> None:
    assert search_key(one) == search_key(other) != ""


@pytest.mark.parametrize("typed", ["--", "'", " ", "", "-' "])
@pytest.mark.req("SC.INS/va1.25")
def test_separators_alone_are_no_criterion(typed: str) -> None:
    assert search_key(typed) == ""


@given(st.text(string.ascii_letters + "éèçœ' -", max_size=20), st.integers(0, 20))
def test_beginning_of_a_name_finds_it(name: str, length: int) -> None:
    assert search_key(name).startswith(search_key(name[:length]))


@given(st.text(max_size=20))
def test_comparison_never_fails_and_is_stable(text: str) -> None:
    assume(text == text.strip())
    assert fold(fold(text)) == fold(text)
    assert for_comparison(for_comparison(text)) == for_comparison(text)


@pytest.mark.parametrize(("one", "other"), [("DE VINCI", "DE-VINCI"), ("ADRUN", "ADRUM"), ("ADRUN", "ADRUN2")])
def test_birth_names_written_with_other_signs_differ(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(("one", "other"), [("Jean-Luc", "JEAN LUC"), ("N'DEYE", "n deye"), ("Zoé", "ZOE")])
def test_given_names_written_with_other_signs_are_the_same(one: str, other: str) -> None:
    assert for_comparison(one) == for_comparison(other)
