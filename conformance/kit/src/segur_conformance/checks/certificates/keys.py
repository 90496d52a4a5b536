"""Keys: one for each instance, in one place, encrypted; and the secrets that go with them, nowhere in clear."""

import json
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from segur_conformance.canaries import Canaries
from segur_conformance.checks.certificates.acts import Act
from segur_conformance.checks.certificates.judging import expect_blocked, expect_usable, rows, started
from segur_conformance.checks.certificates.material import INSI_MANU, Wanted, places
from segur_conformance.checks.certificates.national import asked_insi, companion_of_insi
from segur_conformance.checks.certificates.orders import Order, expect_serves
from segur_conformance.checks.certificates.platform import P12_PASSWORD, REVOCATION_CODE, Platform
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

_IN_CLEAR: Final = ("-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----")
_OF_THE_STORE: Final = "certificates/"


@checks(
    "certificates.keys.twice",
    "CERT-12",
    "R26",
    "S003-25",
    purpose="Une clé copiée sur une seconde instance ne peut plus être révoquée sans couper l’autre.",
    steps=(
        "configurer la même clé à deux endroits, pour INSi et pour un autre usage",
        "demander l’inventaire, puis interroger INSi",
    ),
    expected="les deux sont bloquées avec la raison ; INSi n’est pas appelé",
    mend="comparer les clés publiques de tous les emplacements",
    film="le refus d’une clé copiée",
    kinds=PLUGIN_KINDS,
)
def twice(bench: Bench) -> None:
    """One key in two places: neither serves."""
    companion_of_insi(bench)
    wanted = Wanted(name=INSI_MANU)
    with places(bench) as where:
        keys = {
            "insi-manu": where.of("insi-manu", wanted, "copiee"),
            "essai-copie": where.of("essai-copie", wanted, "copiee"),
            "essai-autre": where.of("essai-autre", Wanted()),
        }
        subject = started(bench, keys)
        found = rows(subject)
        answer = asked_insi(subject)
    expect_usable(found["essai-autre"], "clé d’un seul endroit")
    for use in ("insi-manu", "essai-copie"):
        expect_blocked(found[use], f"clé copiée, {use}")
    expect(answer.value is None and answer.failure, "INSi par une clé copiée : l’appel a abouti")
    expect_equal(len(bench.sandbox.exchanges("insi")), 0, "connexions à INSi par une clé copiée")


@checks(
    "certificates.keys.shared",
    "S003-24",
    "R26",
    purpose="Une même instance peut employer un certificat pour plusieurs services.",
    steps=("configurer un même fichier pour deux usages", "demander l’inventaire, puis interroger INSi"),
    expected="les deux sont utilisables, et INSi répond",
    mend="comparer les emplacements, pas les usages",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def shared(bench: Bench) -> None:
    """One file for two uses is one place."""
    companion_of_insi(bench)
    with places(bench) as where:
        table = where.of("insi-manu", Wanted(name=INSI_MANU))
        subject = started(bench, {"insi-manu": table, "essai": table})
        found = rows(subject)
        answer = asked_insi(subject)
    for use in ("insi-manu", "essai"):
        expect_usable(found[use], f"un fichier pour deux usages, {use}")
    expect(answer.failure is None, f"INSi par une clé à deux usages : {answer.failure}")


@checks(
    "certificates.keys.at-rest",
    "S003-30",
    "S003-17",
    "CERT-11",
    purpose="La clé privée ne sort pas de sa machine, et n’y est jamais en clair.",
    steps=("commander un certificat : la clé se fait sur ce poste", "regarder tout ce que l’hôte garde"),
    expected="aucune clé en clair ; aucun fichier du magasin lisible par un autre compte",
    mend="chiffrer la clé (PKCS#8), écrire avec le mode 0600",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def at_rest(bench: Bench) -> None:
    """Encrypted, and readable by the host alone."""
    order = Order.requested(bench)
    found = order.subject.ask("data", words=list(_IN_CLEAR)).value
    expect_equal(found["holding"], [], "fichiers qui contiennent une clé en clair")
    wide = [one for one in found["open"] if one.startswith(_OF_THE_STORE)]
    expect_equal(wide, [], "fichiers du magasin qu’un autre compte peut lire")


@checks(
    "certificates.keys.nowhere",
    "CERT-11",
    "S003-18",
    purpose="Le code de révocation et le mot de passe du fichier valent la clé : ils ne traînent nulle part.",
    steps=(
        "commander un certificat dont la plateforme fait la clé, taper code et mot de passe, l’installer",
        "les chercher sous toutes leurs formes dans les réponses, l’audit, les données et les sorties",
    ),
    expected="rien n’est trouvé ; le certificat est en service",
    mend="faire taper les secrets par l’hôte (ctx.keyring.seal) ; ne garder que leur référence",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def nowhere(bench: Bench) -> None:
    """Typed, used, and found nowhere."""
    secrets = (REVOCATION_CODE, P12_PASSWORD)
    platform = Platform(bench)
    order = Order.habilitated(bench)
    order.does(Act.PRODUCT_REQUESTED, **order.product(csr="platform"))
    number = platform.ordered(None, order.name)
    order.does(Act.WITHDRAWN, **order.withdrawal())
    product = platform.withdrawn(number, with_key=True)
    order.installs(product)
    subject, canaries = order.subject, Canaries(secrets)
    told = [order.told, subject.ask("certificates").value, subject.ask("observe").value]
    expect(not canaries.found_in(json.dumps(told, ensure_ascii=False).encode()), "un secret est dans une réponse")
    expect_equal(subject.ask("data", words=list(secrets)).value["holding"], [], "fichiers qui contiennent un secret")
    printed = b"\n".join(bench.record.printed.values())
    expect(not canaries.found_in(printed), "un secret est affiché")
    made = pkcs12.load_key_and_certificates(product, P12_PASSWORD.encode())[0]
    assert isinstance(made, rsa.RSAPrivateKey)
    expect_serves(order, made.public_key(), "PKCS#12 de la plateforme")
