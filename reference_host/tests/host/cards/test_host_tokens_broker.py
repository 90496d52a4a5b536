"""Tokens of several drivers, as the host lends them."""

import pytest

from reference_host.tests.host.cards.bench import Call, code_of
from reference_host.tests.host.cards.software_token import PIN, Make, Person, Token
from segur_host.dispatch.deadline import CallDeadline
from segur_sdk.errors import CardError


def test_tokens_of_every_driver_are_there_each_once(make: Make) -> None:
    one, same, other = Token(name="first"), Token(name="again"), Token(serial="2800385267", slot=None)
    broker = make(one, same, other)
    assert [(found.state.serial, found.state.token) for found in broker.present()] == [
        ("2800385266", "first"),
        ("2800385267", "first"),
    ]
    assert broker.of_serial("2800385267").state.slot is None
    assert broker.at("one", Call()).state.token == "first"


@pytest.mark.parametrize("first", [True, False], ids=["failing_first", "failing_last"])
def test_a_driver_that_fails_hides_nobody_else(first: bool, make: Make) -> None:
    well, failing = Token(), Token(serial="9", slot="two", failing="token.module_missing")
    broker = make(*((failing, well) if first else (well, failing)))
    assert [found.state.serial for found in broker.present()] == ["2800385266"]
    assert broker.at("one", Call()).state.serial == "2800385266"
    assert code_of(lambda: broker.at("two", Call())) == "token.module_missing"
    assert code_of(lambda: broker.of_serial("9")) == "token.module_missing"


@pytest.mark.parametrize("sick_first", [True, False], ids=["sick_first", "sick_last"])
def test_what_is_told_of_a_reader_is_what_its_own_card_said(sick_first: bool, make: Make) -> None:
    sick = Token(slot="two", sick={"one": "card.mute"})
    missing = Token(failing="token.module_missing")
    broker = make(*((sick, missing) if sick_first else (missing, sick)))
    with pytest.raises(CardError) as raised:
        broker.at("one", Call())
    assert (raised.value.code, raised.value.facts) == ("card.mute", {"slot": "one"})
    assert broker.at("two", Call()).state.slot == "two"


def test_no_token_is_no_failure_but_for_whoever_wants_one(make: Make) -> None:
    broker = make(Token(gone=True), Token(gone=True))
    assert broker.present() == ()
    assert code_of(lambda: broker.at("one", Call())) == "token.absent"
    assert code_of(lambda: make().of_serial("1")) == "token.absent"


def test_when_every_driver_fails_the_first_says_why(make: Make) -> None:
    broker = make(Token(failing="token.module_missing"), Token(failing="card.driver_hung"))
    assert code_of(broker.present) == "token.module_missing"


def test_drivers_wait_no_longer_than_the_call(make: Make) -> None:
    token = Token()
    broker = make(token)
    broker.present(Call(deadline=CallDeadline(60)))
    broker.at("one", Call(deadline=CallDeadline(4)))
    broker.of_serial(token.serial)
    assert token.seconds[0] == token.seconds[2] == 10
    assert 3 < token.seconds[1] <= 3.5


def test_a_call_that_is_over_gets_nothing_from_a_token(make: Make) -> None:
    token = Token()
    broker, over = make(token), Call()
    found = broker.at("one", over)
    over.is_over = True
    person = Person(PIN)
    for act in (
        lambda: broker.at("one", over),
        lambda: broker.certificates(found, over),
        lambda: broker.data(found, over),
        lambda: broker.unlock(found, person, over),
        lambda: broker.prove(found, "20", "igc", over),
    ):
        assert code_of(act) == "plugin.call_over"
    assert (person.questions, token.asked, token.signed) == ([], [], [])


def test_closing_ends_every_driver(make: Make) -> None:
    tokens = (Token(), Token())
    make(*tokens).close()
    assert [token.closed for token in tokens] == [True, True]
