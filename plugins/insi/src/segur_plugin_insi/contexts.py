"""The two context headers of every Assurance Maladie call: ``ContexteBAM`` and ``ContexteLPS``.

Sources: schemas CTXBAM V01_02 and CTXLPS V01_00, delivered with the INSi WSDL 1.5.0.
"""

from datetime import datetime
from typing import Final
from urllib.parse import quote

from segur_plugin_insi.card_person import CardPerson
from segur_plugin_insi.namespaces import CTXBAM, CTXLPS
from segur_sdk.context import Software
from segur_sdk.formats.saml import utc_milliseconds
from segur_sdk.formats.xml_writer import Xml, leaf, node

BAM_VERSION: Final = "01_02"
LPS_VERSION: Final = "01_00"
IDAM_KIND: Final = "4"
"""``R`` of ``IDAM``: a number given by the CNDA."""


def contexte_bam(context_id: str, moment: datetime, emitter: str | None, person: CardPerson | None = None) -> Xml:
    """Return ``ContexteBAM``. ``COUVERTURE`` is always there: empty for a search by traits.

    For a search by card it bears the insured's number and the beneficiary's date and rank; which of its optional
    elements the official guide asks for is not public.

    Args:
        context_id: UUID of this call.
        moment: instant of this call.
        emitter: ``OU`` of the certificate; left out when the certificate has none.
        person: the beneficiary, for a search by card.
    """
    return node(
        "ContexteBAM",
        *_call(context_id, moment, emitter),
        node("COUVERTURE", *(_cover(person) if person is not None else ())),
        attributes={"xmlns": CTXBAM, "Nature": "CTXBAM", "Version": BAM_VERSION},
    )


def contexte_lps(context_id: str, moment: datetime, emitter: str | None, software: Software) -> Xml:
    """Return ``ContexteLPS``: which software calls, under which authorisation, from which installation.

    Args:
        context_id: UUID of this call.
        moment: instant of this call.
        emitter: ``OU`` of the certificate; left out when the certificate has none.
        software: the practice software. ``Nom`` is ``urn:lps:<name>:<version>``; what a URN does not allow is
            percent-encoded.
    """
    return node(
        "ContexteLPS",
        *_call(context_id, moment, emitter),
        node(
            "LPS",
            leaf("IDAM", software.authorisation, {"R": IDAM_KIND}),
            leaf("Version", software.version),
            leaf("Instance", software.instance),
            leaf("Nom", f"urn:lps:{quote(software.name, safe='')}:{quote(software.version, safe='')}"),
        ),
        attributes={"xmlns": CTXLPS, "Nature": "CTXLPS", "Version": LPS_VERSION},
    )


def _call(context_id: str, moment: datetime, emitter: str | None) -> tuple[Xml, ...]:
    return leaf("Id", context_id), leaf("Temps", utc_milliseconds(moment)), leaf("Emetteur", emitter)


def _cover(person: CardPerson) -> tuple[Xml, ...]:
    insured = node("Id", leaf("Num", person.insured_number), leaf("Cle", person.insured_key))
    born = leaf("DateNai", person.date_naissance)
    rank = leaf("Rang", str(person.rang_naissance))
    return node("ASSURE", insured), node("BENEFICIAIRE", born, rank)
