"""Pages are counted in their tree, and no file makes the check work for longer than its size is worth."""

import pytest

from segur_sdk.formats.pdfa import check_pdf

CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
NO_MARKS = {("input.pdf_not_a1", "trailer ID"), ("input.pdf_not_a1", "OutputIntents"), ("input.pdf_not_a1", "Metadata")}


def written(*objects: bytes) -> bytes:
    """A PDF 1.4 of these objects, the catalogue being the first."""
    file, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, one in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(file + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))


def tree(kids: bytes) -> bytes:
    return b"<</Type/Pages/Kids[%b]/Count 1>>" % kids


def found(pdf: bytes) -> set[tuple[str, str]]:
    return {(one.code, one.where) for one in check_pdf(pdf)}


@pytest.mark.parametrize("pages", [1, 2, 500])
def test_every_page_of_the_tree_is_counted(pages: int) -> None:
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(pages))

    assert found(written(CATALOGUE, tree(kids), *(PAGE for _ in range(pages)))) == NO_MARKS


def test_pages_below_other_nodes_are_counted() -> None:
    assert found(written(CATALOGUE, tree(b"3 0 R"), tree(b"4 0 R"), PAGE)) == NO_MARKS


REFUSED = {
    "no page": ((tree(b""),), "input.pdf_pages"),
    "more pages than a document has": (
        (tree(b" ".join(b"%d 0 R" % (number + 3) for number in range(501))), *(PAGE for _ in range(501))),
        "input.pdf_pages",
    ),
    "one page named a hundred thousand times": ((tree(b"3 0 R " * 100_000), PAGE), "input.pdf_pages"),
    "one page named twice": ((tree(b"3 0 R 3 0 R"), PAGE), "input.pdf_damaged"),
    "a page that is a number": ((tree(b"3 0 R"), b"1"), "input.pdf_damaged"),
    "pages that are no list": ((b"<</Type/Pages/Kids 3 0 R/Count 1>>", PAGE), "input.pdf_damaged"),
    "no tree": ((b"null",), "input.pdf_damaged"),
    "a tree within itself": ((tree(b"2 0 R"),), "input.pdf_damaged"),
}


@pytest.mark.parametrize(("objects", "code"), REFUSED.values(), ids=REFUSED)
def test_tree_of_pages_that_is_none_is_refused(objects: tuple[bytes, ...], code: str) -> None:
    assert {one for one, _ in found(written(CATALOGUE, *objects))} == {code}


NESTED = {
    "arrays": b"[" * 400_000 + b"]" * 400_000,
    "dictionaries": b"<</A " * 200_000 + b"1" + b">>" * 200_000,
    "codes of characters": b"(" + b"#41" * 500_000 + b")",
}


@pytest.mark.parametrize("content", NESTED.values(), ids=NESTED)
def test_what_nobody_reads_costs_nothing(content: bytes) -> None:
    assert found(written(CATALOGUE, tree(b"3 0 R"), PAGE, content)) == NO_MARKS
