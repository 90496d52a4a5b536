"""Searches in a professional's name: by the card that opened his session, and by Pro Santé Connect."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from lxml import etree

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.insi.asking import HOUILLES, ask_by_traits, criteria, expect_refused, individual
from segur_conformance.checks.insi.namespaces import CTXBAM, CTXLPS, DS, SAML
from segur_conformance.checks.insi.sent import Sent, text
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

PROFESSIONALS: Final = "insi-ps"
PHARMACIST: Final = ("cps:pharmacist", "10B0152872/SA33/01", "899700075122")
PHYSICIAN: Final = ("cps:physician", "499700366240007/SA07/01", "899700366240")
PHYSICIAN_BY_PSC: Final = ("medecin", "499700366240007/SA07/10C/L/-", "899700366240")
TABLE: Final = {"national_id": PHYSICIAN[2], "identifiant_facturation": "991366242", "code_specialite": "01"}
SIGNED: Final = "broker.sign"
HOUR: Final = timedelta(hours=1)
_NEEDED: Final[Mapping[str, frozenset[str]]] = {"cps": frozenset({"cps", "pkcs11"}), "psc": frozenset({"psc"})}
_GONE_S: Final = 5.0


def _started(bench: Bench, authentication: str, *tables: Mapping[str, str]) -> Subject:
    """Start the target so that it calls in professionals' names.

    Raises:
        NotApplicable: nothing here opens their sessions.
    """
    if not _NEEDED[authentication] <= {*bench.product.companions}:
        raise NotApplicable("aucun module n’ouvre ici de session par ce moyen")
    settings = {"authentication": authentication, "professionals": list(tables)}
    return bench.start(settings={"insi": settings}, answers={"token.pin": "1234"})


def _by_card(bench: Bench, subject: Subject, who: tuple[str, str, str]) -> None:
    card, situation, _ = who
    bench.sandbox.insert(bench.readers[1], card)
    _signed_in(subject, means="cps", exercice=situation)


def _signed_in(subject: Subject, **given: Any) -> None:
    answer = subject.ask("login", **given)
    expect(answer.error is None, f"pas de session : {answer.error}")


def _received(bench: Bench) -> tuple[Sent, ...]:
    """Return what INSi received in professionals' names, which it must have accepted."""
    exchanges = [one for one in bench.sandbox.exchanges(PROFESSIONALS) if one["request"] is not None]
    for one in exchanges:
        expect(not one["unexpected"], f"INSi a refusé une demande : {one['reason']}")
    return tuple(Sent.read(one) for one in exchanges)


def _assertion(sent: Sent) -> etree._Element:
    security = sent.security
    found = list(security) if security is not None else []
    expect(
        len(found) == 1 and found[0].tag == f"{{{SAML}}}Assertion", "Security ne porte pas une assertion, et une seule"
    )
    return found[0]


def _expect_named(sent: Sent, qualifier: str, national_id: str) -> None:
    name_id = _assertion(sent).find(f"{{{SAML}}}Subject/{{{SAML}}}NameID")
    expect(name_id is not None, "l’assertion ne nomme personne")
    assert name_id is not None
    expect_equal((name_id.get("NameQualifier"), name_id.text), (qualifier, national_id), "NameID de l’assertion")
    bam, lps = sent.contexts
    emitters = {text(bam, "Emetteur", CTXBAM), text(lps, "Emetteur", CTXLPS)}
    expect_equal(emitters, {national_id}, "Emetteur des deux contextes")


@checks(
    "insi.professional.card-signs",
    "KIT-INSI-19",
    purpose="Le professionnel interroge INSi en son nom : sa carte signe, et le service sait qui demande.",
    steps=("ouvrir une session par la CPS d’une pharmacienne", "rechercher une personne"),
    expected="une assertion signée par la carte, acceptée, à l’identifiant de la porteuse ; Emetteur le même, sans "
    "certificat de structure ; la signature est notée à l’audit",
    mend="composer l’assertion publiée et la faire signer par ctx.keys.signer",
    film="la session par carte, la recherche, et l’assertion envoyée",
    kinds=PLUGIN_KINDS,
)
def card_signs(bench: Bench) -> None:
    """The card of the session signs for its holder."""
    subject = _started(bench, "cps")
    _by_card(bench, subject, PHARMACIST)
    individual(ask_by_traits(subject, criteria("ADRUN", "ZOE")))
    received = _received(bench)
    expect_equal(len(received), 1, "nombre de demandes au nom de la pharmacienne")
    expect_equal(received[0].exchange["client"], None, "certificat présenté")
    _expect_named(received[0], "CPS", PHARMACIST[2])
    signatures = [one for one in subject.ask("observe").value["audit"] if one["event"] == SIGNED]
    expect_equal(len(signatures), 1, "signatures notées à l’audit")
    expect_equal(len(bench.sandbox.exchanges("insi")), 0, "demandes au nom de la structure")


