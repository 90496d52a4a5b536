"""Drivers that watch, and one process for each slot: what hangs, crashes or chatters costs nothing but itself."""

import os
import signal
import threading
from collections.abc import Callable

import pytest

from reference_host.tests.host.cards.bench import ATR, CPS_ATR, Bench, code_of, eventually, is_running
from segur_host.drivers.readers import ReadersInChild
from segur_sdk.cards.channel import Step

S = 30.0
InChild = Callable[..., ReadersInChild]


@pytest.fixture
def two(bench: Bench, in_child: InChild) -> ReadersInChild:
    """Readers with a card in each of two slots."""
    bench.put("one")
    bench.put("two", CPS_ATR)
    return in_child()


def pids(bench: Bench, *words: str) -> set[int]:
    return {pid for pid, _ in bench.asked(*words)}


def test_a_change_is_told_and_then_seen(bench: Bench, two: ReadersInChild) -> None:
    told = threading.Event()
    two.watch(told.set)
    assert [state.present for state in two.slots()] == [True, True]
    for present in (False, True):
        (bench.put if present else bench.take)("two")
        assert told.wait(S)
        told.clear()
        assert {state.slot: state.present for state in two.slots()} == {"one": True, "two": present}


def test_nothing_is_told_of_what_nobody_watches(bench: Bench, two: ReadersInChild) -> None:
    two.slots()
    bench.take("two")
    assert eventually(lambda: not two.slots()[1].present)


def test_the_end_of_the_looking_process_is_a_change(bench: Bench, two: ReadersInChild) -> None:
    told = threading.Event()
    two.watch(told.set)
    two.slots()
    [pid] = pids(bench, "slots")
    os.kill(pid, signal.SIGKILL)
    assert told.wait(S)
    assert len(two.slots()) == 2
    told.clear()
    bench.take("one")
    assert told.wait(S)


ENDS: dict[str, tuple[str, str]] = {"hangs": ("hang", "card.driver_hung"), "crashes": ("die", "card.driver_stopped")}


