"""Questions for whoever sits there."""

import threading

import pytest

from segur_host.broker.ask import CheckedAsker, ImpatientAsker, NobodyToAsk
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Choice, Question

CHOICES = Question(code="a.sex", text="?", choices=(Choice(value="F", label="F"), Choice(value="M", label="M")))
DAY = Question(code="a.day", text="?", pattern=r"\d{4}-\d{2}-\d{2}")

FITTING: dict[str, tuple[Question, str]] = {"choice": (CHOICES, "F"), "pattern": (DAY, "1980-03-02")}


@pytest.mark.parametrize(("question", "answer"), FITTING.values(), ids=FITTING)
def test_a_fitting_answer_is_handed_on(question: Question, answer: str) -> None:
    assert ImpatientAsker(CheckedAsker(lambda _: answer), 5).ask(question) == answer


UNFITTING: dict[str, tuple[Question, str | None]] = {
    "none": (CHOICES, None),
    "no_choice": (CHOICES, "X"),
    "label_instead": (CHOICES, "f"),
    "empty": (DAY, ""),
    "part": (DAY, "le 1980-03-02"),
    "line_end": (DAY, "1980-03-02\n"),
}


@pytest.mark.parametrize(("question", "answer"), UNFITTING.values(), ids=UNFITTING)
def test_an_unfitting_answer_is_as_good_as_none_and_is_not_repeated(question: Question, answer: str | None) -> None:
    with pytest.raises(InputError) as raised:
        CheckedAsker(lambda _: answer).ask(question)
    assert raised.value.code == "input.no_answer"
    assert raised.value.facts["question"] == question.code
    assert answer is None or answer not in str(raised.value.facts.values()) or answer in {"", "X", "f"}


def test_nobody_to_ask_names_the_question() -> None:
    with pytest.raises(InputError) as raised:
        NobodyToAsk().ask(DAY)
    assert (raised.value.code, dict(raised.value.facts)) == ("input.nobody_to_ask", {"question": "a.day"})


def test_an_answer_that_comes_too_late_is_none() -> None:
    late = threading.Event()

    def slowly(_: Question) -> str:
        late.wait()
        return "F"

    with pytest.raises(InputError) as raised:
        ImpatientAsker(CheckedAsker(slowly), 0.05).ask(CHOICES)
    assert raised.value.facts["reason"] == "timed_out"
    late.set()


def test_what_the_asker_raises_comes_through() -> None:
    def broken(_: Question) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ImpatientAsker(CheckedAsker(broken), 5).ask(CHOICES)
