"""Builds the two serialisations of technical faults: the gateway's and the back end's.

Texts and shapes of `desir_550` and `insi_102` are those captured on the qualification platform.
The texts of `desir_560`, `desir_1020` and of every refusal of ours are not published.
"""

from xml.sax.saxutils import escape, quoteattr

from segur_sandbox.insi.namespaces import SIRAM, SOAP

_UNREACHABLE = (
    "Le service est temporairement inaccessible.\nVeuillez renouveler votre demande ultérieurement. "
    "Si le problème persiste, contactez l'éditeur du progiciel ou votre responsable informatique."
)
_NOT_ALLOWED = (
    "L'accès par ce progiciel au service n'est pas autorisé. "
    "Contactez l'éditeur du progiciel ou votre responsable informatique."
)
_REFUSED = "La demande est refusée par le bac à sable. Contactez l'éditeur du progiciel."


def gateway_fault(
    code: str, detail: str, message_id: str, *, text: str = _REFUSED, siram: str = "siram_100", severity: str = "erreur"
) -> bytes:
    """Return a fault as the gateway writes it: prefix `soap`, French text, `messageID` echoed."""
    echo = f" messageID={quoteattr(message_id)}" if message_id else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault>'
        f"<soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value>soap:{siram}</soap:Value>"
        f'</soap:Subcode></soap:Code><soap:Reason><soap:Text xml:lang="fr">{escape(text)}</soap:Text></soap:Reason>'
        f'<soap:Detail><siram:Erreur xmlns:siram="{SIRAM}" severite="{severity}" code={quoteattr(code)}{echo}>'
        f"{escape(detail)}</siram:Erreur></soap:Detail></soap:Fault></soap:Body></soap:Envelope>"
    ).encode()


def desir_550(message_id: str) -> bytes:
    """Return the fault for an unknown software authorisation number (IDAM)."""
    return gateway_fault("desir_550", "Numéro d'autorisation du logiciel inconnu.", message_id, text=_NOT_ALLOWED)


def desir_560(message_id: str) -> bytes:
    """Return the fault for a certificate whose CN is neither INSI-AUTO nor INSI-MANU."""
    return gateway_fault(
        "desir_560",
        "Le niveau d'habilitation du certificat est insuffisant.",
        message_id,
        text=_NOT_ALLOWED,
    )


def desir_1020(message_id: str) -> bytes:
    """Return the fault for a service that is temporarily unavailable, as the gateway says it."""
    return gateway_fault(
        "desir_1020",
        "Le service appelé est temporairement indisponible.",
        message_id,
        text=_UNREACHABLE,
        siram="siram_40",
        severity="fatale",
    )


def insi_102() -> bytes:
    """Return the fault of the search back end: prefix `S`, French text said to be English, severity off the schema."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{SOAP}"><env:Body xmlns:S="{SOAP}" xmlns:env="{SOAP}">'
        '<S:Fault xmlns:ns4="http://schemas.xmlsoap.org/soap/envelope/"><S:Code><S:Value>S:Receiver</S:Value>'
        "<S:Subcode><S:Value>S:siram_40</S:Value></S:Subcode></S:Code><S:Reason>"
        f'<S:Text xml:lang="en">{escape(_UNREACHABLE)}</S:Text></S:Reason><S:Detail>'
        f'<siram:Erreur severite="fatal" code="insi_102" xmlns:siram="{SIRAM}">'
        "L appel au service de recherche avec les traits d identité renvoie une erreur technique."
        "</siram:Erreur></S:Detail></S:Fault></env:Body></soap:Envelope>"
    ).encode()


def version_mismatch() -> bytes:
    """Return the SOAP 1.2 answer to an envelope of another SOAP version."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault><soap:Code>'
        "<soap:Value>soap:VersionMismatch</soap:Value></soap:Code><soap:Reason>"
        '<soap:Text xml:lang="fr">Seul SOAP 1.2 est accepté.</soap:Text></soap:Reason>'
        "</soap:Fault></soap:Body></soap:Envelope>"
    ).encode()
