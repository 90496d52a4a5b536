"""A running target, and the conversation that every target leads: one JSON object a line, in and out."""

import json
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Any, Final

import attrs

from segur_conformance.outcomes import CheckBlocked, CheckFailed
from segur_conformance.targets.process import TargetProcess

ANSWER_S: Final = 60.0
"""Longer than any deadline of a hook: a target that does not answer by then never will."""
ENDED_S: Final = 5.0
MAX_LINE: Final = 16 * 1024 * 1024
SEEN: Final = b'{"seen": '
"""How a line begins by which the reference host tells what it saw itself do."""
UNSUPPORTED: Final = "op.unsupported"
"""Error code of a foreign host that does not know a word."""

Tell = Callable[[str, Mapping[str, Any]], None]


@attrs.frozen
class Answer:
    """What a target answered.

    Attributes:
        value: of the hook, or as ``segur identify``.
        error: stable code when there is no value.
        outcomes: of each plugin, where the target tells them.
        said: what a person reads of the error, where the target tells it.
    """

    value: Any = None
    error: str | None = None
    outcomes: tuple[Mapping[str, Any], ...] = ()
    said: str = ""

    @property
    def failure(self) -> str | None:
        """Code of what went wrong: the call's own, or that of the first plugin that is not well."""
        for outcome in self.outcomes:
            if outcome["status"] not in {"ok", "declined"}:
                error = outcome.get("error") or {}
                return self.error or str(error.get("code") or outcome["status"])
        return self.error


class SubjectGone(CheckFailed):
    """The target ended, never answered, or answered what nobody can read."""


class Subject:
    """A target that runs.

    Args:
        process: with pipes for standard input and output.
        tell: notes every line that is exchanged, with its direction.
        why: says why the target is gone, when something other than itself knows.
        end: ends the target with everything that it started, and returns its status.
        saw: notes what the target saw itself do, which it tells before the answer to what is asked.
        answer_s: seconds to one answer.
    """

    def __init__(
        self,
        process: TargetProcess,
        tell: Tell,
        why: Callable[[], str | None],
        end: Callable[[], int] | None = None,
        saw: Callable[[Mapping[str, Any]], None] | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._process = process
        self._tell = tell
        self._why = why
        self._end = end or self._killed
        self._saw = saw
        self._answer_s = answer_s
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._number = 0
        self.opened: Any = None
        """What the target said of itself when it was started last, where it says something."""
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def call(self, hook: str, event: Mapping[str, Any]) -> Answer:
        """Call a hook with an event, as ``segur call``."""
        return self.ask("call", hook=hook, event=event)

    def identify(self, **given: Any) -> Answer:
        """Identify a person, as ``segur identify``."""
        return self.ask("identify", input=given)

    def mark(self, identity_ref: str, attribute: str, *, present: bool = True) -> Answer:
        """Set or clear an attribute."""
        return self.ask("mark", input={"identity_ref": identity_ref, "attribute": attribute, "present": present})

    def correct(self, identity_ref: str, traits: Mapping[str, Any], *, as_super_user: bool = False) -> Answer:
        """Record corrected traits."""
        given = {"identity_ref": identity_ref, "traits": traits, "as_super_user": as_super_user}
        return self.ask("correct", input=given)

    def ask(self, op: str, **arguments: Any) -> Answer:
        """Send one request and return the answer to it.

        Raises:
            SubjectGone: there is none.
            CheckBlocked: ``op:NAME``: the target does not know that word.
        """
        self._number += 1
        request = {"id": self._number, "op": op, **arguments}
        self._tell("request", request)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._gone("la cible s’est arrêtée") from None
        answer = self._answer()
        self._tell("answer", answer)
        if answer.get("id") != self._number:
            raise self._gone("la cible a répondu à autre chose que ce qui était demandé")
        error = answer.get("error")
        code = None if error is None else str(error.get("code")) if isinstance(error, dict) else "?"
        if code == UNSUPPORTED:
            raise CheckBlocked(f"op:{op}")
        return Answer(answer.get("value"), code, tuple(answer.get("outcomes") or ()), _said(error))

    def told_so_far(self) -> None:
        """Note what the target saw itself do since its last answer; for a target that has ended."""
        with suppress(queue.Empty):
            while (line := self._lines.get(timeout=ENDED_S)) is not None:
                if (seen := _seen(line)) is not None and self._saw is not None:
                    self._saw(seen)

    def _answer(self) -> dict[str, Any]:
        until = time.monotonic() + self._answer_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise self._gone("la cible n’a jamais répondu") from None
            if line is None:
                self._lines.put(None)
                raise self._gone("la cible s’est arrêtée")
            seen = _seen(line) if self._saw is not None else None
            if seen is None:
                return self._understood(line)
            assert self._saw is not None
            self._saw(seen)

    def _understood(self, line: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise self._gone("la cible a répondu autre chose que du JSON") from None
        if not isinstance(answer, dict):
            raise self._gone("la cible a répondu autre chose qu’un objet JSON")
        return answer

    def _gone(self, what: str) -> SubjectGone:
        status = self._end()
        return SubjectGone(self._why() or f"{what} ({_named(status)})")

    def _killed(self) -> int:
        self._process.kill()
        return self._process.wait()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while line := stream.readline(MAX_LINE):
                self._lines.put(line)
        self._lines.put(None)


def _said(error: object) -> str:
    texts = [error.get(part) for part in ("message", "cause", "action")] if isinstance(error, dict) else []
    return " ".join(str(one) for one in texts if one)


def _seen(line: bytes) -> Mapping[str, Any] | None:
    """Return what a line tells of the target itself, nothing when it is an answer."""
    if not line.startswith(SEEN):
        return None
    try:
        seen = json.loads(line)["seen"]
    except (ValueError, RecursionError):
        return None
    return seen if isinstance(seen, dict) else None


def _named(status: int) -> str:
    if status >= 0:
        return f"statut {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"