@pytest.mark.parametrize(("order", "code"), ENDS.values(), ids=ENDS)
def test_looking_that_ends_badly_is_begun_again(
    order: str, code: str, bench: Bench, two: ReadersInChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()
    two.watch(told.set)
    two.slots()
    bench.change(order=order)
    with monkeypatch.context() as patch:
        patch.setattr("segur_host.drivers.readers.LOOK_S", 0.5)
        assert code_of(two.slots) == code
    assert told.wait(S)
    bench.change(order=None)
    assert [state.insertion for state in two.slots()] == [1, 2]
    assert len(pids(bench, "slots")) == 2


def test_a_driver_that_cannot_watch_can_still_look(bench: Bench, in_child: InChild) -> None:
    bench.put("one")
    assert [state.atr for state in in_child("Unwatchable").slots()] == [ATR]


def test_events_never_mix_with_answers(bench: Bench, in_child: InChild) -> None:
    bench.put("one")
    made = in_child("Chatty")
    told: list[None] = []
    made.watch(lambda: told.append(None))
    for _ in range(50):
        assert [state.slot for state in made.slots()] == ["one"]
    assert eventually(lambda: len(told) > 50)


def test_each_slot_has_a_process_of_its_own_and_looking_has_another(bench: Bench, two: ReadersInChild) -> None:
    two.slots()
    assert (two.connect("one"), two.connect("two")) == (bytes.fromhex(ATR), bytes.fromhex(CPS_ATR))
    processes = [pids(bench, *words) for words in (("slots",), ("connect", "one"), ("connect", "two"))]
    assert [len(found) for found in processes] == [1, 1, 1]
    assert len(set.union(*processes)) == 3


def test_a_card_that_hangs_in_one_slot_neither_stops_another_nor_renumbers_insertions(
    bench: Bench, two: ReadersInChild
) -> None:
    before = two.slots()
    two.connect("one")
    two.connect("two")
    codes: list[str] = []
    hung = threading.Thread(target=lambda: codes.append(code_of(lambda: two.transmit("one", b"hang", 2))))
    hung.start()
    assert eventually(lambda: bool(bench.asked("transmit", "one")))
    for number in range(20):
        command = bytes([0, number, 0, 0])
        assert two.transmit("two", command, S) == command + b"\x90\x00"
    assert two.slots() == before
    assert codes == []
    hung.join()
    assert codes == ["card.mute"]
    assert two.slots() == before
    assert len(pids(bench, "slots")) == 1
    assert two.transmit("two", b"\0\0\0\0", S) == b"\0\0\0\0\x90\0"
    [pid] = pids(bench, "connect", "one")
    assert not is_running(pid)


def test_a_card_that_crashes_its_driver_costs_its_slot_only(bench: Bench, two: ReadersInChild) -> None:
    before = two.slots()
    two.connect("one")
    two.connect("two")
    assert code_of(lambda: two.transmit("one", b"die!", S)) == "card.driver_stopped"
    assert two.transmit("two", b"\0\0\0\0", S) == b"\0\0\0\0\x90\0"
    assert two.slots() == before
    assert two.connect("one") == bytes.fromhex(ATR)
    assert two.transmit("one", b"\0\0\0\0", S) == b"\0\0\0\0\x90\0"


def test_what_a_card_says_itself_is_told_and_costs_no_process(bench: Bench, two: ReadersInChild) -> None:
    two.connect("one")
    assert code_of(lambda: two.transmit("one", b"mute", S)) == "card.mute"
    assert two.transmit("one", b"\0\0\0\0", S) == b"\0\0\0\0\x90\0"
    assert len(pids(bench, "transmit")) == 1


ROW = [Step(bytes([0, number, 0, 0])) for number in range(3)]


def test_a_row_of_commands_is_one_call_and_each_of_them_is_sent(bench: Bench, two: ReadersInChild) -> None:
    two.connect("one")
    assert two.transmit_all("one", ROW, S) == tuple(step.command + b"\x90\x00" for step in ROW)
    assert len(bench.asked("transmit", "one")) == 3


def test_a_row_ends_in_the_child_when_an_answer_is_not_expected(bench: Bench, two: ReadersInChild) -> None:
    two.connect("one")
    row = [ROW[0], Step(b"\x00\xb0\x00\x00", 0x6B00), ROW[1]]
    assert two.transmit_all("one", row, S) == (b"\0\0\0\0\x90\0", b"\x00\xb0\x00\x00\x90\x00")
    assert len(bench.asked("transmit", "one")) == 2


ROWS_THAT_FAIL: dict[str, tuple[bytes, float, str, bool]] = {
    "hangs": (b"hang", 0.3, "card.mute", False),
    "crashes": (b"die!", S, "card.driver_stopped", False),
    "says_it_is_mute": (b"mute", S, "card.mute", True),
}


@pytest.mark.parametrize(("command", "seconds", "code", "lives"), ROWS_THAT_FAIL.values(), ids=ROWS_THAT_FAIL)
def test_a_card_that_fails_in_a_row_costs_what_it_would_alone(
    command: bytes, seconds: float, code: str, lives: bool, bench: Bench, two: ReadersInChild
) -> None:
    two.connect("one")
    assert code_of(lambda: two.transmit_all("one", [ROW[0], Step(command), ROW[1]], seconds)) == code
    [pid] = pids(bench, "connect", "one")
    assert is_running(pid) is lives
    if not lives:
        assert code_of(lambda: two.transmit_all("one", ROW, S)) == "card.driver_stopped"
        two.connect("one")
    assert len(two.transmit_all("one", ROW, S)) == 3


class LateError(Exception):
    """What is done meanwhile fails."""


def test_what_is_done_while_a_card_wakes_up_is_over_before_it_is_held(bench: Bench, two: ReadersInChild) -> None:
    done: list[bool] = []
    assert two.connect("one", lambda: done.append(eventually(lambda: bool(bench.asked("connect", "one")))))
    assert done == [True]

    def fail() -> None:
        raise LateError

    with pytest.raises(LateError):
        two.connect("two", fail)
    # Let go of, so that the next one gets it.
    assert two.connect("two") == bytes.fromhex(CPS_ATR)
    bench.take("two")
    two.disconnect("two")
    with pytest.raises(LateError):
        two.connect("two", fail)


@pytest.mark.parametrize("began", [True, False], ids=["killed_with_its_card", "never_opened"])
def test_no_process_is_started_to_let_go_of_a_card(began: bool, bench: Bench, two: ReadersInChild) -> None:
    if began:
        two.connect("one")
        assert code_of(lambda: two.transmit("one", b"hang", 0.3)) == "card.mute"
    two.disconnect("one")
    assert bench.asked("disconnect") == []


def test_nothing_runs_after_the_readers_were_closed(bench: Bench, two: ReadersInChild) -> None:
    two.slots()
    two.connect("one")
    two.connect("two")
    running = pids(bench)
    assert len(running) == 3
    two.close()
    assert [pid for pid in running if is_running(pid)] == []
    for call in (two.slots, lambda: two.connect("one"), lambda: two.connect("three")):
        assert code_of(call) == "card.driver_stopped"
    assert pids(bench) == running
