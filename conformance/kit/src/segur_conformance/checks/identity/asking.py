"""The question for a document: how often it comes back, and when it stops."""

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.identity.counter import IDENTITY_CARD, WITH_INS, Counter, expect_status, none_because
from segur_conformance.checks.identity.register import DOMINIQUE, TOUSSAINT, ZOE, changed
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()


@checks(
    "identity.asking.three-times",
    "S000-21",
    "REQ-03",
    purpose="« Aucune pièce présentée » : la question revient, trois fois par défaut, puis s’arrête.",
    steps=("identifier une personne", "répondre « aucune pièce présentée » quatre fois"),
    expected="question posée jusqu’à la troisième réponse, plus ensuite ; identité récupérée du début à la fin",
    mend="compter les réponses, s’arrêter à la troisième, ne rien changer au statut",
    film="la fenêtre aux trois premières délivrances, absente à la quatrième",
)
def three_times(bench: Bench) -> None:
    """Third and fourth time, by default."""
    counter = Counter(bench)
    found = counter.recorded(ZOE, search=True)
    asked = []
    for _ in range(4):
        asked.append(found.asking)
        found = counter.again(found.ref, "aucune pièce", document=none_because("none_presented"))
        expect_status(found, "RECUP", "aucune pièce présentée")
    expect_equal(asked, ["ask", "ask", "ask", "exhausted"], "question aux quatre passages")


@checks(
    "identity.asking.configurable",
    "S000-22",
    "REQ-03",
    purpose="Le nombre de demandes se règle.",
    steps=("régler le nombre à 0, 1 puis 5", "répondre « aucune pièce présentée » jusqu’à l’arrêt"),
    expected="la question s’arrête exactement au nombre réglé",
    mend="lire identity.max_document_requests à chaque passage",
    film="Paramètres Officine > Client > Identitovigilance, le nombre changé",
)
def configurable(bench: Bench) -> None:
    """As many times as set, on both sides."""
    for limit in (0, 1, 5):
        counter = Counter(bench, identity={"max_document_requests": limit})
        found = counter.recorded(ZOE)
        for _ in range(limit):
            expect_equal(found.asking, "ask", f"avant la dernière de {limit} demandes")
            found = counter.again(found.ref, "aucune pièce", document=none_because("none_presented"))
        expect_equal(found.asking, "exhausted", f"après {limit} demandes")


@checks(
    "identity.asking.patient-absent",
    "R24",
    purpose="« Le patient est absent, un tiers se présente » ne compte jamais parmi les demandes.",
    steps=("identifier une personne", "répondre « patient absent » cinq fois", "puis contrôler la pièce"),
    expected="la question reste posée, le statut inchangé ; la pièce qualifie",
    mend="distinguer l’absence du patient de l’absence de pièce",
    film="le fils qui vient pour sa mère : la question revient à la délivrance suivante",
)
def patient_absent(bench: Bench) -> None:
    """An absent patient never counts."""
    counter = Counter(bench)
    found = counter.recorded(ZOE, search=True)
    for _ in range(5):
        found = counter.again(found.ref, "patient absent", document=none_because("patient_absent"))
        expect_equal((found.status, found.asking), ("RECUP", "ask"), "patient absent, statut et question")
    expect_status(counter.again(found.ref, "pièce", document=IDENTITY_CARD), "QUAL", "pièce présentée ensuite")


@checks(
    "identity.asking.refusal",
    "S000-23",
    purpose="Le refus de présenter une pièce s’enregistre, et la question ne revient plus.",
    steps=("identifier une personne", "répondre « refuse de présenter »", "revenir", "présenter enfin une pièce"),
    expected="question arrêtée dès le refus, toujours au passage suivant ; la pièce qualifie quand même",
    mend="garder le refus avec la fiche, sans fermer la porte à une pièce présentée plus tard",
    film="le refus coché, la fenêtre absente ensuite",
)
def refusal(bench: Bench) -> None:
    """Recorded, remembered, and not for ever."""
    counter = Counter(bench)
    ref = counter.in_status(ZOE, "RECUP")
    found = counter.again(ref, "refus", document=none_because("refused"))
    expect_equal((found.status, found.asking), ("RECUP", "refused"), "refus, statut et question")
    expect_equal(counter.recorded(ZOE).asking, "refused", "question au passage suivant")
    expect_status(counter.again(ref, "pièce", document=IDENTITY_CARD), "QUAL", "pièce présentée après un refus")


@checks(
    "identity.asking.information-differs",
    "R15",
    "S000-20",
    purpose="« Informations différentes » : l’INS tombe, l’identité est provisoire, les traits se corrigent.",
    steps=(
        "cocher « informations différentes » sur une validée, une récupérée, une qualifiée",
        "corriger un trait d’après la pièce et la contrôler",
        "interroger INSi de nouveau",
    ),
    expected="PROV et message à chaque fois ; VALI après correction et contrôle ; INSi appelable de nouveau",
    mend="retirer l’INS et l’ancien contrôle, offrir la correction et la notice d’état civil",
    film="« informations différentes » cochée, le statut provisoire, la notice R49454 proposée",
)
def information_differs(bench: Bench) -> None:
    """The document wins over what is recorded."""
    counter = Counter(bench)
    refs = {
        status: counter.in_status(person, status)
        for status, person in (("VALI", DOMINIQUE), ("RECUP", TOUSSAINT), ("QUAL", ZOE))
    }
    for status, ref in refs.items():
        found = counter.again(ref, "informations différentes", document=none_because("differs"))
        expect_status(found, "PROV", f"{status}, informations différentes")
        expect(found.told, f"{status}, informations différentes : l’utilisateur n’en sait rien")
    ref = refs["RECUP"]
    counter.correct(ref, changed(TOUSSAINT, lieu_naissance="75056"), "correction d’après la pièce")
    expect_status(counter.again(ref, "pièce", document=IDENTITY_CARD), "VALI", "traits corrigés et pièce contrôlée")
    before = counter.calls
    anew = counter.again(ref, "nouvel appel", search=True)
    expect(counter.calls > before, "aucun nouvel appel à INSi n’est possible")
    expect(anew.status not in WITH_INS, "INSi qualifie des traits qu’elle ne connaît pas ainsi")


@checks(
    "identity.asking.once",
    "S000-07",
    purpose="La qualification se demande une fois par patient, puis se garde.",
    steps=("qualifier une personne", "revenir par ses traits puis par sa fiche, recherche permise"),
    expected="la même fiche, toujours qualifiée, aucune question, aucun nouvel échange avec INSi",
    mend="garder l’INS et la pièce avec la fiche ; ne pas redemander ce qui est connu",
    film="le patient qualifié la semaine d’avant : ni question ni appel",
)
def once(bench: Bench) -> None:
    """Remembered from one visit to the next."""
    counter = Counter(bench)
    ref = counter.in_status(ZOE, "QUAL")
    before = counter.calls
    for found in (counter.recorded(ZOE, search=True), counter.again(ref, "passage suivant", search=True)):
        expect(found.ref == ref, "la même personne ouvre une deuxième fiche")
        expect_equal((found.status, found.asking), ("QUAL", "confirmed"), "passage suivant, statut et question")
    expect_equal(counter.calls - before, 0, "nouveaux échanges avec INSi")
