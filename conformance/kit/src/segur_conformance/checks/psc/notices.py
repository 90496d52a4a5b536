"""Logout tokens: the authority says that a session is over, and is only believed when it proves it.

Source: OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6.
"""

import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import attrs

from segur_conformance.authority.between import AuthorityBetween
from segur_conformance.authority.seals import sealed_with_public_key, signer, unsigned
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import (
    between,
    expect_ended,
    expect_explained,
    sessions,
    signed_in,
    started_at,
)
from segur_conformance.checks.psc.people import DOCTOR, TITULAIRE
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer, Subject

checks = CheckSet()

LASTS_S: Final = 120
HOUR_S: Final = 3600
_EVENTS: Final = "events"
_STEPS: Final = (
    "ouvrir deux sessions, en fermer une par un avis exact",
    "envoyer un avis sur l’autre, auquel une seule chose manque ou ne convient pas",
)
_EXPECTED: Final = "l’avis exact ferme sa session ; les autres sont refusés en français et ne ferment rien"
_FILM: Final = "rien à filmer : l’avis vient de Pro Santé Connect"


@checks(
    "psc.notices.ends",
    "KIT-PSC-09",
    "SC.MSS/CONF.10",
    purpose="Une session fermée chez Pro Santé Connect se ferme ici : elle, et aucune autre.",
    steps=("ouvrir deux sessions", "envoyer un avis qui nomme la session de l’une, puis le sujet de l’autre"),
    expected="une session fermée à chaque avis, celle qu’il nomme",
    mend="rendre EndedElsewhere avec sid, ou avec l’identifiant que désigne sub",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def ends(bench: Bench) -> None:
    """By the name of the session, then by that of the person."""
    with between(bench) as authority:
        subject = started_at(bench, authority)
        _signed_in(bench, subject, TITULAIRE)
        by_session = authority.logout_token(**_whose(authority, "sid"))
        second = _signed_in(bench, subject, DOCTOR)
        by_person = authority.logout_token(**_whose(authority, "sub"))
        expect_equal(_told(subject, by_session).value, 1, "sessions fermées par sid")
        expect_equal([one["session"]["session_id"] for one in sessions(subject)], [second], "sessions qui restent")
        expect_equal(_told(subject, by_person).value, 1, "sessions fermées par sub")
        expect_ended(subject, "avis de déconnexion", "refused")


@checks(
    "psc.notices.seal",
    "KIT-PSC-09",
    purpose="Un avis que personne n’a signé fermerait les sessions de toute la pharmacie.",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="vérifier l’avis comme un jeton d’identité, avec son propre type (logout+jwt)",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def seal(bench: Bench) -> None:
    """Signed by a stranger, by nobody, by the public key, or as a token of another kind."""
    stranger = signer("clef-d-un-autre")
    _expect_each_refused(
        bench,
        {
            "clef d’un autre": lambda authority, told: authority.logout_token(
                seal=lambda claims, by: attrs.evolve(stranger, kid=by.kid).sign(claims, typ="logout+jwt"), **told
            ),
            "sans signature": lambda authority, told: authority.logout_token(
                seal=lambda claims, _: unsigned(claims), **told
            ),
            "scellé avec la clef publique": lambda authority, told: authority.logout_token(
                seal=sealed_with_public_key, **told
            ),
            "jeton d’un autre type": lambda authority, told: authority.logout_token(
                seal=lambda claims, by: by.sign(claims), **told
            ),
        },
    )


@checks(
    "psc.notices.claims",
    "KIT-PSC-09",
    purpose="Un avis pour un autre logiciel, ou un autre jeton pris pour un avis, ne ferme rien.",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="vérifier iss, aud, events, l’absence de nonce, les dates, sid ou sub",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def claims(bench: Bench) -> None:
    """Everything that makes it a notice, for this software, of now."""
    now = int(time.time())
    changes: dict[str, dict[str, Any]] = {
        "autre émetteur": {"iss": "https://psc.exemple.invalid/auth"},
        "autre logiciel": {"aud": "un-autre-logiciel"},
        "sans événement": {_EVENTS: None},
        "autre événement": {_EVENTS: {"http://schemas.openid.net/event/autre": {}}},
        "avec un nonce": {"nonce": "un-nonce"},
        "expiré": {"iat": now - HOUR_S, "exp": now - HOUR_S + LASTS_S},
        "donné dans une heure": {"iat": now + HOUR_S, "exp": now + HOUR_S + LASTS_S},
        "sans session ni sujet": {"sid": None, "sub": None},
        "sans numéro": {"jti": None},
    }

    def made(change: dict[str, Any]) -> "_Make":
        return lambda authority, told: authority.logout_token(change=lambda claims: _changed(claims, change), **told)

    _expect_each_refused(bench, {what: made(change) for what, change in changes.items()})


@checks(
    "psc.notices.once",
    "KIT-PSC-09",
    purpose="Un avis intercepté et renvoyé fermerait la session suivante.",
    steps=("ouvrir une session, la fermer par un avis qui nomme la personne", "rouvrir, renvoyer le même avis"),
    expected="une erreur en français la seconde fois ; la session reste",
    mend="retenir jti aussi longtemps que l’avis vaut",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def once(bench: Bench) -> None:
    """A notice serves once."""
    with between(bench) as authority:
        subject = started_at(bench, authority)
        _signed_in(bench, subject, TITULAIRE)
        notice = authority.logout_token(**_whose(authority, "sub"))
        expect_equal(_told(subject, notice).value, 1, "sessions fermées par l’avis")
        _signed_in(bench, subject, TITULAIRE)
        _expect_refused(subject, _told(subject, notice), "avis renvoyé", 1)


_Make = Callable[[AuthorityBetween, dict[str, Any]], str]


def _expect_each_refused(bench: Bench, cases: dict[str, _Make]) -> None:
    with between(bench) as authority:
        subject = started_at(bench, authority)
        _signed_in(bench, subject, DOCTOR)
        for what, make in cases.items():
            _signed_in(bench, subject, TITULAIRE)
            told = _whose(authority, "sid", "sub")
            _expect_refused(subject, _told(subject, make(authority, told)), what, 2)
            exact = _told(subject, authority.logout_token(**told | {"jti": str(uuid.uuid4())}))
            expect_equal(exact.value, 1, f"{what}, sessions fermées sans cette faute")


def _expect_refused(subject: Subject, answer: Answer, what: str, left: int) -> None:
    expect(answer.error is not None, f"{what} : l’avis est cru")
    expect_explained(answer, what)
    expect_equal(len(sessions(subject)), left, f"{what}, sessions qui restent")


def _told(subject: Subject, notice: str) -> Answer:
    return subject.ask("ended_elsewhere", means="psc", logout_token=notice)


def _whose(authority: AuthorityBetween, *names: str) -> dict[str, Any]:
    """Return what a notice says of whoever signed in last: these claims of his ID token."""
    now, claims = int(time.time()), authority.issued[-1]
    dates = {"iat": now, "exp": now + LASTS_S, "jti": str(uuid.uuid4())}
    return {**dates, "aud": claims["aud"], **{name: claims[name] for name in names}}


def _changed(given: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (given | change).items() if value is not None}


def _signed_in(bench: Bench, subject: Subject, who: str) -> str:
    session: str = signed_in(bench, subject, who, who)["session"]["session_id"]
    return session
