"""Tokens: in memory only, renewed before they are used, and their refusal ends the session."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from segur_conformance.authority.between import Wrong
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import (
    between,
    expect_ended,
    operations,
    sessions,
    sign_in,
    signed_in,
    started,
    started_at,
)
from segur_conformance.checks.psc.people import ON_TELEPHONE, TITULAIRE
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer, Subject

checks = CheckSet()

LATER_S: Final = 100
"""When an access token of two minutes has little left."""
RENEWED: Final = "token:refresh_token"
_SECRETS: Final = frozenset(
    {"access_token", "refresh_token", "id_token", "code", "code_verifier", "auth_req_id", "token"}
)
_LEAST: Final = 16
_TAIL: Final = 32
"""Characters: those of a signature, where a token has one."""


@checks(
    "psc.tokens.nowhere",
    "KIT-PSC-08",
    "SC.MSS/CONF.28",
    "REQ-10",
    purpose="Un jeton lu dans un fichier, un journal ou un message sert à qui le trouve.",
    steps=(
        "ouvrir une session, la renouveler, la fermer ; en ouvrir une par CIBA, quitter partout",
        "échouer avec un jeton faux, un retour faux et un service absent",
        "chercher chaque jeton et chaque code dans réponses, audit, fichiers, sorties et processus",
    ),
    expected="rien nulle part",
    mend="garder les jetons dans SessionTokens, ne rien noter ni afficher de ce qui a été échangé",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def nowhere(bench: Bench) -> None:
    """Nothing that was exchanged is found anywhere."""
    subject = started(bench)
    found = signed_in(bench, subject, "connexion")
    _later(bench, subject)
    subject.ask("bearer", session=found["session"]["session_id"])
    subject.ask("logout")
    signed_in(bench, subject, "connexion par CIBA", **ON_TELEPHONE)
    subject.ask("logout", everywhere=True)
    for service, fault in (("psc", "alg_hs256"), ("psc", "other_sub"), ("psc-login", "callback_wrong_iss")):
        bench.sandbox.fault(service, "wrong_answer", variant=fault, count=1)
        sign_in(bench, subject)
    bench.sandbox.fault("psc", "error5xx", operation="userinfo", count=1)
    sign_in(bench, subject)
    secrets = sorted(set(_exchanged(bench)))
    expect(len(secrets) > 2 * len(_SECRETS), "trop peu de jetons échangés pour les chercher")
    told = json.dumps([one["content"] for one in bench.record.dialogue if one["direction"] == "answer"])
    expect_equal(_found(secrets, told), 0, "jetons dans les réponses")
    expect_equal(_found(secrets, str(subject.ask("observe").value["audit"])), 0, "jetons dans l’audit")
    expect_equal(subject.ask("traces", patterns=[re.escape(one) for one in secrets]).value, [], "traces de jetons")
    # What is printed comes by another way than answers: it is heard whole when the next target starts.
    started(bench)
    printed = bench.record.printed.get(bench.record.check, b"").decode("utf-8", "replace")
    expect_equal(_found(secrets, printed), 0, "jetons affichés")


@checks(
    "psc.tokens.renewed",
    "KIT-PSC-08",
    purpose="Un jeton d’accès dure deux minutes : il se renouvelle avant de servir, pas après un refus.",
    steps=("ouvrir une session", "employer le jeton, puis de nouveau après cent secondes, deux fois"),
    expected="le premier jeton, puis le nouveau, renouvelé une seule fois",
    mend="rendre les jetons reçus dans SessionTokens, avec leurs dates, et renew_session",
    film="rien à filmer : les échanges sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def renewed(bench: Bench) -> None:
    """Renewed before its use, once."""
    subject = started(bench)
    session = signed_in(bench, subject, "connexion")["session"]["session_id"]
    expect_equal(_used(subject, session), _granted(bench)[-1], "jeton employé")
    expect_equal(operations(bench).count(RENEWED), 0, "renouvellements aussitôt")
    _later(bench, subject)
    used = _used(subject, session)
    expect_equal(used, _used(subject, session), "jeton employé deux fois de suite")
    expect_equal(operations(bench).count(RENEWED), 1, "renouvellements après cent secondes")
    granted = _granted(bench)
    expect(used == granted[-1] and used != granted[0], "le jeton employé n’est pas celui du renouvellement")


@checks(
    "psc.tokens.session-over",
    "KIT-PSC-08",
    "SC.MSS/CONF.10",
    purpose="Quand Pro Santé Connect ne renouvelle plus, ce qui reposait sur la session se ferme aussi.",
    steps=("ouvrir une session", "y mettre fin chez Pro Santé Connect", "employer le jeton cent secondes plus tard"),
    expected="une erreur en français, la session fermée et notée",
    mend="rendre invalid_grant par une erreur définitive (retryable=False)",
    film="le message d’une session terminée",
    kinds=PLUGIN_KINDS,
)
def session_over(bench: Bench) -> None:
    """A refusal to renew ends the session."""
    subject = started(bench)
    session = signed_in(bench, subject, "connexion")["session"]["session_id"]
    bench.sandbox.end_psc_sessions(TITULAIRE)
    _later(bench, subject)
    answer = _use(subject, session)
    expect(answer.error is not None, "session terminée : le jeton sert encore")
    expect_ended(subject, "session terminée", "refused")


@checks(
    "psc.tokens.outage",
    "KIT-PSC-08",
    "SC.MSS/CONF.11",
    purpose="Un service absent un instant ne déconnecte personne.",
    steps=("ouvrir une session", "faire échouer le renouvellement cent secondes plus tard, puis le rétablir"),
    expected="la session reste ; le jeton sert tant qu’il vaut, puis se renouvelle",
    mend="rendre 503 par une erreur à retenter (retryable=True)",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def outage(bench: Bench) -> None:
    """A renewal that fails for a while ends nothing."""
    subject = started(bench)
    session = signed_in(bench, subject, "connexion")["session"]["session_id"]
    _later(bench, subject)
    bench.sandbox.fault("psc", "error5xx", operation=RENEWED)
    expect_equal(_used(subject, session), _granted(bench)[0], "jeton employé pendant l’absence")
    _later(bench, subject, 2 * LATER_S)
    expect(_use(subject, session).error is not None, "le jeton sert encore après sa fin")
    expect_equal(len(sessions(subject)), 1, "sessions ouvertes pendant l’absence")
    bench.mend()
    expect(_use(subject, session).error is None, "le jeton ne se renouvelle pas après l’absence")


@checks(
    "psc.tokens.same-person",
    "KIT-PSC-08",
    purpose="Un renouvellement qui parle d’un autre mettrait ses droits entre les mains de celui-ci.",
    steps=(
        "ouvrir une session à travers une autorité intermédiaire, employer le jeton cent secondes plus tard",
        "recommencer avec un jeton renouvelé au nom d’un autre",
    ),
    expected="un jeton, puis une erreur et la fin de la session",
    mend="comparer sub du jeton d’identité renouvelé à celui d’avant (OIDC Core 12.2)",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def same_person(bench: Bench) -> None:
    """What is renewed is the same person's."""
    with between(bench) as authority:
        subject = started_at(bench, authority)
        session = signed_in(bench, subject, "connexion")["session"]["session_id"]
        _later(bench, subject)
        expect(_use(subject, session).error is None, "le jeton ne se renouvelle pas")
        _later(bench, subject, 2 * LATER_S)
        authority.wrong = Wrong(claims=lambda claims: claims | {"sub": f"{claims['sub']}0"})
        expect(_use(subject, session).error is not None, "un jeton renouvelé au nom d’un autre sert")
        expect_ended(subject, "jeton d’un autre", "refused")