@checks(
    "insi.professional.fresh-assertion",
    "KIT-INSI-20",
    purpose="Une assertion vaut une heure au plus : une ancienne est refusée au milieu de la journée.",
    steps=(
        "ouvrir une session par CPS, et rechercher une personne à plusieurs prénoms",
        "laisser passer une heure et une minute, rechercher de nouveau",
    ),
    expected="une assertion propre à chaque demande, datée de l’envoi, et toujours acceptée",
    mend="faire l’assertion au moment d’envoyer chaque demande",
    film="deux recherches à plus d’une heure d’intervalle",
    kinds=PLUGIN_KINDS,
)
def fresh_assertion(bench: Bench) -> None:
    """Each exchange has an assertion of its own, made for it."""
    subject = _started(bench, "cps")
    _by_card(bench, subject, PHARMACIST)
    ask_by_traits(subject, HOUILLES)
    later = (HOUR + timedelta(minutes=1)).total_seconds()
    subject.ask("clock", step_s=later)
    bench.sandbox.set_clock(advance_s=later)
    individual(ask_by_traits(subject, criteria("ADRUN", "ZOE")))
    received = _received(bench)
    expect_equal(len(received), 5, "nombre de demandes")
    assertions = [_assertion(one) for one in received]
    expect_equal(len({one.get("ID") for one in assertions}), len(assertions), "assertions différentes")
    for sent, assertion in zip(received, assertions, strict=True):
        age = datetime.fromisoformat(sent.exchange["at"]) - datetime.fromisoformat(assertion.get("IssueInstant") or "")
        expect(abs(age) < timedelta(minutes=1), "l’assertion n’est pas de l’instant")


@checks(
    "insi.professional.automatic-by-certificate",
    "KIT-INSI-21",
    "SC.INS/va1.65",
    purpose="Ce que personne n’a déclenché n’engage aucun professionnel, même quand une session est ouverte.",
    steps=("ouvrir une session par CPS", "rechercher dans un traitement automatique"),
    expected="la demande présente le certificat INSI-AUTO, sans assertion, et la carte ne signe rien",
    mend="choisir le certificat quand l’événement dit automatic, quel que soit le réglage",
    film="rien à filmer : le certificat est dans les preuves",
    kinds=PLUGIN_KINDS,
)
def automatic_by_certificate(bench: Bench) -> None:
    """What nobody triggered is done in nobody's name."""
    subject = _started(bench, "cps")
    _by_card(bench, subject, PHARMACIST)
    individual(ask_by_traits(subject, criteria("ADRUN", "ZOE"), automatic=True))
    expect_equal(len(bench.sandbox.exchanges(PROFESSIONALS)), 0, "demandes au nom de la pharmacienne")
    names = [one["client"]["cn"] for one in bench.sandbox.exchanges("insi")]
    expect_equal(names, ["INSI-AUTO"], "certificats présentés")
    expect(SIGNED not in {one["event"] for one in subject.ask("observe").value["audit"]}, "la carte a signé")


