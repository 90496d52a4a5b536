"""A token driver reaches cards through the host, as far as it may, and no longer than it lives."""

import itertools
import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import ATR, Call, Readers, code_of, eventually, is_running
from segur_host.broker import held_card
from segur_host.broker.cards import CardBroker
from segur_host.dispatch.deadline import CallDeadline
from segur_host.drivers.process import DriverProcess
from segur_sdk.errors import CardError

S = 30.0


@pytest.fixture
def through(start: Callable[..., DriverProcess], broker: CardBroker) -> DriverProcess:
    """A token driver that goes through the readers of ``broker``."""
    return start("Through", relay=broker.relay())


def test_every_call_of_a_reader_is_carried_there_and_back(through: DriverProcess, readers: Readers) -> None:
    [state] = through.call("slots", timeout=S)
    assert (state["slot"], state["present"], state["atr"], state["insertion"]) == ("one", True, ATR, 1)
    assert through.call("connect", "one", timeout=S) == bytes.fromhex(ATR)
    assert readers.held == {"one"}
    assert through.call("transmit", "one", b"\x00\xa4\x04\x00", timeout=S) == b"\x00\xa4\x04\x00\x90\x00"
    assert through.call("disconnect", "one", timeout=S) is None
    assert readers.held == set()


def test_several_are_carried_within_one_call(through: DriverProcess, readers: Readers) -> None:
    found = through.call("read_all", "one", timeout=S)
    assert found == [{"hex": one.hex()} for one in (bytes.fromhex(ATR), b"\0\x90\0", b"\1\x90\0", b"\2\x90\0")]
    assert readers.held == set()


def test_no_reader_at_all_is_no_failure_of_a_token_driver(through: DriverProcess, readers: Readers) -> None:
    readers.cards = {}
    assert through.call("slots", timeout=S) == []


def _nothing(_: Readers) -> None: ...


def _without_service(readers: Readers) -> None:
    readers.failing = "card.no_reader_service"


def _taken_out(readers: Readers) -> None:
    readers.cards = {"one": (None, 0)}


def _held_by_another(readers: Readers) -> None:
    readers.held.add("one")


REFUSALS: dict[str, tuple[Callable[[Readers], None], str, tuple[str | bytes, ...], str]] = {
    "another_reader": (_nothing, "connect", ("two",), "card.reader_unavailable"),
    "empty": (_taken_out, "connect", ("one",), "card.absent"),
    "in_use": (_held_by_another, "connect", ("one",), "card.reader_in_use"),
    "not_connected": (_nothing, "transmit", ("one", b"\0\0\0\0"), "card.closed"),
    "no_service": (_without_service, "slots", (), "card.no_reader_service"),
    "no_service_to_connect": (_without_service, "connect", ("one",), "card.no_reader_service"),
    "watching_is_the_hosts": (_nothing, "watch_cards", (), "card.driver_failed"),
}


@pytest.mark.parametrize(("arrange", "method", "arguments", "code"), REFUSALS.values(), ids=REFUSALS)
def test_what_the_readers_refuse_reaches_the_driver_and_its_caller(
    arrange: Callable[[Readers], None],
    method: str,
    arguments: tuple[str | bytes, ...],
    code: str,
    through: DriverProcess,
    readers: Readers,
) -> None:
    pid = through.call("pid", timeout=S)
    arrange(readers)
    assert code_of(lambda: through.call(method, *arguments, timeout=S)) == code
    assert through.call("pid", timeout=S) == pid


def test_an_error_keeps_its_facts_on_the_way(through: DriverProcess, readers: Readers) -> None:
    def pulled(slot: str, *_: object) -> bytes:
        raise CardError("card.removed", retryable=True, slot=slot, sw="6F00")

    through.call("connect", "one", timeout=S)
    readers.answer = pulled
    with pytest.raises(CardError) as raised:
        through.call("transmit", "one", b"\0\0\0\0", timeout=S)
    failure = raised.value
    assert (failure.code, failure.retryable, failure.facts) == ("card.removed", True, {"slot": "one", "sw": "6F00"})


def test_a_card_is_waited_for_as_long_as_any_other_caller_would(through: DriverProcess, readers: Readers) -> None:
    seconds: list[float] = []

    def answer(_slot: str, _command: bytes, timeout: float) -> bytes:
        seconds.append(timeout)
        return b"\x90\x00"

    readers.answer = answer
    through.call("connect", "one", timeout=S)
    through.call("transmit", "one", b"\0\0\0\0", timeout=S)
    assert seconds == [5.0]


