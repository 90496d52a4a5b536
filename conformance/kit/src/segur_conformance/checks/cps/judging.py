"""How a check of this profile goes about a card: read it, sign in with it, and judge what came of that."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from segur_conformance.checks.cps.commands import codes_presented, sent
from segur_conformance.checks.cps.holders import HOLDERS
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer, Subject

PIN: Final = "1234"
WRONG: Final = "7391"
PIN_ASKED: Final = "token.pin"
SITUATION_ASKED: Final = "session.exercice"
PATIENCE_S: Final = 5.0
"""What the end of a session, or a change in a reader, takes to be told at the very most, on a busy machine."""
CARD_CODES: Final = ("card.", "token.")
UNEXPLAINED: Final = "ne sait pas expliquer"
"""What the host says of a code for which nobody brings a text."""


def cps_reader(bench: Bench) -> str:
    """Return the reader that a professional puts his card into."""
    return bench.readers[1]


def inserted(bench: Bench, card: str) -> Mapping[str, Any]:
    """Put a professional's card into his reader, and return the event of ``on_card_read`` for it."""
    bench.sandbox.insert(cps_reader(bench), card)
    return {"card": {"slot": cps_reader(bench)}}


def taking_turns(bench: Bench, subject: Subject, *cards: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Put cards into the professional's reader one after the other; yield each with its event of ``on_card_read``.

    A session that is open ends with its card. The next card is only yielded once that was noted: nothing that is told
    of the one before arrives later.
    """
    for card in cards:
        event = inserted(bench, card)
        session_ended(subject)
        subject.ask("logout")
        yield card, event


def read(subject: Subject, event: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Have a card read and return the reading; without one the check fails."""
    answer = subject.call("on_card_read", event)
    expect(answer.failure is None, f"{what} : aucune lecture, {answer.failure}")
    expect(isinstance(answer.value, dict), f"{what} : aucune lecture, aucun module ne reconnaît la carte")
    found: dict[str, Any] = answer.value
    expect(isinstance(found.get("holder"), dict), f"{what} : la lecture ne dit pas qui porte la carte")
    return found


def knows_the_pin(subject: Subject, pin: str | None = PIN, *, choice: int = 0) -> None:
    """Let whoever sits there answer so from now on; what was asked before is forgotten.

    Args:
        subject: where he sits.
        pin: that he types; nothing when he does not answer.
        choice: rank of the situation that he chooses, among those that are offered.
    """
    typed = {} if pin is None else {PIN_ASKED: pin}
    subject.ask("answers", answers={**typed, SITUATION_ASKED: choice})


def sign_in(subject: Subject, **given: Any) -> Answer:
    """Try to open a session by card; ``given`` as for ``Host.login``."""
    return subject.ask("login", means="cps", **given)


def signed_in(subject: Subject, what: str, *, choice: int = 0, **given: Any) -> dict[str, Any]:
    """Open a session by card; without one the check fails.

    Returns:
        ``session``, ``actor``, ``exercices``, ``contributions``, ``outcomes``.
    """
    knows_the_pin(subject, choice=choice)
    answer = sign_in(subject, **given)
    expect(answer.error is None, f"{what} : pas de session, {answer.error}")
    found: dict[str, Any] = answer.value
    return found


def questions(subject: Subject) -> list[dict[str, Any]]:
    """Return the questions asked since the answers were given."""
    found: list[dict[str, Any]] = subject.ask("asked").value
    return found


def pins_asked(subject: Subject) -> list[dict[str, Any]]:
    """Return the questions that asked for the PIN."""
    return [one for one in questions(subject) if one["code"] == PIN_ASKED]


def offered(subject: Subject) -> list[str]:
    """Return the situations that were put to the professional, in their order."""
    asked = [one for one in questions(subject) if one["code"] == SITUATION_ASKED]
    return [choice["value"] for choice in asked[-1]["choices"]] if asked else []


def session_of(subject: Subject) -> dict[str, Any] | None:
    """Return the session that is open."""
    found: dict[str, Any] | None = subject.ask("session").value
    return found


def session_ended(subject: Subject) -> bool:
    """Wait until no session is open and the end of the last one is noted; tell whether that came about."""
    return subject.ask("session", ended_within_s=PATIENCE_S).value is None


def audited(subject: Subject, event: str) -> list[dict[str, Any]]:
    """Return the records of the host's audit with ``event``."""
    return [one for one in subject.ask("observe").value["audit"] if one["event"] == event]


def expect_no_session(bench: Bench, subject: Subject, answer: Answer, what: str, *codes: str) -> None:
    """Fail unless no session was opened, for a reason of the card's, of this plugin's, or one of ``codes``; in French.

    Args:
        bench: of the check.
        subject: where somebody tried.
        answer: that he got.
        what: he tried.
        *codes: that the error may have, where only some will do.
    """
    expect(answer.error is not None, f"{what} : une session est ouverte")
    known = (answer.error or "") in codes if codes else (answer.error or "").startswith((*CARD_CODES, _own(bench)))
    expect(known, f"{what} : {answer.error}, attendu {' ou '.join(codes) or 'une erreur de carte'}")
    explained = answer.said.count(".") >= 2 and UNEXPLAINED not in answer.said
    expect(explained, f"{what} : l’erreur ne dit pas en français ce qui se passe et quoi faire")
    expect(session_of(subject) is None, f"{what} : une session est ouverte malgré l’erreur")


def expect_refused_at_once(bench: Bench, subject: Subject, what: str, *codes: str) -> Answer:
    """Fail unless nobody can sign in, nor has to type anything to learn so; ``codes`` as for ``expect_no_session``."""
    knows_the_pin(subject)
    answer = sign_in(subject)
    expect_no_session(bench, subject, answer, what, *codes)
    expect(not pins_asked(subject), f"{what} : le code porteur est demandé")
    expect_equal(codes_presented(sent(bench)), 0, f"{what}, codes présentés à la carte")
    return answer


def expect_whole(card: str, reading: Mapping[str, Any], what: str) -> None:
    """Fail unless a reading names the holder of that very card."""
    holder = HOLDERS[card]
    same = reading["holder"]["national_id"] == holder.national_id and (
        reading["holder"]["family_name"] == holder.family_name
    )
    expect(same, f"{what} : le porteur rendu n’est pas celui de la carte")


def _own(bench: Bench) -> str:
    return f"{bench.plugin.id}."
