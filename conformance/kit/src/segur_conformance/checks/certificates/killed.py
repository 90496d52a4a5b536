"""The process that is killed: after each step, and at every moment of what touches keys. The next one goes on."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from segur_conformance.checks.certificates.acts import Act, to_the_platform
from segur_conformance.checks.certificates.judging import encoded
from segur_conformance.checks.certificates.orders import WITHDRAWAL, Order
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer

checks = CheckSet()

_FILM: Final = "rien à filmer"
NAMED_BY: Final = 16
"""How many characters of its fingerprint a key is named by where the host keeps it."""


@checks(
    "certificates.killed.steps",
    "KIT-CERT-04",
    "KIT-CERT-02",
    purpose="Une coupure de courant au milieu d’une démarche de plusieurs semaines n’en efface aucune étape.",
    steps=(
        "mener une commande jusqu’à la plateforme, le processus étant tué (SIGKILL) après chaque action",
        "refaire cette action dans le processus suivant, puis continuer",
    ),
    expected="chaque action tient ; la refaire ne change rien",
    mend="écrire l’état avant de répondre (ctx.store) ; accepter la même action une seconde fois",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def steps(bench: Bench) -> None:
    """What was answered is written down."""
    order = Order.begun(bench)
    stands = order.stands
    done = [_look(order), *(_action(order, kind, **fields) for kind, fields in to_the_platform())]
    lives = _told(order.subject.ask("lives", lives=[list(pair) for pair in pairwise(done)]))
    for asked, (before, now) in zip(done[1:], lives, strict=True):
        kind = asked["action"]["kind"]
        expect(before["error"] is None, f"avant {kind} : l’action d’avant est refusée ({before['error']})")
        expect_equal(before["value"], stands, f"commande avant {kind}, après une coupure")
        expect(now["error"] is None, f"{kind}, après une coupure : refusé ({now['error']})")
        stands = now["value"]
    expect_equal(order.stands, stands, "commande à la porte de la plateforme")
    expect_equal(order.does(Act.PRODUCT_REQUESTED, **order.product())["step"], WITHDRAWAL, "étape après la demande")


@checks(
    "certificates.killed.request",
    "KIT-CERT-04",
    "S003-17",
    purpose="Une clé faite deux fois, c’est une demande (CSR) déposée dont le certificat ne servira jamais.",
    steps=("demander le produit, le processus étant tué à chaque moment où il écrit, puis laisser faire",),
    expected="jamais deux clés ; à la fin une seule, celle de la demande rendue, et son certificat s’installe",
    mend="reprendre la clé qui attend, ou la détruire avant d’en faire une autre",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def request(bench: Bench) -> None:
    """One key, however often its making was cut short."""
    order = Order.habilitated(bench)
    for moment, _, kept in _cut_everywhere(order, _action(order, Act.PRODUCT_REQUESTED, **order.product()), "demande"):
        expect(len(kept) <= 1, f"{moment} : {len(kept)} clés pour une demande")
    expect_equal(_kept(order), _named(order.key), "clés gardées, et celle de la demande")
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
    withdrawn = _action(order, Act.WITHDRAWN, **order.withdrawal())
    for what, asked in (("retrait", withdrawn), ("installation", _installation(order, came))):
        for moment, serving, kept in _cut_everywhere(order, asked, what):
            expect_equal(kept, _named(key), f"{moment}, clés gardées")
            expect(serving in {None, key}, f"{moment} : une autre clé est en service")
    expect_equal(order.serving, key, "clé en service")
    order.does(Act.CONFIRMED)
    expect_equal(order.stands["step"], None, "étape d’une commande terminée")


@checks(
    "certificates.killed.renewal",
    "KIT-CERT-04",
    "S003-22",
    purpose="Pendant un renouvellement deux clés comptent : l’une des deux sert à tout moment, quoi qu’il arrive.",
    steps=(
        "renouveler et installer, puis revenir, le processus étant tué à chaque moment où il écrit",
        "réinstaller, puis confirmer de même",
    ),
    expected="l’une des deux est toujours en service ; aucune n’est perdue avant la confirmation ; la nouvelle reste",
    mend="garder l’ancienne clé jusqu’à la confirmation ; remplacer d’un seul coup ce qui dit quelle clé sert",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def renewal(bench: Bench) -> None:
    """One of the two serves at every moment."""
    order, first = Order.in_service(bench)
    order.renewed_to_the_withdrawal()
    second, came = order.key, order.certified()
    installed, back = _installation(order, came), _action(order, Act.ROLLED_BACK)
    for what, asked, serves in (("installation", installed, second), ("retour", back, first)):
        for moment, serving, kept in _cut_everywhere(order, asked, what):
            expect_equal(kept, _named(first, second), f"{moment}, clés gardées")
            expect(serving in {first, second}, f"{moment} : aucune des deux clés n’est en service")
        expect_equal(order.serving, serves, f"clé en service, {what}")
    order.installs(came)
    for moment, serving, kept in _cut_everywhere(order, _action(order, Act.CONFIRMED), "confirmation"):
        expect_equal(serving, second, f"{moment}, clé en service")
        expect(set(_named(second)) <= {*kept}, f"{moment} : la clé en service n’est plus gardée")
    expect_equal(order.stands["step"], None, "étape d’une commande terminée")
    expect(not order.can_take_back, "l’ancienne clé peut encore servir après confirmation")


def _look(order: Order) -> dict[str, Any]:
    return {"op": "order", "use": order.use}


def _action(order: Order, kind: Act, **fields: Any) -> dict[str, Any]:
    return {**_look(order), "action": {"kind": kind, **fields}}


def _installation(order: Order, content: bytes) -> dict[str, Any]:
    return {"op": "install", "use": order.use, "certificates": encoded(content)}


def _cut_everywhere(order: Order, asked: Mapping[str, Any], what: str) -> Iterator[tuple[str, str | None, list[str]]]:
    """Have something carried out by processes that are killed at each of its moments in turn, until it is done.

    Yields:
        For each process what is found when it begins, and at the end: when, the key that serves, those that are kept.
    """
    first = [{"op": "references"}, {"op": "keys_kept", "use": order.use}]
    lives = _told(order.subject.ask("cut_everywhere", first=first, request=asked))
    for number, (references, kept, *_) in enumerate(lives):
        for found in (references, kept):
            expect(found["error"] is None, f"{what}, après {number} coupures : rien n’est lisible ({found['error']})")
        serving = references["value"].get(order.use) or {}
        yield f"{what}, après {number} coupures", serving.get("public_key"), kept["value"]
    *_, done = lives[-1]
    expect(len(lives) > 1, f"{what} : rien n’est écrit")
    expect(len(lives[-1]) > len(first), f"{what} : n’aboutit jamais")
    expect(done["error"] is None, f"{what}, après {len(lives) - 1} coupures : refusé ({done['error']})")
    yield f"{what}, à la fin", order.serving, _kept(order)


def _told(answer: Answer) -> list[list[dict[str, Any]]]:
    expect(answer.error is None, f"l’hôte ne s’ouvre plus après une coupure ({answer.error})")
    found: list[list[dict[str, Any]]] = answer.value
    return found


def _kept(order: Order) -> list[str]:
    found: list[str] = order.subject.ask("keys_kept", use=order.use).value
    return found


def _named(*keys: str) -> list[str]:
    return sorted(key[:NAMED_BY] for key in keys)
