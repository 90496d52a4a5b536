"""What is shown to, or asked from, the person who sits there."""

from pydantic import Field, model_validator

from segur_sdk.models.base import Value


class Notice(Value):
    """Something a user should know: a stable code and a French sentence."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_.\-]*$", max_length=80)
    text: str = Field(min_length=1, max_length=500)
    action: str | None = Field(default=None, max_length=500)


class Choice(Value):
    """One possible answer."""

    value: str = Field(min_length=1, max_length=100)
    label: str = Field(min_length=1, max_length=200)


class Question(Value):
    """A question for whoever sits there: console, page, gateway or test script.

    An answer is one of ``choices``; without choices it is a text that matches ``pattern``.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9_.\-]*$", max_length=80)
    text: str = Field(min_length=1, max_length=500)
    choices: tuple[Choice, ...] = ()
    pattern: str | None = None
    """Regular expression that a free answer matches whole, for example ``\\\\d{4}-\\\\d{2}-\\\\d{2}``."""

    secret: bool = False
    """The answer is not shown while it is typed, and kept nowhere."""

    @model_validator(mode="after")
    def _choices_or_pattern(self) -> "Question":
        if bool(self.choices) == (self.pattern is not None):
            raise ValueError("a question has choices or a pattern, one of them")
        return self
