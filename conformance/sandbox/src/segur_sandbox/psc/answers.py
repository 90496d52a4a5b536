"""How the next logins are answered without anybody at the page: `POST /psc/next`."""

from collections import deque
from typing import Literal

import attrs
from pydantic import BaseModel, ConfigDict, Field

from segur_sandbox.psc.professionals import Means, Professional, Professionals

Verdict = Literal["accept", "refuse", "expire"]


class AnswerOrder(BaseModel):
    """The body of `POST /psc/next`.

    Attributes:
        who: `as`: name or `SubjectNameID` of the professional.
        answer: What he does.
        means: What he does it with; the first of his means when not given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    who: str = Field(alias="as", min_length=1, max_length=64)
    answer: Verdict
    means: Means | None = None


@attrs.frozen
class Answer:
    """One answer to come."""

    professional: Professional
    means: Means
    verdict: Verdict


class NextAnswers:
    """The answers to come, first in, first out."""

    def __init__(self) -> None:
        self._waiting: deque[Answer] = deque()

    def put(self, answer: Answer) -> None:
        """Add an answer."""
        self._waiting.append(answer)

    def take(self) -> Answer | None:
        """Return and remove the first answer, for a login in a browser."""
        return self._waiting.popleft() if self._waiting else None

    def take_of(self, professional: Professional) -> Answer | None:
        """Return and remove the first answer of `professional`, for a login on his device."""
        found = next((answer for answer in self._waiting if answer.professional == professional), None)
        if found is not None:
            self._waiting.remove(found)
        return found

    def waiting(self) -> list[Answer]:
        """Return the answers to come."""
        return list(self._waiting)

    def reset(self) -> None:
        """Forget them."""
        self._waiting.clear()


def answer_of(order: AnswerOrder, professionals: Professionals) -> Answer:
    """Return the answer that an order describes.

    Raises:
        UnknownProfessionalError: nobody has this name.
        ValueError: he has no such means.
    """
    professional = professionals.named(order.who)
    means = order.means or professional.means[0]
    if means not in professional.means:
        raise ValueError("this professional has no such means")
    return Answer(professional, means, order.answer)
