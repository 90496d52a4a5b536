"""Sessions: whose they are, how long they last, which of them a call is made in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from segur_conformance.authority.between import Wrong
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import (
    audited,
    between,
    expect_ended,
    expect_no_session,
    sessions,
    sign_in,
    signed_in,
    started,
    started_at,
)
from segur_conformance.checks.psc.people import DOCTOR, ON_TELEPHONE, PEOPLE, SECRETARY, TITULAIRE
from segur_conformance.outcomes import NotApplicable
from segur_conformance.people import traits
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

LONGEST: Final = timedelta(hours=4)
"""Of a session of Pro Santé Connect (CI-SIS, « Sécurisation transport API REST » 1.2.0)."""
IDLE: Final = timedelta(minutes=30)
ROUNDING: Final = timedelta(minutes=1)
ACKNOWLEDGED: Final = "session.acknowledge"
_NATIONAL: Final = "insi"
"""The companion that calls a national service."""
_DAY_S: Final = 86_400

_WAYS: Final[Mapping[str, Mapping[str, Any]]] = {"navigateur": {}, "CIBA": ON_TELEPHONE}


@checks(
    "psc.session.opens",
    "SC.PSC.01",
    "S000-82",
    "S000-89",
    purpose="Le professionnel ouvre sa session par Pro Santé Connect : c’est lui qui répond de ce qu’il fait.",
    steps=("ouvrir une session par le navigateur", "la fermer, puis en ouvrir une par CIBA"),
    expected="une session par Pro Santé Connect, au nom et au RPPS du professionnel ; notée à l’audit",
    mend="rendre Authenticated avec nom, RPPS et identifiant national",
    film="l’ouverture de session, e-CPS et carte",
    kinds=PLUGIN_KINDS,
)
def opens(bench: Bench) -> None:
    """A session in the professional's name, by either way."""
    subject = started(bench)
    for rank, (what, given) in enumerate(_WAYS.items(), start=1):
        found = signed_in(bench, subject, what, **given)
        actor, session = found["actor"], found["session"]
        expect_equal((actor["kind"], actor["rpps"]), ("professional", PEOPLE[TITULAIRE].rpps), f"{what}, acteur")
        expect(PEOPLE[TITULAIRE].family_name in actor["name"], f"{what} : le nom n’est pas celui du professionnel")
        expect_equal(session["means"], "psc", f"{what}, moyen de la session")
        expect_equal({one["status"] for one in found["outcomes"]} - {"declined"}, {"ok"}, f"{what}, apport du module")
        expect_equal(len(audited(subject, "session.opened")), rank, f"{what}, ouvertures notées à l’audit")
        subject.ask("logout")


