"""What may leave: who is certain, told, not opposed; what is validated; what somebody holds back."""

from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.dmp.counter import IDENTITY_CARD, Counter, Row, codes
from segur_conformance.checks.dmp.registry import expect_fed_once, expect_nothing_fed, taken
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

CERTIFICATE: Final = "89601-9"
"""Type of a *certificat médical*."""


@checks(
    "dmp.rules.qualified",
    "S000-05",
    "REQ-05",
    "SC.INS/va1.59",
    purpose="Un document dans le dossier d’un autre ne se rattrape pas : sans identité qualifiée, rien ne part.",
    steps=(
        "donner un document d’un patient dont aucune pièce n’a été vue, faire avancer la file",
        "contrôler sa pièce d’identité, faire avancer la file",
    ),
    expected="le document attend, avec la raison, et le DMP n’est pas même interrogé ; puis il part seul, une fois",
    mend="retenir le document d’une identité qui n’est pas qualifiée ; le rejuger quand l’identité change",
    film="un document retenu, la pièce contrôlée, le document parti",
    kinds=PLUGIN_KINDS,
)
def qualified(bench: Bench) -> None:
    """Held, and then it leaves by itself."""
    counter = Counter.opened(bench, qualified=False)
    intent = counter.let_in()
    counter.later()
    counter.expect_state(intent, "held")
    expect_nothing_fed(bench, "identité non qualifiée")
    counter.subject.identify(identity_ref=counter.identity_ref, document=IDENTITY_CARD)
    counter.runs()
    counter.expect_state(intent, "sent")
    expect_fed_once(bench, "identité qualifiée")


@checks(
    "dmp.rules.opposed",
    "SC.DMP/CONF.09",
    "S004-46",
    "R2",
    purpose="Un patient qui s’oppose est entendu tout de suite, et rien ne dépend de la mémoire de quelqu’un.",
    steps=("noter l’opposition d’un patient, donner un document", "lever l’opposition, le redonner"),
    expected="refusé avec la raison, sans rien demander au DMP ; ensuite il part",
    mend="lire le registre des consentements à chaque envoi",
    film="une opposition notée, puis un envoi refusé",
    kinds=PLUGIN_KINDS,
)
def opposed(bench: Bench) -> None:
    """Blocked as long as it holds."""
    counter = Counter.opened(bench)
    counter.done("consents.oppose", identity_ref=counter.identity_ref)
    _expect_blocked(counter, counter.draft(), "patient opposé")
    expect_nothing_fed(bench, "patient opposé")
    counter.done("consents.lift", identity_ref=counter.identity_ref)
    counter.fed()
    expect_fed_once(bench, "opposition levée")


