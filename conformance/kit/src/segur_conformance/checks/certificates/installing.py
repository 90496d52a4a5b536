"""The certificate that came: checked against key and order, installed beside the former one, taken back."""

from datetime import timedelta
from typing import Final

from cryptography import x509

from segur_conformance.checks.certificates.acts import Act
from segur_conformance.checks.certificates.judging import (
    expect_refused,
    expect_usable,
    fingerprint,
    row,
    started,
)
from segur_conformance.checks.certificates.material import INSI_AUTO, OTHER_FINESS, Wanted, key, places
from segur_conformance.checks.certificates.national import asked_insi, companion_of_insi
from segur_conformance.checks.certificates.orders import Order, typed_at
from segur_conformance.checks.certificates.platform import Platform
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_sandbox.pki.authorities import PERSONNES

checks = CheckSet()

HOUR: Final = timedelta(hours=1)
_FILM: Final = "l’installation et le renouvellement d’un certificat"


@checks(
    "certificates.installing.served",
    "S003-19",
    "S003-17",
    purpose="Du formulaire au premier appel : le certificat commandé ici sert à INSi, sans aucune carte.",
    steps=(
        "commander sur la plateforme avec la demande (CSR) de ce poste, retirer, donner le certificat au logiciel",
        "interroger INSi par un automate",
    ),
    expected="le certificat est en service, utilisable, et c’est celui que présente l’appel à INSi",
    mend="vérifier le certificat, puis l’installer à côté de sa clé (ctx.keyring.install)",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def served(bench: Bench) -> None:
    """From the order to the first call."""
    companion_of_insi(bench)
    platform = Platform(bench)
    order = Order.requested(bench)
    number = platform.ordered(order.csr, order.name)
    order.does(Act.WITHDRAWN, **order.withdrawal())
    came = platform.withdrawn(number)
    order.installs(came)
    leaf = x509.load_pem_x509_certificate(came)
    found = row(order.subject, order.use)
    expect_equal(found["serial"], _serial(leaf), "certificat en service")
    expect_usable(found, "certificat en service")
    expect_equal(_shown_to_insi(order), _serial(leaf), "certificat vu d’INSi")
    order.does(Act.CONFIRMED)
    expect_equal(order.stands["step"], None, "étape d’une commande terminée")


@checks(
    "certificates.installing.another-key",
    "S003-19",
    purpose="Un certificat d’une autre clé ne servira jamais ici : le dire avant d’installer.",
    steps=("donner un certificat exact, mais d’une autre clé", "donner le certificat de la demande"),
    expected="le premier est refusé et rien n’est installé ; le second est en service",
    mend="comparer la clé publique du certificat à celle de la demande",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def another_key(bench: Bench) -> None:
    """Right in everything but its key."""
    order = Order.withdrawn(bench)
    before = order.serving
    refused = order.gives(order.certified(public=key("une autre").public_key()))
    expect_refused(refused, "certificat d’une autre clé")
    expect_equal(order.serving, before, "clé en service après un refus")
    order.installs(order.certified())


@checks(
    "certificates.installing.another-order",
    "S003-19",
    "S003-14",
    "CERT-09",
    purpose="Une erreur de saisie sur la plateforme se voit au retour du certificat, avant la mise en service.",
    steps=(
        "donner pour la bonne clé un certificat d’un autre nom, d’une autre structure, d’un autre usage",
        "d’une autre autorité, d’un inconnu, déjà terminé",
        "donner le certificat commandé",
    ),
    expected="tous sont refusés avec la raison, et rien n’est installé ; le dernier est en service",
    mend="comparer nom, structure, usage, émetteur et dates à la commande ; vérifier la chaîne",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def another_order(bench: Bench) -> None:
    """The right key, and one thing wrong."""
    order = Order.withdrawn(bench)
    before = order.serving
    wrong = {
        "un autre nom": Wanted(name="INSI-MANU"),
        "une autre structure": Wanted(name=INSI_AUTO, unit=OTHER_FINESS),
        "un autre usage": Wanted(name=INSI_AUTO, usage="SIGN"),
        "une autre autorité": Wanted(name=INSI_AUTO, authority=PERSONNES),
        "un terme passé": Wanted.ending_in(-HOUR, name=INSI_AUTO),
    }
    for what, wanted in wrong.items():
        expect_refused(order.gives(order.certified(wanted)), f"certificat pour {what}")
    expect_equal(order.serving, before, "clé en service après des refus")
    order.installs(order.certified())


@checks(
    "certificates.installing.readable",
    "S003-19",
    purpose="Le fichier qui arrive est parfois coupé, vide, ou n’est pas un certificat.",
    steps=("donner des octets quelconques, un certificat coupé, une clé privée", "donner le certificat commandé"),
    expected="chacun est refusé avec sa raison ; le dernier est en service",
    mend="lire DER, PEM et PKCS#7 avec des limites ; refuser une clé privée",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def readable(bench: Bench) -> None:
    """What is no certificate is told apart from a wrong one."""
    order = Order.withdrawn(bench)
    good = order.certified()
    for what, content in {
        "des octets quelconques": bytes(range(256)) * 4,
        "un certificat coupé": good[: len(good) // 3],
        "du texte": b"bonjour\n",
    }.items():
        expect_refused(order.gives(content), f"fichier : {what}")
    order.installs(good)


@checks(
    "certificates.installing.renewed",
    "S003-22",
    purpose="Renouveler ne coupe rien : l’ancien certificat sert jusqu’à ce que le nouveau soit en place.",
    steps=(
        "renouveler un certificat qui se termine dans vingt jours, mener la demande jusqu’au retrait",
        "installer le nouveau, puis confirmer",
    ),
    expected="l’ancien est en service jusqu’à l’installation ; le nouveau a une autre clé ; confirmé, il reste seul",
    mend="faire la nouvelle clé à côté de l’ancienne ; ne retirer l’ancienne qu’après confirmation",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def renewed(bench: Bench) -> None:
    """The former one serves until the new one does."""
    order, first = Order.in_service(bench)
    order.renewed_to_the_withdrawal()
    expect_equal(order.serving, first, "clé en service pendant le renouvellement")
    new = order.key
    expect(new != first, "le renouvellement emploie l’ancienne clé")
    order.installs(order.certified())
    expect_equal(order.serving, new, "clé en service après l’installation")
    order.does(Act.CONFIRMED)
    expect(not order.can_take_back, "l’ancienne clé peut encore servir après confirmation")


@checks(
    "certificates.installing.rolled-back",
    "S003-22",
    purpose="Si le nouveau certificat ne passe pas chez un service, l’ancien revient en une action.",
    steps=("renouveler et installer", "revenir à l’ancien, y compris dans un hôte rouvert", "réinstaller le nouveau"),
    expected="l’ancien sert de nouveau, puis le nouveau ; aucune clé n’est perdue",
    mend="garder l’ancienne clé jusqu’à la confirmation (ctx.keyring.take_back)",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def rolled_back(bench: Bench) -> None:
    """Back to the former, and on again."""
    order, first = Order.in_service(bench)
    order.renewed_to_the_withdrawal()
    second, came = order.key, order.certified()
    order.installs(came)
    order.does(Act.ROLLED_BACK)
    expect_equal(order.serving, first, "clé en service après le retour")
    order.subject.ask("open_again")
    expect_equal(order.serving, first, "clé en service après le retour, hôte rouvert")
    order.installs(came)
    expect_equal(order.serving, second, "clé en service, nouveau certificat réinstallé")


@checks(
    "certificates.installing.no-way-back",
    "S003-22",
    "CERT-07",
    purpose="Revenir à un certificat terminé couperait le service qu’on veut rétablir.",
    steps=(
        "renouveler un certificat et installer le nouveau",
        "avancer l’horloge au-delà du terme de l’ancien",
        "revenir",
    ),
    expected="le retour est refusé avec la raison ; le nouveau reste en service",
    mend="comparer le terme de l’ancien certificat à l’heure",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def no_way_back(bench: Bench) -> None:
    """Not to one that ended."""
    order, _ = Order.in_service(bench)
    order.renewed_to_the_withdrawal()
    second = order.key
    order.installs(order.certified())
    order.subject.ask("clock", step_s=timedelta(days=21).total_seconds())
    expect_refused(order.tries(Act.ROLLED_BACK), "retour à un certificat terminé")
    expect_equal(order.serving, second, "clé en service après un retour refusé")


@checks(
    "certificates.installing.over-a-file",
    "S003-22",
    "S003-19",
    purpose="Le premier renouvellement part d’un fichier que l’administrateur avait configuré.",
    steps=(
        "configurer un fichier en service, interroger INSi",
        "commander son remplaçant, l’installer, interroger INSi ; revenir, interroger INSi",
    ),
    expected="INSi voit le nouveau dès l’appel qui suit l’installation, et l’ancien dès celui qui suit le retour",
    mend="faire passer la clé du magasin devant celle du fichier",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def over_a_file(bench: Bench) -> None:
    """A key of the store takes the place of a file."""
    companion_of_insi(bench)
    with places(bench) as where:
        ends = Wanted.ending_in(timedelta(days=20), name=INSI_AUTO)
        order = Order(bench, started(bench, {"insi-auto": where.of("insi-auto", ends)}, answers=typed_at(bench)))
        order.renewed_to_the_withdrawal()
        file, new = fingerprint(where.key("insi-auto").public_key()), order.key
        first, came = _shown_to_insi(order), order.certified()
        expect_equal(order.serving, file, "clé en service pendant le renouvellement")
        order.installs(came)
        expect_equal(order.serving, new, "clé en service après l’installation")
        second = _shown_to_insi(order)
        expect_equal(second, _serial(x509.load_pem_x509_certificate(came)), "certificat vu d’INSi")
        order.does(Act.ROLLED_BACK)
        expect_equal(order.serving, file, "clé en service après le retour")
        expect_equal(_shown_to_insi(order), first, "certificat vu d’INSi après le retour")


def _shown_to_insi(order: Order) -> str:
    """Call INSi, and return the serial number of the certificate that it saw."""
    answer = asked_insi(order.subject, automatic=True)
    expect(answer.failure is None, f"INSi par le certificat en service : {answer.failure}")
    return str(order.bench.sandbox.exchanges("insi")[-1]["client"]["serial"]).upper().lstrip("0")


def _serial(leaf: x509.Certificate) -> str:
    return f"{leaf.serial_number:X}"
