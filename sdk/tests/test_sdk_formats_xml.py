"""The XML reader refuses whatever is not plain, bounded XML, and says nothing of what was in it."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from segur_sdk.errors import InputError
from segur_sdk.formats.xml import MAX_BYTES, MAX_DEPTH, read_xml, text_of

SECRET = "2750763220829"
LAUGHS = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
BILLION_LAUGHS = f'<!DOCTYPE a [<!ENTITY e0 "{SECRET}">{LAUGHS}]>'


def reason_of(data: bytes, **bounds: int) -> object:
    with pytest.raises(InputError) as caught:
        read_xml(data, **bounds)
    assert caught.value.code == "input.xml_refused"
    assert SECRET not in f"{caught.value!r}{caught.value.facts}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.facts["reason"]


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        pytest.param(b"", {"malformed"}, id="nothing"),
        pytest.param(b"  \n", {"malformed"}, id="blank"),
        pytest.param(b"2750763220829", {"malformed"}, id="no markup"),
        pytest.param(b"<a>2750763220829", {"malformed"}, id="cut"),
        pytest.param(b"<a/><a/>", {"malformed"}, id="two roots"),
        pytest.param(b"<a/>2750763220829", {"malformed"}, id="text after the root"),
        pytest.param(b"<a>\x00</a>", {"malformed"}, id="nul"),
        pytest.param(b"<a>\xff\xfe</a>", {"malformed"}, id="not UTF-8"),
        pytest.param(b"<p:a/>", {"malformed"}, id="undeclared prefix"),
        pytest.param(b'<a b="1" b="2"/>', {"malformed"}, id="attribute twice"),
        pytest.param(b'<?xml version="1.0" encoding="martian"?><a/>', {"malformed"}, id="unknown encoding"),
        pytest.param(b"<a>&unknown;</a>", {"malformed"}, id="undeclared entity"),
        pytest.param(gzip.compress(b"<a/>"), {"malformed"}, id="compressed"),
        pytest.param(b"<!DOCTYPE a><a/>", {"doctype"}, id="bare doctype"),
        pytest.param(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>', {"doctype"}, id="external DTD"),
        pytest.param("<!DOCTYPE a><a/>".encode("utf-16"), {"doctype"}, id="doctype in UTF-16"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', {"doctype"}, id="external entity"
        ),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/hostname">%x;]><a/>',
            {"doctype", "malformed"},
            id="parameter entity",
        ),
        pytest.param(b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', {"doctype"}, id="internal entity"),
        pytest.param(f"{BILLION_LAUGHS}<a>&e9;</a>".encode(), {"doctype", "malformed"}, id="billion laughs"),
        pytest.param(
            f'{BILLION_LAUGHS}<a b="&e9;"/>'.encode(), {"doctype", "malformed"}, id="billion laughs in attribute"
        ),
        pytest.param(b"<a>" * 5000 + b"</a>" * 5000, {"malformed", "too_deep"}, id="5000 levels"),
        pytest.param(b"<a>" + b"x" * MAX_BYTES + b"</a>", {"too_large"}, id="too large"),
    ],
)
def test_what_is_not_plain_xml_is_refused(data: bytes, reasons: set[str]) -> None:
    assert reason_of(data) in reasons


def test_the_refusal_keeps_no_trace_of_the_parser_message() -> None:
    with pytest.raises(InputError) as caught:
        read_xml(f"<{SECRET}".encode())
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("levels", [1, MAX_DEPTH])
def test_depth_up_to_the_bound_is_read(levels: int) -> None:
    assert read_xml(b"<a>" * levels + b"</a>" * levels).tag == "a"


def test_one_level_more_than_the_bound_is_refused() -> None:
    assert reason_of(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1)) == "too_deep"
    assert reason_of(b"<a><b><c/></b></a>", max_depth=2) == "too_deep"


def test_a_document_of_exactly_the_size_allowed_is_read_and_one_byte_more_is_not() -> None:
    document = b"<a>" + b"x" * (100 - 7) + b"</a>"
    assert len(document) == 100
    assert read_xml(document, max_bytes=100).tag == "a"
    assert reason_of(document + b"\n", max_bytes=100) == "too_large"


def test_inclusion_is_not_processed() -> None:
    root = read_xml(
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname" parse="text"/></a>'
    )
    assert [child.tag for child in root] == ["{http://www.w3.org/2001/XInclude}include"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"<a/>", "", id="empty"),
        pytest.param(b"<a>00</a>", "00", id="plain"),
        pytest.param(b"<a>0<!-- x -->0</a>", "00", id="comment inside"),
        pytest.param(b"<a>0<?x y?>0</a>", "00", id="instruction inside"),
        pytest.param(b"<a><![CDATA[0]]>0</a>", "00", id="CDATA"),
        pytest.param(b"<a>D&apos;ARTAGNAN &#38; FILS</a>", "D'ARTAGNAN & FILS", id="predefined entities"),
        pytest.param("<a>é</a>".encode(), "é", id="UTF-8 by default"),
        pytest.param('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"), "é", id="latin-1"),
        pytest.param(b"\xef\xbb\xbf<a>0</a>", "0", id="byte order mark"),
    ],
)
def test_text_is_read_whole(data: bytes, text: str) -> None:
    assert text_of(read_xml(data)) == text


def test_an_element_with_another_inside_is_not_text() -> None:
    with pytest.raises(InputError) as caught:
        text_of(read_xml(f"<a>{SECRET}<b/></a>".encode()))
    assert caught.value.facts == {"reason": "not_text"}


@given(st.binary(max_size=300) | st.text("<>/ab&;!-[]\"'= ", max_size=60).map(str.encode))
def test_any_bytes_give_a_tree_or_the_typed_refusal(data: bytes) -> None:
    try:
        outcome = read_xml(data).tag
    except InputError as refused:
        outcome = refused.code
    assert outcome == "input.xml_refused" or b"<" in data


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")))
def test_text_survives_writing_and_reading(text: str) -> None:
    element = etree.Element("a")
    element.text = text
    assert text_of(read_xml(etree.tostring(element, encoding="UTF-8"))) == text
