"""Answers given in advance to what plugins ask by ``ctx.ask``, and what they show by ``ctx.show``."""

from collections.abc import Mapping

from segur_host import CheckedAsker
from segur_sdk.models.notice import Notice, Question


class ScriptedAnswers:
    """Answers by the code of the question, held to the question as a person's answers are.

    Args:
        answers: answer by code, such as ``{"insi.sexe": "F"}``. A question that is not among them stays without
            answer: the plugin meets ``InputError("input.no_answer")``, as when a person closes the window.
    """

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._checked = CheckedAsker(lambda question: answers.get(question.code))
        self.asked: list[Question] = []
        """Every question that was put, in order, answered or not."""
        self.shown: list[Notice] = []
        """Every notice that was shown, in order."""

    def ask(self, question: Question) -> str:
        """Return the answer.

        Raises:
            InputError: ``input.no_answer``: none was given for that code, or it does not fit the question.
        """
        self.asked.append(question)
        return self._checked.ask(question)

    def show(self, notice: Notice) -> None:
        """Keep a notice, as if a person had read it."""
        self.shown.append(notice)
