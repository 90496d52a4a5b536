"""Cards as the host lends them: one insertion, one caller, one call."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import attrs
import pytest

from segur_host.broker.cards import CardBroker
from segur_host.clock import SystemClock
from segur_host.dispatch.deadline import CallDeadline
from segur_host.drivers.readers import RecordedCard
from segur_sdk.cards.channel import Step, one_by_one
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError, Fact, HostError, PluginError, SegurError

ATR = "3B6500002063CB6800"


@attrs.define
class Readers:
    """A driver that a test moves by hand."""

    names: tuple[str, ...] = ("one",)
    atr: str | None = ATR
    present: bool = True
    insertion: int = 1
    connected_atr: str = ATR
    held: set[str] = attrs.field(factory=set)
    seconds: list[float] = attrs.field(factory=list)
    closed: bool = False
    in_use: bool = False
    failing: str | None = None
    settled: list[str] = attrs.field(factory=list)
    answer: Callable[[bytes], bytes] = lambda command: command + b"\x90\x00"

    def slots(self, timeout: float = 0.0) -> tuple[SlotState, ...]:
        if self.failing is not None:
            raise CardError(self.failing)
        return tuple(
            SlotState(slot=name, present=self.present, atr=self.atr, insertion=self.insertion, in_use=self.in_use)
            for name in self.names
        )

    def watch(self, changed: Callable[[], None]) -> None: ...

    def connect(self, slot: str, meanwhile: Callable[[], None] | None = None, timeout: float = 0.0) -> bytes:
        if meanwhile is not None:
            meanwhile()
        if slot not in self.names:
            raise CardError("card.reader_unavailable")
        if not self.present:
            raise CardError("card.absent", slot=slot)
        if slot in self.held or self.in_use:
            raise CardError("card.reader_in_use", slot=slot)
        self.held.add(slot)
        return bytes.fromhex(self.connected_atr)

    def transmit(self, slot: str, command: bytes, timeout: float) -> bytes:
        self.seconds.append(timeout)
        return self.answer(command)

    def transmit_all(self, slot: str, steps: Sequence[Step], timeout: float) -> tuple[bytes, ...]:
        return one_by_one(lambda command: self.transmit(slot, command, timeout), steps)

    def disconnect(self, slot: str) -> None:
        self.held.discard(slot)
        if not self.present:
            raise CardError("card.removed", slot=slot)

    def settle(self, slot: str, timeout: float) -> None:
        self.settled.append(slot)

    def close(self) -> None:
        self.closed = True


@attrs.define
class Call:
    deadline: CallDeadline = attrs.field(factory=lambda: CallDeadline(5))
    records: list[tuple[str, dict[str, Fact]]] = attrs.field(factory=list)
    plugin: str = "alpha"
    call_id: str = "call"
    is_over: bool = False

    def record(self, event: str, **facts: Fact) -> None:
        self.records.append((event, facts))

    def note(self, event: str, **facts: Fact) -> None:
        self.records.append((event, facts))

    def require_running(self) -> None:
        if self.is_over:
            raise PluginError("plugin.call_over", plugin=self.plugin)


@pytest.fixture
def readers() -> Readers:
    return Readers()


@pytest.fixture
def broker(readers: Readers) -> CardBroker:
    return CardBroker([readers], SystemClock())


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(SegurError) as raised:
        call()
    return raised.value.code


def opened(broker: CardBroker, presence: Any, call: Call) -> None:
    with broker.open(presence, call):
        pass


def test_one_insertion_has_one_presence(readers: Readers, broker: CardBroker) -> None:
    first = broker.presence("one")
    assert broker.presence("one") == first
    readers.insertion = 2
    second = broker.presence("one")
    assert (second.atr, second.insertion) == (ATR, "2")
    assert second != first


ABSENCES: dict[str, tuple[dict[str, Any], str]] = {
    "empty": ({"present": False, "atr": None}, "card.absent"),
    "mute": ({"present": True, "atr": None}, "card.mute"),
    "another_reader": ({"names": ("two",)}, "card.reader_unavailable"),
    "no_slot": ({"names": ()}, "card.reader_unavailable"),
}


@pytest.mark.parametrize(("state", "code"), ABSENCES.values(), ids=ABSENCES)
def test_what_is_not_there_is_said(state: dict[str, Any], code: str) -> None:
    broker = CardBroker([Readers(**state)], SystemClock())
    assert code_of(lambda: broker.presence("one")) == code


def test_no_reader_at_all_is_said() -> None:
    assert code_of(CardBroker([], SystemClock()).slots) == "card.no_reader"


CHANGES: dict[str, tuple[dict[str, Any], str, int]] = {
    "put_back": ({"insertion": 2}, "card.swapped", 1),
    "another_card": ({"atr": "3B00"}, "card.swapped", 1),
    "gone": ({"present": False, "atr": None}, "card.removed", 0),
    "reader_gone": ({"names": ()}, "card.reader_unavailable", 0),
}


@pytest.mark.parametrize(("change", "code", "powered"), CHANGES.values(), ids=CHANGES)
def test_only_the_very_insertion_that_was_read_is_opened_or_confirmed(
    change: dict[str, Any], code: str, powered: int, readers: Readers, broker: CardBroker
) -> None:
    presence = broker.presence("one")
    broker.confirm(presence, Call())
    for name, value in change.items():
        setattr(readers, name, value)
    call = Call()
    assert code_of(lambda: opened(broker, presence, call)) == code
    assert code_of(lambda: broker.confirm(presence, call)) == code
    # Another card is powered while the host looks: that is written down, and nothing is said to it.
    assert [event for event, _ in call.records] == ["broker.card.open"] * powered
    assert (readers.held, readers.seconds) == (set(), [])


def test_what_is_opened_or_confirmed_is_recorded(broker: CardBroker) -> None:
    presence, call = broker.presence("one"), Call()
    opened(broker, presence, call)
    broker.confirm(presence, call)
    told = {"slot": "one", "insertion": "1"}
    assert call.records == [("broker.card.open", told), ("broker.card.confirm", told)]


def test_a_card_swapped_at_the_last_moment_is_not_opened(readers: Readers, broker: CardBroker) -> None:
    presence = broker.presence("one")
    readers.connected_atr = "3B00"
    assert code_of(lambda: opened(broker, presence, Call())) == "card.swapped"
    assert readers.held == set()


def test_a_channel_closes_with_its_block(readers: Readers, broker: CardBroker) -> None:
    with broker.open(broker.presence("one"), Call()) as channel:
        assert channel.atr == bytes.fromhex(ATR)
        assert channel.transmit(b"\x00") == b"\x00\x90\x00"
        assert readers.held == {"one"}
    assert readers.held == set()
    assert code_of(lambda: channel.transmit(b"\x00")) == "card.closed"


def test_a_card_is_let_go_of_whatever_happens_to_its_reader(readers: Readers, broker: CardBroker) -> None:
    with broker.open(broker.presence("one"), Call()):
        readers.present = False
        assert readers.held == {"one"}
    assert readers.held == set()


def test_a_row_goes_through_the_channel_as_its_commands_would(readers: Readers, broker: CardBroker) -> None:
    row = [Step(b"\x00"), Step(b"\x01", 0x6B00), Step(b"\x02")]
    presence, call = broker.presence("one"), Call(deadline=CallDeadline(2))
    with broker.open(presence, call) as channel:
        assert channel.transmit_all(row) == (b"\x00\x90\x00", b"\x01\x90\x00")
        assert all(0 < seconds < 2 for seconds in readers.seconds)
        call.is_over = True
        assert code_of(lambda: channel.transmit_all(row)) == "plugin.call_over"
    call.is_over = False
    assert code_of(lambda: channel.transmit_all(row)) == "card.closed"
    with broker.open(presence, Call(deadline=CallDeadline(0))) as channel:
        assert code_of(lambda: channel.transmit_all(row)) == "card.mute"
    assert len(readers.seconds) == 2


def test_a_card_whose_opening_cannot_be_recorded_is_not_opened(readers: Readers, broker: CardBroker) -> None:
    class Full(Call):
        def record(self, event: str, **facts: Fact) -> None:
            raise HostError("host.file_not_written")

    assert code_of(lambda: opened(broker, broker.presence("one"), Full())) == "host.file_not_written"
    assert readers.held == set()


def test_a_card_in_use_is_not_opened_twice(broker: CardBroker) -> None:
    presence = broker.presence("one")
    with broker.open(presence, Call()):
        assert code_of(lambda: opened(broker, presence, Call())) == "card.busy"


def test_a_call_waits_for_the_card_that_another_call_of_this_host_uses(readers: Readers, broker: CardBroker) -> None:
    presence = broker.presence("one")
    done: list[bytes] = []

    def read_too() -> None:
        with broker.open(presence, Call(call_id="second", deadline=CallDeadline(60))) as channel:
            done.append(channel.transmit(b"\x01"))

    second = threading.Thread(target=read_too)
    with broker.open(presence, Call(call_id="first")) as channel:
        second.start()
        assert code_of(lambda: opened(broker, presence, Call(call_id="third", deadline=CallDeadline(0.2)))) == (
            "card.busy"
        )
        assert channel.transmit(b"\x00") == b"\x00\x90\x00"
        assert done == []
    second.join(30)
    assert (done, readers.held) == ([b"\x01\x90\x00"], set())


def test_what_a_call_let_go_of_is_waited_for_at_its_end(readers: Readers, broker: CardBroker) -> None:
    opened(broker, broker.presence("one"), Call(call_id="first"))
    broker.settle("second")
    assert readers.settled == []
    for _ in range(2):
        broker.settle("first")
        assert readers.settled == ["one"]


def test_a_card_that_does_not_answer_is_said_to_be_mute_until_it_is_taken_out(
    readers: Readers, broker: CardBroker
) -> None:
    def silent(_: bytes) -> bytes:
        raise CardError("card.mute", slot="one", retryable=True)

    presence = broker.presence("one")
    readers.answer = silent
    with broker.open(presence, Call()) as channel:
        assert code_of(lambda: channel.transmit(b"\x00")) == "card.mute"
    # The system goes on waiting for the card on behalf of a process that is no more.
    readers.in_use = True
    assert code_of(lambda: opened(broker, presence, Call())) == "card.mute"
    assert [(state.in_use, state.atr) for state in broker.slots()] == [(False, None)]
    readers.insertion = 2
    assert code_of(lambda: opened(broker, broker.presence("one"), Call())) == "card.reader_in_use"
    assert [(state.in_use, state.atr) for state in broker.slots()] == [(True, ATR)]


def test_a_card_that_answers_again_is_not_held_to_be_mute(readers: Readers, broker: CardBroker) -> None:
    def silent(_: bytes) -> bytes:
        raise CardError("card.mute", slot="one", retryable=True)

    presence, answers = broker.presence("one"), readers.answer
    readers.answer = silent
    with broker.open(presence, Call()) as channel:
        assert code_of(lambda: channel.transmit(b"\x00")) == "card.mute"
    readers.answer = answers
    opened(broker, presence, Call())
    readers.in_use = True
    assert code_of(lambda: opened(broker, presence, Call())) == "card.reader_in_use"


def test_a_driver_that_fails_is_told_beside_the_slots_of_the_others(readers: Readers) -> None:
    broken = Readers(failing="card.no_reader_service")
    broker = CardBroker([broken, readers], SystemClock())
    found = broker.survey()
    assert ([state.slot for state in found.slots], [one.code for one in found.failures]) == (
        ["one"],
        ["card.no_reader_service"],
    )
    assert broker.slots() == found.slots
    broken.failing = None
    assert broker.survey().failures == ()


def test_whoever_hangs_with_a_card_does_not_keep_it_from_the_others(readers: Readers, broker: CardBroker) -> None:
    presence = broker.presence("one")
    hung = Call()
    with ExitStack() as stack:
        kept = stack.enter_context(broker.open(presence, hung))
        hung.is_over = True
        with broker.open(presence, Call()) as channel:
            assert code_of(lambda: kept.transmit(b"\x00")) == "plugin.call_over"
            stack.close()
            # The one that hung comes to its end: the card is no longer its own to let go of.
            assert readers.held == {"one"}
            assert channel.transmit(b"\x01") == b"\x01\x90\x00"
    assert readers.held == set()


def test_a_card_waits_no_longer_than_its_call(readers: Readers, broker: CardBroker) -> None:
    presence = broker.presence("one")
    with broker.open(presence, Call(deadline=CallDeadline(60))) as channel:
        channel.transmit(b"\x00")
    with broker.open(presence, Call(deadline=CallDeadline(2))) as channel:
        channel.transmit(b"\x00")
    assert readers.seconds[0] == 5
    assert 0 < readers.seconds[1] < 2
    with broker.open(presence, Call(deadline=CallDeadline(0))) as channel:
        assert code_of(lambda: channel.transmit(b"\x00")) == "card.mute"


def test_a_call_that_is_over_opens_nothing(readers: Readers, broker: CardBroker) -> None:
    presence = broker.presence("one")
    call = Call()
    kept = broker.open(presence, call)
    call.is_over = True
    assert code_of(kept.__enter__) == "plugin.call_over"
    assert (call.records, readers.held) == ([], set())


def test_a_mounted_card_is_there_for_its_block_only(broker: CardBroker) -> None:
    card = RecordedCard("recorded", bytes.fromhex(ATR), [(b"\x00", b"\x90\x00")])
    with broker.mounted(card):
        assert {state.slot for state in broker.slots()} == {"recorded", "one"}
        with broker.open(broker.presence("recorded"), Call()) as channel:
            assert channel.transmit(b"\x00") == b"\x90\x00"
    assert code_of(lambda: broker.presence("recorded")) == "card.reader_unavailable"


def test_cards_mounted_meanwhile_never_hide_a_reader(broker: CardBroker) -> None:
    stop = threading.Event()

    def mount() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with broker.mounted(RecordedCard(f"r{number}", bytes.fromhex(ATR), [(b"\x00", b"\x90\x00")])):
                pass

    thread = threading.Thread(target=mount)
    thread.start()
    try:
        for _ in range(300):
            slots = [state.slot for state in broker.slots()]
            assert slots.count("one") == 1
            assert broker.presence("one").slot == "one"
    finally:
        stop.set()
        thread.join()


RECORDED = [(b"\x00\xa4", b"\x90\x00"), (b"\x00\xb0", b"\x01\x90\x00")]
DEVIATIONS: dict[str, list[bytes]] = {
    "another_command": [b"\x00\xff"],
    "other_order": [b"\x00\xb0"],
    "beyond_the_end": [b"\x00\xa4", b"\x00\xb0", b"\x00\xa4"],
    "twice": [b"\x00\xa4", b"\x00\xa4"],
}


@pytest.mark.parametrize("commands", DEVIATIONS.values(), ids=DEVIATIONS)
def test_a_recorded_card_answers_what_was_recorded_and_nothing_else(commands: list[bytes]) -> None:
    card = RecordedCard("r", bytes.fromhex(ATR), RECORDED)
    card.connect("r")
    for command in commands[:-1]:
        card.transmit("r", command, 1)
    with pytest.raises(CardError) as raised:
        card.transmit("r", commands[-1], 1)
    assert (raised.value.code, raised.value.facts["exchange"]) == ("card.not_recorded", len(commands))
    card.connect("r")
    assert [card.transmit("r", command, 1) for command, _ in RECORDED] == [response for _, response in RECORDED]


def test_closing_lets_go_of_every_driver(readers: Readers, broker: CardBroker) -> None:
    broker.close()
    assert readers.closed
