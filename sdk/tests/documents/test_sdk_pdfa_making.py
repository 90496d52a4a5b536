"""The PDF of a document says everything that the document says to people, and nothing is lost in silence."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segur_sdk.errors import ConfigError, InputError
from segur_sdk.formats.pdfa import check_pdf, make_pdf
from segur_sdk.formats.pdfa import font as font_module
from segur_sdk.models.document import ClinicalDocument, PdfBody, Section, WrittenBody

Make = Callable[..., ClinicalDocument]


def written(*paragraphs: str, heading: str = "Texte") -> WrittenBody:
    return WrittenBody(sections=(Section(heading=heading, paragraphs=paragraphs),))


def test_same_document_is_the_same_pdf(document: Make) -> None:
    assert make_pdf(document()) == make_pdf(document())


def test_pdf_is_taken_by_the_check_of_pdfs(document: Make, note: Make) -> None:
    assert check_pdf(make_pdf(document())) == ()
    assert check_pdf(make_pdf(note())) == ()


def test_another_moment_or_text_is_another_pdf(document: Make, small_pdf: bytes) -> None:
    made = document()

    assert make_pdf(document(made_at=made.made_at + timedelta(seconds=1))) != small_pdf
    assert make_pdf(document(title="Autre titre")) != small_pdf


def test_metadata_say_title_language_and_part(small_pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(small_pdf)) as pdf:
        packet = bytes(pdf.Root.Metadata.read_raw_bytes()).decode()
        assert str(pdf.Root.Lang) == "fr-FR"
    assert "<pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in packet
    assert "Entretien pharmaceutique</rdf:li>" in packet
    # The patient is named on the pages, never in what describes the file.
    assert "ADRUN" not in packet


REFUSED: dict[str, tuple[Callable[[Make], ClinicalDocument], str, dict[str, Any]]] = {
    "a control character": (
        lambda document: document(body=written("a\x07b")),
        "input.document_character",
        {"character": "U+0007"},
    ),
    "an emoji": (
        lambda document: document(body=written("👩🏽")),
        "input.document_character",
        {"character": "U+1F469"},
    ),
    "in a heading": (
        lambda document: document(body=written("a", heading="\x1b")),
        "input.document_character",
        {"character": "U+001B"},
    ),
    "in the title": (
        lambda document: document(title="a\x00"),
        "input.document_character",
        {"character": "U+0000"},
    ),
    "in the notice": (
        lambda document: document(privacy_notice="\uffff"),
        "input.document_character",
        {"character": "U+FFFF"},
    ),
    "too much text": (
        lambda document: document(body=written("x" * 150_000, "x" * 50_001)),
        "input.document_too_long",
        {"maximum": 200_000},
    ),
    "a pdf": (lambda document: document(body=PdfBody(pdf=b"%PDF-1.4")), "input.document_pdf_given", {}),
}


@pytest.mark.parametrize(("make", "code", "facts"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_printed_is_refused(
    document: Make, make: Callable[[Make], ClinicalDocument], code: str, facts: dict[str, Any]
) -> None:
    with pytest.raises(InputError) as raised:
        make_pdf(make(document))

    assert raised.value.code == code
    assert raised.value.facts == facts


def test_missing_font_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(font_module, "_CARRIER", "no_such_package")
    font_module.font_file.cache_clear()
    try:
        with pytest.raises(ConfigError) as raised:
            font_module.font_file()
    finally:
        font_module.font_file.cache_clear()

    assert raised.value.code == "config.pdf_font"


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\n", pdf))


LENGTHS = {
    "a very long word": ("mot" * 3_000, 3),
    "very many lines": ("ligne\n" * 400, 9),
    "only spaces": (" \t \r\n", 1),
    "every kind of line end": ("a\rb\r\nc\u2028d\x85e", 1),
    "what looks like the number of pages": ("{nb}", 1),
}


@pytest.mark.parametrize(("text", "at_most"), LENGTHS.values(), ids=LENGTHS)
def test_text_of_any_shape_is_laid_out(document: Make, text: str, at_most: int) -> None:
    made = make_pdf(document(body=written(text)))

    assert 1 <= pages_of(made) <= at_most
    assert check_pdf(made) == ()


PRINTABLE = st.text("abé ŒœÀ€½≥→✓☐µβжא-\u00a0\u00ad\u202f\t\n", max_size=400)


@given(texts=st.lists(PRINTABLE, min_size=1, max_size=3), heading=PRINTABLE.map(lambda text: f"T{text}"[:200]))
@settings(deadline=None, max_examples=5)
def test_any_printable_text_makes_a_pdf_that_is_taken(document: Make, texts: list[str], heading: str) -> None:
    assert check_pdf(make_pdf(document(body=written(*texts, heading=heading)))) == ()


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
@settings(deadline=None, max_examples=10)
def test_any_text_at_all_is_printed_or_refused_with_its_code(document: Make, text: str) -> None:
    made: bytes | InputError
    try:
        made = make_pdf(document(body=written(text)))
    except InputError as refused:
        made = refused

    assert made.startswith(b"%PDF-1.4") if isinstance(made, bytes) else made.code == "input.document_character"


def test_composed_and_decomposed_accents_are_drawn_alike(document: Make) -> None:
    assert drawn_bytes(document(body=written("e\u0301leve"))) == drawn_bytes(document(body=written("\u00e9leve")))
    assert drawn_bytes(document(body=written("eleve"))) != drawn_bytes(document(body=written("\u00e9leve")))


def drawn_bytes(document: ClinicalDocument) -> bytes:
    with pikepdf.open(io.BytesIO(make_pdf(document))) as pdf:
        return b"".join(page.Contents.read_bytes() for page in pdf.pages)
