"""Opening a session by card: for a person, by a card that may, with a key that is proven."""

import tomllib
from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.cps.commands import AUTHENTICATION, keys_used, sent
from segur_conformance.checks.cps.holders import EMPLOYEE, EXPIRED, HOLDERS, PHARMACIST, PHARMACIST_CPS3
from segur_conformance.checks.cps.judging import (
    audited,
    expect_no_session,
    expect_refused_at_once,
    inserted,
    knows_the_pin,
    read,
    session_of,
    sign_in,
    signed_in,
    taking_turns,
)
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

PROVEN: Final = "broker.token.prove"


@checks(
    "cps.login.opens",
    "S003-01",
    "S000-77",
    purpose="Le professionnel ouvre sa session par sa CPS, en son nom : c’est lui qui répond de ce qu’il fait.",
    steps=("insérer la carte d’une pharmacienne", "ouvrir une session, puis la fermer"),
    expected="une session par CPS, au nom et au RPPS du porteur, liée à cette carte ; notée à l’audit",
    mend="rendre Authenticated avec nom, RPPS, lecteur et numéro de série",
    film="l’ouverture de session par carte",
    kinds=PLUGIN_KINDS,
)
def opens(bench: Bench) -> None:
    """A session in the holder's name, bound to his card."""
    event = inserted(bench, PHARMACIST)
    subject = bench.start()
    serial = read(subject, event, "carte d’une pharmacienne")["serial"]
    found = signed_in(subject, "carte d’une pharmacienne")
    actor = found["actor"]
    expect_equal((actor["kind"], actor["rpps"]), ("professional", HOLDERS[PHARMACIST].rpps), "acteur")
    named = HOLDERS[PHARMACIST].family_name in actor["name"] and HOLDERS[PHARMACIST].given_name in actor["name"]
    expect(named, "le nom de l’acteur n’est pas celui du porteur")
    session = found["session"]
    expect_equal((session["means"], session["token_serial"]), ("cps", serial), "moyen et carte de la session")
    expect_equal([one["status"] for one in found["outcomes"]], ["ok"], "apport du module à la session")
    expect_equal(len(audited(subject, "session.opened")), 1, "ouvertures notées à l’audit")
    subject.ask("logout")
    expect_equal(session_of(subject), None, "session après sa fermeture")


@checks(
    "cps.login.same-on-both",
    "CPS-08",
    "S000-28",
    purpose="La session est la même, que le professionnel ait une CPS3 ou une CPS4.",
    steps=("ouvrir une session avec la CPS4 d’une pharmacienne, puis avec sa CPS3",),
    expected="le même acteur, les mêmes situations",
    mend="ne rien tirer de la génération de la carte",
    film="deux sessions, une par carte",
    kinds=PLUGIN_KINDS,
)
def same_on_both(bench: Bench) -> None:
    """Both generations open the same session."""
    subject = bench.start()
    found = []
    for card, _ in taking_turns(bench, subject, PHARMACIST, PHARMACIST_CPS3):
        opened = signed_in(subject, card)
        found.append((opened["actor"], opened["exercices"]))
    expect_equal(found[1], found[0], "session par CPS3")


@checks(
    "cps.login.authentication-key",
    "CPS-03",
    "S002-38",
    purpose="La clé d’authentification prouve qui est là ; la clé de signature engage, et ne sert jamais à cela.",
    steps=("ouvrir une session par CPS4, puis par CPS3", "relever les clés que la carte a employées"),
    expected="la clé d’authentification, et elle seule ; sa possession prouvée à l’hôte après le code",
    mend="choisir le certificat par ses usages (KeyUsage), et prouver par Token.prove",
    film="rien à filmer : les commandes sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def authentication_key(bench: Bench) -> None:
    """Signing in uses the authentication key, and uses it."""
    subject = bench.start()
    for card, _ in taking_turns(bench, subject, PHARMACIST, PHARMACIST_CPS3):
        before = (len(sent(bench)), len(audited(subject, PROVEN)))
        signed_in(subject, card)
        expect_equal(keys_used(sent(bench)[before[0] :]), {AUTHENTICATION}, f"{card}, clés employées")
        expect_equal(len(audited(subject, PROVEN)) - before[1], 1, f"{card}, preuves de possession")


@checks(
    "cps.login.untrusted",
    "KIT-CPS-03",
    purpose="Une carte que personne de confiance n’a émise n’ouvre pas de session, même avec son code.",
    steps=("ne faire confiance qu’à une autre autorité", "ouvrir une session"),
    expected="une erreur, pas de session",
    mend="prouver la possession par Token.prove, avec les autorités de la configuration",
    film="rien à filmer : les cartes d’essai viennent toutes de la même autorité",
    kinds=PLUGIN_KINDS,
)
def untrusted(bench: Bench) -> None:
    """A certificate that leads nowhere opens nothing."""
    inserted(bench, PHARMACIST)
    trust = tomllib.loads(bench.sandbox.config.read_text("utf-8"))["trust"]
    subject = bench.start(trust=dict.fromkeys(trust, bench.sandbox.descriptor["ca"]))
    knows_the_pin(subject)
    expect_no_session(bench, subject, sign_in(subject), "carte d’une autorité inconnue")


@checks(
    "cps.login.not-nominative",
    "S004-49",
    "CPS-05",
    purpose="Une carte de service ne dit pas qui est là : elle n’ouvre pas de session personnelle.",
    steps=("insérer une CPE de service", "ouvrir une session"),
    expected="une erreur avant toute demande de code",
    mend="refuser une carte sans nom ni prénom avant unlock",
    film="la CPE refusée et son message",
    kinds=PLUGIN_KINDS,
)
def not_nominative(bench: Bench) -> None:
    """A card that names nobody opens no session."""
    inserted(bench, EMPLOYEE)
    expect_refused_at_once(bench, bench.start(), "CPE de service")


@checks(
    "cps.login.expired",
    "KIT-CPS-01",
    purpose="Une carte arrivée à son terme n’ouvre plus de session, et n’a pas à recevoir de code.",
    steps=("insérer une carte expirée", "ouvrir une session"),
    expected="une erreur avant toute demande de code",
    mend="comparer la validité des certificats à ctx.clock avant unlock",
    film="la carte expirée refusée",
    kinds=PLUGIN_KINDS,
)
def expired(bench: Bench) -> None:
    """An expired card opens no session."""
    inserted(bench, EXPIRED)
    expect_refused_at_once(bench, bench.start(), "carte expirée")


@checks(
    "cps.login.test-in-production",
    "CARD-10",
    purpose="Une carte de test ne sert jamais en production (EX_GEN-1430).",
    steps=("configurer la production", "insérer une carte de test", "demander sa lecture, puis une session"),
    expected="card.test_in_production à la lecture ; une erreur avant toute demande de code pour la session",
    mend="appeler segur_sdk.cards.nature.check_nature à la lecture et avant unlock",
    film="une carte de test refusée par le logiciel en production",
    kinds=PLUGIN_KINDS,
)
def test_in_production(bench: Bench) -> None:
    """A test card is refused in production, whatever it is for."""
    event = inserted(bench, PHARMACIST)
    subject = bench.start(environment="production", readers={}, network={})
    bench.lend_readers(subject)
    answer = subject.call("on_card_read", event)
    expect(answer.value is None, "carte de test en production : une lecture est rendue")
    expect_equal(answer.failure, "card.test_in_production", "carte de test en production, lecture")
    expect_refused_at_once(bench, subject, "carte de test en production")
