"""BER-TLV: strict, bounded, and silent about content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.cards.tlv import Tlv, parse_tlv, tag_name
from segur_sdk.errors import CardError


def test_templates_and_their_objects_are_read_in_order() -> None:
    first, second = parse_tlv(bytes.fromhex("6506 8001AA 8101BB 6503 8001CC"))
    assert [child.tag for child in first.children] == [0x80, 0x81]
    assert [child.value for child in first.find_all(0x81)] == [b"\xbb"]
    assert second.find_all(0x81) == ()


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize(
    ("text", "tag", "length"),
    [
        pytest.param("8001AA", 0x80, 1, id="one-byte tag, short length"),
        pytest.param("5F3701AA", 0x5F37, 1, id="two-byte tag"),
        pytest.param("7F21038001AA", 0x7F21, 3, id="two-byte constructed tag"),
        pytest.param("5F810101AA", 0x5F8101, 1, id="three-byte tag"),
        pytest.param("808180" + "AA" * 128, 0x80, 128, id="length on two bytes"),
        pytest.param("80820100" + "AA" * 256, 0x80, 256, id="length on three bytes"),
        pytest.param("8083000001AA", 0x80, 1, id="length longer than needed"),
        pytest.param("808400000001AA", 0x80, 1, id="length on five bytes"),
        pytest.param("8000", 0x80, 0, id="empty object"),
    ],
)
def test_tags_and_lengths_of_every_width_are_read(text: str, tag: int, length: int) -> None:
    (found,) = parse_tlv(bytes.fromhex(text))
    assert (found.tag, len(found.value)) == (tag, length)


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize("padding", [1, 2, 63, 200])
def test_zeroes_end_a_file_and_a_template(padding: int) -> None:
    template = bytes((0x65, 5)) + bytes.fromhex("8001AA0000")
    (found,) = parse_tlv(template + bytes(padding))
    assert [child.tag for child in found.children] == [0x80]


def test_file_of_zeroes_holds_nothing() -> None:
    assert parse_tlv(bytes(256)) == ()
    assert parse_tlv(b"") == ()


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize(
    ("text", "reason", "tag", "offset"),
    [
        pytest.param("8001AA8105BB", "beyond_end", "81", 3, id="length beyond the end of the file"),
        pytest.param("65038002AA8101BB", "beyond_end", "80", 2, id="length beyond the end of the template"),
        pytest.param("80", "length", "80", 0, id="tag without length"),
        pytest.param("8080AA0000", "length", "80", 0, id="indefinite length"),
        pytest.param("8085000000000100", "length", "80", 0, id="length on six bytes"),
        pytest.param("808201", "length", "80", 0, id="length cut"),
        pytest.param("80847FFFFFFF", "beyond_end", "80", 0, id="length of two gigabytes"),
        pytest.param("5F37", "length", "5F37", 0, id="two-byte tag without length"),
        pytest.param("5F", "tag", None, 0, id="two-byte tag cut"),
        pytest.param("5F8100", "length", "5F8100", 0, id="three-byte tag without length"),
        pytest.param("5F81818101AA", "tag", None, 0, id="tag of more than three bytes"),
        pytest.param("5F1E01AA", "tag", None, 0, id="two-byte tag that one byte would hold"),
        pytest.param("5F8001AA", "tag", None, 0, id="tag number beginning with zeroes"),
        pytest.param("8001AAFFFF", "tag", None, 3, id="erased memory"),
        pytest.param("8001AA0000018001BB", "data_after_padding", None, 3, id="data after padding"),
        pytest.param("650500800100AA", "data_after_padding", None, 2, id="data after padding in a template"),
    ],
)
def test_what_does_not_parse_whole_names_its_tag_and_offset(
    text: str, reason: str, tag: str | None, offset: int
) -> None:
    with pytest.raises(CardError) as caught:
        parse_tlv(bytes.fromhex(text), file="identities")
    facts = caught.value.facts
    assert caught.value.code == "card.unreadable"
    assert (facts["reason"], facts["tag"], facts["offset"]) == (reason, tag, offset)
    assert facts["file"] == "identities"


@pytest.mark.parametrize(
    ("data", "limits", "reason"),
    [
        pytest.param(b"\x80\x01\xaa" * 3, {"max_objects": 2}, "too_many_objects", id="objects"),
        pytest.param(bytes.fromhex("650465028000"), {"max_depth": 2}, "too_deep", id="depth"),
        pytest.param(bytes(11), {"max_size": 10}, "too_large", id="size"),
    ],
)
def test_limits_hold(data: bytes, limits: dict[str, int], reason: str) -> None:
    with pytest.raises(CardError) as caught:
        parse_tlv(data, **limits)  # type: ignore[arg-type]
    assert caught.value.facts["reason"] == reason


def test_limits_themselves_are_allowed() -> None:
    assert len(parse_tlv(b"\x80\x01\xaa" * 3, max_objects=3, max_size=9)) == 3
    assert len(parse_tlv(bytes.fromhex("650465028000"), max_depth=3)) == 1


def test_templates_in_one_another_without_end_are_refused() -> None:
    nested = b""
    for _ in range(3_000):
        nested = Tlv(0x65, nested).encode()
    with pytest.raises(CardError) as caught:
        parse_tlv(nested)
    assert caught.value.facts["reason"] == "too_deep"


@pytest.mark.parametrize("tag", [0x00, -1, 0xFF, 0x1F, 0x5F1E, 0x5F80, 0x8081, 0x5F818101], ids=lambda tag: f"{tag:X}")
def test_invalid_tag_cannot_be_written(tag: int) -> None:
    with pytest.raises(CardError) as caught:
        Tlv.primitive(tag, b"")
    assert caught.value.facts["reason"] == "tag"


def test_constructed_and_primitive_tags_are_not_mixed_up() -> None:
    with pytest.raises(CardError, match="tag_is_constructed"):
        Tlv.primitive(0x65, b"")
    with pytest.raises(CardError, match="tag_is_primitive"):
        Tlv.constructed(0x80)


PRIMITIVE_TAGS = st.sampled_from([0x80, 0x81, 0x93, 0xC1, 0x5F37, 0x9F7F, 0x5F8101])
TEMPLATE_TAGS = st.sampled_from([0x65, 0x66, 0xE0, 0x7F21])
PRIMITIVES = st.builds(Tlv.primitive, PRIMITIVE_TAGS, st.binary(max_size=300))
OBJECTS = st.recursive(
    PRIMITIVES,
    lambda inner: st.builds(
        lambda tag, items: Tlv.constructed(tag, *items), TEMPLATE_TAGS, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(OBJECTS, max_size=4), st.integers(0, 64))
def test_what_was_written_is_read_back(objects: list[Tlv], padding: int) -> None:
    written = b"".join(entry.encode() for entry in objects) + bytes(padding)
    assert parse_tlv(written, max_depth=64) == tuple(objects)


def objects_or_code(data: bytes) -> tuple[Tlv, ...] | str:
    try:
        return parse_tlv(data, max_depth=64)
    except CardError as failure:
        return failure.code


@given(st.binary(max_size=400))
def test_any_bytes_are_objects_or_a_card_error(data: bytes) -> None:
    outcome = objects_or_code(data)
    if isinstance(outcome, str):
        assert outcome == "card.unreadable"
    else:
        assert sum(len(entry.value) for entry in outcome) <= len(data)


@given(st.lists(OBJECTS, min_size=1, max_size=4), st.data())
def test_a_cut_file_never_yields_an_object_that_was_not_there(objects: list[Tlv], data: st.DataObject) -> None:
    written = b"".join(entry.encode() for entry in objects)
    cut = data.draw(st.integers(0, len(written) - 1))
    outcome = objects_or_code(written[:cut])
    if isinstance(outcome, str):
        assert outcome == "card.unreadable"
    else:
        assert outcome == tuple(objects[: len(outcome)])
        assert len(outcome) < len(objects)


def test_objects_and_errors_show_no_content() -> None:
    shown = repr(parse_tlv(b"\x65\x07\x80\x05ADRUN"))
    assert "ADRUN" not in shown
    assert "tag=65" in shown
    with pytest.raises(CardError) as caught:
        parse_tlv(b"\x65\x08\x80\x05ADRUN")
    assert "ADRUN" not in str(caught.value)
    assert b"ADRUN".hex() not in str(caught.value).lower()


def test_tag_is_named_as_specifications_write_it() -> None:
    assert [tag_name(tag) for tag in (0x0A, 0x65, 0x7F21, 0x5F8101)] == ["0A", "65", "7F21", "5F8101"]