@checks(
    "insi.professional.without-session",
    "KIT-INSI-22",
    purpose="Sans session d’un professionnel, le comptoir continue au nom de la structure, et de personne d’autre.",
    steps=(
        "demander les appels par CPS, sans session, et rechercher",
        "ouvrir une session, retirer la carte, et rechercher de nouveau",
    ),
    expected="deux demandes qui présentent le certificat INSI-MANU, sans assertion, et la carte ne signe rien",
    mend="n’appeler au nom d’un professionnel que dans sa session, et par INSI-MANU sinon",
    film="la recherche après le retrait de la carte",
    kinds=PLUGIN_KINDS,
)
def without_session(bench: Bench) -> None:
    """Without a professional's session the structure calls, and nobody's card signs."""
    subject = _started(bench, "cps")
    individual(ask_by_traits(subject, criteria("ADRUN", "ZOE")))
    _by_card(bench, subject, PHARMACIST)
    bench.sandbox.insert(bench.readers[1], None)
    over = subject.ask("session", ended_within_s=_GONE_S).value is None
    expect(over, "la session ne s’est pas terminée avec sa carte")
    individual(ask_by_traits(subject, criteria("ADRUN", "ZOE")))
    expect_equal(len(bench.sandbox.exchanges(PROFESSIONALS)), 0, "demandes au nom de la pharmacienne")
    names = [one["client"]["cn"] for one in bench.sandbox.exchanges("insi")]
    expect_equal(names, ["INSI-MANU"] * 2, "certificats présentés")
    expect(SIGNED not in {one["event"] for one in subject.ask("observe").value["audit"]}, "la carte a signé")


@checks(
    "insi.professional.speciality",
    "KIT-INSI-23",
    purpose="INSi veut la spécialité d’un médecin, et d’un médecin seul : la taire se paie d’un refus.",
    steps=(
        "ouvrir la session d’un médecin par CPS sans régler sa spécialité, et rechercher",
        "la régler, avec son numéro de facturation, et rechercher de nouveau",
    ),
    expected="d’abord une erreur typée et aucune demande ; puis les trois attributs, acceptés",
    mend="tirer la profession du certificat, et la spécialité des réglages, avant d’envoyer",
    film="le message affiché quand la spécialité manque",
    kinds=PLUGIN_KINDS,
)
def speciality(bench: Bench) -> None:
    """What is missing is said before anything leaves."""
    without = {name: value for name, value in TABLE.items() if name != "code_specialite"}
    subject = _started(bench, "cps", without)
    _by_card(bench, subject, PHYSICIAN)
    expect_refused(ask_by_traits(subject, criteria("ADRUN", "ZOE")), "médecin sans spécialité réglée")
    expect_equal(len(bench.sandbox.exchanges(PROFESSIONALS)), 0, "demandes envoyées sans spécialité")
    subject = _started(bench, "cps", TABLE)
    _by_card(bench, subject, PHYSICIAN)
    individual(ask_by_traits(subject, criteria("ADRUN", "ZOE")))
    (sent,) = _received(bench)
    values = [one.text for one in _assertion(sent).iter(f"{{{SAML}}}AttributeValue")]
    expect_equal(values, ["991366242", "SA07", "01"], "attributs du médecin")


@checks(
    "insi.professional.psc-token",
    "INS/PSC.01",
    "SC.PSC.10",
    purpose="Connecté par Pro Santé Connect, le professionnel interroge INSi sous cette identité, sans carte.",
    steps=("connecter un médecin par Pro Santé Connect", "rechercher une personne"),
    expected="une assertion non signée à son identifiant national, avec le jeton de sa session, acceptée par le "
    "service ; le mode est noté à l’audit",
    mend='déclarer le but insi-psc avec auth = "bearer" : l’hôte ajoute le jeton',
    film="la connexion, la recherche, et l’assertion envoyée",
    kinds=PLUGIN_KINDS,
)
def psc_token(bench: Bench) -> None:
    """Whoever signed in with Pro Santé Connect calls as himself."""
    subject = _started(bench, "psc", TABLE)
    who, situation, national_id = PHYSICIAN_BY_PSC
    bench.sandbox.answer_psc(who)
    _signed_in(subject, means="psc", exercice=situation)
    individual(ask_by_traits(subject, criteria("ADRUN", "ZOE")))
    received = _received(bench)
    expect_equal(len(received), 1, "nombre de demandes au nom du médecin")
    _expect_named(received[0], "PSC", national_id)
    expect(_assertion(received[0]).find(f"{{{DS}}}Signature") is None, "l’assertion est signée")
    noted = [
        json.loads(one["facts"]) for one in subject.ask("observe").value["audit"] if one["event"] == "insi.exchange"
    ]
    expect_equal([one.get("professional") for one in noted], ["PSC"], "mode noté à l’audit")
