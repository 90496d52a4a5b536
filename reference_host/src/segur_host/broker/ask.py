"""Questions for whoever sits there."""

import re
from collections.abc import Callable
from typing import Protocol

from segur_host.aside import Aside
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Question


class Asker(Protocol):
    """Carries a question to a person and brings back the answer."""

    def ask(self, question: Question) -> str:
        """Return an answer that fits the question.

        Raises:
            InputError: ``input.nobody_to_ask``, ``input.no_answer``.
        """
        ...


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
    """

    def __init__(self, asker: Asker, seconds: float) -> None:
        self._asker = asker
        self._seconds = seconds

    def ask(self, question: Question) -> str:
        """Return the answer; one that comes too late is as good as none."""
        asking = Aside(lambda: self._asker.ask(question), name="segur-ask")
        if not asking.wait(self._seconds):
            raise InputError("input.no_answer", question=question.code, reason="timed_out")
        return asking.result()


class CheckedAsker:
    """Holds the answers of a person, or of the practice software's own screens, to what was asked.

    Args:
        answer: shows the question and returns the answer, or ``None`` when none is given.
    """

    def __init__(self, answer: Callable[[Question], str | None]) -> None:
        self._answer = answer

    def ask(self, question: Question) -> str:
        """Return the answer if it fits; an unfitting one is as good as none."""
        answer = self._answer(question)
        if answer is None:
            raise InputError("input.no_answer", question=question.code)
        if question.choices:
            fits = any(choice.value == answer for choice in question.choices)
        else:
            fits = question.pattern is not None and re.fullmatch(question.pattern, answer) is not None
        if not fits:
            raise InputError("input.no_answer", question=question.code, reason="unfitting")
        return answer
