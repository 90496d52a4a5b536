"""A PDF that acts, embeds, hides or explodes is not taken; a plain PDF/A-1 is."""

import io
import zlib
from base64 import a85encode
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Stream

from segur_sdk.errors import sdk_catalogue
from segur_sdk.formats.finding import Severity, errors_of
from segur_sdk.formats.pdfa import check_pdf, forbidden
from segur_sdk.formats.pdfa.outline import MAX_BYTES
from segur_sdk.formats.pdfa.unpacking import is_acceptable, unpacked_size

Edit = Callable[[pikepdf.Pdf], Any]


def saved(pdf: pikepdf.Pdf, **how: Any) -> bytes:
    out = io.BytesIO()
    options: dict[str, Any] = {
        "object_stream_mode": pikepdf.ObjectStreamMode.disable,
        "deterministic_id": True,
        "fix_metadata_version": False,
    }
    pdf.save(out, **(options | how))
    return out.getvalue()


def changed(data: bytes, edit: Edit, **how: Any) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        edit(pdf)
        return saved(pdf, **how)


def codes(data: bytes) -> set[str]:
    return {one.code for one in check_pdf(data)}


def annotation(pdf: pikepdf.Pdf, **fields: Any) -> None:
    pdf.pages[0].obj["/Annots"] = Array([Dictionary(Type=Name.Annot, Rect=[0, 0, 10, 10], **fields)])


def action(kind: str, **fields: Any) -> Dictionary:
    return Dictionary(S=Name(kind), **fields)


def open_with(kind: str, **fields: Any) -> Edit:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.Root["/OpenAction"] = action(kind, **fields)

    return edit


def link_to(kind: str, **fields: Any) -> Edit:
    return lambda pdf: annotation(pdf, Subtype=Name.Link, A=action(kind, **fields))


def at_root(key: str, value: Any) -> Edit:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.Root[key] = value(pdf) if callable(value) else value

    return edit


def without(key: str) -> Edit:
    def edit(pdf: pikepdf.Pdf) -> None:
        del pdf.Root[key]

    return edit


def metadata(old: bytes, new: bytes) -> Edit:
    def edit(pdf: pikepdf.Pdf) -> None:
        packet = pdf.Root.Metadata.read_raw_bytes()
        assert old in packet
        pdf.Root.Metadata = pdf.make_indirect(Stream(pdf, packet.replace(old, new)))

    return edit


def state(**fields: Any) -> Edit:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].resources["/ExtGState"] = Dictionary(G=Dictionary(Type=Name.ExtGState, **fields))

    return edit


def extra_stream(data: bytes, **fields: Any) -> Edit:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.Root["/Extra"] = pdf.make_indirect(Stream(pdf, data, Dictionary(**fields)))

    return edit


def picture(width: int, height: int) -> Edit:
    return extra_stream(b"\0", Subtype=Name.Image, Width=width, Height=height)


def embedded(pdf: pikepdf.Pdf) -> Dictionary:
    file = pdf.make_indirect(Stream(pdf, b"MZ"))
    return Dictionary(EmbeddedFiles=Dictionary(Names=["a", Dictionary(Type=Name.Filespec, EF=Dictionary(F=file))]))


def font_not_embedded(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].resources["/Font"]["/F9"] = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)


FLATE = Name.FlateDecode

