"""How a check of this profile goes about a login: the target, somebody who answers, and what came of it."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from segur_conformance.authority.between import AuthorityBetween, Wrong, authority_between
from segur_conformance.authority.listener import Shown
from segur_conformance.checks.psc.people import TITULAIRE
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer, Subject

SITUATION_ASKED: Final = "session.exercice"
PATIENCE_S: Final = 5.0
"""What the end of a session takes to be noted at the very most, on a busy machine."""
GIVEN_BY_HOST: Final = ("service.", "input.", "browser.")
"""How codes begin of what the host says of a service, a person or a browser."""
UNEXPLAINED: Final = "ne sait pas expliquer"
"""What the host says of a code for which nobody brings a text."""


def started(bench: Bench, **tables: Any) -> Subject:
    """Start the target, with somebody who takes the first situation that he is offered.

    The services are lenient: what a login has to ask for is judged by the checks that are about it, so that one fault
    is found once.
    """
    bench.sandbox.psc_settings(lenient=True)
    answers: dict[str, Any] = {SITUATION_ASKED: 0}
    return bench.start(answers=answers, **tables)


def network(bench: Bench, **purposes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the addresses of every service, some purposes having other ones; an underscore stands for a hyphen."""
    known: dict[str, dict[str, Any]] = tomllib.loads(bench.sandbox.config.read_text("utf-8"))["network"]
    other = {name.replace("_", "-"): table for name, table in purposes.items()}
    return {**known, **{name: {**known.get(name, {}), **table} for name, table in other.items()}}


@contextmanager
def between(bench: Bench, server: Shown | None = None) -> Iterator[AuthorityBetween]:
    """Open an authority between the target and the services; ``server`` as for ``AuthorityBetween``."""
    with authority_between(bench.sandbox, server) as authority:
        yield authority


def started_at(
    bench: Bench, authority: AuthorityBetween, demanded: Mapping[str, Any] | None = None, **tables: Any
) -> Subject:
    """Start the target so that it meets ``authority``.

    Args:
        bench: of the check.
        authority: stands where Pro Santé Connect is.
        demanded: of its server, as the configuration's table of the purpose says it.
        **tables: of the configuration.
    """
    issuer, login = {**authority.tables["psc"], **(demanded or {})}, authority.tables["psc-login"]
    return started(bench, network=network(bench, psc=issuer, psc_login=login), **tables)


def sign_in(bench: Bench, subject: Subject, who: str = TITULAIRE, *, answer: str = "accept", **given: Any) -> Answer:
    """Have somebody try to sign in, who answers so at Pro Santé Connect; ``given`` as for ``Host.login``."""
    bench.sandbox.answer_psc(who, answer)
    return subject.ask("login", means="psc", **given)


def signed_in(bench: Bench, subject: Subject, what: str, who: str = TITULAIRE, **given: Any) -> dict[str, Any]:
    """Have somebody sign in; without a session the check fails.

    Returns:
        ``session``, ``actor``, ``exercices``, ``contributions``, ``outcomes``, ``notices``.
    """
    answer = sign_in(bench, subject, who, **given)
    expect(answer.error is None, f"{what} : pas de session, {answer.error}")
    found: dict[str, Any] = answer.value
    return found


def sessions(subject: Subject) -> list[dict[str, Any]]:
    """Return the sessions that are open."""
    found: list[dict[str, Any]] = subject.ask("sessions").value
    return found


def expect_no_session(bench: Bench, subject: Subject, answer: Answer, what: str, *codes: str) -> None:
    """Fail unless no session was opened, for a reason that is told in French.

    Args:
        bench: of the check.
        subject: where somebody tried.
        answer: that he got.
        what: he tried.
        *codes: that the error may have; without any, it is one of this plugin's, or says what the host noticed.
    """
    expect(answer.error is not None, f"{what} : une session est ouverte")
    own = (f"{bench.plugin.id}.", *GIVEN_BY_HOST)
    known = answer.error in codes if codes else (answer.error or "").startswith(own)
    expect(known, f"{what} : {answer.error}, attendu {' ou '.join(codes) or 'une erreur du module'}")
    expect_explained(answer, what)
    expect(not sessions(subject), f"{what} : une session est ouverte malgré l’erreur")


def expect_explained(answer: Answer, what: str) -> None:
    """Fail unless an error says in French what happens and what to do."""
    explained = answer.said.count(".") >= 2 and UNEXPLAINED not in answer.said
    expect(explained, f"{what} : l’erreur ne dit pas en français ce qui se passe et quoi faire")


def expect_each_refused(bench: Bench, cases: Mapping[str, Wrong], **given: Any) -> None:
    """Fail unless somebody signs in when everything is right, and nobody does when one thing is wrong.

    Args:
        bench: of the check.
        cases: what is wrong, by what it is called in French.
        **given: as for ``Host.login``.
    """
    with between(bench) as authority:
        subject = started_at(bench, authority)
        for what, wrong in cases.items():
            authority.wrong = Wrong()
            signed_in(bench, subject, f"{what}, sans cette faute", **given)
            subject.ask("logout")
            authority.wrong = wrong
            expect_no_session(bench, subject, sign_in(bench, subject, **given), what)


def audited(subject: Subject, event: str) -> list[dict[str, Any]]:
    """Return the records of the host's audit with ``event``."""
    return [one for one in subject.ask("observe").value["audit"] if one["event"] == event]


def operations(bench: Bench) -> list[str]:
    """Return what Pro Santé Connect was asked for, in order."""
    return [str(one["operation"]) for one in bench.sandbox.exchanges("psc")]


def ended(subject: Subject) -> bool:
    """Wait until no session is open and the end of the last one is noted; tell whether that came about."""
    return subject.ask("session", ended_within_s=PATIENCE_S).value is None


def expect_ended(subject: Subject, what: str, reason: str) -> None:
    """Fail unless the only session ended, once, for ``reason``, and that is noted."""
    expect(ended(subject), f"{what} : la session est encore ouverte")
    reasons = [one["facts"].partition('"reason":"')[2].partition('"')[0] for one in audited(subject, "session.ended")]
    expect_equal(reasons[-1:], [reason], f"{what}, fin notée à l’audit")
