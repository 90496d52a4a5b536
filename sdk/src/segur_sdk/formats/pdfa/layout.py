"""Pages: A4, one font, a title, blocks of labelled lines, sections, and a foot on every page."""

from collections.abc import Iterable
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from segur_sdk.formats.pdfa.content import Line
from segur_sdk.formats.pdfa.font import FAMILY, font_file
from segur_sdk.formats.pdfa.words import printable

_MARGIN: Final = 18.0
_FOOT: Final = 20.0
_LABEL_WIDTH: Final = 45.0
_BODY_SIZE: Final = 10.0
_SMALL_SIZE: Final = 8.0
_NUMBER_WIDTH: Final = 30.0
_PAGE_TOTAL: Final = "{nb}"
_CUT: Final = "…"


class Pages(FPDF):
    """The pages of one document; closed once they are written, or given up."""

    def __init__(self) -> None:
        super().__init__(enforce_compliance="PDF/A-1B")
        self.add_font(FAMILY, fname=font_file())
        font = self.fonts[FAMILY.lower()]
        self._known = frozenset(font.cmap if isinstance(font, TTFFont) else ())
        self._foot: tuple[str, ...] = ()
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=_FOOT)

    def close(self) -> None:
        """Close the font's file, which stays open until the end of a document that is written."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    def begin(self, *foot: str) -> None:
        """Begin the first page.

        Args:
            foot: lines at the foot of every page, beside its number.
        """
        self._foot = tuple(self.drawn(line) for line in foot)
        self.add_page()

    def header(self) -> None:
        """Begin a page; a text that looks like the total of pages is a text."""
        self.alias_nb_pages("")

    def footer(self) -> None:
        """End a page with its number and the total."""
        self.set_y(-_FOOT + 4)
        self.set_font(FAMILY, size=_SMALL_SIZE)
        for line in self._foot:
            self.cell(self.epw, 4, self._fitting(line, self.epw - _NUMBER_WIDTH), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_xy(self.l_margin + self.epw - _NUMBER_WIDTH, -_FOOT + 4)
        self.alias_nb_pages(_PAGE_TOTAL)
        self.cell(_NUMBER_WIDTH, 4, f"Page {self.page_no()}/{_PAGE_TOTAL}", align="R")

    def heading(self, text: str, size: float = 12.0) -> None:
        """Write a heading, with a rule under it."""
        if self.will_page_break(size + 6):
            self.add_page()
        self.ln(3)
        self._write(text, size, size * 0.5)
        self.set_draw_color(120)
        self.line(self.l_margin, self.get_y() + 0.6, self.l_margin + self.epw, self.get_y() + 0.6)
        self.ln(2.5)

    def paragraph(self, text: str, size: float = _BODY_SIZE) -> None:
        """Write a paragraph; an empty one is a space."""
        if text.strip():
            self._write(text, size, size * 0.5)
        self.ln(1.2)

    def labelled(self, lines: Iterable[Line]) -> None:
        """Write lines that begin with a label."""
        for label, text in lines:
            self.set_font(FAMILY, size=_SMALL_SIZE + 1)
            self.cell(_LABEL_WIDTH, 5, f"{label} :")
            self.multi_cell(0, 5, self.drawn(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _fitting(self, text: str, width: float) -> str:
        if self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(text + _CUT) > width:
            text = text[:-1]
        return text + _CUT

    def _write(self, text: str, size: float, height: float) -> None:
        self.set_font(FAMILY, size=size)
        self.multi_cell(0, height, self.drawn(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def drawn(self, text: str) -> str:
        """Return ``text`` as it will be drawn.

        Raises:
            InputError: ``input.document_character``.
        """
        return printable(text, self._known)
