"""When certificates end: what is said how long before, to whom, and what is no longer done from then on."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from segur_conformance.checks.certificates.judging import (
    JOB_LISTS,
    JOB_WATCH,
    expect_blocked,
    expect_usable,
    moment,
    ran,
    row,
    rows,
    started,
)
from segur_conformance.checks.certificates.material import INSI_MANU, Wanted, places
from segur_conformance.checks.certificates.national import asked_insi, companion_of_insi
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

HOUR: Final = timedelta(hours=1)
_LEVELS: Final = {
    91: "ok",
    90: "calendar",
    31: "calendar",
    30: "warning",
    8: "warning",
    7: "urgent",
    1: "urgent",
    0: "blocked",
    -1: "blocked",
}
"""Days that are left, a begun one counted whole → what is said of the certificate."""


@checks(
    "certificates.ends.levels",
    "CERT-07",
    "S003-20",
    "S003-21",
    "S003-22",
    purpose="Un certificat expiré coupe le service : on s’y prend des semaines avant.",
    steps=(
        "configurer des certificats qui se terminent dans 91, 90, 31, 30, 8, 7 et 1 jours, à l’instant, et hier",
        "mettre à jour les listes de révocation, puis demander l’inventaire",
    ),
    expected="rien avant 90 jours, calendrier dès 90, avertissement dès 30, urgence dès 7, blocage dès le terme",
    mend="compter les jours entamés, comparer à 90, 30, 7 et 0",
    film="l’inventaire d’un certificat à trente jours de son terme",
    kinds=PLUGIN_KINDS,
)
def levels(bench: Bench) -> None:
    """Each level begins at its day, and not the day before."""
    with places(bench) as where:
        keys = {_use(left): where.of(_use(left), Wanted.ending_in(timedelta(days=left) - HOUR)) for left in _LEVELS}
        subject = started(bench, keys)
        ran(bench, subject, JOB_LISTS)
        found = rows(subject)
    for left, status in _LEVELS.items():
        told = found[_use(left)]
        expect_equal(told["days_left"], left, f"jours restants, J−{left}")
        expect_equal(told["status"], status, f"J−{left}")
    expect_blocked(found[_use(0)], "certificat arrivé à son terme")


@checks(
    "certificates.ends.clock",
    "CERT-07",
    purpose="C’est l’horloge de l’installation qui compte, pas l’heure à laquelle le certificat a été lu.",
    steps=(
        "configurer un certificat qui se termine dans trois ans, le juger",
        "avancer l’horloge à trente et un jours de son terme, à trente, puis au terme",
    ),
    expected="à chaque fois le nombre de jours et le niveau de ce moment-là",
    mend="demander l’heure à l’hôte à chaque appel (ctx.clock)",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def clock(bench: Bench) -> None:
    """The same certificate is judged anew as time goes by."""
    with places(bench) as where:
        subject = started(bench, {"essai": where.of("essai", Wanted())})
        end = moment(row(subject, "essai")["not_after"])
        for left, status in ((31, "calendar"), (30, "warning"), (0, "blocked")):
            _go_to(bench, subject, end - timedelta(days=left) + HOUR)
            ran(bench, subject, JOB_LISTS)
            found = row(subject, "essai")
            expect_equal((found["days_left"], found["status"]), (left, status), f"jours restants et niveau, J−{left}")


@checks(
    "certificates.ends.not-yet",
    "CERT-07",
    purpose="Un certificat qui n’a pas commencé est refusé partout ; souvent c’est l’horloge du poste qui est fausse.",
    steps=("configurer un certificat qui commence dans un mois", "demander l’inventaire"),
    expected="il est bloqué, avec la raison",
    mend="comparer aussi la date de début",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def not_yet(bench: Bench) -> None:
    """It has not begun."""
    with places(bench) as where:
        keys = {"essai-bon": where.of("essai-bon", Wanted()), "essai-futur": where.kind("not-yet-valid")}
        found = rows(started(bench, keys))
    expect_usable(found["essai-bon"], "certificat en cours")
    expect_blocked(found["essai-futur"], "certificat qui n’a pas commencé")


@checks(
    "certificates.ends.no-call",
    "CERT-07",
    "S003-22",
    purpose="Au terme du certificat, l’appel national s’arrête ici, avec une phrase, et non chez le service.",
    steps=(
        "interroger INSi par un certificat dont il reste un jour",
        "recommencer par un certificat arrivé à son terme, et par un autre qui n’a pas commencé",
    ),
    expected="le premier appel passe ; les deux autres sont refusés sans aucune connexion",
    mend="vérifier les dates du certificat avant d’ouvrir la connexion, chez l’hôte comme chez le module",
    film="le refus d’un appel par un certificat expiré",
    kinds=PLUGIN_KINDS,
)
def no_call(bench: Bench) -> None:
    """Nothing goes out with it."""
    companion_of_insi(bench)
    with places(bench) as where:
        last = Wanted.ending_in(timedelta(days=1) - HOUR, name=INSI_MANU)
        answer = asked_insi(started(bench, {"insi-manu": where.of("insi-manu", last)}))
        expect(answer.failure is None, f"INSi à un jour du terme : {answer.failure}")
        sent = len(bench.sandbox.exchanges("insi"))
        over = Wanted.ending_in(-HOUR, name=INSI_MANU)
        future = Wanted(name=INSI_MANU, ends=datetime.now(UTC) + timedelta(days=4 * 365))
        for what, wanted in (("à son terme", over), ("qui n’a pas commencé", future)):
            answer = asked_insi(started(bench, {"insi-manu": where.of("insi-manu", wanted)}))
            expect(answer.value is None and answer.failure, f"INSi par un certificat {what} : l’appel a abouti")
        expect_equal(len(bench.sandbox.exchanges("insi")) - sent, 0, "connexions à INSi par ces certificats")


@checks(
    "certificates.ends.calendar",
    "S003-21",
    purpose="Le calendrier se met dans l’agenda de la structure : il prévient même si ce logiciel est fermé.",
    steps=("configurer trois certificats aux termes différents", "demander le calendrier, deux fois"),
    expected="les termes du plus proche au plus lointain ; un fichier iCalendar avec trois alarmes par certificat",
    mend="trier par date de fin ; RFC 5545, une entrée par certificat, son UID toujours le même",
    film="le calendrier dans un agenda",
    kinds=PLUGIN_KINDS,
)
def calendar(bench: Bench) -> None:
    """The next end first; the same entries each time."""
    wanted = {"essai-a": 400, "essai-b": 20, "essai-c": 120}
    with places(bench) as where:
        keys = {use: where.of(use, Wanted.ending_in(timedelta(days=left))) for use, left in wanted.items()}
        subject = started(bench, keys)
        first, again = (subject.ask("calendar").value for _ in range(2))
    expect(first and again, "aucun calendrier n’est rendu")
    expect_equal([one["id"] for one in first["entries"]], ["essai-b", "essai-c", "essai-a"], "ordre du calendrier")
    # Long lines are folded (RFC 5545, 3.1).
    texts = [one["ics"].replace("\r\n ", "") for one in (first, again)]
    events = texts[0].split("BEGIN:VEVENT")[1:]
    days = [re.findall(r"DTSTART;VALUE=DATE:(\d{8})", one) for one in events]
    wished = [[f"{moment(one['not_after']):%Y%m%d}"] for one in first["entries"]]
    expect_equal(days, wished, "jours des entrées iCalendar")
    for one in events:
        expect_equal(re.findall(r"TRIGGER:(\S+)", one), ["-P90D", "-P30D", "-P7D"], "alarmes d’une entrée")
    uids = [re.findall(r"UID:(\S+)", one) for one in texts]
    expect(uids[0] == uids[1] and len(set(uids[0])) == len(wanted), "une entrée n’a pas toujours le même UID")


@checks(
    "certificates.ends.at-login",
    "S003-20",
    "S003-21",
    "CERT-07",
    purpose="Qui ouvre le logiciel le matin apprend qu’un certificat se termine, tant qu’il est temps.",
    steps=(
        "ouvrir une session quand le certificat a encore trente et un jours",
        "recommencer quand il en a trente, puis quand il est terminé",
    ),
    expected="rien la première fois ; ensuite un avis en français, qui dit lequel et quoi faire",
    mend="répondre à on_session_login par un avis pour chaque certificat à trente jours ou moins",
    film="l’avis à l’ouverture de session",
    kinds=PLUGIN_KINDS,
)
def at_login(bench: Bench) -> None:
    """A warning from 30 days on, and not before."""
    with places(bench) as where:
        for left, told in ((31, False), (30, True), (0, True)):
            table = where.of("essai", Wanted.ending_in(timedelta(days=left) - HOUR))
            subject = started(bench, {"essai": table})
            ran(bench, subject, JOB_LISTS)
            notices = _login(subject)
            if not told:
                expect_equal([one["code"] for one in notices], [], "avis à J−31")
                continue
            expect(notices, f"aucun avis à l’ouverture de session, J−{left}")
            expect(all(one["text"] and one["action"] for one in notices), "un avis ne dit pas quoi faire")


@checks(
    "certificates.ends.told-once",
    "S003-20",
    "S003-21",
    purpose="Les autres modules apprennent l’approche du terme une fois par palier, pas à chaque tour.",
    steps=(
        "faire surveiller deux fois un certificat à trente jours de son terme",
        "avancer l’horloge à sept jours, faire surveiller deux fois, y compris par un hôte rouvert sur ses données",
    ),
    expected="un seul on_certificate_expiring par palier : avertissement, puis urgence",
    mend="annoncer par ctx.keyring.announce, qui retient ce qui est déjà dit",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def told_once(bench: Bench) -> None:
    """Once for each certificate and level."""
    with places(bench) as where:
        keys = {"essai": where.of("essai", Wanted.ending_in(timedelta(days=30) - HOUR))}
        keys["essai-long"] = where.of("essai-long", Wanted())
        subject = started(bench, keys)
        for _ in range(2):
            ran(bench, subject, JOB_WATCH)
        first = subject.ask("expiring", at_least=1).value
        _go_to(bench, subject, datetime.now(UTC) + timedelta(days=23))
        for _ in range(2):
            ran(bench, subject, JOB_WATCH)
        both = subject.ask("expiring", at_least=len(first) + 1).value
        subject.ask("open_again")
        ran(bench, subject, JOB_WATCH)
        _go_to(bench, subject, datetime.now(UTC) + timedelta(days=30))
        ran(bench, subject, JOB_WATCH)
        after = subject.ask("expiring", at_least=1).value
    told = [(one["use"], one["level"], one["days_left"]) for one in both]
    expect_equal(told, [("essai", "warning", 30), ("essai", "urgent", 7)], "avis donnés aux modules")
    expect_equal([(one["use"], one["level"]) for one in after], [("essai", "ended")], "avis de l’hôte rouvert")


def _use(left: int) -> str:
    return f"essai-{'fini-' if left < 0 else ''}{abs(left)}"


def _go_to(bench: Bench, subject: Subject, at: datetime) -> None:
    """Let target and services live at ``at``."""
    bench.sandbox.set_clock(now=at.isoformat())
    subject.ask("clock", step_s=(at - datetime.now(UTC)).total_seconds())


def _login(subject: Subject) -> list[dict[str, Any]]:
    actor = {
        "kind": "operator",
        "name": "comptoir",
        "structure": {"name": "Pharmacie d’essai"},
        "workstation": "poste 1",
    }
    event = {"actor": actor, "session": {"session_id": "essai", "means": "local"}}
    answer = subject.call("on_session_login", event)
    expect(answer.failure is None, f"l’ouverture de session échoue ({answer.failure})")
    return [notice for one in answer.value or () for notice in one["warnings"]]
