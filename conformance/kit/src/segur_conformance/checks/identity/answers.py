"""INSi's answers: what is imported, what is not, what the user is told."""

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.identity.counter import (
    IDENTITY_CARD,
    WITH_INS,
    Counter,
    expect_refused,
    expect_status,
)
from segur_conformance.checks.identity.register import HOUILLES, LEONARDO, TOUSSAINT, ZOE, as_typed, changed
from segur_conformance.people import published
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_sandbox.insi.replies import ReplyStyle, resultat
from segur_sandbox.people import Person

checks = CheckSet()

EVERY_TRAIT = ("nom_naissance", "premier_prenom", "prenoms_naissance", "sexe", "date_naissance", "lieu_naissance")


@checks(
    "identity.insi.no-loop",
    "S000-03",
    purpose="Une personne qui ne peut avoir d’INS est servie, sans relancer INSi à chaque passage.",
    steps=(
        "enregistrer une personne en disant de ne pas chercher d’INS",
        "contrôler sa pièce au passage suivant, puis revenir deux fois, par sa fiche et par ses traits",
    ),
    expected="aucun échange avec INSi, identité validée, la même fiche à chaque passage",
    mend="respecter « search: false », que la pièce ait été contrôlée ou non",
    film="un touriste étranger servi deux fois sans appel à INSi",
)
def no_loop(bench: Bench) -> None:
    """Somebody known to have none is never asked about."""
    counter = Counter(bench)
    ref = counter.recorded(HOUILLES).ref
    expect_status(counter.again(ref, "pièce", document=IDENTITY_CARD), "VALI", "pièce d’une personne sans INS")
    expect_status(counter.again(ref, "passage suivant"), "VALI", "passage suivant")
    expect(counter.recorded(HOUILLES).ref == ref, "la même personne ouvre une deuxième fiche")
    expect_equal(counter.calls, 0, "échanges avec INSi")


@checks(
    "identity.insi.several",
    "S000-15",
    purpose="Plusieurs identités possibles : rien n’est importé, l’utilisateur vérifie et complète.",
    steps=(
        "identifier par ses cinq traits une personne pour laquelle INSi répond 02",
        "identifier par une saisie partielle une autre personne, INSi répondant 02",
        "faire répondre INSi normalement et recommencer",
    ),
    expected="provisoire sans INS et message ; aucune fiche pour la saisie partielle et message ; puis RECUP",
    mend="ne jamais choisir à la place de l’utilisateur ; lui dire de compléter les critères",
    film="le message « plusieurs identités » et les critères à compléter",
)
def several(bench: Bench) -> None:
    """02 imports nothing and is told."""
    counter = Counter(bench)
    known = counter.recorded(LEONARDO, search=True)
    expect_status(known, "PROV", "INSi 02")
    expect(known.told, "INSi 02 : l’utilisateur n’en sait rien")
    bench.sandbox.fault("insi", "wrong_answer", variant="several")
    typed = counter.identify("saisie partielle, INSi 02", traits=as_typed(ZOE))
    expect(typed.ref is None, "une fiche est créée alors qu’INSi a trouvé plusieurs identités")
    expect(typed.told, "saisie partielle, INSi 02 : l’utilisateur n’en sait rien")
    bench.sandbox.reset()
    expect_status(counter.identify("nouvelle recherche", traits=as_typed(ZOE)), "RECUP", "nouvelle recherche")


@checks(
    "identity.insi.field-by-field",
    "S000-16",
    purpose="Ce qui diffère entre la fiche et INSi se confirme champ par champ.",
    steps=(
        "enregistrer une personne avec un autre lieu de naissance",
        "faire répondre INSi avec une autre date de naissance",
        "confirmer le lieu seul, puis le lieu et la date",
    ),
    expected="les deux champs signalés, rien d’importé ; toujours rien avec un seul confirmé ; RECUP avec les deux",
    mend="n’importer que lorsque chaque champ qui diffère a été confirmé nommément",
    film="la fenêtre de comparaison, un champ confirmé puis l’autre",
)
def field_by_field(bench: Bench) -> None:
    """Two traits differ; each has to be confirmed by its name."""
    counter = Counter(bench)
    bench.sandbox.fault("insi", "wrong_answer", variant="divergent_traits")
    found = counter.recorded(changed(ZOE, lieu_naissance="75056"), search=True)
    both = {"date_naissance", "lieu_naissance"}
    expect_equal((found.status, found.differing), ("PROV", both), "deux champs différents")
    one = counter.again(found.ref, "un champ confirmé", search=True, confirmed=["lieu_naissance"])
    expect_status(one, "PROV", "un champ confirmé sur deux")
    done = counter.again(found.ref, "deux champs confirmés", search=True, confirmed=sorted(both))
    expect_status(done, "RECUP", "deux champs confirmés")
    again = counter.recorded(changed(ZOE, date_naissance="1976-12-31"))
    expect(again.ref == done.ref, "la fiche n’a pas pris les valeurs confirmées")


