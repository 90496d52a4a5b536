"""What follows from a professional's answering for a document: what leaves by itself, and what waits for a word."""

import json
from collections.abc import Mapping
from typing import Any, Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.dmp.counter import Counter, Row, vaccination
from segur_conformance.checks.dmp.registry import documents, expect_nothing_fed, statuses, taken
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

_BILAN: Final = "56445-0"
_LETTER: Final = "96349-6"
"""Type of a letter to another professional: of the printed table, and of those that do not leave by themselves."""
_TITLE: Final = "Entretien pharmaceutique asthme"


@checks(
    "dmp.validating.by-itself",
    "SC.DMP/ALI/PROG.02",
    "SC.DMP.03.LGO",
    "SC.DMP.04.LGO",
    "S000-35",
    "S000-36",
    "PD-02",
    purpose="Ce qui demande un geste de plus ne se fait pas : ces trois documents partent quand ils sont validés.",
    steps=(
        "sans toucher un réglage, valider un entretien, un bilan partagé de médication, une note de vaccination",
        "les valider encore, sans y rien changer ; faire avancer la file",
    ),
    expected="les trois sont au registre, chacun pris une seule fois",
    mend="donner à la file ce qui part de soi-même à la validation ; reconnaître une version déjà donnée",
    film="la validation d’un entretien, puis le DMP de test",
    kinds=PLUGIN_KINDS,
)
def by_itself(bench: Bench) -> None:
    """Validated, and there; validated again, and there once."""
    counter = Counter.opened(bench)
    given = [
        _document(counter, "essai-1"),
        _document(counter, "essai-2", document_type=_BILAN, title="Bilan partagé de médication"),
        _document(counter, "essai-3", **vaccination()),
    ]
    for one in [*given, *given]:
        told = counter.done("documents.validate", input=json.dumps(one))
        expect(told["receipt"] and told["receipt"]["id"], f"{one['title']} : ne part pas de soi-même")
    counter.runs()
    counter.later()
    expect_equal([one["acceptances"] for one in taken(bench)], [1, 1, 1], "fois où chaque document a été pris")
    expect_equal({one["metadata"]["name"] for one in documents(bench)}, {one["title"] for one in given}, "titres")


@checks(
    "dmp.validating.on-demand",
    "R12",
    "S004-50",
    purpose="Valider n’est pas envoyer : les autres documents attendent que quelqu’un le dise.",
    steps=("valider une lettre à un confrère", "l’envoyer"),
    expected="rien ne part, avec la raison et ses destinations ; envoyée, elle est au registre une fois",
    mend="ne donner à la file que ce qui part de soi-même, ou ce que l’utilisateur envoie",
    film="la validation d’une lettre, puis son envoi",
    kinds=PLUGIN_KINDS,
)
def on_demand(bench: Bench) -> None:
    """Nothing leaves before somebody says so."""
    _expect_left_to_the_user(Counter.opened(bench), document_type=_LETTER, title="Lettre au médecin traitant")


@checks(
    "dmp.validating.window",
    "R12",
    purpose="Là où l’envoi passe par une fenêtre, la fermer n’est pas envoyer.",
    steps=("régler l’envoi par une fenêtre, valider un entretien et ne rien dire", "l’envoyer"),
    expected="rien ne part, avec la raison ; envoyé, il est au registre une fois",
    mend="n’envoyer que sur le mot de l’utilisateur quand l’envoi passe par une fenêtre",
    film="la fenêtre fermée, puis rouverte et confirmée",
    kinds=PLUGIN_KINDS,
)
def window(bench: Bench) -> None:
    """To close it is not to send."""
    _expect_left_to_the_user(Counter.opened(bench, documents={"feeding": "window"}))


@checks(
    "dmp.validating.corrected",
    "PD-04",
    purpose="Corrigé avant d’être parti, un document ne doit pas arriver deux fois, dont une fausse.",
    steps=(
        "couper le DMP, valider un entretien, faire avancer la file, valider sa version corrigée",
        "rétablir le DMP, faire avancer la file",
    ),
    expected="seule la version corrigée est au registre",
    mend="reprendre de la file la version qui n’est pas partie, et donner l’autre à sa place, d’un seul tenant",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def corrected(bench: Bench) -> None:
    """The corrected one, alone."""
    counter = Counter.opened(bench)
    bench.sandbox.fault("dmp", "refuse")
    _fed(counter, _document(counter, "essai-1"))
    counter.runs()
    title = f"{_TITLE}, corrigé"
    _fed(counter, _document(counter, "essai-1", title=title))
    bench.mend()
    counter.later()
    counter.later()
    expect_equal([*statuses(bench).values()], ["Approved"], "documents au registre")
    expect_equal([one["metadata"]["name"] for one in documents(bench)], [title], "titre du document au registre")


def _document(counter: Counter, ref: str, **changes: Any) -> Row:
    """Return a document as it is handed over once it is validated, the same each time."""
    draft = counter.draft(title=changes.pop("title", _TITLE), **changes)
    return {**{name: value for name, value in draft.items() if name not in {"kind", "consents"}}, "document_ref": ref}


def _fed(counter: Counter, document: Mapping[str, Any], **given: bool) -> Row:
    told: Row = counter.done("documents.validate", input=json.dumps(document), **given)
    expect(told["receipt"] and told["receipt"]["id"], f"un document validé ne part pas ({told['kept_back']})")
    return told


def _expect_left_to_the_user(counter: Counter, **changes: Any) -> None:
    document = _document(counter, "essai-1", **changes)
    told = counter.done("documents.validate", input=json.dumps(document))
    expect(told["receipt"] is None, "un document part sans que personne ne l’ait dit")
    expect(told["kept_back"] and told["kept_back"]["text"], "rien ne dit pourquoi le document n’est pas parti")
    expect("dmp" in {one["channel"] for one in told["destinations"]}, "le DMP n’est pas proposé")
    counter.later()
    expect_nothing_fed(counter.bench, "document que personne n’a envoyé")
    _fed(counter, document, feed=True)
    counter.runs()
    expect_equal([*statuses(counter.bench).values()], ["Approved"], "documents au registre, une fois envoyé")
