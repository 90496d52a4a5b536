"""What is written is well-formed whatever the values are, and says those values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from segur_sdk.formats.xml_writer import leaf, node

FORBIDDEN = ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\udfff", "\ufffe", "\uffff"]


def is_xml(text: str) -> bool:
    """Tell, by the library's own judgement, whether XML 1.0 can express a text."""
    try:
        etree.Element("a").text = text
    except ValueError:
        return False
    return True


@given(st.text(st.characters()), st.text(st.characters()))
def test_any_text_comes_back_as_it_was_or_is_refused(text: str, attribute: str) -> None:
    if not (is_xml(text) and is_xml(attribute)):
        with pytest.raises(ValueError, match=r"XML 1\.0"):
            node("a", leaf("b", text, {"c": attribute}))
        return
    read = etree.fromstring(node("a", leaf("b", text, {"c": attribute})).encode("utf-8"))
    assert (read[0].text or "", len(read[0])) == (text, 0)
    # A parser may replace white space of an attribute by a space each (XML 1.0, 3.3.3).
    assert read[0].get("c") == attribute.translate(dict.fromkeys(map(ord, "\t\n"), " "))


@pytest.mark.parametrize("character", FORBIDDEN, ids=ascii)
def test_a_character_that_xml_cannot_express_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match=r"XML 1\.0"):
        leaf("a", f"x{character}")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (leaf("a", None), ""),
        (leaf("a", ""), "<a></a>"),
        (leaf("a", 'b<c&d>e"f\rg'), "<a>b&lt;c&amp;d&gt;e&quot;f&#13;g</a>"),
        (node("a", leaf("b", "1"), leaf("c", None), leaf("d", "2")), "<a><b>1</b><d>2</d></a>"),
        (node("a", attributes={"xmlns:x": "urn:x"}), '<a xmlns:x="urn:x"></a>'),
    ],
    ids=["nothing", "empty", "escaped", "children", "namespace"],
)
def test_elements_are_written_so(written: str, expected: str) -> None:
    assert written == expected
