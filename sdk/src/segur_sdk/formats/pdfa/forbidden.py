"""What PDF/A-1 forbids in the objects of a file, and what no shared document may carry.

Source: ISO 19005-1, 6.1.7 to 6.1.13 and 6.3 to 6.6.
"""

from collections.abc import Iterator
from typing import Any, Final

import pikepdf

from segur_sdk.formats.finding import Finding, Severity
from segur_sdk.formats.pdfa.unpacking import MAX_PIXELS, MAX_UNPACKED, is_acceptable, unpacked_size

_ACTIONS: Final = frozenset(
    {
        *("/Launch", "/GoToR", "/GoToE", "/SubmitForm", "/ResetForm", "/ImportData", "/Sound", "/Movie", "/Hide"),
        *("/SetOCGState", "/Rendition", "/Trans", "/GoTo3DView", "/RichMediaExecute"),
    }
)
_NAMED: Final = frozenset({"/NextPage", "/PrevPage", "/FirstPage", "/LastPage"})
_ANNOTATIONS: Final = frozenset({"/FileAttachment", "/Sound", "/Movie", "/Screen", "/3D", "/RichMedia"})
_FONTS_TO_EMBED: Final = frozenset({"/Type1", "/MMType1", "/TrueType", "/CIDFontType0", "/CIDFontType2"})
_FONT_FILES: Final = ("/FontFile", "/FontFile2", "/FontFile3")
_OPAQUE: Final = 1
_TELLING: Final = frozenset(
    {
        *("/AA", "/AF", "/BM", "/CA", "/EF", "/EmbeddedFiles", "/F", "/JS", "/JavaScript", "/NeedAppearances"),
        *("/S", "/SMask", "/Subtype", "/XFA", "/ca"),
    }
)
"""A dictionary without any of these keys is not looked at."""
MAX_VALUES: Final = 300_000
"""Of all objects of a file together."""


def object_findings(pdf: pikepdf.Pdf) -> Iterator[Finding]:
    """Yield what is forbidden, object by object, indirect ones as they are numbered."""
    values, unpacked = 0, 0
    for number, whole in enumerate(pdf.objects, start=1):
        where = f"object {number}"
        waiting: list[Any] = [whole]
        while waiting:
            one = waiting.pop()
            if isinstance(one, pikepdf.Array):
                values += len(one) + 1
            elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
                keys = one.keys()
                values += len(keys) + 1
                if not _TELLING.isdisjoint(keys):
                    yield from _dictionary(one, where)
            else:
                continue
            if values > MAX_VALUES:
                yield Finding("input.pdf_too_large", where)
                return
            children = one if isinstance(one, pikepdf.Array) else (child for _, child in one.items())
            waiting.extend(child for child in children if _is_inner(child))
        if isinstance(whole, pikepdf.Stream):
            size = _unpacked_size(whole, MAX_UNPACKED - unpacked)
            if size is None:
                yield Finding("input.pdf_filter", where)
                continue
            unpacked += size
            if unpacked > MAX_UNPACKED:
                yield Finding("input.pdf_bomb", where)
                return


def _unpacked_size(stream: pikepdf.Stream, limit: int) -> int | None:
    filters = _filters(stream)
    return unpacked_size(stream.read_raw_bytes(), filters, limit) if is_acceptable(filters) else None


def _is_inner(child: Any) -> bool:
    return isinstance(child, pikepdf.Array | pikepdf.Dictionary) and not child.is_indirect


def _filters(stream: pikepdf.Stream) -> tuple[str, ...]:
    value = stream.get("/Filter")
    if value is None:
        return ()
    return tuple(str(one) for one in value) if isinstance(value, pikepdf.Array) else (str(value),)


def _dictionary(one: Any, where: str) -> Iterator[Finding]:
    yield from _acting(one, where)
    if "/EF" in one or "/EmbeddedFiles" in one or "/AF" in one:
        yield Finding("input.pdf_embedded_file", where)
    if "/XFA" in one or one.get("/NeedAppearances", False):
        yield Finding("input.pdf_form", where)
    if _is_transparent(one):
        yield Finding("input.pdf_transparency", where)
    kind, subtype = str(one.get("/Type", "")), str(one.get("/Subtype", ""))
    if subtype in _ANNOTATIONS and ("/Rect" in one or kind == "/Annot"):
        yield Finding("input.pdf_multimedia", where)
    if kind == "/Font" and subtype in _FONTS_TO_EMBED and not _is_embedded(one):
        yield Finding("input.pdf_font", where)
    if subtype == "/Image" and int(one.get("/Width", 0)) * int(one.get("/Height", 0)) > MAX_PIXELS:
        yield Finding("input.pdf_bomb", where)
    if subtype in {"/PS", "/Form"} and ("/PS" in one or "/Ref" in one or "/OPI" in one or subtype == "/PS"):
        yield Finding("input.pdf_not_a1", where)
    if "/F" in one and isinstance(one, pikepdf.Stream):
        # A stream whose bytes are elsewhere.
        yield Finding("input.pdf_embedded_file", where)


def _acting(one: Any, where: str) -> Iterator[Finding]:
    action = str(one.get("/S", ""))
    if action == "/JavaScript" or "/JS" in one or "/JavaScript" in one:
        yield Finding("input.pdf_javascript", where)
    elif action in _ACTIONS or "/AA" in one or (action == "/Named" and str(one.get("/N")) not in _NAMED):
        yield Finding("input.pdf_action", where)
    elif action == "/URI":
        yield Finding("input.pdf_link", where, Severity.WARNING)


def _is_transparent(one: Any) -> bool:
    if str(one.get("/S", "")) == "/Transparency":
        return True
    mask = one.get("/SMask")
    if mask is not None and str(mask if isinstance(mask, pikepdf.Name) else "") != "/None":
        return True
    if any(_number(one.get(key)) not in {None, _OPAQUE} for key in ("/CA", "/ca")):
        return True
    return "/BM" in one and str(one["/BM"]) not in {"/Normal", "/Compatible"}


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _is_embedded(font: Any) -> bool:
    descriptor = font.get("/FontDescriptor")
    return isinstance(descriptor, pikepdf.Dictionary) and any(key in descriptor for key in _FONT_FILES)
