"""A PDF/A-1b made from words."""

from contextlib import closing
from typing import Final

from segur_sdk.errors import InputError
from segur_sdk.formats.pdfa.content import circumstance_lines, patient_lines, sections, short_identity
from segur_sdk.formats.pdfa.layout import Pages
from segur_sdk.formats.pdfa.metadata import xmp
from segur_sdk.formats.pdfa.words import MAX_CHARACTERS
from segur_sdk.models.document import CareStructure, ClinicalDocument

_PRODUCER: Final = "segur-sdk"
_TITLE_SIZE: Final = 16.0


def make_pdf(document: ClinicalDocument) -> bytes:
    """Return a PDF/A-1b of a document whose body is written or a vaccination; the same bytes for the same input.

    It bears the structure, the title, the patient's traits and matricule, the date of the act, author, validator,
    every recipient, the sections, and what the person is told of the use of his data.

    Args:
        document: its identity is *qualifiée*: the matricule is printed.

    Raises:
        IdentityError: ``identity.not_qualified`` and the other codes of an identity that no document may bear.
        InputError: ``input.document_pdf_given``, ``input.document_too_long``, ``input.document_character``.
        ConfigError: ``config.pdf_font``.
    """
    about = patient_lines(document.patient)
    parts = sections(document)
    if sum(len(paragraph) for part in parts for paragraph in part.paragraphs) > MAX_CHARACTERS:
        raise InputError("input.document_too_long", maximum=MAX_CHARACTERS)
    with closing(Pages()) as pages:
        _describe(pages, document)
        pages.begin(short_identity(document.patient), f"{document.title} – version {document.version.number}")
        pages.paragraph(_letterhead(document.author.structure), size=9)
        pages.heading(document.title, _TITLE_SIZE)
        pages.labelled(about)
        pages.ln(2)
        pages.labelled(circumstance_lines(document))
        for part in parts:
            pages.heading(part.heading)
            for paragraph in part.paragraphs:
                pages.paragraph(paragraph)
        if document.privacy_notice is not None:
            pages.heading("Vos données de santé", 10)
            pages.paragraph(document.privacy_notice, size=8)
        return bytes(pages.output())


def _describe(pages: Pages, document: ClinicalDocument) -> None:
    title = pages.drawn(document.title)
    pages.set_lang("fr-FR")
    pages.set_title(title)
    pages.set_producer(_PRODUCER)
    pages.set_creation_date(document.made_at)
    pages.set_xmp_metadata(xmp(title, _PRODUCER, document.made_at))


def _letterhead(structure: CareStructure) -> str:
    known = (structure.name, structure.postal_address, structure.telecom)
    return "\n".join(line.removeprefix("tel:").removeprefix("mailto:") for line in known if line)