def test_a_slow_card_is_named_within_the_time_of_the_drivers_own_call(
    through: DriverProcess, readers: Readers, broker: CardBroker
) -> None:
    seconds: list[float] = []

    def slow(slot: str, command: bytes, timeout: float) -> bytes:
        seconds.append(timeout)
        if timeout < 0.4:
            raise CardError("card.mute", retryable=True, slot=slot)
        time.sleep(0.4)
        return command + b"\x90\x00"

    readers.answer = slow
    pid = through.call("pid", timeout=S)
    with pytest.raises(CardError) as raised:
        through.call("read_all", "one", timeout=1.2)
    assert (raised.value.code, raised.value.facts) == ("card.mute", {"slot": "one"})
    assert all(before > after for before, after in itertools.pairwise(seconds))
    assert through.call("pid", timeout=S) == pid


def test_each_card_that_is_taken_for_a_token_driver_is_told_before_it_is_used(
    through: DriverProcess, readers: Readers, broker: CardBroker
) -> None:
    told: list[tuple[str, bool]] = []
    broker.when_relayed(lambda slot: told.append((slot, bool(readers.held))))
    through.call("read_all", "one", timeout=S)
    assert told == [("one", False)]


NO_CALLS: dict[str, Any] = {
    "another_method": {"method": "close", "arguments": []},
    "too_many": {"method": "slots", "arguments": ["one"]},
    "too_few": {"method": "connect", "arguments": []},
    "a_number": {"method": "connect", "arguments": [1]},
    "text_for_bytes": {"method": "transmit", "arguments": ["one", "00A4"]},
}


@pytest.mark.parametrize("asked", NO_CALLS.values(), ids=NO_CALLS)
def test_what_is_no_call_of_a_reader_is_refused(asked: Any, through: DriverProcess, readers: Readers) -> None:
    answer = through.call("relayed", json.dumps({"relay": asked}), timeout=S)
    assert answer["error"]["code"] == "card.closed"
    assert (readers.held, readers.closed) == (set(), False)


GARBAGE: dict[str, Any] = {
    "number": {"relay": 3},
    "no_method": {"relay": {"arguments": []}},
    "no_arguments": {"relay": {"method": "slots"}},
    "bytes_that_are_none": {"relay": {"method": "transmit", "arguments": ["one", {"hex": "xyz"}]}},
    "list": [],
}


@pytest.mark.parametrize("line", GARBAGE.values(), ids=GARBAGE)
def test_a_driver_that_babbles_to_the_readers_is_stopped(line: Any, through: DriverProcess) -> None:
    pid = through.call("pid", timeout=S)
    assert code_of(lambda: through.call("relayed", json.dumps(line), timeout=S)) == "card.driver_stopped"
    assert not is_running(pid)
    assert through.call("pid", timeout=S) != pid


def test_a_driver_that_relays_without_being_allowed_is_stopped(start: Callable[..., DriverProcess]) -> None:
    assert code_of(lambda: start("Uninvited").call("sneaks", timeout=S)) == "card.driver_stopped"


def _hang(process: DriverProcess, _: int) -> None:
    assert code_of(lambda: process.call("hangs", timeout=0.3)) == "card.driver_hung"


def _crash(process: DriverProcess, _: int) -> None:
    assert code_of(lambda: process.call("dies", timeout=S)) == "card.driver_stopped"


def _killed_while_nobody_calls(_: DriverProcess, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _closed(process: DriverProcess, _: int) -> None:
    process.close()


ENDS = {"hung": _hang, "crashed": _crash, "killed": _killed_while_nobody_calls, "closed": _closed}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_token_driver_that_ends_lets_go_of_its_cards(
    end: Callable[[DriverProcess, int], None], through: DriverProcess, readers: Readers, broker: CardBroker
) -> None:
    pid = through.call("pid", timeout=S)
    through.call("connect", "one", timeout=S)
    end(through, pid)
    assert eventually(lambda: not readers.held)
    with broker.open(broker.presence("one"), Call()) as channel:
        assert channel.transmit(b"\x00") == b"\x00\x90\x00"


def test_a_token_driver_and_a_plugin_never_hold_one_card(
    through: DriverProcess, broker: CardBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    presence = broker.presence("one")
    with broker.open(presence, Call()):
        assert code_of(lambda: through.call("connect", "one", timeout=1.0)) == "card.busy"
    through.call("connect", "one", timeout=S)
    # Nobody waits for a card that is kept between two uses of it.
    with monkeypatch.context() as patch:
        patch.setattr(held_card, "REST_S", 0.0)
        assert code_of(lambda: broker.open(presence, Call()).__enter__()) == "card.busy"
    short = Call(deadline=CallDeadline(0.2))
    assert code_of(lambda: broker.open(presence, short).__enter__()) == "card.busy"


def test_a_call_that_was_given_up_does_not_keep_its_card_from_a_token_driver(
    through: DriverProcess, broker: CardBroker
) -> None:
    hung = Call()
    with broker.open(broker.presence("one"), hung) as channel:
        hung.is_over = True
        assert through.call("connect", "one", timeout=S) == bytes.fromhex(ATR)
        assert code_of(lambda: channel.transmit(b"\x00")) == "plugin.call_over"
