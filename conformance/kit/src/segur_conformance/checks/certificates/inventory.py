"""What each certificate is: offer, usage, structure, environment, end; and what cannot be read."""

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.x509.oid import NameOID

from segur_conformance.checks.certificates.judging import (
    expect_blocked,
    expect_told,
    expect_usable,
    moment,
    row,
    rows,
    started,
)
from segur_conformance.checks.certificates.material import OTHER_FINESS, UNIT, Wanted, authorities, places
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_sandbox.pki.authorities import PERSONNES, name_of
from segur_sandbox.pki.card_leaves import CardLeafRequest, issue_card_leaf

checks = CheckSet()

_STRUCTURES: Final = {
    "finess": "10B0152872",
    "siret": "341930067800069",
    "rpps-rang": "499700367909006",
}
_UNKNOWN: Final = "90B0152872"
_HOLDER: Final = name_of(
    (NameOID.COUNTRY_NAME, "FR"),
    (NameOID.TITLE, "Pharmacien"),
    (NameOID.GIVEN_NAME, "CAROLE"),
    (NameOID.COMMON_NAME, "899700075122"),
    (NameOID.SURNAME, "PHARMACH0007512"),
)
"""As a published test card names its holder."""
_PHARMACIST: Final = 21
_WRONG_DIGIT: Final = "10B0152873"


@checks(
    "certificates.inventory.what-each-is",
    "CERT-04",
    "CERT-09",
    purpose="Savoir ce qu’est chaque certificat évite de chercher une panne là où il n’y en a pas.",
    steps=(
        "configurer un certificat ORG d’authentification, un de signature, un de chiffrement, un de serveur",
        "demander l’inventaire",
    ),
    expected="pour chacun l’offre, l’usage, la structure, l’environnement, le nom et les jours restants",
    mend="lire KeyUsage, ExtendedKeyUsage, l’émetteur et le sujet de chaque certificat",
    film="l’inventaire des certificats",
    kinds=PLUGIN_KINDS,
)
def what_each_is(bench: Bench) -> None:
    """Offer, usage, structure, environment, name and end of each."""
    wanted = {
        "essai-auth": (Wanted(), "ORG", "AUTH_CLI"),
        "essai-sign": (Wanted(usage="SIGN"), "ORG", "SIGN"),
        "essai-conf": (Wanted(usage="CONF"), "ORG", "CONF"),
        "essai-serveur": (Wanted(name="localhost", usage="SSL_SERV"), "SERV", "SSL_SERV"),
    }
    with places(bench) as where:
        found = rows(started(bench, {use: where.of(use, one) for use, (one, _, _) in wanted.items()}))
    expect_equal(sorted(found), sorted(wanted), "certificats de l’inventaire")
    for use, (one, offer, usage) in wanted.items():
        told = found[use]
        expect_equal(told["offer"], offer, f"{use}, offre")
        expect_equal(tuple(told["usage"]), (usage,), f"{use}, usage")
        expect_equal(told["structure"], UNIT, f"{use}, structure")
        expect_equal(told["environment"], "test", f"{use}, environnement")
        expect_equal(told["common_name"], one.name, f"{use}, nom")
        left = (moment(told["not_after"]) - datetime.now(UTC)) / timedelta(days=1)
        expect(left <= told["days_left"] < left + 1, f"{use} : {told['days_left']} jours restants, {left:.1f} à courir")
        expect_usable(told, use)


