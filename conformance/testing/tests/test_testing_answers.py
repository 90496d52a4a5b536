"""What a plugin shows in a test is kept in order, as if a person had read it."""

import pytest

from segur_host.broker.ask import Screen, show
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Notice, Question
from segur_testing.answers import ScriptedAnswers


def test_answers_and_notices_are_kept_apart() -> None:
    answers = ScriptedAnswers({"a.sex": "F"})
    first, second = (Notice(code=f"a.{name}", text=name) for name in ("first", "second"))
    assert isinstance(answers, Screen)
    show(answers, first)
    assert answers.ask(Question(code="a.sex", text="?", pattern="[FM]")) == "F"
    show(answers, second)
    with pytest.raises(InputError):
        answers.ask(Question(code="a.other", text="?", pattern="[FM]"))
    assert answers.shown == [first, second]
    assert [one.code for one in answers.asked] == ["a.sex", "a.other"]
