"""The question `RECSANSVITALE`: reads the traits typed by a person and checks each against its real rule."""

import re

import attrs
from lxml import etree

from segur_sandbox.insi.names import check_family_name, check_given_name
from segur_sandbox.insi.namespaces import RECSANS
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.structure import Item, read_sequence, text_of

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COG = re.compile(r"[0-9A-Z]{5}")
_ITEMS = (
    Item("NomNaissance", True),
    Item("Prenom", True),
    Item("Sexe", True),
    Item("DateNaissance", True),
    Item("LieuNaissance"),
)


@attrs.frozen
class Traits:
    """A question by traits; `prenom` is what the single `Prenom` element holds."""

    nom_naissance: str
    prenom: str
    sexe: str
    date_naissance: str
    lieu_naissance: str | None


def read_traits(question: etree._Element) -> Traits:
    """Read `RECSANSVITALE`.

    Raises:
        RequestRefusedError: an element missing, repeated, out of order or out of its lexical profile.
    """
    found = read_sequence(question, RECSANS, _ITEMS, "body")
    values = {name: text_of(element) for name, element in found.items()}
    check_family_name(values["NomNaissance"])
    check_given_name(values["Prenom"])
    if values["Sexe"] not in ("M", "F"):
        raise RequestRefusedError("sexe", "Sexe is neither M nor F")
    if not _DATE.fullmatch(values["DateNaissance"]):
        raise RequestRefusedError("date", "DateNaissance is not YYYY-MM-DD")
    lieu = values.get("LieuNaissance")
    if lieu is not None and not _COG.fullmatch(lieu):
        raise RequestRefusedError("lieu", "LieuNaissance is not a COG code of 5 characters")
    return Traits(values["NomNaissance"], values["Prenom"], values["Sexe"], values["DateNaissance"], lieu)