@checks(
    "dmp.rules.opposed-meanwhile",
    "R1",
    "PD-04",
    purpose="Entre la file et l’envoi il se passe des jours ; le patient a pu changer d’avis.",
    steps=(
        "donner un document, noter l’opposition avant qu’il ne parte, faire avancer la file",
        "lever l’opposition, faire avancer la file",
    ),
    expected="retenu avec la raison, sans rien demander au DMP ; ensuite il part seul, une fois",
    mend="rejuger identité et consentements avant chaque tentative",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def opposed_meanwhile(bench: Bench) -> None:
    """Judged again before it leaves."""
    counter = Counter.opened(bench)
    intent = counter.let_in()
    counter.done("consents.oppose", identity_ref=counter.identity_ref)
    counter.later()
    counter.expect_state(intent, "held")
    expect_nothing_fed(bench, "patient opposé avant l’envoi")
    counter.done("consents.lift", identity_ref=counter.identity_ref)
    counter.runs()
    counter.expect_state(intent, "sent")
    expect_fed_once(bench, "opposition levée")


@checks(
    "dmp.rules.doubtful",
    "R1",
    "R2",
    purpose="Un doute sur l’identité suffit : on ne dépose pas chez quelqu’un qui n’est peut-être pas lui.",
    steps=(
        "donner un document, marquer l’identité douteuse avant qu’il ne parte, faire avancer la file",
        "donner un second document",
    ),
    expected="le premier est retenu avec la raison, le second refusé ; rien n’est demandé au DMP",
    mend="rejuger les attributs de l’identité avant chaque tentative",
    film="une identité marquée douteuse, puis le refus",
    kinds=PLUGIN_KINDS,
)
def doubtful(bench: Bench) -> None:
    """A doubt holds what waits, and blocks what comes."""
    counter = Counter.opened(bench)
    intent = counter.let_in()
    counter.subject.mark(counter.identity_ref, "DOUTEUX")
    counter.later()
    counter.expect_state(intent, "held")
    _expect_blocked(counter, counter.draft(), "identité douteuse")
    expect_nothing_fed(bench, "identité douteuse")


@checks(
    "dmp.rules.informed",
    "R2",
    "S004-44",
    purpose="Le patient est informé une fois ; tant que ce n’est pas noté, le document attend au lieu de se perdre.",
    steps=("donner un document d’un patient dont on n’a pas noté qu’il est informé", "le noter, faire avancer la file"),
    expected="retenu avec une question, sans rien demander au DMP ; la réponse donnée, il part seul, une fois",
    mend="retenir avec une question, et rejuger quand la réponse est là",
    film="la question à l’écran, la réponse, le document parti",
    kinds=PLUGIN_KINDS,
)
def informed(bench: Bench) -> None:
    """Held with a question, and then it leaves by itself."""
    counter = Counter.opened(bench, informed=False)
    receipt = counter.sends()
    expect_equal(receipt["state"], "held", "état d’un envoi dont le patient n’est pas informé")
    expect(receipt["question"] and receipt["question"]["choices"], "aucune question n’est posée")
    counter.later()
    expect_nothing_fed(bench, "patient non informé")
    counter.informs()
    counter.runs()
    counter.expect_state(receipt["id"], "sent")
    expect_fed_once(bench, "patient informé")


@checks(
    "dmp.rules.validated",
    "R2",
    "S004-50",
    "S002-04",
    purpose="Un brouillon ou une note personnelle n’est pas un document : personne n’en répond.",
    steps=("donner un document que personne n’a validé, puis une note personnelle",),
    expected="refusés avec une raison, sans rien demander au DMP",
    mend="bloquer ce dont aucun professionnel ne répond",
    film="un document non validé, puis le refus",
    kinds=PLUGIN_KINDS,
)
def validated(bench: Bench) -> None:
    """Nobody answers for it."""
    counter = Counter.opened(bench)
    _expect_blocked(counter, counter.draft(validation=None), "document non validé")
    _expect_blocked(counter, counter.draft(personal_note=True), "note personnelle")
    counter.later()
    expect_nothing_fed(bench, "documents dont personne ne répond")


@checks(
    "dmp.rules.held-by-hand",
    "SC.DMP/ALI/PROG.03",
    "SC.RGPD.02",
    "PD-02",
    purpose="Retenir un document est un choix pour celui-là seul : oublié par le suivant, gardé par le redémarrage.",
    steps=(
        "donner un document en le retenant, puis un autre, faire avancer la file",
        "rouvrir l’hôte, donner un troisième document, puis libérer le premier",
    ),
    expected="seul le premier reste ; libéré, il part",
    mend="retenir ce document seulement ; ne rien en retenir pour le suivant",
    film="un document retenu, le suivant parti",
    kinds=PLUGIN_KINDS,
)
def held_by_hand(bench: Bench) -> None:
    """That one, and no other."""
    counter = Counter.opened(bench)
    held = counter.let_in(hold=True)
    counter.fed(counter.draft(title="Entretien pharmaceutique diabète"))
    counter.subject.ask("open_again")
    counter.fed(counter.draft(title="Entretien pharmaceutique anticoagulants"))
    counter.expect_state(held, "held")
    expect_equal(len(taken(bench)), 2, "documents reçus par le DMP, le premier étant retenu")
    counter.done("outbox.retry", id=held)
    counter.runs()
    counter.expect_state(held, "sent")


@checks(
    "dmp.rules.sensitive",
    "R23",
    purpose="Certains certificats mettent en danger celui dont ils parlent : quelqu’un décide de chacun.",
    steps=("donner un certificat médical, faire avancer la file",),
    expected="retenu avec une question, sans rien demander au DMP",
    mend="retenir les types sensibles, quel que soit leur canal",
    film="un certificat retenu, et la question",
    kinds=PLUGIN_KINDS,
)
def sensitive(bench: Bench) -> None:
    """Never by itself."""
    counter = Counter.opened(bench)
    receipt = counter.sends(counter.draft(document_type=CERTIFICATE, title="Certificat médical"))
    expect_equal(receipt["state"], "held", "état d’un certificat médical")
    expect(receipt["question"] and receipt["question"]["choices"], "aucune question n’est posée")
    counter.later()
    expect_nothing_fed(bench, "certificat médical")


def _expect_blocked(counter: Counter, draft: Row, what: str) -> None:
    receipt = counter.sends(draft)
    expect(receipt["id"] is None and receipt["verdict"] == "block", f"{what} : accepté ({receipt['verdict']})")
    expect(codes(receipt) and all(one["text"] for one in receipt["reasons"]), f"{what} : refusé sans raison")
