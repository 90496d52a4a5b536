"""National identifiers: published vectors both ways, and what their checks promise."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.errors import InputError
from segur_sdk.identifiers import adeli, cip, finess, nir, oid, rpps, siren, structure_id
from segur_sdk.identifiers.luhn import luhn_is_valid
from segur_sdk.models.identity import InsOid

KEYS = {
    "2751263220749": "74",
    "160012B020777": "13",
    "297022A020778": "78",
    "180032B020401": "23",
    "1090763220888": "35",
    "285072B502024": "65",
    "265112A571315": "79",
    "121092A220868": "08",
    "2790351215189": "89",
    "2770763220829": "10",
}
WRONG_KEYS = ("239087505601618", "278054958815780", "113034958815780", "181036322045660", "281036322045610")
RPPS = (
    "10002813839", "99700218896", "99700261797", "99700367917", "99700234190", "99700367909", "99700343942",
    "99700075122", "99900023351", "10100045391",
)  # fmt: skip
FINESS = (
    "750712184", "690781810", "310781406", "330781196", "130786049", "760021832", "670780055", "590780193",
    "2A0000014", "2B0000020", "0B0152872",
)  # fmt: skip

Parser = Callable[[str], str]

ACCEPTED: list[tuple[Parser, str, str]] = [
    *((nir.parse_ins, body + key, body + key) for body, key in KEYS.items()),
    (nir.parse_ins, "1 60 01 2b 020 777 13", "160012B02077713"),
    (nir.parse_billing, "2 75 12 63 220 749", "2751263220749"),
    (nir.parse_billing, "5555551234567", "5555551234567"),
    *((rpps.parse, value, value) for value in RPPS),
    (rpps.parse, "10 002 813 839", "10002813839"),
    *((finess.parse, value, value) for value in FINESS),
    (finess.parse, "2a 000 001 4", "2A0000014"),
    (adeli.parse, "0B6087510", "0B6087510"),
    (adeli.parse, "0b7010446", "0B7010446"),
    (siren.parse_siren, "187 512 751", "187512751"),
    (siren.parse_siret, "187 512 751 00020", "18751275100020"),
    (siren.parse_siret, "41930067800069", "41930067800069"),
    (cip.parse, "3400933516390", "3400933516390"),
    (oid.parse, "urn:oid:1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.8"),
    (oid.parse, "1.2.250.1.71.4.2.2", "1.2.250.1.71.4.2.2"),
]

REFUSED: list[tuple[Parser, str, str]] = [
    *((nir.parse_ins, value, "input.nir_key") for value in WRONG_KEYS),
    (nir.parse_billing, "239087505601618", "input.nir_key"),
    (nir.parse_ins, "2751263220749", "input.nir_key_missing"),
    (nir.parse_ins, "555555123456770", "input.nir_key"),
    (nir.parse_ins, "5555551234567" + nir.compute_key("5555551234567"), "input.nir_provisional"),
    (nir.parse_ins, "", "input.nir_form"),
    (nir.parse_ins, "27512632207497", "input.nir_form"),
    (nir.parse_ins, "2751263220749744", "input.nir_form"),
    (nir.parse_ins, "160012C02077713", "input.nir_form"),
    (nir.parse_ins, "16001B202077713", "input.nir_form"),
    (nir.parse_ins, "2751263220749７4", "input.nir_form"),
    (rpps.parse, "10000000001", "input.rpps_check"),
    (rpps.parse, "810002813839", "input.rpps_form"),
    (rpps.parse, "1000281383A", "input.rpps_form"),
    (finess.parse, "750712185", "input.finess_check"),
    (finess.parse, "123456789", "input.finess_check"),
    (finess.parse, "2C0000014", "input.finess_form"),
    (finess.parse, "7507A2184", "input.finess_form"),
    (adeli.parse, "0B6087511", "input.adeli_check"),
    (adeli.parse, "0B608751", "input.adeli_form"),
    (siren.parse_siren, "187512752", "input.siren_check"),
    (siren.parse_siren, "18751275", "input.siren_form"),
    (siren.parse_siret, "18751275100021", "input.siret_check"),
    (siren.parse_siret, "187512751", "input.siret_form"),
    (cip.parse, "3400933516391", "input.cip_check"),
    (cip.parse, "4006381333931", "input.cip_form"),
    (oid.parse, "1..2", "input.oid_form"),
    (oid.parse, "3.1", "input.oid_form"),
    (oid.parse, "1.02", "input.oid_form"),
]


def _named(case: tuple[Parser, str, str]) -> str:
    return f"{case[0].__module__.rpartition('.')[2]}-{case[1]}"


@pytest.mark.parametrize(("body", "key"), KEYS.items())
def test_nir_key_is_97_minus_the_number_modulo_97(body: str, key: str) -> None:
    assert nir.compute_key(body) == key
    assert nir.key_is_valid(body + key)


@pytest.mark.parametrize("value", WRONG_KEYS)
def test_illustrations_with_a_wrong_key_are_reported(value: str) -> None:
    assert not nir.key_is_valid(value)


@pytest.mark.parametrize("value", ["", "27512632207497", "2751263220749ab", "X" * 15])
def test_key_of_what_is_no_nir_is_not_valid(value: str) -> None:
    assert not nir.key_is_valid(value)


@pytest.mark.parametrize(("parse", "typed", "value"), ACCEPTED, ids=map(_named, ACCEPTED))
def test_typed_identifier_is_read(parse: Parser, typed: str, value: str) -> None:
    assert parse(typed) == value


@pytest.mark.parametrize(("parse", "typed", "code"), REFUSED, ids=map(_named, REFUSED))
def test_bad_identifier_is_refused_without_being_repeated(parse: Parser, typed: str, code: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse(typed)
    assert refusal.value.code == code
    assert not typed or typed not in f"{refusal.value!s}{refusal.value!r}{refusal.value.facts}"


FORMATS: list[tuple[Parser, Parser, tuple[str, ...], str]] = [
    (nir.parse_ins, nir.format_nir, tuple(body + key for body, key in KEYS.items()), "2 75 12 63 220 749 74"),
    (nir.parse_billing, nir.format_nir, tuple(KEYS), "2 75 12 63 220 749"),
    (rpps.parse, rpps.format_rpps, RPPS, "10 002 813 839"),
    (finess.parse, finess.format_finess, FINESS, "75 071 218 4"),
    (adeli.parse, adeli.format_adeli, ("0B6087510", "0B7010446"), "0B 6 08751 0"),
    (siren.parse_siren, siren.format_siret, ("187512751",), "187 512 751"),
    (siren.parse_siret, siren.format_siret, ("18751275100020", "41930067800069"), "187 512 751 00020"),
    (cip.parse, cip.format_cip, ("3400933516390",), "34009 335 163 9 0"),
    (oid.parse, oid.format_urn, tuple(oid.OIDS), "urn:oid:1.2.250.1.213.1.4.2"),
]


@pytest.mark.parametrize(
    ("parse", "show", "values", "shown"), FORMATS, ids=[f"{case[1].__name__}-{case[3]}" for case in FORMATS]
)
def test_what_is_shown_can_be_typed_again(parse: Parser, show: Parser, values: tuple[str, ...], shown: str) -> None:
    assert show(values[0]) == shown
    assert [parse(show(value)) for value in values] == list(values)


def _nir_bodies() -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{6}"), fullmatch=True)


def _other_digit(digit: str, shift: int) -> str:
    return str((int(digit) + shift) % 10)


@given(_nir_bodies(), st.integers(0, 14), st.integers(1, 9))
def test_any_wrong_digit_of_a_nir_is_seen(body: str, place: int, shift: int) -> None:
    value = body + nir.compute_key(body)
    if value[place].isdigit():
        assert not nir.key_is_valid(value[:place] + _other_digit(value[place], shift) + value[place + 1 :])


@given(_nir_bodies(), st.integers(0, 11))
def test_two_digits_of_a_nir_changing_places_are_seen(body: str, place: int) -> None:
    pair = body[place : place + 2]
    if pair.isdigit() and pair[0] != pair[1] and not {"A", "B"} & set(body):
        swapped = body[:place] + pair[::-1] + body[place + 2 :]
        assert not nir.key_is_valid(swapped + nir.compute_key(body))


@given(_nir_bodies())
def test_nir_shown_is_nir_typed(body: str) -> None:
    value = body + nir.compute_key(body)
    assert nir.parse_billing(nir.format_nir(value).lower()) == value


def _with_check_digit(body: str) -> str:
    return next(body + digit for digit in "0123456789" if luhn_is_valid(body + digit))


@given(st.text("0123456789", min_size=1, max_size=18), st.data())
def test_luhn_sees_any_wrong_digit(body: str, data: st.DataObject) -> None:
    value = _with_check_digit(body)
    place = data.draw(st.integers(0, len(value) - 1))
    wrong = _other_digit(value[place], data.draw(st.integers(1, 9)))
    assert not luhn_is_valid(value[:place] + wrong + value[place + 1 :])


@pytest.mark.parametrize("value", FINESS)
def test_any_wrong_digit_of_a_finess_is_seen(value: str) -> None:
    for place, digit in enumerate(value):
        for shift in range(1, 10):
            if digit.isdigit():
                assert not finess.is_valid(value[:place] + _other_digit(digit, shift) + value[place + 1 :])


@given(st.integers(0, 12), st.integers(1, 9))
def test_any_wrong_digit_of_a_cip_is_seen(place: int, shift: int) -> None:
    value = "3400933516390"
    assert not cip.is_valid(value[:place] + _other_digit(value[place], shift) + value[place + 1 :])


@pytest.mark.parametrize("value", ["", "12a4", "１２３０", "-18"])
def test_luhn_reads_ascii_digits_only(value: str) -> None:
    assert not luhn_is_valid(value)


@pytest.mark.parametrize("value", ["99700367909006", "99700234190004"])
def test_rang_stands_beside_the_rpps(value: str) -> None:
    found = rpps.parse_rang(value)
    assert (found.rpps, found.rang, str(found)) == (value[:11], value[11:], value)


@pytest.mark.parametrize(
    ("value", "code"), [("99700367909", "input.rpps_rang_form"), ("10000000001006", "input.rpps_check")]
)
def test_rang_without_a_good_rpps_is_refused(value: str, code: str) -> None:
    with pytest.raises(InputError, match=code):
        rpps.parse_rang(value)


@pytest.mark.parametrize(
    ("validity", "good", "bad"),
    [
        (rpps.is_valid, RPPS[0], "810002813839"),
        (adeli.is_valid, "0B6087510", "0B6087511"),
        (siren.siren_is_valid, "187512751", "187512752"),
        (siren.siret_is_valid, "18751275100020", "18751275100021"),
        (cip.is_valid, "3400933516390", "4006381333931"),
    ],
    ids=["rpps", "adeli", "siren", "siret", "cip"],
)
def test_validity_is_told_without_an_error(validity: Callable[[str], bool], good: str, bad: str) -> None:
    assert validity(good)
    assert not validity(bad)


def test_la_poste_rule_is_a_setting() -> None:
    office = "35600000000015"
    assert sum(map(int, office)) % 5 == 0
    assert not luhn_is_valid(office)
    assert siren.siret_is_valid(office)
    assert not siren.siret_is_valid(office, la_poste_rule=False)
    with pytest.raises(InputError, match=r"input\.siret_check"):
        siren.parse_siret(office, la_poste_rule=False)
    assert not siren.siret_is_valid("35600000000016")
    assert not siren.siret_is_valid("18751275100015"), "the sum of another company's digits proves nothing"


@pytest.mark.parametrize(
    ("ou", "kind"),
    [
        ("10B0152872", structure_id.StructureIdType.FINESS),
        ("341930067800069", structure_id.StructureIdType.SIRET),
        ("318751275100020", structure_id.StructureIdType.SIRET),
        ("499700367909006", structure_id.StructureIdType.RPPS_RANG),
    ],
)
def test_organisational_unit_bears_type_and_identifier(ou: str, kind: structure_id.StructureIdType) -> None:
    found = structure_id.parse(ou)
    assert (found.type, found.value, str(found)) == (kind, ou[1:], ou)


@pytest.mark.parametrize(
    ("ou", "code"),
    [
        ("", "input.structure_type"),
        ("2187512751", "input.structure_type"),
        ("IGC-SANTE", "input.structure_type"),
        ("10B0152873", "input.finess_check"),
        ("1", "input.finess_form"),
        ("318751275100021", "input.siret_check"),
        ("499700367909", "input.rpps_rang_form"),
    ],
)
def test_organisational_unit_of_another_shape_is_refused(ou: str, code: str) -> None:
    with pytest.raises(InputError) as refusal:
        structure_id.parse(ou)
    assert refusal.value.code == code


def test_oid_tells_nature_of_a_number() -> None:
    uses = {value.rpartition(".")[2]: entry.use for value, entry in oid.OIDS.items() if ".213.1.4." in value}
    assert uses == {
        "2": oid.OidUse.INS_FORMER,
        "6": oid.OidUse.INS_FORMER,
        "7": oid.OidUse.INS_FORMER,
        "8": oid.OidUse.INS,
        "9": oid.OidUse.INS,
        "10": oid.OidUse.INS_TEST,
        "11": oid.OidUse.INS_TEST,
        "12": oid.OidUse.OTHER_PERSON,
        "13": oid.OidUse.BILLING,
        "14": oid.OidUse.BILLING,
    }
    assert {entry.value for entry in InsOid} == {
        value for value, entry in oid.OIDS.items() if entry.use in {oid.OidUse.INS, oid.OidUse.INS_TEST}
    }
