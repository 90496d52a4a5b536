"""Whether a certificate was revoked: by lists, by the responder, and when neither can be had."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from segur_conformance.checks.certificates.acts import Act
from segur_conformance.checks.certificates.judging import (
    JOB_LISTS,
    RANK,
    expect_blocked,
    expect_usable,
    ran,
    row,
    started,
)
from segur_conformance.checks.certificates.material import places
from segur_conformance.checks.certificates.orders import PLATFORM, Order
from segur_conformance.checks.certificates.platform import Platform
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

ROLE: Final = "org-auth"
USE: Final = "essai"
LIST: Final = "crl:ACI-EL-ORG-TEST"
LIST_LIFE: Final = timedelta(days=7)
_LIES: Final = (
    "ocsp_wrong_signature",
    "ocsp_other_serial",
    "ocsp_wrong_nonce",
    "ocsp_late",
    "ocsp_future",
    "ocsp_delegate_without_purpose",
    "ocsp_delegate_expired",
    "ocsp_delegate_foreign",
    "ocsp_malformed",
    "ocsp_try_later",
    "ocsp_unauthorized",
)
_FILM: Final = "le message d’un certificat révoqué"


@checks(
    "certificates.revocation.list",
    "CERT-08",
    purpose="Un certificat révoqué ne vaut plus rien, même avant son terme.",
    steps=(
        "mettre à jour les listes, juger un certificat",
        "le révoquer chez l’autorité, mettre à jour les listes, le juger de nouveau, sans rien demander en ligne",
    ),
    expected="d’abord utilisable, puis bloqué avec la raison",
    mend="prendre la liste de l’autorité, la garder, y chercher le numéro du certificat",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def by_list(bench: Bench) -> None:
    """A list that is kept tells, without any question."""
    with places(bench) as where:
        subject = started(bench, {USE: where.role(ROLE)})
        expect_fetched(bench, subject)
        expect_equal(row(subject, USE)["status"], "ok", "certificat que la liste ne nomme pas")
        bench.sandbox.revoke(ROLE)
        expect_fetched(bench, subject)
        asked = len(bench.sandbox.exchanges("igc"))
        expect_blocked(row(subject, USE), "certificat que la liste nomme")
        expect_equal(
            len(bench.sandbox.exchanges("igc")), asked, "questions aux autorités pour un inventaire hors ligne"
        )


@checks(
    "certificates.revocation.responder",
    "CERT-08",
    purpose="Le répondeur (OCSP) sait une révocation avant la liste du lendemain.",
    steps=("rendre les listes indisponibles", "juger en ligne un certificat, le révoquer, le juger de nouveau"),
    expected="d’abord utilisable et connu, puis bloqué avec la raison",
    mend="demander au répondeur que nomme le certificat, et vérifier sa réponse",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def by_responder(bench: Bench) -> None:
    """The responder tells, where no list can be had."""
    with places(bench) as where:
        subject = started(bench, {USE: where.role(ROLE)}, settings={bench.plugin.id: {"revocation": "hard"}})
        bench.sandbox.fault("igc", "error5xx", operation=LIST)
        expect_usable(row(subject, USE, online=True), "certificat que le répondeur connaît")
        bench.sandbox.revoke(ROLE)
        expect_blocked(row(subject, USE, online=True), "certificat que le répondeur dit révoqué")


@checks(
    "certificates.revocation.kept",
    "CERT-08",
    "SC.MSS/CONF.22",
    "MSS/CONF.22",
    purpose="Une liste qui ne vient pas ne coupe pas le service : la dernière qui n’est pas expirée sert.",
    steps=(
        "mettre à jour les listes, l’un des certificats étant révoqué",
        "rendre les autorités indisponibles ; mettre à jour, puis rouvrir l’hôte sur ses données",
    ),
    expected="la mise à jour échoue et le dit ; le certificat bon reste connu comme bon, le révoqué reste bloqué",
    mend="ne remplacer une liste que par une bonne ; la garder chez l’hôte",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def kept(bench: Bench) -> None:
    """The last list goes on serving, in another host too."""
    with places(bench) as where:
        keys = {USE: where.role(ROLE), "essai-revoque": where.role("revoked")}
        subject = started(bench, keys)
        expect_fetched(bench, subject)
        bench.sandbox.fault("igc", "error5xx")
        expect(
            ran(bench, subject, JOB_LISTS)["status"] != "ok",
            "la mise à jour dit avoir réussi alors que rien n’est venu",
        )
        for what in ("même hôte", "hôte rouvert"):
            expect_equal(row(subject, USE)["status"], "ok", f"certificat bon, {what}")
            expect_blocked(row(subject, "essai-revoque"), f"certificat révoqué, {what}")
            subject.ask("open_again")


@checks(
    "certificates.revocation.ended-list",
    "CERT-08",
    "SC.MSS/CONF.22",
    purpose="Une liste expirée ne dit plus rien : un certificat révoqué depuis y paraîtrait bon.",
    steps=(
        "mettre à jour les listes, puis avancer l’horloge au-delà de leur terme, les autorités étant muettes",
        "juger le certificat, l’installation refusant ce qui est inconnu",
        "recommencer avec une autorité qui sert une liste expirée",
    ),
    expected="le certificat est bloqué tant que rien de valide n’est connu, jamais dit bon",
    mend="ne croire une liste que de thisUpdate à nextUpdate",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def ended_list(bench: Bench) -> None:
    """Past its end a list says nothing."""
    with places(bench) as where:
        subject = hard(bench, {USE: where.role(ROLE)})
        bench.sandbox.fault("igc", "wrong_answer", variant="crl_expired")
        expect(ran(bench, subject, JOB_LISTS)["status"] != "ok", "une liste expirée est dite bonne")
        expect_blocked(row(subject, USE), "liste expirée à son arrivée")
        bench.mend()
        expect_fetched(bench, subject)
        expect_usable(row(subject, USE), "liste en cours")
        subject.ask("clock", step_s=(LIST_LIFE - timedelta(hours=1)).total_seconds())
        expect_usable(row(subject, USE), "liste qui a encore une heure")
        subject.ask("clock", step_s=(LIST_LIFE + timedelta(hours=1)).total_seconds())
        expect_blocked(row(subject, USE), "liste qui est arrivée à son terme")


@checks(
    "certificates.revocation.forged-list",
    "CERT-08",
    purpose="Les listes viennent sans TLS : seule leur signature les protège.",
    steps=(
        "mettre à jour les listes, un certificat étant révoqué",
        "servir une liste vide signée par une autre clé, puis celle d’une autre autorité, puis des octets quelconques",
    ),
    expected="chaque mise à jour échoue ; la liste d’avant continue de servir et le certificat reste bloqué",
    mend="vérifier l’émetteur et la signature d’une liste avant de la garder",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def forged_list(bench: Bench) -> None:
    """A list that its authority did not sign changes nothing."""
    faults: tuple[tuple[str, dict[str, Any]], ...] = (
        ("wrong_answer", {"variant": "crl_wrong_signature"}),
        ("wrong_answer", {"variant": "crl_other_authority"}),
        ("garbage", {}),
        ("truncated", {}),
    )
    with places(bench) as where:
        subject = hard(bench, {USE: where.role(ROLE), "essai-revoque": where.role("revoked")})
        for fault, more in faults:
            bench.mend()
            what = more.get("variant", fault)
            bench.sandbox.fault("igc", fault, **more)
            expect(ran(bench, subject, JOB_LISTS)["status"] != "ok", f"{what} : la mise à jour dit avoir réussi")
            expect_blocked(row(subject, USE), f"{what}, quand aucune liste n’est connue")
        bench.mend()
        expect_fetched(bench, subject)
        for fault, more in faults:
            bench.sandbox.fault("igc", fault, **more)
            ran(bench, subject, JOB_LISTS)
            bench.mend()
            what = more.get("variant", fault)
            expect_usable(row(subject, USE), f"{what}, certificat bon")
            expect_blocked(row(subject, "essai-revoque"), f"{what}, certificat révoqué")


@checks(
    "certificates.revocation.responder-lies",
    "CERT-08",
    purpose="Une réponse tardive, d’un autre certificat ou d’un autre signataire ne dit rien.",
    steps=(
        "rendre les listes indisponibles, l’installation refusant ce qui est inconnu",
        "faire donner au répondeur chaque mauvaise réponse",
    ),
    expected="aucune n’est crue : le certificat reste bloqué ; la même question bien répondue le rend utilisable",
    mend="vérifier signature, délégation, numéro, nonce et dates de la réponse",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def responder_lies(bench: Bench) -> None:
    """No wrong answer is believed."""
    with places(bench) as where:
        subject = hard(bench, {USE: where.role(ROLE)})
        for variant in _LIES:
            bench.mend()
            bench.sandbox.fault("igc", "error5xx", operation=LIST)
            bench.sandbox.fault("igc", "wrong_answer", variant=variant)
            expect_blocked(row(subject, USE, online=True), variant)
        bench.mend()
        bench.sandbox.fault("igc", "error5xx", operation=LIST)
        expect_usable(row(subject, USE, online=True), "réponse exacte")


@checks(
    "certificates.revocation.unknown",
    "CERT-08",
    purpose="Quand rien n’est connu, la structure décide : passer en le disant, ou refuser.",
    steps=("rendre les autorités indisponibles", "juger le certificat, l’installation tolérante, puis stricte"),
    expected="tolérante : utilisable, et c’est signalé ; stricte : bloqué ; jamais dit bon",
    mend="suivre le réglage de l’installation, et tracer le doute",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def unknown(bench: Bench) -> None:
    """Doubt is told, or refused."""
    with places(bench) as where:
        keys = {USE: where.role(ROLE)}
        bench.sandbox.fault("igc", "refuse")
        soft = row(started(bench, keys, settings={bench.plugin.id: {"revocation": "soft"}}), USE, online=True)
        expect(RANK["ok"] < RANK[soft["status"]] < RANK["blocked"], f"rien n’est connu : « {soft['status']} »")
        expect_blocked(row(hard(bench, keys), USE, online=True), "rien n’est connu, installation stricte")


@checks(
    "certificates.revocation.by-code",
    "S003-27",
    "CERT-08",
    purpose="Perte, vol, fin d’activité : qui a le code révoque, et le certificat ne doit plus servir nulle part.",
    steps=(
        "commander sur la plateforme, installer, lire les bonnes pratiques",
        "révoquer sur la plateforme par le code, mettre à jour les listes, puis renouveler",
    ),
    expected="la révocation est expliquée ; le certificat est bloqué avec la raison ; un autre peut être commandé",
    mend="dire à la dernière étape quand révoquer ; juger d’après les listes ; laisser recommander",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def by_code(bench: Bench) -> None:
    """Told when to, done at the platform, and found out here."""
    platform = Platform(bench)
    order = Order.requested(bench)
    number = platform.ordered(order.csr, order.name)
    order.does(Act.WITHDRAWN, **order.withdrawal())
    advice = order.installs(platform.withdrawn(number))["to_do"]
    expect(any("révoqu" in one.lower() for one in advice), "rien ne dit quand révoquer")
    order.does(Act.CONFIRMED)
    expect_fetched(bench, order.subject)
    expect_usable(row(order.subject, order.use), "certificat en service")
    platform.revoked(number)
    expect_fetched(bench, order.subject)
    expect_blocked(row(order.subject, order.use), "certificat révoqué par son code")
    renewed = order.accepted(order.subject.ask("renew", use=order.use), "commande d’un autre certificat")
    expect_equal(renewed["step"], PLATFORM, "étape de la nouvelle commande")


def hard(bench: Bench, keys: Mapping[str, Mapping[str, Any]]) -> Subject:
    """Start the target where nothing may be used of which nothing is known."""
    return started(bench, keys, settings={bench.plugin.id: {"revocation": "hard"}})


def expect_fetched(bench: Bench, subject: Subject) -> None:
    """Fail unless every list was fetched."""
    outcome = ran(bench, subject, JOB_LISTS)
    code = (outcome.get("error") or {}).get("code")
    expect(outcome["status"] == "ok", f"la mise à jour des listes échoue ({code})")
