"""Questions of a command to whoever sits at its terminal, and what it shows him meanwhile."""

import json as json_lines
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from getpass import getpass
from typing import Final

from rich.markup import escape

from segur_host.broker.ask import CheckedAsker, NobodyToAsk
from segur_host.cli.output import problems
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Notice, Question

ATTEMPTS: Final = 3


@contextmanager
def console_asker(*, json: bool) -> Iterator["ConsoleAsker | UnattendedAsker"]:
    """Give who asks at this terminal while the block runs; when no person watches, what is to be shown is only written.

    Standard output is left to the answer. The terminal is left as it was found, even when nobody waits any more for
    a secret that is being typed.

    Args:
        json: the answer is for a program.
    """
    if json or not sys.stdin.isatty():
        yield UnattendedAsker(json=json)
        return
    restore = _kept_terminal()
    try:
        yield ConsoleAsker()
    finally:
        restore()


class UnattendedAsker(NobodyToAsk):
    """Answers nothing, and writes what is to be shown on standard error: a program may read it there.

    Args:
        json: write each notice as one line of JSON, ``{"notice": {"code", "text", "action"}}``.
    """

    def __init__(self, *, json: bool) -> None:
        self._json = json

    def show(self, notice: Notice) -> None:
        """Write a notice."""
        if self._json:
            line = json_lines.dumps({"notice": notice.model_dump(mode="json")}, ensure_ascii=False)
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
        else:
            _written(notice)


class ConsoleAsker:
    """Asks at the terminal of this process; a secret is not shown while it is typed."""

    def ask(self, question: Question) -> str:
        """Return the answer; one that does not fit may be given again.

        Raises:
            InputError: ``input.no_answer``.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._asked(question)
            except InputError as failure:
                if failure.facts.get("reason") != "unfitting":
                    raise
                problems.print("Cette réponse ne convient pas.")
        return self._asked(question)

    def show(self, notice: Notice) -> None:
        """Write a notice above whatever is asked next."""
        _written(notice)

    def _asked(self, question: Question) -> str:
        return CheckedAsker(_secret if question.secret else _shown).ask(question)


def _written(notice: Notice) -> None:
    problems.print(escape(notice.text))
    if notice.action is not None:
        problems.print(escape(notice.action))


def _secret(question: Question) -> str | None:
    try:
        return getpass(f"{question.text} : ", stream=sys.stderr)
    except EOFError:
        return None


def _shown(question: Question) -> str | None:
    problems.print(escape(question.text))
    for number, choice in enumerate(question.choices, start=1):
        problems.print(f"  {number}. {escape(choice.label)}")
    line = sys.stdin.readline()
    if not line:
        return None
    answer = line.strip()
    numbered = {str(number): choice.value for number, choice in enumerate(question.choices, start=1)}
    return numbered.get(answer, answer)


if sys.platform == "win32":

    def _kept_terminal() -> Callable[[], None]:
        """Nothing is changed there while a secret is typed."""
        return lambda: None

else:
    import termios

    def _kept_terminal() -> Callable[[], None]:
        """Return what puts the terminal back: one that was interrupted at a secret would stay silent."""
        descriptor = sys.stdin.fileno()
        kept = termios.tcgetattr(descriptor)
        return lambda: termios.tcsetattr(descriptor, termios.TCSADRAIN, kept)