@checks(
    "psc.session.longest",
    "KIT-PSC-11",
    purpose="Une session de Pro Santé Connect dure quatre heures, même commencée dans un autre logiciel.",
    steps=(
        "ouvrir une session, et lire son terme",
        "en ouvrir une dont l’authentification date de trois heures, et attendre son terme",
    ),
    expected="quatre heures après l’authentification, la session est fermée",
    mend="compter expires_at depuis auth_time",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def longest(bench: Bench) -> None:
    """Four hours after its professional proved who he is, wherever that was."""
    age, now = timedelta(hours=3), datetime.now(UTC)
    bench.sandbox.psc_settings(refresh_s=_DAY_S, session_idle_s=_DAY_S)
    with between(bench) as authority:
        subject = started_at(bench, authority, sessions={"idle_minutes": 1440})
        lasts = _until(signed_in(bench, subject, "authentification d’à présent")) - now
        expect(LONGEST - ROUNDING < lasts < LONGEST + ROUNDING, f"durée d’une session : {lasts}, {LONGEST} attendues")
        subject.ask("logout")
        authority.wrong = Wrong(claims=lambda told: told | {"auth_time": int((now - age).timestamp())})
        signed_in(bench, subject, "authentification d’il y a trois heures")
        _passes(bench, subject, LONGEST - age - ROUNDING)
        expect_equal(len(sessions(subject)), 1, "sessions avant le terme")
        _passes(bench, subject, LONGEST - age + ROUNDING, since=LONGEST - age - ROUNDING)
        expect_ended(subject, "après le terme", "expired")


@checks(
    "psc.session.idle",
    "KIT-PSC-11",
    purpose="Une session que personne n’emploie depuis trente minutes est finie chez Pro Santé Connect : ici aussi.",
    steps=("ouvrir une session, attendre vingt-neuf minutes, puis deux de plus",),
    expected="ouverte, puis fermée et notée",
    mend="rendre refresh_expires_at d’après refresh_expires_in",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def idle(bench: Bench) -> None:
    """Over when its tokens can no longer be renewed."""
    subject = started(bench)
    signed_in(bench, subject, "connexion")
    _passes(bench, subject, IDLE - ROUNDING)
    expect_equal(len(sessions(subject)), 1, "sessions après vingt-neuf minutes")
    _passes(bench, subject, IDLE + ROUNDING, since=IDLE - ROUNDING)
    expect_ended(subject, "après trente et une minutes", "expired")


@checks(
    "psc.session.named",
    "KIT-PSC-11",
    "S000-84",
    purpose="Deux professionnels sur un poste : un appel qui ne nomme aucun d’eux n’est fait pour personne.",
    steps=("ouvrir deux sessions", "appeler le module sans en nommer une, puis en nommant chacune", "en fermer une"),
    expected="session.unnamed, puis une réponse à chacun",
    mend="faire chaque appel dans Host.acting",
    film="deux professionnels sur un poste",
    kinds=PLUGIN_KINDS,
)
def named(bench: Bench) -> None:
    """A call that names none of several is refused."""
    subject = started(bench)
    opened = [signed_in(bench, subject, who, who) for who in (TITULAIRE, DOCTOR)]
    events = [{"actor": one["actor"], "session": one["session"]} for one in opened]
    answer = subject.call("on_session_login", events[0])
    expect_equal(answer.error, "session.unnamed", "appel qui ne nomme aucune session")
    for event, one in zip(events, opened, strict=True):
        session = one["session"]["session_id"]
        answer = subject.ask("call", hook="on_session_login", event=event, session=session)
        expect_equal(answer.failure, None, "appel dans une session nommée")
    expect_equal(len({one["session"]["session_id"] for one in sessions(subject)}), 2, "sessions ouvertes")
    subject.ask("logout", session=opened[0]["session"]["session_id"])
    left = [one["actor"]["rpps"] for one in sessions(subject)]
    expect_equal(left, [PEOPLE[DOCTOR].rpps], "sessions qui restent")


@checks(
    "psc.session.account",
    "EX PSC 19",
    "SC.PSC.02",
    "S000-90",
    "PD-07",
    purpose="Un compte par personne, quel que soit le moyen ; sans correspondance, rien ne se crée en silence.",
    steps=(
        "exiger des comptes, en créer un au RPPS d’une pharmacienne",
        "se connecter en son nom, puis au nom d’un médecin et d’une secrétaire sans compte",
    ),
    expected="sa session ; pour les autres, un refus qui le dit",
    mend="rendre rpps et national_id dans Authenticated",
    film="la connexion d’une personne sans compte",
    kinds=PLUGIN_KINDS,
)
def account(bench: Bench) -> None:
    """Only who has an account gets a session, where accounts are kept."""
    subject = started(bench, sessions={"accounts": "host"})
    subject.ask("account", name="titulaire", role="titulaire", rpps=PEOPLE[TITULAIRE].rpps)
    subject.ask("answers", answers={})
    for who in (DOCTOR, SECRETARY):
        expect_no_session(bench, subject, sign_in(bench, subject, who), f"{who}, sans compte", "session.not_linked")
    for _ in range(2):
        signed_in(bench, subject, "pharmacienne, avec compte")
        subject.ask("logout")
    # Once he was recognised by his RPPS, his account is known by his national identifier as well.
    asked = [one["code"] for one in subject.ask("asked").value]
    expect_equal(asked.count(ACKNOWLEDGED), 1, "fois où la transmission de l’identifiant est dite")


@checks(
    "psc.session.acknowledged",
    "SC.PSC.10",
    "KIT-PSC-11",
    purpose="L’identifiant national part avec chaque appel : qui ne le sait pas n’en fait aucun.",
    steps=(
        "se connecter pour la première fois sans prendre connaissance de la transmission de l’identifiant",
        "chercher une identité par INSi",
        "se reconnecter, en prendre connaissance, chercher de nouveau",
    ),
    expected="session.not_acknowledged et aucun appel, puis un appel",
    mend="laisser passer l’erreur de ctx.http",
    film="la première connexion",
    kinds=PLUGIN_KINDS,
)
def acknowledged(bench: Bench) -> None:
    """No national call before its user knows what is sent."""
    if _NATIONAL not in bench.product.companions:
        raise NotApplicable("aucun module d’appel national n’accompagne celui-ci")
    subject = started(bench)
    calls = []
    for answered in ("non", "oui"):
        subject.ask("answers", answers={ACKNOWLEDGED: answered})
        signed_in(bench, subject, "connexion")
        subject.identify(traits=traits("ECETINSI", "PIERRE-ALAIN"))
        calls.append(len(bench.sandbox.exchanges("insi")))
        subject.ask("logout")
    expect_equal(calls[0], 0, "appels à INSi avant d’en avoir pris connaissance")
    expect(calls[1] > 0, "aucun appel à INSi après en avoir pris connaissance")


def _until(found: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(found["session"]["expires_at"])


def _passes(bench: Bench, subject: Subject, after: timedelta, since: timedelta = timedelta()) -> None:
    """Let time pass on both sides: so much since the beginning of the check, of which ``since`` has passed already."""
    bench.sandbox.set_clock(advance_s=(after - since).total_seconds())
    subject.ask("clock", step_s=after.total_seconds())
