"""Questions for whoever sits there."""

import threading

import pytest

from segur_host.broker.ask import Asker, CheckedAsker, ImpatientAsker, NobodyToAsk, show
from segur_host.broker.cancelling import Cancellation
from segur_host.cli.asking import ConsoleAsker, UnattendedAsker
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Choice, Notice, Question

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
    "no_text": (Question(code="a.code", text="?", pattern="(?s).+", secret=True), "un code \udcff à elle"),
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


def test_a_question_that_is_given_up_is_not_waited_for() -> None:
    cancellation, released = Cancellation(), threading.Event()

    def ask(_: Question) -> str:
        cancellation.cancel()
        released.wait(30)
        return "F"

    asker = ImpatientAsker(CheckedAsker(ask), 30, cancellation)
    for _ in range(2):
        with pytest.raises(InputError) as raised:
            asker.ask(CHOICES)
        assert raised.value.code == "input.cancelled"
    released.set()


CODE = Notice(code="a.message", text="Code [42]", action="Comparez-le.")


class AsksOnly:
    def ask(self, question: Question) -> str:
        return question.code


NO_SCREEN: dict[str, Asker] = {
    "nobody": NobodyToAsk(),
    "asks_only": AsksOnly(),
    "without_notices": CheckedAsker(lambda _: "F"),
}


@pytest.mark.parametrize("asker", NO_SCREEN.values(), ids=NO_SCREEN)
def test_what_must_be_seen_does_not_pass_unseen(asker: Asker) -> None:
    for one in (asker, ImpatientAsker(asker, 5)):
        with pytest.raises(InputError) as raised:
            show(one, CODE)
        assert (raised.value.code, raised.value.facts["notice"]) == ("input.nobody_to_show", "a.message")


def test_a_notice_reaches_the_screen() -> None:
    shown: list[Notice] = []
    show(ImpatientAsker(CheckedAsker(lambda _: None, shown.append), 5), CODE)
    assert shown == [CODE]


def test_a_screen_that_hangs_does_not_hold_the_call() -> None:
    released = threading.Event()

    def hang(_: Notice) -> None:
        released.wait(30)

    show(ImpatientAsker(CheckedAsker(lambda _: None, hang), 0.05), CODE)
    released.set()


WRITTEN: dict[str, tuple[Asker, str]] = {
    "terminal": (ConsoleAsker(), "Code [42]\nComparez-le.\n"),
    "unattended": (UnattendedAsker(json=False), "Code [42]\nComparez-le.\n"),
    "for_a_program": (
        UnattendedAsker(json=True),
        '{"notice": {"code": "a.message", "text": "Code [42]", "action": "Comparez-le."}}\n',
    ),
}


@pytest.mark.parametrize(("asker", "text"), WRITTEN.values(), ids=WRITTEN)
def test_a_command_writes_notices_on_standard_error(
    asker: Asker, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(asker, CODE)
    assert capsys.readouterr() == ("", text)
