"""Words by which the reference host lets a professional sign in and out, and tells of cards, questions and traces."""

import hashlib
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
from segur_conformance.targets.reference_host.browser import Browser
from segur_conformance.targets.reference_host.haste import Hurried, hurry, unhurried
from segur_conformance.targets.reference_host.person import Person
from segur_conformance.targets.reference_host.stepping_clock import SteppingClock
from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_host import Host
from segur_host.broker.cancelling import Cancellation
from segur_host.broker.card_watch import CardChange, CardEvent
from segur_host.json_forms import outcome_as_json, value_as_json
from segur_host.operators.rights import Role
from segur_host.sessions.open_sessions import OpenSession
from segur_sdk.models.actor import SessionMeans
from segur_sdk.services.session_provider import Device, LoginFlow

Request = Mapping[str, Any]
_PLAIN: Final = ("slot", "token_serial", "exercice", "operator", "national_id")
_NAMED: Final[Mapping[str, Callable[[str], Any]]] = {"flow": LoginFlow, "device": Device}


class SigningIn:
    """The words; see ``Subject.ask``.

    Args:
        host: gives the open host.
        person: who sits there.
        browser: his.
        clock: of the target.
        folder: of the target; the host's data is in it.
    """

    def __init__(
        self,
        host: Callable[[], WatchedHost],
        person: Person,
        browser: Browser,
        clock: SteppingClock,
        folder: Path,
    ) -> None:
        self._host = host
        self._person = person
        self._browser = browser
        self._clock = clock
        self._folder = folder
        self._cards = _CardsThatMove()
        self._waited_s = 0.0
        self._lent = ExitStack()
        self.ops: Final[Mapping[str, Callable[[Request], Any]]] = {
            "login": self._login,
            "logout": self._logout,
            "session": self._session,
            "answers": self._answers,
            "asked": self._asked,
            "shown": self._shown,
            "sessions": self._sessions,
            "account": self._account,
            "bearer": self._bearer,
            "ended_elsewhere": self._ended_elsewhere,
            "walks": self._walks,
            "walked": self._walked,
            "waited": self._waited,
            "moves": self._moves,
            "lend": self._lend,
            "traces": self._traces,
        }

    def begin(self) -> None:
        """Forget what another host told of cards, and what was lent to it."""
        self._lent.close()
        self._cards = _CardsThatMove()

    def _login(self, request: Request) -> Any:
        """Sign somebody in.

        With ``hurried``, what the plugin waits for him passes at once; with ``gives_up_at``, he gives up at the notice
        of that code.
        """
        given: dict[str, Any] = {name: request[name] for name in _PLAIN if name in request}
        given |= {name: kind(request[name]) for name, kind in _NAMED.items() if name in request}
        cancellation = hurry(self._clock) if request.get("hurried") else Cancellation()
        self._waited_s = 0.0
        self._person.begins(cancellation, request.get("gives_up_at"))
        try:
            login = self._host().login(SessionMeans(request["means"]), cancellation=cancellation, **given)
        finally:
            unhurried()
            if isinstance(cancellation, Hurried):
                self._waited_s = cancellation.waited_s
        messages = self._host().messages
        return {
            **_told(login.opened),
            "contributions": value_as_json(login.contributions.value),
            "outcomes": [outcome_as_json(one, messages) for one in login.contributions.outcomes],
            "notices": [one.model_dump(mode="json") for one in login.notices],
        }

    def _logout(self, request: Request) -> None:
        self._host().logout(request.get("session"), everywhere=request.get("everywhere", False))

    def _sessions(self, _: Request) -> Any:
        return [_told(one) for one in self._host().sessions]

    def _account(self, request: Request) -> None:
        """Make an account of somebody."""
        role = Role(request["role"])
        self._host().operators.add(request["name"], role, request.get("rpps"), request.get("code"))

    def _bearer(self, request: Request) -> Any:
        """Return the SHA-256 of the token with which the host would send a request in a professional's name now."""
        return hashlib.sha256(self._host().bearer(request["session"]).encode()).hexdigest()

    def _ended_elsewhere(self, request: Request) -> Any:
        return self._host().ended_elsewhere(SessionMeans(request["means"]), request["logout_token"])

    def _walks(self, request: Request) -> None:
        self._browser.goes(request["way"])

    def _walked(self, _: Request) -> Any:
        return {"sent_to": self._browser.sent_to, "answered": self._browser.answered}

    def _waited(self, _: Request) -> Any:
        """Tell how many seconds passed at once during the last login that was hurried."""
        return self._waited_s

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

    def _shown(self, _: Request) -> Any:
        return self._person.shown

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