HOSTILE: dict[str, tuple[Edit, str]] = {
    "javascript when opened": (open_with("/JavaScript", JS="app.alert(1)"), "input.pdf_javascript"),
    "javascript by name": (
        at_root("/Names", Dictionary(JavaScript=Dictionary(Names=["a", action("/JavaScript", JS="1")]))),
        "input.pdf_javascript",
    ),
    "javascript under an unusual action": (open_with("/Rendition", JS="1"), "input.pdf_javascript"),
    "javascript after a link": (
        link_to("/GoTo", D=[0], Next=action("/JavaScript", JS="1")),
        "input.pdf_javascript",
    ),
    "launch": (open_with("/Launch", F="cmd.exe"), "input.pdf_action"),
    "launch by link": (link_to("/Launch", F="/bin/sh"), "input.pdf_action"),
    "go to another file": (link_to("/GoToR", F="\\\\server\\share"), "input.pdf_action"),
    "printed when opened": (open_with("/Named", N=Name.Print), "input.pdf_action"),
    "form sent away": (link_to("/SubmitForm", F="http://127.0.0.1/"), "input.pdf_action"),
    "data imported": (link_to("/ImportData", F="x.fdf"), "input.pdf_action"),
    "something else when opened": (at_root("/AA", Dictionary(WC=action("/GoTo", D=[0]))), "input.pdf_action"),
    "embedded file": (at_root("/Names", embedded), "input.pdf_embedded_file"),
    "embedded file in an annotation": (
        lambda pdf: annotation(pdf, Subtype=Name.FileAttachment, FS=Dictionary(EF=Dictionary())),
        "input.pdf_embedded_file",
    ),
    "associated file": (at_root("/AF", Array([Dictionary()])), "input.pdf_embedded_file"),
    "stream kept elsewhere": (extra_stream(b"", F="http://127.0.0.1/"), "input.pdf_embedded_file"),
    "sound": (lambda pdf: annotation(pdf, Subtype=Name.Sound), "input.pdf_multimedia"),
    "rich media": (lambda pdf: annotation(pdf, Subtype=Name.RichMedia), "input.pdf_multimedia"),
    "form of XML": (at_root("/AcroForm", Dictionary(XFA="x")), "input.pdf_form"),
    "form computed when read": (at_root("/AcroForm", Dictionary(NeedAppearances=True)), "input.pdf_form"),
    "group of transparency": (
        lambda pdf: pdf.pages[0].obj.update({"/Group": Dictionary(S=Name.Transparency)}),
        "input.pdf_transparency",
    ),
    "half opaque": (state(ca=0.5), "input.pdf_transparency"),
    "half opaque lines": (state(CA=0.5), "input.pdf_transparency"),
    "blended": (state(BM=Name.Multiply), "input.pdf_transparency"),
    "blended by a list": (state(BM=Array([Name.Multiply])), "input.pdf_transparency"),
    "masked": (state(SMask=Dictionary(S=Name.Luminosity)), "input.pdf_transparency"),
    "font not embedded": (font_not_embedded, "input.pdf_font"),
    "no output intent": (without("/OutputIntents"), "input.pdf_not_a1"),
    "another output intent": (
        at_root("/OutputIntents", Array([Dictionary(S=Name.GTS_PDFX)])),
        "input.pdf_not_a1",
    ),
    "no metadata": (without("/Metadata"), "input.pdf_not_a1"),
    "PDF/A-2": (metadata(b"<pdfaid:part>1<", b"<pdfaid:part>2<"), "input.pdf_not_a1"),
    "no level": (metadata(b"<pdfaid:conformance>B</pdfaid:conformance>", b""), "input.pdf_not_a1"),
    "two answers": (
        metadata(b"<pdfaid:part>1</pdfaid:part>", b"<pdfaid:part>1</pdfaid:part><pdfaid:part>3</pdfaid:part>"),
        "input.pdf_not_a1",
    ),
    "metadata with entities": (
        metadata(b"<x:xmpmeta", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x:xmpmeta'),
        "input.pdf_not_a1",
    ),
    "metadata that are no XML": (metadata(b"</x:xmpmeta>", b""), "input.pdf_not_a1"),
    "layers": (at_root("/OCProperties", Dictionary()), "input.pdf_not_a1"),
    "LZW": (extra_stream(b"\x80\x0b", Filter=Name.LZWDecode), "input.pdf_filter"),
    "flate twice": (
        extra_stream(zlib.compress(zlib.compress(bytes(9))), Filter=Array([FLATE, FLATE])),
        "input.pdf_filter",
    ),
    "flate that is none": (extra_stream(b"not packed", Filter=FLATE), "input.pdf_filter"),
    "immense picture": (picture(100_000, 100_000), "input.pdf_bomb"),
    "no page": (lambda pdf: pdf.pages.__delitem__(0), "input.pdf_pages"),
}


@pytest.mark.parametrize(("edit", "code"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_or_other_pdf_is_not_taken(small_pdf: bytes, edit: Edit, code: str) -> None:
    found = check_pdf(
        changed(small_pdf, edit, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    )

    assert code in {one.code for one in errors_of(found)}


HARMLESS: dict[str, Edit] = {
    "as it is": lambda pdf: None,
    "a destination within": open_with("/GoTo", D=[0]),
    "a form that is drawn": at_root("/AcroForm", Dictionary(Fields=Array([]), NeedAppearances=False)),
    "the next page": link_to("/Named", N=Name.NextPage),
    "opaque": state(ca=1, CA=1, BM=Name.Normal, SMask=Name("/None")),
    "blended in no way": state(BM=Name.Compatible),
    "text coding of a packed stream": extra_stream(
        b"<~" + a85encode(zlib.compress(b"x")) + b"~>", Filter=Array([Name.ASCII85Decode, FLATE])
    ),
    "hexadecimal coding": extra_stream(b"00 ff>", Filter=Name.ASCIIHexDecode),
    "large picture": picture(10_000, 10_000),
    "metadata as attributes": metadata(
        b'<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>1</pdfaid:part>'
        b"<pdfaid:conformance>B</pdfaid:conformance></rdf:Description>",
        b'<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="1" '
        b'pdfaid:conformance="A"/>',
    ),
}


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS)
def test_harmless_twin_is_taken(small_pdf: bytes, edit: Edit) -> None:
    whole = changed(small_pdf, edit, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)

    assert check_pdf(whole) == ()


def test_link_to_a_page_of_the_web_is_told_and_does_not_stop(small_pdf: bytes) -> None:
    [found] = check_pdf(changed(small_pdf, link_to("/URI", URI="https://example.org/")))

    assert (found.code, found.severity) == ("input.pdf_link", Severity.WARNING)


HOW: dict[str, tuple[dict[str, Any], str]] = {
    "objects in streams": (
        {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
        "input.pdf_compressed_objects",
    ),
    "encrypted for its reader": (
        {"encryption": pikepdf.Encryption(user="u", owner="o"), "deterministic_id": False},
        "input.pdf_encrypted",
    ),
    "encrypted for its author only": (
        {"encryption": pikepdf.Encryption(user="", owner="o", R=4), "deterministic_id": False},
        "input.pdf_encrypted",
    ),
}


@pytest.mark.parametrize(("how", "code"), HOW.values(), ids=HOW)
def test_way_of_writing_that_pdf_a_1_has_not(small_pdf: bytes, how: dict[str, Any], code: str) -> None:
    assert codes(changed(small_pdf, lambda pdf: None, **how)) == {code}


BYTES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda pdf: b"", "input.pdf_header"),
    "something before": (lambda pdf: b"\n" + pdf, "input.pdf_header"),
    "PDF 2.0": (lambda pdf: pdf.replace(b"%PDF-1.4", b"%PDF-2.0", 1), "input.pdf_header"),
    "no line of bytes": (lambda pdf: pdf[:9] + pdf[pdf.index(b"\n", 9) + 1 :], "input.pdf_not_a1"),
    "cut": (lambda pdf: pdf[:-200], "input.pdf_damaged"),
    "something after": (lambda pdf: pdf + b"PK\x03\x04", "input.pdf_damaged"),
    "table elsewhere": (
        lambda pdf: pdf[: pdf.rindex(b"startxref")] + b"startxref\n7\n%%EOF\n",
        "input.pdf_damaged",
    ),
    "table of a thousand million objects": (
        lambda pdf: pdf.replace(b"xref\n0 ", b"xref\n999999999 ", 1),
        "input.pdf_damaged",
    ),
    "table in a stream": (
        lambda pdf: pdf.replace(b"/Root", b"/XRefStm 99 /Root", 1),
        "input.pdf_compressed_objects",
    ),
    "table in a stream, in disguise": (
        lambda pdf: pdf.replace(b"/Root", b"/#58#52ef#53tm 99 /Root", 1),
        "input.pdf_compressed_objects",
    ),
    "a hundred million bytes": (lambda pdf: pdf + bytes(100_000_000), "input.pdf_too_large"),
    "one byte too many": (lambda pdf: pdf + b"\n" * (MAX_BYTES + 1 - len(pdf)), "input.pdf_too_large"),
    "nested a hundred thousand times": (
        lambda pdf: pdf.replace(b"/Root", b"/A " + b"[" * 100_000 + b"]" * 100_000 + b" /Root", 1),
        "input.pdf_damaged",
    ),
}


@pytest.mark.parametrize(("change", "code"), BYTES.values(), ids=BYTES)
def test_file_that_is_not_whole(small_pdf: bytes, change: Callable[[bytes], bytes], code: str) -> None:
    assert code in codes(change(small_pdf))


def test_pages_that_contain_themselves(small_pdf: bytes) -> None:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.Root.Pages.Kids = Array([pdf.Root.Pages])

    assert codes(changed(small_pdf, edit)) <= {"input.pdf_damaged", "input.pdf_pages"}


def test_streams_that_unpack_to_too_much_together(small_pdf: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forbidden, "MAX_UNPACKED", 1_000_000)

    def edit(pdf: pikepdf.Pdf) -> None:
        packed = zlib.compress(bytes(400_000))
        pdf.Root["/Extra"] = Array([pdf.make_indirect(Stream(pdf, packed, Filter=FLATE)) for _ in range(3)])

    whole = changed(small_pdf, edit, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    assert codes(whole) == {"input.pdf_bomb"}


def test_file_of_too_many_values(small_pdf: bytes) -> None:
    assert codes(changed(small_pdf, at_root("/Extra", Array([1] * 300_000)))) == {"input.pdf_too_large"}


def test_no_number_of_warnings_hides_an_error(small_pdf: bytes) -> None:
    def edit(pdf: pikepdf.Pdf) -> None:
        links = [pdf.make_indirect(action("/URI", URI="https://example.org/")) for _ in range(80)]
        pdf.Root["/Extra"] = Array([*links, pdf.make_indirect(action("/JavaScript", JS="1"))])

    found = check_pdf(changed(small_pdf, edit))
    assert [one.code for one in errors_of(found)] == ["input.pdf_javascript"]
    assert len(found) == 51


def test_key_said_twice_is_not_guessed_at(small_pdf: bytes) -> None:
    linked = changed(small_pdf, link_to("/URI", URI="https://example.org/"))
    once = b"/PageLayout /OneColumn"
    assert linked.count(once) == 1

    assert codes(linked.replace(once, b"/Zz 1 /Zz 2".ljust(len(once)))) == {"input.pdf_damaged", "input.pdf_link"}
    assert codes(linked.replace(once, b"/Zz 1".ljust(len(once)))) == {"input.pdf_link"}


def test_findings_are_told_fifty_at_most(small_pdf: bytes) -> None:
    def edit(pdf: pikepdf.Pdf) -> None:
        launching = [pdf.make_indirect(action("/Launch", F="x")) for _ in range(80)]
        pdf.Root["/Extra"] = Array(launching)

    assert len(check_pdf(changed(small_pdf, edit))) == 50


@given(data=st.data())
@settings(deadline=None, max_examples=80)
def test_spoiled_file_is_a_finding_or_harmless_and_never_a_failure(small_pdf: bytes, data: st.DataObject) -> None:
    spoiled = bytearray(small_pdf)
    for _ in range(data.draw(st.integers(1, 6))):
        where = data.draw(st.integers(0, len(spoiled) - 1))
        spoiled[where : where + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))

    assert {one.code for one in check_pdf(bytes(spoiled))} <= set(sdk_catalogue())


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=50)
def test_any_bytes_after_a_header_are_looked_at(tail: bytes) -> None:
    whole = b"%PDF-1.4\n%\xe9\xeb\xf1\xbf\n" + tail + b"\nstartxref\n15\n%%EOF\n"

    assert errors_of(check_pdf(whole)) != ()


CHAINS = {
    "none": ((), True),
    "packed": (("/FlateDecode",), True),
    "packed, as text": (("/ASCII85Decode", "/FlateDecode"), True),
    "a packed photograph": (("/FlateDecode", "/DCTDecode"), True),
    "a fax": (("/CCITTFaxDecode",), True),
    "as text twice": (("/ASCII85Decode", "/ASCIIHexDecode"), False),
    "packed twice": (("/FlateDecode", "/FlateDecode"), False),
    "repeated": (("/FlateDecode", "/RunLengthDecode"), False),
    "LZW": (("/LZWDecode",), False),
    "JPEG 2000": (("/JPXDecode",), False),
    "encrypted": (("/Crypt",), False),
}


@pytest.mark.parametrize(("filters", "accepted"), CHAINS.values(), ids=CHAINS)
def test_chain_of_filters(filters: tuple[str, ...], accepted: bool) -> None:
    assert is_acceptable(filters) is accepted


SIZES: dict[str, tuple[bytes, tuple[str, ...], int | None]] = {
    "plain": (b"abc", (), 3),
    "packed": (zlib.compress(bytes(5_000)), ("/FlateDecode",), 5_000),
    "packed, over the limit": (zlib.compress(bytes(5_000_000)), ("/FlateDecode",), 1_000_001),
    "packed, cut": (zlib.compress(b"abc")[:-5], ("/FlateDecode",), 3),
    "runs": (b"\x81a\x80", ("/RunLengthDecode",), 192),
    "not packed": (b"abc", ("/FlateDecode",), None),
    "not text": (b"\xff", ("/ASCIIHexDecode",), None),
}


@pytest.mark.parametrize(("raw", "filters", "expected"), SIZES.values(), ids=SIZES)
def test_size_once_unpacked(raw: bytes, filters: tuple[str, ...], expected: int | None) -> None:
    assert unpacked_size(raw, filters, 1_000_000) == expected


def test_every_code_of_a_pdf_has_a_french_text() -> None:
    told = {code for table in (HOSTILE, HOW, BYTES) for _, code in table.values()} | {"input.pdf_link"}

    assert told <= set(sdk_catalogue())
