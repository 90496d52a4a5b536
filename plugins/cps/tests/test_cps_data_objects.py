"""Data objects of a card: situations whole and from one object each, savoir-faire, texts in either encoding."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segur_plugin_cps.data_objects import decoded
from segur_plugin_cps.national_id import NationalId, read_national_id
from segur_plugin_cps.situations import read_situations
from segur_plugin_cps.speciality import read_speciality
from segur_sdk.drivers import TokenData
from segur_sdk.errors import CardError

LABEL = "CPS_ACTIVITY_03_PS"


def activity(content: bytes, label: str = LABEL) -> TokenData:
    return TokenData(label=label, private=True, value=content)


def information(content: bytes) -> TokenData:
    return TokenData(label="CPS_INFO_PS", private=False, value=content)


def outcome(reading: Callable[[], Any]) -> Any:
    """Return what was read, or the label that the error names."""
    try:
        return reading()
    except CardError as failure:
        return failure.facts["file"] if failure.code == "card.unreadable" else failure


def refused(*objects: TokenData) -> dict[str, Any]:
    with pytest.raises(CardError) as caught:
        read_situations(objects, "auto")
    assert caught.value.code == "card.unreadable"
    return dict(caught.value.facts)


@pytest.mark.req("CPS-04")
def test_every_situation_is_listed_across_gaps_and_up_to_the_sixteenth(
    situations_with_gaps: Sequence[TokenData],
) -> None:
    found = read_situations(situations_with_gaps, "auto")
    assert [(one.number, one.structure_name, one.structure_id, one.sector) for one in found] == [
        (1, "HOPITAL GENERIQUE", "10B0307377", "SA01"),
        (4, "PHARMACIE CRISTOL", "1760021832", "SA33"),
        (16, "CABINET M DOC0073574", "499700735741008", "SA07"),
    ]


@pytest.mark.req("CPS-04")
def test_all_sixteen_places_may_be_used(bench: Any) -> None:
    found = read_situations([bench.situation(number) for number in range(16, 0, -1)], "auto")
    assert [one.number for one in found] == list(range(1, 17))


def test_other_objects_are_no_situations(bench: Any) -> None:
    names = ["CPS_SIT_FACT", "CPS2TER_ACTIVITY_01_PS", "CPS_ACTIVITY_1_PS", "XCPS_ACTIVITY_01_PS", "CPS_ACTIVITY_01"]
    assert read_situations([activity(b"\xff", name) for name in names], "auto") == ()


@pytest.mark.parametrize(
    "content", [b"", bytes(12), b"\xee\x00", b"\xee\x00\x00\x00"], ids=["no", "zeroes", "EE", "EE…"]
)
def test_place_that_is_not_used_is_no_situation(content: bytes) -> None:
    assert read_situations([activity(content)], "auto") == ()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param("84", ("PHARMACIE", None, None), id="name only"),
        pytest.param("85", ("", "1760021832", None), id="structure only"),
        pytest.param("86", ("", None, "SA33"), id="sector only"),
        pytest.param("87 84", ("PHARMACIE", None, None), id="beside an unknown object"),
    ],
)
def test_what_a_situation_does_not_say_is_left_out(bench: Any, tags: str, expected: tuple[str, str, str]) -> None:
    values = {"84": b"PHARMACIE", "85": b"1760021832", "86": b"SA33", "87": b"?"}
    content = bench.data_object("EE", *(bench.data_object(tag, values[tag]) for tag in tags.split()))
    (found,) = read_situations([activity(content)], "auto")
    assert (found.structure_name, found.structure_id, found.sector) == expected


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        pytest.param("8403414243", {"reason": "object_missing", "tag": "EE"}, id="no container"),
        pytest.param("EE0384014100EE03840141", {"reason": "data_after_padding"}, id="data after padding"),
        pytest.param("EE03840141EE03840142", {"reason": "object_twice", "tag": "EE"}, id="two containers"),
        pytest.param("EE06840141840142", {"reason": "object_twice", "tag": "84"}, id="two names"),
        pytest.param("EE03840107", {"reason": "not_text", "tag": "84"}, id="control character"),
        pytest.param("EE058603534131", {"reason": "value", "tag": "86"}, id="sector of three characters"),
        pytest.param("EE068604736133 33".replace(" ", ""), {"reason": "value", "tag": "86"}, id="sector in lower case"),
        pytest.param("EE05840541", {"reason": "beyond_end", "tag": "EE"}, id="container cut"),
        pytest.param("EE03840541", {"reason": "beyond_end", "tag": "84"}, id="name beyond its container"),
        pytest.param("EE80840141", {"reason": "length", "tag": "EE"}, id="indefinite length"),
        pytest.param("FFFFFF", {"reason": "tag"}, id="erased memory"),
        pytest.param("EE81C98481C6" + "41" * 197, {"reason": "beyond_end", "tag": "EE"}, id="one byte short"),
    ],
)
def test_malformed_situation_names_label_and_tag(content: str, facts: dict[str, Any]) -> None:
    found = refused(activity(bytes.fromhex(content)))
    assert found["file"] == LABEL
    assert {name: found.get(name) for name in facts} == facts


@pytest.mark.parametrize("tag", ["84", "85"])
def test_endless_text_is_refused(bench: Any, tag: str) -> None:
    content = bench.data_object("EE", bench.data_object(tag, b"A" * 201))
    assert refused(activity(content)) == {"reason": "value", "file": LABEL}


def test_object_too_large_is_refused() -> None:
    assert refused(activity(bytes(4_097)))["reason"] == "too_large"


@pytest.mark.parametrize("label", ["CPS_ACTIVITY_00_PS", "CPS_ACTIVITY_17_PS"])
def test_index_that_no_card_has_is_refused(label: str) -> None:
    assert refused(activity(b"", label)) == {"reason": "index", "file": label}


def test_same_index_twice_is_refused(bench: Any) -> None:
    assert refused(bench.situation(3), bench.situation(3)) == {"reason": "object_twice", "file": LABEL}


@settings(max_examples=300)
@given(st.binary(max_size=120))
def test_any_bytes_give_a_situation_none_or_an_error_that_names_the_label(content: bytes) -> None:
    found = outcome(lambda: read_situations([activity(content)], "auto"))
    assert found == LABEL or [one.number for one in found] in ([], [3])


TEXTS = st.text(st.characters(categories=("L", "Nd", "Pd")), min_size=1, max_size=30)


@settings(max_examples=200)
@given(name=TEXTS, structure=st.from_regex(r"[0-9][0-9AB]{8,14}", fullmatch=True), cut=st.integers(0, 200))
def test_situation_is_read_as_written_and_never_in_part(name: str, structure: str, cut: int) -> None:
    inner = b"".join(
        bytes((tag, len(value))) + value
        for tag, value in ((0x84, name.encode()), (0x85, structure.encode()), (0x86, b"SA33"))
    )
    whole = b"\xee\x81" + bytes((len(inner),)) + inner
    (found,) = read_situations([activity(whole)], "utf-8")
    assert (found.structure_name, found.structure_id, found.sector) == (name, structure, "SA33")
    assert outcome(lambda: read_situations([activity(whole[: 1 + cut % (len(whole) - 1)])], "utf-8")) == LABEL


@pytest.mark.req("CPS-01")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("E0 06 80 04 534D3236", "SM26", id="code in an object"),
        pytest.param("E0 0A 80 02 4B49 80 04 534D3236", "SM26", id="code in the last object"),
        pytest.param("E0 0A 80 04 534D3236 80 02 4B49", "SM26", id="code in another object"),
        pytest.param("E0 0E 80 04 534D3236 A1 06 80 04 534D3236", "SM26", id="the same twice, however deep"),
        pytest.param("E0 07 80 05 5343443031", "SCD01", id="code of five characters"),
        pytest.param("E0 0C 80 04 534D3236 80 04 534D3534", "SM54", id="two codes: the last four characters"),
        pytest.param("E0 10 80 04 534D3236 80 04 534D3534 80 02 4B49", None, id="two codes, and neither is at the end"),
        pytest.param("E0 08 80 06 3130 534D3236", "SM26", id="code at the end of an object"),
        pytest.param("E0 08 80 06 3130 534D3236 0000", "SM26", id="before padding"),
        pytest.param("FF FF 534D3236", "SM26", id="no TLV, but a code at the end"),
        pytest.param("E0 06 80 04 53413037", None, id="a sector is no savoir-faire"),
        pytest.param("E0 04 80 02 4B49", None, id="none"),
        pytest.param("", None, id="empty"),
        pytest.param("0000", None, id="zeroes"),
    ],
)
def test_savoir_faire_is_the_one_code_or_the_last_four_characters(content: str, expected: str | None) -> None:
    assert read_speciality([information(bytes.fromhex(content))]) == expected


def test_card_without_the_object_has_no_savoir_faire(bench: Any) -> None:
    assert read_speciality([bench.situation(1)]) is None


@pytest.mark.parametrize(
    ("content", "reason", "tag"),
    [("E00A8004534D", "beyond_end", "E0"), ("E003800553", "beyond_end", "80"), ("FF", "tag", None)],
    ids=["container cut", "object cut", "no tag"],
)
def test_malformed_professional_data_name_label_and_tag(content: str, reason: str, tag: str | None) -> None:
    with pytest.raises(CardError) as caught:
        read_speciality([information(bytes.fromhex(content))])
    facts = caught.value.facts
    assert (facts["reason"], facts["file"], facts["tag"]) == (reason, "CPS_INFO_PS", tag)


def test_two_objects_of_professional_data_are_refused() -> None:
    with pytest.raises(CardError) as caught:
        read_speciality([information(b""), information(b"")])
    assert caught.value.facts == {"reason": "object_twice", "file": "CPS_INFO_PS"}


@settings(max_examples=300)
@given(st.binary(max_size=120))
def test_any_bytes_give_a_savoir_faire_none_or_an_error_that_names_the_label(content: bytes) -> None:
    found = outcome(lambda: read_speciality([information(content)]))
    assert found in {"CPS_INFO_PS", None} or found[:2] in {"SM", "SC", "CE", "PA"}


@pytest.mark.parametrize(
    ("value", "encoding", "text"),
    [
        ("HÔPITAL", "utf-8", "HÔPITAL"),
        ("HÔPITAL", "iso-8859-1", "HÔPITAL"),
        ("CLINIQUE DE L’ÉTOILE", "utf-8", "CLINIQUE DE L’ÉTOILE"),
        ("PÔLE SANTÉ", "iso-8859-1", "PÔLE SANTÉ"),
        (" PHARMACIE \x00\x00", "iso-8859-1", "PHARMACIE"),
    ],
)
def test_text_is_recognised_in_either_encoding(value: str, encoding: str, text: str) -> None:
    assert decoded(value.encode(encoding), "auto") == text


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
def test_chosen_encoding_is_the_only_one_tried(encoding: Any) -> None:
    other = {"utf-8": "iso-8859-1", "iso-8859-1": "utf-8"}[encoding]
    assert decoded("É".encode(encoding), encoding) == "É"
    assert decoded("É".encode(other), encoding) != "É"


@pytest.mark.parametrize(
    ("common_name", "expected"),
    [
        ("899700075122", NationalId("899700075122", rpps="99700075122")),
        ("00B6087510", NationalId("00B6087510", adeli="0B6087510")),
        ("3760021832/000000018", NationalId("3760021832/000000018")),
        ("500000000029751/CPAT0001", NationalId("500000000029751/CPAT0001")),
        ("9123456", NationalId("9123456")),
        ("xxxx/yyyy", None),
        ("PHARMACIE", None),
        ("8", None),
        ("3760021832 18", None),
    ],
)
def test_identifier_is_told_by_its_type_digit(common_name: str, expected: NationalId | None) -> None:
    assert read_national_id(common_name) == expected


@pytest.mark.parametrize(
    ("common_name", "reason"),
    [
        ("899700075123", "rpps"),
        ("89970007512", "rpps"),
        ("8997000751220", "rpps"),
        ("8X9700075122", "rpps"),
        ("00B6087511", "adeli"),
        ("00B608751", "adeli"),
        ("00b6087510", "adeli"),
    ],
)
def test_number_of_a_register_has_its_form_and_its_check_digit(common_name: str, reason: str) -> None:
    with pytest.raises(CardError) as caught:
        read_national_id(common_name)
    assert caught.value.facts == {"reason": reason, "attribute": "CN"}
