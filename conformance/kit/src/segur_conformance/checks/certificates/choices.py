"""What an order is of, and what is told on its way: the boxes of the form, and how a request is carried."""

from collections.abc import Mapping
from typing import Any, Final

from segur_conformance.checks.certificates.acts import Act
from segur_conformance.checks.certificates.judging import expect_refused, started
from segur_conformance.checks.certificates.material import Wanted
from segur_conformance.checks.certificates.orders import REQUEST, SUBMISSION, Order, typed_at
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

SERVER: Final = "serveur.pharmacie.invalid"
_BOXES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "server_domain": ("SSL_SERV", ("serv", "domaine")),
    "server_name": ("SSL_SERV", ("serv", "nom")),
    "server_mail": ("S/MIME", ("serv", "messagerie")),
    "pro": ("AUTH_CLI", ("pro", "personne physique")),
}
"""Box of the form → a usage of it, and words that stand beside it there."""
_TRANSPORT: Final = (("courriel",), ("conteneur",), ("chiffr",), ("autre voie", "autre canal", "second canal"))
"""What has to be said of how a request is carried: of each, one of these words."""


@checks(
    "certificates.steps.boxes",
    "S003-10",
    "S003-08",
    purpose="Un serveur, un domaine de messagerie ou une personne ne se commandent pas sous la case de la structure.",
    steps=(
        "commander sous chacune des autres cases du F413, lire la case à cocher",
        "commander sous elles pour INSi et pour le DMP ; mener celle d’un serveur jusqu’à l’installation",
    ),
    expected="une autre case à chaque fois ; elles sont refusées pour INSi et le DMP ; le certificat est en service",
    mend="déduire la case de la partie 4.3 de ce qui est commandé",
    film="le choix de la case du formulaire",
    kinds=PLUGIN_KINDS,
)
def boxes(bench: Bench) -> None:
    """Each box, its wording, and what it is not for."""
    ticked = []
    begun: list[Order] = []
    subject = started(bench, {}, answers=typed_at(bench))
    for rank, (box, (usage, words)) in enumerate(_BOXES.items()):
        order = Order(bench, subject, f"essai-{rank}", SERVER)
        order.accepted(order.asked(product={"box": box, "usage": usage, "service": "other"}), f"commande, {box}")
        form = order.leads_to(SUBMISSION)["form"]
        told = " ".join(one["value"] for one in form if one["part"] == "4.3").lower()
        expect(all(word in told for word in words), f"case de {box} : « {told} »")
        ticked.append(told)
        begun.append(order)
        for use, service in (("insi-auto", "insi-auto"), ("dmp-auth", "dmp")):
            refused = Order(bench, subject, use).asked(product={"box": box, "usage": usage, "service": service})
            expect_refused(refused, f"case {box} pour {service}")
    expect_equal(len({*ticked}), len(_BOXES), "nombre de cases différentes")
    server = begun[0]
    server.leads_to(REQUEST)
    server.does(Act.PRODUCT_REQUESTED, **server.product())
    server.does(Act.WITHDRAWN, **server.withdrawal())
    server.installs(server.certified(Wanted(name=SERVER, usage="SSL_SERV")))
    expect(server.serving is not None, "le certificat de serveur n’est pas en service")


@checks(
    "certificates.steps.transport",
    "S003-26",
    purpose="Qui change la demande (CSR) en chemin obtient le certificat pour sa propre clé.",
    steps=("mener une commande jusqu’à la demande", "lire ce qui est dit avec elle, et où le logiciel s’est connecté"),
    expected="jamais par courriel ; conteneur chiffré et second canal sont expliqués ; le logiciel ne l’envoie pas",
    mend="dire avec la demande comment la porter ; ne rien offrir qui l’envoie",
    film="ce que dit l’assistant avec la demande",
    kinds=PLUGIN_KINDS,
)
def transport(bench: Bench) -> None:
    """Told how to carry it, and carried nowhere."""
    order = Order.habilitated(bench)
    before = _connections(order)
    found = order.does(Act.PRODUCT_REQUESTED, **order.product())
    expect(found["csr"], "aucune demande (CSR) n’est rendue")
    said = [*found["to_do"], *(one[part] or "" for one in found["notices"] for part in ("text", "action"))]
    told = " ".join(said).lower()
    for words in _TRANSPORT:
        expect(any(word in told for word in words), f"avec la demande, rien n’est dit de : {' ou '.join(words)}")
    expect_equal(_connections(order), before, "connexions pendant la demande")


def _connections(order: Order) -> list[Any]:
    return list(order.subject.ask("observe").value["connects"])