def _later(bench: Bench, subject: Subject, seconds: int = LATER_S) -> None:
    """Let time pass since the beginning of the check, on both sides."""
    subject.ask("clock", step_s=seconds)
    bench.sandbox.set_clock(advance_s=LATER_S)


def _use(subject: Subject, session: str) -> Answer:
    return subject.ask("bearer", session=session)


def _used(subject: Subject, session: str) -> str:
    answer = _use(subject, session)
    expect(answer.error is None, f"le jeton ne sert pas : {answer.error}")
    found: str = answer.value
    return found


def _granted(bench: Bench) -> list[str]:
    """Return the SHA-256 of every access token that was granted."""
    tokens = [one["access_token"] for one in _answers(bench) if "access_token" in one]
    return [hashlib.sha256(one.encode()).hexdigest() for one in tokens]


def _answers(bench: Bench) -> Iterator[dict[str, Any]]:
    for one in bench.sandbox.exchanges("psc"):
        answer = one["answer"] or {}
        if "json" in answer.get("headers", {}).get("content-type", ""):
            yield json.loads(answer["body"])


def _exchanged(bench: Bench) -> Iterator[str]:
    """Yield the end of every token and code that was exchanged: a part of one is too much already."""
    for one in _whole(bench):
        yield one[-_TAIL:]


def _whole(bench: Bench) -> Iterator[str]:
    for answer in _answers(bench):
        yield from (value for name, value in answer.items() if name in _SECRETS)
    for one in bench.sandbox.exchanges("psc"):
        yield from (value for name, value in parse_qsl(one["request"].get("body", "")) if name in _SECRETS)
    for one in bench.sandbox.exchanges("psc-login"):
        back = urlsplit((one["answer"] or {}).get("headers", {}).get("location", ""))
        yield from (value for name, value in parse_qsl(back.query) if name in _SECRETS and len(value) >= _LEAST)


def _found(secrets: list[str], text: str) -> int:
    return sum(one in text for one in secrets)
