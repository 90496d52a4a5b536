"""How a run is told while it goes on: a bar on a terminal, plain lines elsewhere, nothing beside JSON."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from segur_conformance.checks.check import Check
from segur_conformance.reports.report import SUITS, Finding, ReportedCheck
from segur_conformance.reports.words import OUTCOMES, reason_in_words
from segur_conformance.runner.conduct import Told


class JsonTold:
    """Says nothing: standard output holds the answer, and standard error is for problems."""

    def examined(self, findings: Sequence[Finding]) -> None:
        """See ``Told``."""

    def begins(self, checks: Sequence[Check], done: int) -> None:
        """See ``Told``."""

    def begun(self, check: Check) -> None:
        """See ``Told``."""

    def ended(self, result: ReportedCheck) -> None:
        """See ``Told``."""


class LineTold(JsonTold):
    """One line a check.

    Args:
        console: on standard error.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._total = 0
        self._done = 0

    def examined(self, findings: Sequence[Finding]) -> None:
        """Show what the doctor has to say, and nothing of what is well."""
        for one in findings:
            if one.status != "ok":
                action = f" → {one.action}" if one.action else ""
                self._console.print(escape(f"{one.check} : {one.finding}{action}"), soft_wrap=True)

    def begins(self, checks: Sequence[Check], done: int) -> None:
        """Say how many checks there are."""
        self._total, self._done = len(checks), done
        taken_over = f", dont {done} repris" if done else ""
        self._console.print(f"{len(checks)} contrôles{taken_over}")

    def ended(self, result: ReportedCheck) -> None:
        """Show how a check ended and what it cost."""
        self._done += 1
        words = OUTCOMES[result.outcome]
        reason = f" : {reason_in_words(result.reason)}" if result.outcome not in SUITS else ""
        line = (
            f"[{self._done}/{self._total}] {words.mark} {result.id} ({result.duration_ms:.0f} ms) {words.one}{reason}"
        )
        self._console.print(escape(line), soft_wrap=True)


class BarTold(LineTold):
    """A bar, and a line for each check that has something to mend.

    Args:
        console: on standard error.
        progress: the bar.
    """

    def __init__(self, console: Console, progress: Progress) -> None:
        super().__init__(console)
        self._progress = progress
        self._task: TaskID | None = None

    def begins(self, checks: Sequence[Check], done: int) -> None:
        """Show the bar."""
        self._task = self._progress.add_task("", total=len(checks), completed=done)

    def begun(self, check: Check) -> None:
        """Show which check goes on."""
        if self._task is not None:
            self._progress.update(self._task, description=check.id)

    def ended(self, result: ReportedCheck) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task)
        if result.outcome not in SUITS:
            words = OUTCOMES[result.outcome]
            line = f"{words.mark} {result.id} {words.one} : {reason_in_words(result.reason)}"
            self._console.print(escape(line), soft_wrap=True)


@contextmanager
def told_on(console: Console) -> Iterator[Told]:
    """Return who tells a run on ``console``: with a bar if that is a terminal."""
    if not console.is_terminal:
        yield LineTold(console)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        yield BarTold(console, progress)
