"""Documents that are fed fit the official schema; it is not distributed with the kit."""

from typing import Any, Final

from lxml import etree

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.dmp.counter import AUTHOR, Counter, vaccination
from segur_conformance.checks.dmp.registry import cda_of, there
from segur_conformance.outcomes import CheckFailed
from segur_conformance.runner.bench import Bench

checks = CheckSet()

ASSET: Final = "cda/xsd"
_ENTRY: Final = "CDA_extended.xsd"
_REACHED: Final = {"telecom": "tel:+33100000000", "postal_address": "1 rue d’Essai, 75000 Paris"}


@checks(
    "dmp.schemas.documents",
    "KIT-DMP-04",
    "SC.DOC.06.LGO",
    "SC.VACC/NOTE.01",
    purpose="Un document hors schéma est refusé par le DMP, ou illisible chez celui qui le reçoit.",
    steps=(
        "alimenter le DMP d’un entretien adressé à quelqu’un, d’une structure qui donne adresse et téléphone",
        "alimenter le DMP d’une note de vaccination, puis valider les deux avec le schéma officiel",
    ),
    expected="les deux sont valides ; le corps de la note est structuré (structuredBody)",
    mend="comparer l’élément nommé dans le motif avec le schéma : ordre, attributs, élément vide",
    film="le rapport de validation des documents envoyés",
    kinds=PLUGIN_KINDS,
    asset=ASSET,
)
def documents(bench: Bench) -> None:
    """Both kinds of body, with everything that is optional."""
    schema = etree.XMLSchema(etree.parse(bench.asset(ASSET) / _ENTRY))
    counter = Counter.opened(bench)
    author = {**AUTHOR, **_REACHED, "structure": {**_structure(), **_REACHED}}
    act = {"start": counter.draft()["content"]["act"]["start"], "performer": author, "id": "1.2.250.1.999.8"}
    whole = {"author": author, "validator": author, "act": act, "recipients": [{"family_name": "DUPONT"}]}
    for changes in ({"content": whole}, vaccination()):
        found = counter.fed(counter.draft(**changes))
        root = cda_of(bench, found["sent"]["references"]["document"])
        if not schema.validate(root):
            raise CheckFailed(f"document invalide : {_first(schema)}")
    there(root, "component/structuredBody", "le corps structuré (structuredBody)")


def _structure() -> dict[str, Any]:
    found: Any = AUTHOR["structure"]
    return dict(found)


def _first(schema: etree.XMLSchema) -> str:
    """Say what is wrong first, without any value of the document."""
    found = schema.error_log[0]
    return f"{found.type_name}, {found.path}"