@checks(
    "certificates.inventory.structure",
    "CERT-04",
    "S003-02",
    purpose="Le certificat nomme la structure : FINESS, SIRET ou RPPS-rang, selon son premier chiffre.",
    steps=("configurer un certificat de chacun des trois types, et un d’un type inconnu", "demander l’inventaire"),
    expected="l’identifiant est rendu avec son type pour les trois ; pour le quatrième aucun n’est rendu, et c’est dit",
    mend="lire OU : 1 FINESS, 3 SIRET, 4 RPPS-rang, et rien d’autre",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def structure(bench: Bench) -> None:
    """Three types of structure, and no other."""
    wanted = {**_STRUCTURES, "inconnu": _UNKNOWN}
    with places(bench) as where:
        keys = {f"essai-{name}": where.of(f"essai-{name}", Wanted(unit=unit)) for name, unit in wanted.items()}
        found = rows(started(bench, keys))
    for name, unit in _STRUCTURES.items():
        expect_equal(found[f"essai-{name}"]["structure"], unit, f"structure, {name}")
    unknown = found["essai-inconnu"]
    expect_equal(unknown["structure"], None, "structure d’un type inconnu")
    notices = [one["notice"] for one in unknown["findings"] if one["severity"] != "ok"]
    expect(notices, "structure d’un type inconnu : rien ne le dit")
    expect_told(notices, "structure d’un type inconnu")


@checks(
    "certificates.inventory.check-digit",
    "CERT-05",
    "S003-03",
    purpose="Une faute de frappe dans le FINESS du certificat se voit à sa clé ; hors production, elle ne bloque rien.",
    steps=("configurer un certificat au FINESS juste, et un dont le dernier chiffre est faux", "demander l’inventaire"),
    expected="le second est signalé, et reste utilisable en test",
    mend="vérifier la clé de Luhn de l’identifiant, lettres de Corse comprises",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def check_digit(bench: Bench) -> None:
    """A wrong check digit is told, and blocks nothing outside production."""
    with places(bench) as where:
        keys = {
            # Neither is of the structure that the host is of, which is told of both.
            "essai-juste": where.of("essai-juste", Wanted(unit=OTHER_FINESS)),
            "essai-faux": where.of("essai-faux", Wanted(unit=_WRONG_DIGIT)),
        }
        found = rows(started(bench, keys))
    right, wrong = found["essai-juste"], found["essai-faux"]
    more = {one["notice"]["code"] for one in wrong["findings"]} - {one["notice"]["code"] for one in right["findings"]}
    expect(more, "FINESS à la clé fausse : rien ne le dit")
    expect_usable(wrong, "FINESS à la clé fausse")


@checks(
    "certificates.inventory.any-order",
    "CERT-03",
    purpose="L’ordre des parties d’un nom varie d’un certificat à l’autre : on lit par type, jamais par place.",
    steps=(
        "configurer un certificat de personne dont une partie du nom a plusieurs attributs, et un de carte CPS",
        "demander l’inventaire",
    ),
    expected="les noms (CN) sont rendus, la carte est reconnue, et aucun n’est pris pour celui d’une structure",
    mend="chercher chaque attribut du sujet par son OID",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def any_order(bench: Bench) -> None:
    """A name whose last part holds three attributes."""
    fort = authorities(bench).fort_personnes()
    card = issue_card_leaf(CardLeafRequest(_HOLDER, "8025000001/2800636234", 0, profession=_PHARMACIST), "SIG", fort)
    with places(bench) as where:
        keys = {
            "essai-personne": where.kind("name-part-order"),
            "essai-carte": where.put("essai-carte", card, fort.certificate),
        }
        found = rows(started(bench, keys))
    for use in keys:
        expect_equal(found[use]["common_name"], "899700075122", f"nom, {use}")
        expect_equal(found[use]["structure"], None, f"structure, {use}")
        expect(found[use]["offer"] not in {"ORG", "SERV"}, f"offre, {use} : {found[use]['offer']}")
    told = found["essai-carte"]
    expect_equal((told["offer"], told["environment"]), ("CPx", "test"), "offre et environnement de la carte")


@checks(
    "certificates.inventory.unreadable",
    "CERT-11",
    purpose="Un fichier abîmé ou un mauvais mot de passe ne doit pas cacher les autres certificats.",
    steps=(
        "configurer un certificat exact, un fichier coupé, un fichier quelconque, une clé qui n’est pas la sienne",
        "demander l’inventaire",
    ),
    expected="une ligne pour chacun ; les mauvais sont bloqués avec leur raison, le bon est utilisable",
    mend="juger chaque certificat à part ; rendre la raison que donne l’hôte (problem)",
    film="l’inventaire avec un mauvais mot de passe",
    kinds=PLUGIN_KINDS,
)
def unreadable(bench: Bench) -> None:
    """What cannot be read is a row too."""
    bad = ("truncated", "noise", "mismatched")
    with places(bench) as where:
        keys = {f"essai-{kind}": where.kind(kind) for kind in bad if kind == "mismatched"}
        for kind in bad[:2]:
            files = bench.sandbox.make_material(kind, where.folder / kind)["files"]
            right = where.of(f"essai-{kind}", Wanted())
            keys[f"essai-{kind}"] = {**right, "cert": str(files["cert.pem"])}
        password = where.role("org-sign")["password"]
        keys["essai-mot-de-passe"] = {**where.role("org-auth"), "password": password}
        keys["essai-bon"] = where.of("essai-bon", Wanted())
        found = rows(started(bench, keys))
    expect_equal(sorted(found), sorted(keys), "certificats de l’inventaire")
    expect_usable(found["essai-bon"], "certificat exact parmi d’autres")
    for use in keys:
        if use != "essai-bon":
            expect_blocked(found[use], use)


@checks(
    "certificates.inventory.weak",
    "CERT-13",
    purpose="Une clé trop courte ou une signature dépassée se contrefont.",
    steps=("configurer un certificat signé avec SHA-1, et un dont la clé a 1024 bits", "demander l’inventaire"),
    expected="les deux sont bloqués, avec la raison",
    mend="refuser RSA de moins de 2048 bits, MD5 et SHA-1",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def weak(bench: Bench) -> None:
    """A short key, and a signature that no longer protects."""
    with places(bench) as where:
        found = rows(started(bench, {f"essai-{kind}": where.kind(kind) for kind in ("sha1", "rsa-1024", "good")}))
    expect_usable(found["essai-good"], "certificat exact")
    expect_blocked(found["essai-sha1"], "signature SHA-1")
    expect_blocked(found["essai-rsa-1024"], "clé de 1024 bits")


@checks(
    "certificates.inventory.server",
    "CERT-10",
    "SC.MSS/CONF.27",
    purpose="Un serveur de messagerie de santé n’a de certificat que de l’autorité ELEMENTAIRE ORGANISATIONS.",
    steps=(
        "configurer pour un serveur MSSanté un certificat de cette autorité, puis d’une autre du même arbre",
        "demander l’inventaire",
    ),
    expected="le premier est utilisable, le second bloqué",
    mend="exiger l’émetteur du certificat de serveur",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def server(bench: Bench) -> None:
    """Only the one authority issues for servers of MSSanté."""
    right = Wanted(name="mail.exemple.invalid", usage="SSL_SERV")
    wrong = Wanted(name="mail.exemple.invalid", usage="SSL_SERV", authority=PERSONNES)
    with places(bench) as where:
        expect_usable(
            row(started(bench, {"mss-server": where.of("mss-server", right)}), "mss-server"), "bonne autorité"
        )
        expect_blocked(
            row(started(bench, {"mss-server": where.of("mss-server", wrong)}), "mss-server"), "autre autorité"
        )


@checks(
    "certificates.inventory.same-environment",
    "CERT-02",
    purpose="Un certificat de production en test, ou l’inverse, ouvre ou ferme les mauvaises portes.",
    steps=("configurer un certificat de l’arbre de production dans une installation de test", "demander l’inventaire"),
    expected="il est bloqué, avec la raison, et n’est jamais dit de test",
    mend="comparer l’arbre de l’émetteur à l’environnement de l’installation",
    film="le refus d’un certificat de l’autre environnement",
    kinds=PLUGIN_KINDS,
)
def same_environment(bench: Bench) -> None:
    """A certificate of the other tree."""
    with places(bench) as where:
        found = row(started(bench, {"essai": where.kind("other-tree")}), "essai")
    expect(found["environment"] != "test", "un certificat de production est dit de test")
    expect_blocked(found, "certificat de production en test")