@checks(
    "identity.insi.differs-from-document",
    "S004-14",
    "SC.INS/va1.54",
    purpose="Quand INSi contredit la pièce contrôlée, l’identité n’est pas qualifiée et l’utilisateur le sait.",
    steps=(
        "valider une identité dont le lieu de naissance n’est pas celui d’INSi",
        "interroger INSi",
        "confirmer la valeur d’INSi",
    ),
    expected="VALI avec le champ signalé ; après confirmation pas encore QUAL : la pièce disait autre chose",
    mend="refaire contrôler la pièce quand un trait qu’elle prouvait change",
    film="la divergence affichée, puis la pièce demandée de nouveau",
)
def differs_from_document(bench: Bench) -> None:
    """A document that said otherwise does not qualify INSi's values."""
    counter = Counter(bench)
    found = counter.recorded(changed(ZOE, lieu_naissance="75056"), document=IDENTITY_CARD)
    asked = counter.again(found.ref, "INSi diffère", search=True)
    expect_status(asked, "VALI", "INSi diffère de la pièce")
    expect_equal(asked.differing, {"lieu_naissance"}, "champs signalés")
    expect(asked.told, "INSi diffère de la pièce : l’utilisateur n’en sait rien")
    confirmed = counter.again(found.ref, "confirmation", search=True, confirmed=["lieu_naissance"])
    expect(confirmed.status != "QUAL", "qualifiée par une pièce qui disait autre chose")


@checks(
    "identity.insi.received-ins",
    "R19",
    "SC.INS/va1.13",
    "SC.INS/va1.41",
    purpose="Une INS reçue ou scannée est à vérifier : elle ne qualifie personne et n’écrase rien.",
    steps=(
        "donner un matricule dont la clé est fausse",
        "donner une INS pendant une panne d’INSi",
        "donner l’INS d’une personne avec les traits d’une autre, déjà qualifiée",
        "donner l’INS juste d’une personne inconnue",
    ),
    expected="clé refusée sans appel ; aucune INS pendant la panne ; la qualifiée inchangée ; RECUP, jamais QUAL",
    mend="vérifier par INSi toute INS reçue, la pièce restant à contrôler ici",
    film="le datamatrix INS scanné : identité récupérée, pièce demandée",
)
def received_ins(bench: Bench) -> None:
    """A received INS is a candidate."""
    counter = Counter(bench)
    expect_refused(counter.subject.identify(ins=_candidate("ADRUN", "ZOE", key="75")), "matricule à la clé fausse")
    expect_equal(counter.calls, 0, "échanges avec INSi pour une clé fausse")
    bench.sandbox.fault("insi", "error5xx")
    down = counter.subject.identify(ins=_candidate("ADRUN", "ZOE"))
    expect(down.error or down.value["status"] not in WITH_INS, "INS reçue retenue pendant une panne d’INSi")
    bench.sandbox.reset()
    ref = counter.in_status(TOUSSAINT, "QUAL")
    other = _candidate("ADRTROIS", "DOMINIQUE") | {"traits": as_typed(TOUSSAINT)}
    counter.subject.identify(ins=other)
    expect_status(counter.again(ref, "relecture"), "QUAL", "identité dont une autre INS a été reçue")
    verified = counter.identify("INS reçue et vérifiée", ins=_candidate("ADRUN", "ZOE"))
    expect_status(verified, "RECUP", "INS reçue et vérifiée, sans pièce")


def _candidate(name: str, given_name: str, key: str | None = None) -> dict[str, object]:
    one = published(name, given_name)
    number = one["matricule"]
    traits = {field: one[field] for field in ("nom_naissance", "sexe", "date_naissance")}
    return {
        "matricule": {"value": number["numero"] + (key or number["cle"]), "oid": "1.2.250.1.213.1.4.8"},
        "traits": {**traits, "prenoms_naissance": one["prenoms"]},
        "method": "CB",
    }


@checks(
    "identity.insi.unusable-answer",
    "SC.INS/va1.28",
    "SC.INS/va1.31",
    purpose="Une INS dont le jour ou le mois vaut « 00 », ou dont un trait est vide, n’est pas intégrée.",
    steps=(
        "faire répondre INSi avec un jour 00, un mois 00, un nom vide, des prénoms vides, un sexe vide",
        "confirmer tous les champs, puis recommencer par une saisie partielle",
    ),
    expected="aucune identité récupérée, même si l’utilisateur confirme tout",
    mend="rejeter la réponse entière ; ne pas compléter la date d’INSi",
    film="la réponse incomplète et le message affiché",
)
def unusable_answer(bench: Bench) -> None:
    """Nothing of an answer with a gap is imported."""
    counter = Counter(bench)
    ref = counter.recorded(ZOE).ref
    zoe = Person.model_validate(published("ADRUN", "ZOE"))
    whole = resultat("00", zoe, ReplyStyle()).decode()
    for gap, before, after in (
        ("jour 00", "1975-12-31", "1975-12-00"),
        ("mois 00", "1975-12-31", "1975-00-31"),
        ("nom vide", "<NomNaissance>ADRUN<", "<NomNaissance><"),
        ("prénoms vides", "<ListePrenom>ZOE<", "<ListePrenom><"),
        ("sexe vide", "<Sexe>F<", "<Sexe><"),
    ):
        for way in ({"identity_ref": ref}, {"traits": as_typed(ZOE)}):
            bench.sandbox.replay("insi", whole.replace(before, after))
            answer = counter.subject.identify(**way, confirmed=EVERY_TRAIT)
            status = None if answer.error else answer.value["status"]
            expect(status not in WITH_INS, f"réponse intégrée malgré {gap}")
