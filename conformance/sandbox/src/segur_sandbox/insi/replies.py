"""Builds `RESULTAT` envelopes the way they were captured on the qualification platform."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

import attrs

from segur_sandbox.insi.namespaces import RECSANS, RECVIT, RESULTAT, SOAP
from segur_sandbox.people import Matricule, Person

LABELS = {"00": "OK", "01": "Aucune identite trouvee", "02": "Plusieurs identites trouvees"}
_MANY = 3


@attrs.frozen
class ReplyStyle:
    """Shapes that a client must survive.

    Attributes:
        body_prefix: Prefix of the SOAP Body: `env` in live captures, `S` in the supplied reply files.
        with_prenom: Add `Prenom` to the traits; `None` follows the published reply of the person.
        with_birthplace: Send `LieuNaissance`.
        history: `as_registered`, `none`, `one` or `many` (three) `INSHISTO`.
        cnda_order: Put `DateDeb` and `DateFin` before `IdIndividu`, which the official schema forbids,
            as the supplied file of test 2.04 does.
    """

    body_prefix: str = "env"
    with_prenom: bool | None = None
    with_birthplace: bool = True
    history: str = "as_registered"
    cnda_order: bool = False


def envelope(content: str, style: ReplyStyle) -> bytes:
    """Wrap `content` in the envelope of the captures: prefix `soap` outside, another one for the body."""
    prefix = style.body_prefix
    declaration = "" if prefix == "soap" else f' xmlns:{prefix}="{SOAP}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{SOAP}"><{prefix}:Body{declaration}>{content}</{prefix}:Body></soap:Envelope>'
    ).encode()


def resultat(code: str, person: Person | None, style: ReplyStyle) -> bytes:
    """Return a whole reply: return code, and the individual when there is one."""
    individual = _individual(person, style) if person is not None else ""
    return envelope(
        f'<RESULTAT xmlns="{RESULTAT}" xmlns:ns0="{RECVIT}" xmlns:ns1="{RECSANS}">'
        f"<CR><CodeCR>{code}</CodeCR><LibelleCR>{LABELS[code]}</LibelleCR></CR>{individual}</RESULTAT>",
        style,
    )


def _individual(person: Person, style: ReplyStyle) -> str:
    if person.matricule is None:
        raise ValueError("this person has no matricule to return")
    history = "".join(f"<INSHISTO>{_ins(matricule, style)}</INSHISTO>" for matricule in _history(person, style))
    with_prenom = person.avec_prenom if style.with_prenom is None else style.with_prenom
    traits = [
        ("NomNaissance", person.nom_naissance),
        ("Prenom", person.prenoms[0] if with_prenom else None),
        ("ListePrenom", " ".join(person.prenoms)),
        ("Sexe", person.sexe),
        ("DateNaissance", person.date_naissance),
        ("LieuNaissance", person.lieu_naissance if style.with_birthplace else None),
    ]
    tiq = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in traits if value is not None)
    return f"<INDIVIDU><INSACTIF>{_ins(person.matricule, style)}</INSACTIF>{history}<TIQ>{tiq}</TIQ></INDIVIDU>"


def _history(person: Person, style: ReplyStyle) -> Iterable[Matricule]:
    if style.history == "as_registered" or person.matricule is None:
        return person.historique
    wanted = {"none": 0, "one": 1, "many": _MANY}[style.history]
    stock = person.historique or (person.matricule,)
    return (stock * _MANY)[:wanted]


def _ins(matricule: Matricule, style: ReplyStyle) -> str:
    identifier = (
        f"<IdIndividu><NumIdentifiant>{matricule.numero}</NumIdentifiant><Cle>{matricule.cle}</Cle></IdIndividu>"
    )
    oid = f"<OID>{escape(matricule.oid)}</OID>"
    dates = (f"<DateDeb>{matricule.debut}</DateDeb>" if matricule.debut else "") + (
        f"<DateFin>{matricule.fin}</DateFin>" if matricule.fin else ""
    )
    return dates + identifier + oid if style.cnda_order else identifier + oid + dates
