"""Questions for whoever sits there, and what is shown to him."""

import re
import time
from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

from segur_host.aside import Aside
from segur_host.broker.cancelling import Cancellation
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Notice, Question

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
POLL_S: Final = 0.05
SHOWING_S: Final = 2.0
"""A screen that takes longer does not hold the call."""


def is_writable(text: str) -> bool:
    """Tell whether a text can be written down: a lone surrogate, of a console or of JSON, is in no encoding."""
    return _SURROGATE.search(text) is None


class Asker(Protocol):
    """Carries a question to a person and brings back the answer."""

    def ask(self, question: Question) -> str:
        """Return an answer that fits the question.

        Raises:
            InputError: ``input.nobody_to_ask``, ``input.no_answer``.
        """
        ...


@runtime_checkable
class Screen(Protocol):
    """What an asker may be besides: a place where a person sees what asks for no answer."""

    def show(self, notice: Notice) -> None:
        """Show it; whatever answers may come by other ways.

        Raises:
            InputError: ``input.nobody_to_show``.
        """
        ...


def show(asker: Asker, notice: Notice) -> None:
    """Show a notice to whoever answers questions.

    Raises:
        InputError: ``input.nobody_to_show``: what a person has to compare must not pass unseen.
    """
    if not isinstance(asker, Screen):
        raise InputError("input.nobody_to_show", notice=notice.code)
    asker.show(notice)


class NobodyToAsk:
    """For calls that no person watches."""

    def ask(self, question: Question) -> str:
        """Refuse, naming the question by its code."""
        raise InputError("input.nobody_to_ask", question=question.code)


class ImpatientAsker:
    """Waits for an answer no longer than configured: a question nobody sees must not hold a call for ever.

    Args:
        asker: puts the question.
        seconds: how long it may take.
        cancellation: ends the waiting.
    """

    def __init__(self, asker: Asker, seconds: float, cancellation: Cancellation | None = None) -> None:
        self._asker = asker
        self._seconds = seconds
        self._cancellation = cancellation or Cancellation()

    def ask(self, question: Question) -> str:
        """Return the answer; one that comes too late is as good as none.

        Raises:
            InputError: ``input.cancelled``, and those of the asker.
        """
        ends_at = time.monotonic() + self._seconds
        self._cancellation.wait()
        asking = Aside(lambda: self._asker.ask(question), name="segur-ask")
        while not asking.wait(min(POLL_S, max(0.0, ends_at - time.monotonic()))):
            self._cancellation.wait()
            if time.monotonic() >= ends_at:
                raise InputError("input.no_answer", question=question.code, reason="timed_out")
        return asking.result()

    def show(self, notice: Notice) -> None:
        """Show it; the call goes on when that takes long."""
        showing = Aside(lambda: show(self._asker, notice), name="segur-show")
        if showing.wait(min(SHOWING_S, self._seconds)):
            showing.result()


class CheckedAsker:
    """Holds the answers of a person, or of the practice software's own screens, to what was asked.

    Args:
        answer: shows the question and returns the answer, or ``None`` when none is given.
        notices: shows what needs no answer; without it, whatever has to be shown fails.
    """

    def __init__(
        self, answer: Callable[[Question], str | None], notices: Callable[[Notice], None] | None = None
    ) -> None:
        self._answer = answer
        self._notices = notices

    def show(self, notice: Notice) -> None:
        """Show a notice.

        Raises:
            InputError: ``input.nobody_to_show``.
        """
        if self._notices is None:
            raise InputError("input.nobody_to_show", notice=notice.code)
        self._notices(notice)

    def ask(self, question: Question) -> str:
        """Return the answer if it fits; an unfitting one is as good as none."""
        answer = self._answer(question)
        if answer is None:
            raise InputError("input.no_answer", question=question.code)
        if question.choices:
            fits = any(choice.value == answer for choice in question.choices)
        else:
            fits = question.pattern is not None and re.fullmatch(question.pattern, answer) is not None
        if not fits or not is_writable(answer):
            raise InputError("input.no_answer", question=question.code, reason="unfitting")
        return answer
