"""The answer of a hook that decides."""

from enum import StrEnum

from pydantic import Field, model_validator

from segur_sdk.models.base import Value
from segur_sdk.models.notice import Notice, Question


class Verdict(StrEnum):
    """What a decider says, from the mildest to the strictest."""

    ALLOW = "allow"
    WARN = "warn"
    HOLD = "hold"
    BLOCK = "block"

    @property
    def strictness(self) -> int:
        """Rank among the verdicts: the strictest one of all deciders wins."""
        return list(Verdict).index(self)


class Suggestion(Value):
    """A change that would mend a reason. Accepted, it makes a new draft that passes the whole gate."""

    field: str = Field(min_length=1, max_length=100)
    text: str = Field(min_length=1, max_length=500)


class Decision(Value):
    """A verdict with every reason behind it."""

    verdict: Verdict
    reasons: tuple[Notice, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    question: Question | None = None
    """What a *hold* waits for, when an answer can release it."""

    @model_validator(mode="after")
    def _reasons_are_given(self) -> "Decision":
        if self.verdict is not Verdict.ALLOW and not self.reasons:
            raise ValueError("anything but allow needs a reason")
        return self
