"""Answers that INSi could give, built here so that every shape can be tried; published matricules only."""

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from segur_conformance.checks.insi.namespaces import OID_NIR, RESULTAT, SIRAM, SOAP

_LABELS = {"00": "OK", "01": "Aucune identite trouvee", "02": "Plusieurs identites trouvees"}


def envelope(content: str, prefix: str = "env") -> str:
    """Wrap content; without prefix, SOAP is the default namespace."""
    name, declared = (f"{prefix}:", f":{prefix}") if prefix else ("", "")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}Envelope xmlns{declared}="{SOAP}">'
        f"<{name}Body>{content}</{name}Body></{name}Envelope>"
    )


def number(matricule: str, oid: str = OID_NIR, start: str = "", end: str = "") -> str:
    """Return the inside of ``INSACTIF`` or ``INSHISTO``."""
    period = (f"<DateDeb>{start}</DateDeb>" if start else "") + (f"<DateFin>{end}</DateFin>" if end else "")
    return (
        f"<IdIndividu><NumIdentifiant>{matricule[:13]}</NumIdentifiant><Cle>{matricule[13:]}</Cle></IdIndividu>"
        f"<OID>{oid}</OID>{period}"
    )


def individual(active: str, tiq: Mapping[str, str], history: Iterable[str] = ()) -> str:
    """Return ``INDIVIDU``: the active number, former ones, traits by element name."""
    former = "".join(f"<INSHISTO>{one}</INSHISTO>" for one in history)
    traits = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in tiq.items())
    return f"<INDIVIDU><INSACTIF>{active}</INSACTIF>{former}<TIQ>{traits}</TIQ></INDIVIDU>"


def resultat(code: str, found: str = "", *, prefix: str = "env") -> str:
    """Return a whole functional answer."""
    told = f"<CR><CodeCR>{code}</CodeCR><LibelleCR>{_LABELS.get(code, 'Code inconnu')}</LibelleCR></CR>"
    return envelope(f'<RESULTAT xmlns="{RESULTAT}">{told}{found}</RESULTAT>', prefix)


def fault(subcode: str, code: str) -> str:
    """Return a technical fault as the gateway writes it."""
    return envelope(
        f"<env:Fault><env:Code><env:Value>env:Sender</env:Value><env:Subcode><env:Value>env:{subcode}</env:Value>"
        '</env:Subcode></env:Code><env:Reason><env:Text xml:lang="fr">Demande refusée.</env:Text></env:Reason>'
        f"<env:Detail><siram:Erreur xmlns:siram={quoteattr(SIRAM)} severite='erreur' code={quoteattr(code)}>"
        "Demande refusée.</siram:Erreur></env:Detail></env:Fault>"
    )
