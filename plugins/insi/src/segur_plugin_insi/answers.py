"""``RESULTAT``: a functional answer of INSi (schema INSi_RESULTAT_INS, WSDL 1.5.0).

Live answers and supplied reply files differ in prefixes, in the order of elements and in what is there at all:
elements are read by namespace and name, in any order.
"""

import re
from datetime import date
from typing import Final

import attrs
from lxml import etree

from segur_plugin_insi.elements import Children, unreadable
from segur_plugin_insi.namespaces import RESULTAT
from segur_sdk.identifiers.nir import compute_key
from segur_sdk.models.identity import (
    AnsweredTraits,
    CrCode,
    InsHistoryEntry,
    InsIndividual,
    MatriculeIns,
    Sex,
)

_BODY: Final = re.compile(r"[0-9]{6}[0-9AB][0-9]{6}")
_KEY: Final = re.compile(r"[0-9]{2}")
_OID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_TEXT_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_XSD_DATE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")


@attrs.frozen
class Answer:
    """A return code, with the person when one was found."""

    cr: CrCode
    individual: InsIndividual | None = None


def read_answer(resultat: etree._Element) -> Answer:
    """Read ``RESULTAT``.

    Kept as received: a key that does not fit, an end before its start, any OID. A key that is absent is computed
    and flagged. The active matricule repeated in the history is dropped from it. A history date that is no date
    is left out, its matricule is kept.

    Raises:
        ServiceError: ``insi.answer_unreadable``.
    """
    parts = _children(resultat)
    code = _return_code(_children(parts.required("CR")).value("CodeCR"))
    individual = parts.optional("INDIVIDU")
    if (code is CrCode.FOUND) != (individual is not None):
        raise unreadable("individual")
    return Answer(code, None if individual is None else _individual(_children(individual)))


def _children(element: etree._Element) -> Children:
    return Children(element, RESULTAT)


def _return_code(written: str | None) -> CrCode:
    try:
        return CrCode(written or "")
    except ValueError:
        raise unreadable("return_code") from None


def _individual(individual: Children) -> InsIndividual:
    active, supplied = _matricule(_children(individual.required("INSACTIF")))
    history = (_history_entry(_children(entry)) for entry in individual.all("INSHISTO"))
    return InsIndividual(
        matricule=active,
        key_supplied=supplied,
        history=tuple(entry for entry in history if entry.matricule != active),
        traits=_traits(_children(individual.required("TIQ"))),
    )


def _matricule(identifier: Children) -> tuple[MatriculeIns, bool]:
    number = _children(identifier.required("IdIndividu"))
    body = number.value("NumIdentifiant")
    key = number.value("Cle")
    oid = identifier.value("OID")
    if body is None or not _BODY.fullmatch(body):
        raise unreadable("matricule")
    if key is not None and not _KEY.fullmatch(key):
        raise unreadable("key")
    if oid is None or not _OID.fullmatch(oid):
        raise unreadable("oid")
    return MatriculeIns(value=body + (key or _computed_key(body)), oid=oid), key is not None


def _computed_key(body: str) -> str:
    try:
        return compute_key(body)
    except ValueError:
        raise unreadable("matricule") from None


def _history_entry(entry: Children) -> InsHistoryEntry:
    matricule, _ = _matricule(entry)
    return InsHistoryEntry(matricule=matricule, start=_date(entry, "DateDeb"), end=_date(entry, "DateFin"))


def _date(entry: Children, name: str) -> date | None:
    written = _XSD_DATE.fullmatch(entry.value(name) or "")
    if written is None:
        return None
    try:
        return date.fromisoformat(written[1])
    except ValueError:
        return None


def _traits(tiq: Children) -> AnsweredTraits:
    sexe = tiq.value("Sexe")
    born = tiq.value("DateNaissance")
    if sexe not in (None, "F", "M"):
        raise unreadable("sex")
    if born is not None and not _TEXT_DATE.fullmatch(born):
        raise unreadable("birth_date")
    return AnsweredTraits(
        nom_naissance=tiq.value("NomNaissance"),
        premier_prenom=tiq.value("Prenom"),
        prenoms_naissance=tuple((tiq.value("ListePrenom") or "").split()),
        sexe=None if sexe is None else Sex(sexe),
        date_naissance=born,
        lieu_naissance=tiq.value("LieuNaissance"),
    )
