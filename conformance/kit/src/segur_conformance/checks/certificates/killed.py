"""The process that is killed: after each step, and at every moment of what touches keys. The next one goes on."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from segur_conformance.checks.certificates.acts import Act, to_the_platform
from segur_conformance.checks.certificates.judging import encoded, expect_accepted
from segur_conformance.checks.certificates.orders import Order
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

MOST_POINTS: Final = 60
_FILM: Final = "rien à filmer"


@checks(
    "certificates.killed.steps",
    "KIT-CERT-04",
    "KIT-CERT-02",
    purpose="Une coupure de courant au milieu d’une démarche de plusieurs semaines n’en efface aucune étape.",
    steps=(
        "mener une commande jusqu’à la plateforme, le processus étant tué (SIGKILL) après chaque action",
        "regarder l’état dans un autre processus, refaire l’action",
    ),
    expected="chaque action tient ; la refaire ne change rien",
    mend="écrire l’état avant de répondre (ctx.store) ; accepter la même action une seconde fois",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def steps(bench: Bench) -> None:
    """What was answered is written down."""
    order = Order.begun(bench)
    for kind, fields in to_the_platform():
        before = order.stands
        cut = _cut(order, _action(order, kind, **fields))
        expect(cut["killed"], f"{kind} : le processus s’est arrêté sans avoir été tué ({cut['status']})")
        stands = order.stands
        expect(stands != before, f"{kind} : rien n’en reste après la coupure")
        expect_equal(order.does(kind, **fields), stands, f"commande après {kind} une seconde fois")
    expect_equal(order.does(Act.PRODUCT_REQUESTED, **order.product())["step"], 10, "étape après la demande")


@checks(
    "certificates.killed.request",
    "KIT-CERT-04",
    "S003-17",
    purpose="Une clé faite deux fois, c’est une demande (CSR) déposée dont le certificat ne servira jamais.",
    steps=("demander le produit, le processus étant tué à chaque moment où il écrit, puis laisser faire",),
    expected="à la fin une seule clé, celle de la demande rendue ; jamais deux entre-temps ; elle s’installe",
    mend="nommer la clé dans l’état avant d’en faire une autre ; reprendre celle qui attend",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def request(bench: Bench) -> None:
    """One key, however often its making was cut short."""
    order = Order.habilitated(bench)

    def one_at_most(when: str) -> None:
        expect(len(_kept(order)) <= 1, f"{when} : plusieurs clés pour une demande")

    asked = _action(order, Act.PRODUCT_REQUESTED, **order.product())
    _cut_everywhere(order, asked, "demande du produit", one_at_most)
    expect_equal(_kept(order), [order.key[:16]], "clés gardées, et celle de la demande")
    order.does(Act.WITHDRAWN, **order.withdrawal())
    order.installs(order.certified())


@checks(
    "certificates.killed.install",
    "KIT-CERT-04",
    "S003-19",
    purpose="Une coupure pendant l’installation ne doit ni perdre la clé, ni laisser la commande sans issue.",
    steps=(
        "retirer, puis installer le certificat, le processus étant tué à chaque moment où il écrit",
        "laisser faire, puis confirmer",
    ),
    expected="la clé est toujours là, seule ; le même fichier s’installe ensuite, et il est en service",
    mend="remplacer d’un seul coup ce qui dit quelle clé sert ; accepter le même certificat une seconde fois",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def install(bench: Bench) -> None:
    """That key, and no other, at every moment."""
    order = Order.requested(bench)
    key, came = order.key, order.certified()

    def there(when: str) -> None:
        expect_equal(_kept(order), [key[:16]], f"{when}, clés gardées")
        expect(order.serving in {None, key}, f"{when} : une autre clé est en service")

    withdrawn = _action(order, Act.WITHDRAWN, **order.withdrawal())
    _cut_everywhere(order, withdrawn, "retrait", there)
    _cut_everywhere(order, _installation(order, came), "installation", there)
    expect_equal(order.serving, key, "clé en service")
    order.does(Act.CONFIRMED)
    expect_equal(order.stands["step"], None, "étape d’une commande terminée")


@checks(
    "certificates.killed.renewal",
    "KIT-CERT-04",
    "S003-22",
    purpose="Pendant un renouvellement deux clés comptent : l’une des deux sert à tout moment, quoi qu’il arrive.",
    steps=(
        "renouveler, installer, revenir, réinstaller et confirmer",
        "le processus étant tué à chaque moment où il écrit",
    ),
    expected="l’une des deux est toujours en service ; aucune n’est perdue avant la confirmation ; ensuite la nouvelle",
    mend="garder l’ancienne clé jusqu’à la confirmation ; remplacer d’un seul coup ce qui dit quelle clé sert",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def renewal(bench: Bench) -> None:
    """One of the two serves at every moment."""
    order, first = Order.in_service(bench)
    order.renewed_to_the_withdrawal()
    second, came = order.key, order.certified()

    def both(when: str) -> None:
        expect_equal(_kept(order), sorted([first[:16], second[:16]]), f"{when}, clés gardées")
        expect(order.serving in {first, second}, f"{when} : aucune des deux clés n’est en service")

    def the_new(when: str) -> None:
        expect_equal(order.serving, second, f"{when}, clé en service")
        expect(second[:16] in _kept(order), f"{when} : la clé en service a disparu")

    for what, asked, serves in (
        ("installation", _installation(order, came), second),
        ("retour", _action(order, Act.ROLLED_BACK), first),
        ("réinstallation", _installation(order, came), second),
    ):
        _cut_everywhere(order, asked, what, both)
        expect_equal(order.serving, serves, f"clé en service, {what}")
    _cut_everywhere(order, _action(order, Act.CONFIRMED), "confirmation", the_new)
    expect_equal(order.stands["step"], None, "étape d’une commande terminée")
    expect_equal(_kept(order), [second[:16]], "clés gardées après la confirmation")


def _action(order: Order, kind: Act, **fields: Any) -> dict[str, Any]:
    return {"op": "order", "use": order.use, "action": {"kind": kind, **fields}}


def _installation(order: Order, content: bytes) -> dict[str, Any]:
    return {"op": "install", "use": order.use, "certificates": encoded(content)}


def _cut(order: Order, request: Mapping[str, Any], point: int | None = None) -> Mapping[str, Any]:
    return expect_accepted(order.subject.ask("cut_short", request=request, point=point), "reprise après une coupure")


def _cut_everywhere(order: Order, request: Mapping[str, Any], what: str, holds: Callable[[str], None]) -> None:
    """Have a request killed at each of its points in turn, and go on; then it has to be accepted."""
    for point in range(1, MOST_POINTS):
        cut = _cut(order, request, point)
        expect(not cut["refused"], f"{what}, repris après {point - 1} coupures : refusé")
        if not cut["killed"]:
            break
        holds(f"{what}, coupure {point}")
    holds(f"{what}, à la fin")
    expect(point > 1, f"{what} : rien n’est écrit")
    again = {name: value for name, value in request.items() if name != "op"}
    order.accepted(order.subject.ask(request["op"], **again), f"{what}, une fois de plus")


def _kept(order: Order) -> list[str]:
    """Return how the fingerprints begin of the keys that the host keeps for this order."""
    found: list[str] = order.subject.ask("keys_kept", use=order.use).value
    return found
