"""Words by which the reference host lets a professional sign in and out, and tells of cards, questions and traces."""

import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, ItemsView, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import attrs

from segur_conformance.targets.enclosed import descendants
from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_host import Host
from segur_host.broker.card_watch import CardChange, CardEvent
from segur_host.json_forms import outcome_as_json, value_as_json
from segur_host.sessions.open_sessions import OpenSession
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Question

Request = Mapping[str, Any]


class Person:
    """Who sits there: answers by code of the question, and remembers what was asked."""

    def __init__(self) -> None:
        self._answers: Mapping[str, str | int] = {}
        self._asked: list[Question] = []

    def learns(self, answers: Mapping[str, str | int]) -> None:
        """Answer so from now on, and forget what was asked before; a number stands for the choice of that rank."""
        self._answers = answers
        self._asked = []

    def answer(self, question: Question) -> str | None:
        """Return the answer to a question, nothing when there is none."""
        self._asked.append(question)
        answer = self._answers.get(question.code)
        return question.choices[answer].value if isinstance(answer, int) else answer

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Every question since ``learns``, as JSON."""
        return [one.model_dump(mode="json") for one in self._asked]


class SigningIn:
    """The words; see ``Subject.ask``.

    Args:
        host: gives the open host.
        person: who sits there.
        folder: of the target; the host's data is in it.
    """

    def __init__(self, host: Callable[[], WatchedHost], person: Person, folder: Path) -> None:
        self._host = host
        self._person = person
        self._folder = folder
        self._cards = _CardsThatMove()
        self._lent = ExitStack()
        self.ops: Final[Mapping[str, Callable[[Request], Any]]] = {
            "login": self._login,
            "logout": self._logout,
            "session": self._session,
            "answers": self._answers,
            "asked": self._asked,
            "moves": self._moves,
            "lend": self._lend,
            "traces": self._traces,
        }

    def begin(self) -> None:
        """Forget what another host told of cards, and what was lent to it."""
        self._lent.close()
        self._cards = _CardsThatMove()

    def _login(self, request: Request) -> Any:
        given = {name: request[name] for name in ("slot", "token_serial", "exercice") if name in request}
        login = self._host().login(SessionMeans(request["means"]), **given)
        messages = self._host().messages
        return {
            **_told(login.opened),
            "contributions": value_as_json(login.contributions.value),
            "outcomes": [outcome_as_json(one, messages) for one in login.contributions.outcomes],
        }

    def _logout(self, _: Request) -> None:
        self._host().logout()

    def _session(self, request: Request) -> Any:
        """Tell the session that is open; with ``ended_within_s``, wait until there is none and its end is noted.

        What is noted last is over for good: its card was locked before.
        """
        until = time.monotonic() + request.get("ended_within_s", 0.0)
        while not self._all_ended() and time.monotonic() < until:
            time.sleep(0.005)
        current = self._host().session
        return None if current is None else _told(current)

    def _all_ended(self) -> bool:
        if self._host().session is not None:
            return False
        noted = Counter(one.event for one in self._host().audit.records())
        return noted["session.opened"] == noted["session.ended"]

    def _answers(self, request: Request) -> None:
        self._person.learns(request["answers"])

    def _asked(self, _: Request) -> Any:
        return self._person.asked

    def _moves(self, request: Request) -> Any:
        """Tell which cards came and went since the first time this was asked.

        With ``count``, once there are so many of them; with ``gone``, once the end of that insertion is among them.
        """
        self._cards.watched_in(self._host())
        gone = {"insertion": request["gone"], "change": CardChange.REMOVED.value}.items() if "gone" in request else None
        return self._cards.told(request.get("count", 0), gone, request.get("within_s", 0.0))

    def _lend(self, request: Request) -> None:
        """Add readers in memory that the configuration may not name."""
        self._lent.enter_context(self._host().lent(request["slots"]))

    def _traces(self, request: Request) -> Any:
        """Name the files, and what other processes were started with, in which one of ``patterns`` is found."""
        pattern = re.compile(b"|".join(one.encode() for one in request["patterns"]))
        files = (one for one in self._folder.rglob("*") if one.is_file())
        found = [one.relative_to(self._folder).as_posix() for one in files if pattern.search(_read(one))]
        return found + [one for one, text in _started_with() if pattern.search(text)]


@attrs.define
class _CardsThatMove:
    """What a host told of cards that come and go."""

    moves: list[dict[str, Any]] = attrs.field(factory=list)
    _told: threading.Condition = attrs.field(factory=threading.Condition)
    _watching: bool = False

    def watched_in(self, host: Host) -> None:
        if not self._watching:
            self._watching = True
            host.watch_cards(self._heard)

    def told(self, count: int, gone: ItemsView[str, str] | None, seconds: float) -> list[dict[str, Any]]:
        def enough() -> bool:
            return len(self.moves) >= count and (gone is None or any(gone <= one.items() for one in self.moves))

        with self._told:
            self._told.wait_for(enough, seconds)
            return list(self.moves)

    def _heard(self, event: CardEvent) -> None:
        with self._told:
            self.moves.append({"change": event.change.value, **event.presence.model_dump(mode="json")})
            self._told.notify_all()


def _told(opened: OpenSession) -> dict[str, Any]:
    return {
        "session": opened.session.model_dump(mode="json"),
        "actor": opened.actor.model_dump(mode="json"),
        "exercices": [one.model_dump(mode="json") for one in opened.exercices],
    }


def _started_with() -> Iterator[tuple[str, bytes]]:
    """Yield the command line of every process below this one, and the variables that it did not find here."""
    found = _read(Path("/proc/self/environ")).split(b"\0")
    yield "l’environnement de l’hôte", b"\0".join(one for one in _variables() if one not in found)
    for process in descendants():
        yield "une ligne de commande", _read(Path(f"/proc/{process}/cmdline"))
        given = _read(Path(f"/proc/{process}/environ")).split(b"\0")
        yield "un environnement", b"\0".join(one for one in given if one not in found)


def _variables() -> list[bytes]:
    return [f"{name}={value}".encode("utf-8", "surrogateescape") for name, value in os.environ.items()]


def _read(file: Path) -> bytes:
    """Return the content of a file that may have gone, or that this system does not have."""
    with suppress(OSError):
        return file.read_bytes()
    return b""
