"""Any text is written as it is, or refused with a code that repeats nothing of it."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from segur_sdk.errors import InputError
from segur_sdk.formats.cda import build_cda
from segur_sdk.models.document import ClinicalDocument

Make = Callable[..., ClinicalDocument]
NS = {"h": "urn:hl7-org:v3"}


def is_xml(text: str) -> bool:
    return all(
        character in "\t\n\r"
        or ((ord(character) >= 0x20 and unicodedata.category(character) != "Cs") and character not in "\ufffe\uffff")
        for character in text
    )


def written_or_refused(document: ClinicalDocument, pdf: bytes | None, text: str, path: str) -> None:
    if is_xml(text):
        [found] = etree.fromstring(build_cda(document, pdf)).xpath(path, namespaces=NS)
        assert str(found) == text
        return
    with pytest.raises(InputError) as raised:
        build_cda(document, pdf)
    assert raised.value.code == "input.document_character"
    assert raised.value.facts == {}
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


UNICODE = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(UNICODE, min_size=1, max_size=128) | st.text(
    "éœÉ&<>\"']\t\r\n\u2028\x00\x1b\uffff😀", min_size=1, max_size=60
)


@given(text=TEXTS)
@settings(deadline=None, max_examples=60)
def test_title(document: Make, small_pdf: bytes, text: str) -> None:
    written_or_refused(document(title=text), small_pdf, text, "h:title/text()")


@given(text=TEXTS)
@settings(deadline=None, max_examples=60)
def test_comment_of_a_vaccination(note: Make, text: str) -> None:
    written_or_refused(note(comment=text), None, text, "//h:td/h:content[contains(@ID, '-comment')]/text()")


@given(text=TEXTS)
@settings(deadline=None, max_examples=60)
def test_name_of_a_structure_in_an_element_and_an_address(document: Make, small_pdf: bytes, text: str) -> None:
    made = document()
    structure = made.author.structure.model_copy(update={"name": text[:100], "telecom": None})
    made = made.model_copy(update={"author": made.author.model_copy(update={"structure": structure})})

    written_or_refused(made, small_pdf, text[:100], "h:custodian//h:name/text()")


def test_very_long_word_is_written_whole(note: Make) -> None:
    assert b"x" * 1000 in build_cda(note(comment="x" * 1000))
