"""What every driver of readers does: the same tests before virtual cards in memory and before a real pcscd."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from segur_sdk.errors import CardError

Eventually = Callable[[Callable[[], Any]], bool]
CodeOf = Callable[[Callable[[], object]], str]

ATR = "3B751300004009EA9000"
OTHER_ATR = "3B6500002063CB6600"
READ = bytes.fromhex("00B0820000")
OK = b"\x90\x00"


def answer(number: int) -> bytes:
    """What a scripted card answers to the command of that number since its reset."""
    return bytes((number,)) + OK


def test_every_slot_is_listed_empty_or_not(rack: Any) -> None:
    source = rack.source()
    rack.insert(rack.second)
    assert rack.shows(source, rack.second, present=True)
    first, second = source.slots()
    assert (first.slot, first.present, first.atr, first.insertion, first.in_use) == (rack.first, False, None, 0, False)
    assert (second.slot, second.present, second.atr, second.in_use) == (rack.second, True, ATR, False)
    assert second.insertion > 0


@pytest.mark.req("CARD-05")
def test_an_insertion_keeps_its_number_and_a_removal_ends_it(rack: Any) -> None:
    source = rack.source()
    rack.insert(rack.first)
    assert rack.shows(source, rack.first, present=True)
    inserted = rack.state(source, rack.first)
    assert rack.state(source, rack.first) == inserted
    rack.remove(rack.first)
    assert rack.shows(source, rack.first, present=False)
    assert (rack.state(source, rack.first).atr, rack.state(source, rack.first).insertion) == (None, 0)


@pytest.mark.req("CARD-05")
def test_a_card_of_the_same_atr_put_in_its_place_is_another_insertion(rack: Any, eventually: Eventually) -> None:
    source = rack.source()
    rack.insert(rack.first)
    assert rack.shows(source, rack.first, present=True)
    numbers = {rack.state(source, rack.first).insertion}
    for _ in range(3):
        rack.rest(rack.first)
        rack.insert(rack.first)
        assert eventually(lambda: rack.state(source, rack.first).insertion not in {0, *numbers})
        state = rack.state(source, rack.first)
        assert (state.present, state.atr) == (True, ATR)
        numbers.add(state.insertion)
    assert len(numbers) == 4


def test_an_insertion_is_the_same_while_somebody_else_uses_the_card(rack: Any) -> None:
    looking, using = rack.source(), rack.source()
    rack.insert(rack.first)
    assert rack.shows(looking, rack.first, present=True)
    before = rack.state(looking, rack.first).insertion
    using.connect(rack.first)
    using.transmit(rack.first, READ)
    assert rack.state(looking, rack.first).insertion == before
    using.disconnect(rack.first)
    using.connect(rack.first)
    assert rack.state(looking, rack.first).insertion == before


def test_a_connected_card_answers(rack: Any) -> None:
    source = rack.source()
    rack.insert(rack.first)
    assert rack.shows(source, rack.first, present=True)
    assert source.connect(rack.first) == bytes.fromhex(ATR)
    assert [source.transmit(rack.first, READ) for _ in range(3)] == [answer(1), answer(2), answer(3)]
    assert rack.commands(rack.first) == [READ.hex().upper()] * 3


@pytest.mark.req("CARD-11")
def test_letting_go_of_a_card_resets_it_and_leaves_it_to_others(rack: Any) -> None:
    source, other = rack.source(), rack.source()
    rack.insert(rack.first)
    assert rack.shows(source, rack.first, present=True)
    for one in (source, other, source):
        one.connect(rack.first)
        assert one.transmit(rack.first, READ) == answer(1)
        assert one.transmit(rack.first, READ) == answer(2)
        one.disconnect(rack.first)
        assert rack.controls(rack.first)[-1] == 2


def test_a_card_is_connected_once(rack: Any, code_of: CodeOf) -> None:
    source = rack.source()
    rack.insert(rack.first)
    assert rack.shows(source, rack.first, present=True)
    source.connect(rack.first)
    assert code_of(lambda: source.connect(rack.first)) == "card.reader_in_use"
    assert source.transmit(rack.first, READ) == answer(1)
    source.disconnect(rack.first)
    assert source.connect(rack.first) == bytes.fromhex(ATR)


def test_an_empty_slot_and_an_unknown_one_are_told_apart(rack: Any) -> None:
    source = rack.source()
    with pytest.raises(CardError, match=r"card\.absent") as absent:
        source.connect(rack.first)
    assert absent.value.facts == {"slot": rack.first}
    with pytest.raises(CardError, match=r"card\.reader_unavailable") as unknown:
        source.connect("Lecteur de TCHITCHI")
    assert unknown.value.facts == {}


def test_nothing_is_sent_to_a_card_that_is_not_connected(rack: Any, code_of: CodeOf) -> None:
    source = rack.source()
    rack.insert(rack.first)
    assert rack.shows(source, rack.first, present=True)
    assert code_of(lambda: source.transmit(rack.first, READ)) == "card.closed"
    assert code_of(lambda: source.transmit("nowhere", READ)) == "card.closed"
    source.disconnect(rack.first)
    source.disconnect("nowhere")
    source.connect(rack.first)
    source.disconnect(rack.first)
    assert code_of(lambda: source.transmit(rack.first, READ)) == "card.closed"
    assert rack.commands(rack.first) == []


@pytest.mark.parametrize("command", [b"", b"\x00", b"\x01", b"\x04", b"\x00\xb0", b"\x00\xb0\x00"], ids=bytes.hex)
def test_what_is_no_command_never_reaches_the_card(command: bytes, rack: Any, code_of: CodeOf) -> None:
    source = rack.source()
    rack.insert(rack.first)
    assert rack.shows(source, rack.first, present=True)
    source.connect(rack.first)
    before = rack.controls(rack.first)
    assert code_of(lambda: source.transmit(rack.first, command)) == "card.protocol"
    assert source.transmit(rack.first, READ) == answer(1)
    assert (rack.commands(rack.first), rack.controls(rack.first)) == ([READ.hex().upper()], before)


@pytest.mark.req("CARD-02")
@pytest.mark.parametrize("index", [1, 2, 3, 4])
def test_a_card_pulled_at_any_command_is_removed_and_the_next_one_reads(
    index: int, rack: Any, code_of: CodeOf, eventually: Eventually
) -> None:
    source, looking = rack.source(), rack.source()
    rack.insert(rack.first, faults={index: {"removed": True}})
    assert rack.shows(looking, rack.first, present=True)
    source.connect(rack.first)
    for number in range(1, index):
        assert source.transmit(rack.first, READ) == answer(number)
    assert code_of(lambda: source.transmit(rack.first, READ)) == "card.removed"
    assert code_of(lambda: source.transmit(rack.first, READ)) == "card.removed"
    assert rack.shows(looking, rack.first, present=False)
    rack.insert(rack.first, atr=OTHER_ATR)
    assert rack.shows(looking, rack.first, present=True)
    # The connection was to the card that is gone: nothing of the next one comes through it.
    assert code_of(lambda: source.transmit(rack.first, READ)) == "card.removed"
    assert rack.commands(rack.first) == []
    source.disconnect(rack.first)
    assert source.connect(rack.first) == bytes.fromhex(OTHER_ATR)
    assert source.transmit(rack.first, READ) == answer(1)


def test_a_card_pulled_between_two_commands_is_removed(rack: Any, code_of: CodeOf) -> None:
    source, looking = rack.source(), rack.source()
    rack.insert(rack.first)
    assert rack.shows(looking, rack.first, present=True)
    source.connect(rack.first)
    source.transmit(rack.first, READ)
    rack.remove(rack.first)
    assert rack.shows(looking, rack.first, present=False)
    assert code_of(lambda: source.transmit(rack.first, READ)) == "card.removed"
    # Whoever lost a card may take the next one without having let go of it.
    rack.insert(rack.first)
    assert rack.shows(looking, rack.first, present=True)
    assert source.connect(rack.first) == bytes.fromhex(ATR)


MUTE = {"atr_too_long": "3B" * 40, "atr_of_one_byte": "3B"}


@pytest.mark.req("CARD-01")
@pytest.mark.parametrize("atr", MUTE.values(), ids=MUTE)
def test_a_card_without_a_usable_atr_is_there_but_mute(atr: str, rack: Any, code_of: CodeOf) -> None:
    source = rack.source()
    rack.insert(rack.first, atr=atr)
    rack.insert(rack.second)
    assert rack.shows(source, rack.first, present=True)
    assert rack.shows(source, rack.second, present=True)
    assert rack.state(source, rack.first).atr is None
    assert code_of(lambda: source.connect(rack.first)) == "card.mute"
    assert source.connect(rack.second) == bytes.fromhex(ATR)


@pytest.mark.req("CARD-03")
def test_a_card_that_falls_silent_holds_nobody_but_who_asked(
    rack: Any, code_of: CodeOf, eventually: Eventually
) -> None:
    source, looking = rack.source(), rack.source()
    rack.insert(rack.first, faults={2: {"silent": True}})
    rack.insert(rack.second)
    assert rack.shows(looking, rack.first, present=True)
    assert rack.shows(looking, rack.second, present=True)
    source.connect(rack.first)
    source.transmit(rack.first, READ)
    codes: list[str] = []
    asking = threading.Thread(target=lambda: codes.append(code_of(lambda: source.transmit(rack.first, READ))))
    asking.start()
    assert eventually(lambda: len(rack.commands(rack.first)) == 2)
    assert rack.state(looking, rack.first).present
    looking.connect(rack.second)
    assert looking.transmit(rack.second, READ) == answer(1)
    assert codes == []
    rack.remove(rack.first)
    asking.join(10)
    assert codes == ["card.removed"]


def test_a_slow_card_is_waited_for(rack: Any) -> None:
    source = rack.source()
    rack.insert(rack.first, faults={1: {"delay": 1.2}})
    assert rack.shows(source, rack.first, present=True)
    source.connect(rack.first)
    assert source.transmit(rack.first, READ) == answer(1)


ANSWERS = {
    "one_byte": b"\x90",
    "status_alone": b"\x6a\x82",
    "no_status": b"\x00\xff\x12\x34",
    "whole_file": bytes(256) + OK,
    "extended": bytes(range(256)) * 250 + OK,
    "more_to_come": b"\x61\x20",
    "other_length": b"\x6c\x10",
}


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize("given", ANSWERS.values(), ids=ANSWERS)
def test_whatever_a_card_answers_is_handed_on_as_it_is(given: bytes, rack: Any) -> None:
    source = rack.source()
    rack.insert(rack.first, faults={1: {"answer": given.hex()}})
    assert rack.shows(source, rack.first, present=True)
    source.connect(rack.first)
    assert source.transmit(rack.first, READ) == given
    assert source.transmit(rack.first, READ) == answer(2)
    assert rack.commands(rack.first) == [READ.hex().upper()] * 2


def test_cards_in_several_slots_are_used_side_by_side(rack: Any, code_of: CodeOf) -> None:
    source = rack.source()
    rack.insert(rack.first)
    rack.insert(rack.second, atr=OTHER_ATR, faults={2: {"removed": True}})
    assert rack.shows(source, rack.first, present=True)
    assert rack.shows(source, rack.second, present=True)
    assert source.connect(rack.first) == bytes.fromhex(ATR)
    assert source.connect(rack.second) == bytes.fromhex(OTHER_ATR)
    assert source.transmit(rack.first, READ) == answer(1)
    assert source.transmit(rack.second, READ) == answer(1)
    assert code_of(lambda: source.transmit(rack.second, READ)) == "card.removed"
    assert source.transmit(rack.first, READ) == answer(2)
    source.disconnect(rack.second)
    assert source.transmit(rack.first, READ) == answer(3)


@pytest.mark.req("CARD-05")
def test_each_insertion_and_each_removal_is_told_once(rack: Any, eventually: Eventually) -> None:
    source = rack.source()
    rack.insert(rack.second)
    assert rack.shows(source, rack.second, present=True)
    told: list[tuple[bool, bool]] = []
    source.watch(lambda: told.append(tuple(state.present for state in source.slots())))
    steps: list[tuple[Callable[[], None], tuple[bool, bool]]] = [
        (lambda: rack.insert(rack.first), (True, True)),
        (lambda: rack.remove(rack.first), (False, True)),
        (lambda: rack.remove(rack.second), (False, False)),
        (lambda: rack.insert(rack.first, atr=OTHER_ATR), (True, False)),
        (lambda: rack.remove(rack.first), (False, False)),
    ]
    # What was told twice in one step would be there before the next one ends.
    expected: list[tuple[bool, bool]] = []
    for act, state in steps:
        act()
        expected.append(state)
        assert eventually(lambda: len(told) >= len(expected)), told
        assert told == expected


def test_a_mute_card_is_told_and_so_is_its_going(rack: Any, eventually: Eventually) -> None:
    source = rack.source()
    told: list[tuple[bool, str | None]] = []
    source.watch(lambda: told.append((rack.state(source, rack.first).present, rack.state(source, rack.first).atr)))
    rack.insert(rack.first, atr="3B" * 40)
    assert eventually(lambda: told == [(True, None)])
    rack.remove(rack.first)
    assert eventually(lambda: told == [(True, None), (False, None)])


def test_nothing_is_told_after_the_end(rack: Any) -> None:
    closed, looking = rack.source(), rack.source()
    told: list[str] = []
    closed.watch(lambda: told.append("closed"))
    closed.close()
    rack.insert(rack.first)
    assert rack.shows(looking, rack.first, present=True)
    assert told == []
