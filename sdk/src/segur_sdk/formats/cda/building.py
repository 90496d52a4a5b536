"""One version of one document, as a CDA."""

from contextlib import suppress
from typing import Final

from segur_sdk.errors import IdentityError, InputError
from segur_sdk.formats.cda import unstructured, vaccination
from segur_sdk.formats.cda.act import component_of, documentation_of
from segur_sdk.formats.cda.checking import check_document
from segur_sdk.formats.cda.header import header, replaced
from segur_sdk.formats.cda.patient import record_target, shareable
from segur_sdk.formats.cda.people import author, custodian, information_recipient, legal_authenticator
from segur_sdk.formats.cda.vocabulary import HL7_V3, XSI
from segur_sdk.formats.finding import Findings, errors_of
from segur_sdk.formats.xml_writer import Xml, node
from segur_sdk.models.document import ClinicalDocument, PdfBody, VaccinationBody, WrittenBody

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def build_cda(document: ClinicalDocument, pdf: bytes | None = None) -> bytes:
    """Return the document as a CDA R2 of CI-SIS, in UTF-8; the same bytes for the same input.

    Args:
        document: the document. Its identity is *qualifiée*, and its seal was checked by the host.
        pdf: for a written body, the PDF/A-1 that ``pdfa.make_pdf`` made of it; without it, it is made here, which
            needs the extra ``pdf``. Nothing for the other bodies.

    Raises:
        IdentityError: ``identity.not_qualified`` and the other codes of an identity that no document may bear.
        InputError: the first error that ``check_document`` finds, or ``pdfa.check_pdf`` in the PDF, with ``where``;
            ``input.document_pdf_given``; ``input.document_character`` for what XML cannot express; what ``make_pdf``
            raises.
    """
    shareable(document.patient)
    _refuse_errors(check_document(document))
    pdf = _pdf_of(document, pdf)
    written = None
    # What the writer raises must not become the context of an error: its frames hold the text.
    with suppress(ValueError):
        written = _DECLARATION + _whole(document, pdf)
    if written is None:
        raise InputError("input.document_character")
    return written.encode("utf-8")


def _refuse_errors(findings: Findings) -> None:
    for finding in errors_of(findings):
        kind = IdentityError if finding.code.startswith("identity.") else InputError
        raise kind(finding.code, where=finding.where)


def _pdf_of(document: ClinicalDocument, given: bytes | None) -> bytes | None:
    body = document.body
    if isinstance(body, WrittenBody):
        return _made(document) if given is None else _taken(given)
    if given is not None:
        raise InputError("input.document_pdf_given")
    return body.pdf if isinstance(body, PdfBody) else None


def _made(document: ClinicalDocument) -> bytes:
    from segur_sdk.formats.pdfa.making import make_pdf  # noqa: PLC0415 - only who makes a PDF needs its libraries

    return make_pdf(document)


def _taken(pdf: bytes) -> bytes:
    from segur_sdk.formats.pdfa.checking import check_pdf  # noqa: PLC0415 - only who takes a PDF needs its libraries

    _refuse_errors(check_pdf(pdf))
    return pdf


def _whole(document: ClinicalDocument, pdf: bytes | None) -> Xml:
    content = document.body
    if isinstance(content, VaccinationBody):
        model, act_code = vaccination.MODEL, document.type
        body = vaccination.vaccination_body(document, content)
    else:
        model, act_code = unstructured.MODEL, None
        assert pdf is not None
        body = unstructured.pdf_body(pdf)
    return node(
        "ClinicalDocument",
        header(document, model),
        record_target(document.patient),
        author(document.author, document.authored_at),
        custodian(document.author.structure),
        *(information_recipient(recipient) for recipient in document.recipients),
        legal_authenticator(document),
        documentation_of(document, act_code),
        replaced(document),
        component_of(document),
        body,
        attributes={"xmlns": HL7_V3, "xmlns:xsi": XSI},
    )
