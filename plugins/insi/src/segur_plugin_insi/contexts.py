"""The two context headers of every Assurance Maladie call: ``ContexteBAM`` and ``ContexteLPS``.

Sources: schemas CTXBAM V01_02 and CTXLPS V01_00, delivered with the INSi WSDL 1.5.0.
"""

from datetime import datetime
from typing import Final
from urllib.parse import quote

from lxml import etree

from segur_plugin_insi.card_person import CardPerson
from segur_plugin_insi.namespaces import CTXBAM, CTXLPS
from segur_plugin_insi.timestamps import utc_milliseconds
from segur_sdk.context import Software

BAM_VERSION: Final = "01_02"
LPS_VERSION: Final = "01_00"
IDAM_KIND: Final = "4"
"""``R`` of ``IDAM``: a number given by the CNDA."""


def contexte_bam(
    context_id: str, moment: datetime, emitter: str | None, person: CardPerson | None = None
) -> etree._Element:
    """Return ``ContexteBAM``. ``COUVERTURE`` is always there: empty for a search by traits.

    For a search by card it bears the insured's number and the beneficiary's date and rank; which of its optional
    elements the official guide asks for is not public.

    Args:
        context_id: UUID of this call.
        moment: instant of this call.
        emitter: ``OU`` of the certificate; left out when the certificate has none.
        person: the beneficiary, for a search by card.
    """
    context = _context(CTXBAM, "ContexteBAM", "CTXBAM", BAM_VERSION, context_id, moment, emitter)
    cover = _add(context, CTXBAM, "COUVERTURE")
    if person is not None:
        insured = _add(_add(cover, CTXBAM, "ASSURE"), CTXBAM, "Id")
        _add(insured, CTXBAM, "Num", person.insured_number)
        _add(insured, CTXBAM, "Cle", person.insured_key)
        beneficiary = _add(cover, CTXBAM, "BENEFICIAIRE")
        _add(beneficiary, CTXBAM, "DateNai", person.date_naissance)
        _add(beneficiary, CTXBAM, "Rang", str(person.rang_naissance))
    return context


def contexte_lps(context_id: str, moment: datetime, emitter: str | None, software: Software) -> etree._Element:
    """Return ``ContexteLPS``: which software calls, under which authorisation, from which installation.

    Args:
        context_id: UUID of this call.
        moment: instant of this call.
        emitter: ``OU`` of the certificate; left out when the certificate has none.
        software: the practice software. ``Nom`` is ``urn:lps:<name>:<version>``; what a URN does not allow is
            percent-encoded.
    """
    context = _context(CTXLPS, "ContexteLPS", "CTXLPS", LPS_VERSION, context_id, moment, emitter)
    lps = _add(context, CTXLPS, "LPS")
    _add(lps, CTXLPS, "IDAM", software.authorisation).set("R", IDAM_KIND)
    _add(lps, CTXLPS, "Version", software.version)
    _add(lps, CTXLPS, "Instance", software.instance)
    _add(lps, CTXLPS, "Nom", f"urn:lps:{quote(software.name, safe='')}:{quote(software.version, safe='')}")
    return context


def _context(
    namespace: str, name: str, nature: str, version: str, context_id: str, moment: datetime, emitter: str | None
) -> etree._Element:
    context = etree.Element(f"{{{namespace}}}{name}", {"Nature": nature, "Version": version}, nsmap={None: namespace})
    _add(context, namespace, "Id", context_id)
    _add(context, namespace, "Temps", utc_milliseconds(moment))
    if emitter is not None:
        _add(context, namespace, "Emetteur", emitter)
    return context


def _add(parent: etree._Element, namespace: str, name: str, text: str | None = None) -> etree._Element:
    element: etree._Element = etree.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = text
    return element
