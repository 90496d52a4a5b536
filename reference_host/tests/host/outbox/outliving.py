"""A sender whose service takes whatever arrives, each time that it arrives; and processes that are killed meanwhile."""

import os
import random
import select
import signal
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import attrs

LEDGER = "SEGUR_TEST_LEDGER"
STUCK_S = 100

SENDER = """
import os
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path

from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.senders import Found, FoundOut, Needs, PreparedSend, Rehearsal, SendPart, Sent

FOLDER = Path(os.environ["SEGUR_TEST_LEDGER"])
mine = []

def note(name, line, more=0):
    descriptor = os.open(FOLDER / name, os.O_WRONLY | os.O_APPEND | more, 0o600)
    os.write(descriptor, line.encode())
    os.close(descriptor)

class Plugin(SegurHooks):
    @hookimpl
    def before_dmp_send(self, event, ctx):
        return Decision(verdict=Verdict.ALLOW)

    def prepare_send(self, request, ctx):
        effect = f"{request.draft.document_ref}/{uuid.uuid4()}"
        parts = (SendPart(name="document.xml", data=b"document"),)
        return PreparedSend(kind=request.kind, effect_id=effect, parts=parts, needs=Needs(purpose="dmp"))

    def rehearse_send(self, attempt, ctx):
        return Rehearsal(parts=attempt.prepared.parts)

    def attempt_send(self, attempt, ctx):
        effect = attempt.prepared.effect_id
        note("received", effect + "\\n", os.O_CREAT)
        note("accepted", effect + "\\n", os.O_CREAT)
        mine.append(effect)
        note("told", "a", os.O_NONBLOCK)
        if len(mine) == int((FOLDER / "lost").read_text()):
            threading.Event().wait()
        return Sent(effect_id=effect, at=datetime.now(UTC))

    def find_out(self, attempt, ctx):
        done = (FOLDER / "accepted").read_text().splitlines() if (FOLDER / "accepted").exists() else []
        return FoundOut(found=Found.DONE if attempt.prepared.effect_id in done else Found.NOT_DONE)
"""


@attrs.define
class Ledger:
    """What the service took, written by itself; and what it tells whoever watches."""

    folder: Path
    told: int

    @classmethod
    def at(cls, folder: Path) -> "Ledger":
        """Make an empty one."""
        folder.mkdir(mode=0o700)
        os.mkfifo(folder / "told", 0o600)
        ledger = cls(folder, os.open(folder / "told", os.O_RDWR | os.O_NONBLOCK))
        ledger.lose_answer(0)
        return ledger

    def lose_answer(self, number: int) -> None:
        """Have no answer follow the acceptance of that number in one process; 0: each is answered."""
        (self.folder / "lost").write_text(str(number))

    def times(self, name: str) -> Counter[str]:
        """How often each document is noted."""
        path = self.folder / name
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(line.partition("/")[0] for line in lines)

    def heard(self, seconds: float) -> int:
        """Acceptances of which was told since the last look; waits that long for one."""
        if not select.select([self.told], [], [], seconds)[0]:
            return 0
        return len(os.read(self.told, 65536))


def forked(act: Callable[[], None]) -> int:
    """Begin something in a process group of its own; its id."""
    with warnings.catch_warnings():
        # Threads of earlier tests do not matter to a child that is killed.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        signal.alarm(STUCK_S)
        try:
            act()
        finally:
            os._exit(0)
    with suppress(PermissionError, ProcessLookupError):
        os.setpgid(child, child)
    return child


def killed(group: int, ledger: Ledger, acceptances: int, delay_s: float) -> bool:
    """Kill a process group once so many documents were accepted, and a little later; whether it still ran."""
    seen, ended = 0, 0
    while seen < acceptances and not ended:
        seen += ledger.heard(0.05)
        ended, status = os.waitpid(group, os.WNOHANG)
    if ended:
        assert os.waitstatus_to_exitcode(status) == 0
        return False
    select.select([], [], [], delay_s)
    os.killpg(group, signal.SIGKILL)
    _, status = os.waitpid(group, 0)
    ledger.heard(0)
    return os.WIFSIGNALED(status)


@attrs.frozen
class Kill:
    """When one process is killed."""

    acceptances: int
    delay_s: float
    answer_lost: bool

    @classmethod
    def drawn(cls, draw: random.Random, number: int, most: int, start_s: float = 0.3) -> "Kill":
        """Every second one between an acceptance and its answer, the others at any instant.

        Args:
            draw: at random.
            number: of the kill.
            most: documents that are accepted before it.
            start_s: how long a process takes to begin.
        """
        if number % 2:
            return cls(draw.randint(1, most), 0.0, answer_lost=True)
        acceptances = draw.randint(0, most)
        return cls(acceptances, draw.uniform(0, 0.05 if acceptances else start_s), answer_lost=False)

    def carried_out(self, ledger: Ledger, begin: Callable[[], int]) -> bool:
        """Begin a process and kill it; whether it still ran."""
        ledger.lose_answer(self.acceptances if self.answer_lost else 0)
        try:
            return killed(begin(), ledger, self.acceptances, self.delay_s)
        finally:
            ledger.lose_answer(0)
