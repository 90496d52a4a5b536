"""Who sits at the target: answers what he is asked, remembers what he is shown, gives up when he is told to."""

from collections.abc import Mapping
from typing import Any, Final

from segur_host.broker.cancelling import Cancellation
from segur_sdk.models.notice import Notice, Question

KNOWN: Final[Mapping[str, str]] = {"session.acknowledge": "oui"}
"""What he answers unless he learns otherwise: he knows that his national identifier is sent."""


class Person:
    """Answers by code of the question, and remembers what was asked and shown."""

    def __init__(self) -> None:
        self._answers: Mapping[str, str | int] = {}
        self._asked: list[Question] = []
        self._shown: list[Notice] = []
        self._gives_up_at: str | None = None
        self._cancellation = Cancellation()

    def learns(self, answers: Mapping[str, str | int]) -> None:
        """Answer so from now on, and forget what was asked before; a number stands for the choice of that rank."""
        self._answers = answers
        self._asked = []
        self._shown = []

    def begins(self, cancellation: Cancellation, gives_up_at: str | None) -> None:
        """Begin what can be given up: at a notice of the code ``gives_up_at``, ``*`` for any."""
        self._cancellation = cancellation
        self._gives_up_at = gives_up_at

    def answer(self, question: Question) -> str | None:
        """Return the answer to a question, nothing when there is none."""
        self._asked.append(question)
        answer = self._answers.get(question.code, KNOWN.get(question.code))
        return question.choices[answer].value if isinstance(answer, int) else answer

    def looks(self, notice: Notice) -> None:
        """Look at what is shown."""
        self._shown.append(notice)
        if self._gives_up_at in {notice.code, "*"}:
            self._cancellation.cancel()

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Every question since ``learns``, as JSON."""
        return [one.model_dump(mode="json") for one in self._asked]

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Every notice since ``learns``, as JSON."""
        return [one.model_dump(mode="json") for one in self._shown]
