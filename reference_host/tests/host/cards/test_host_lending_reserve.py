"""Brokers leave a plugin the time to say what did not answer: a slow card ends as a mute card, not as a hung plugin."""

from collections.abc import Callable
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import Bench, Call, Readers, code_of
from segur_host import Host
from segur_host.broker.cards import CardBroker
from segur_host.broker.lending import usable_seconds
from segur_host.dispatch.deadline import CallDeadline
from segur_sdk.errors import CardError

RESERVES: dict[str, tuple[float, float]] = {
    "long": (30.0, 0.5),
    "two_seconds": (2.0, 0.5),
    "one_second": (1.0, 0.25),
    "none": (0.0, 0.0),
}


@pytest.mark.parametrize(("seconds", "reserve"), RESERVES.values(), ids=RESERVES)
def test_the_reserve_is_fixed_when_the_call_begins(seconds: float, reserve: float) -> None:
    assert CallDeadline(seconds).reserve == reserve


class Lent:
    """A deadline whose clock a test moves."""

    def __init__(self, left: float, reserve: float) -> None:
        self.left = left
        self.reserve = reserve

    def remaining(self) -> float:
        return self.left


LEFT: dict[str, tuple[float, float]] = {"much": (10, 9.5), "little": (0.6, 0.1), "nothing": (0.5, 0), "less": (0, -0.5)}


@pytest.mark.parametrize(("left", "usable"), LEFT.values(), ids=LEFT)
def test_what_is_lent_is_what_is_left_but_the_reserve(left: float, usable: float) -> None:
    call = Call(deadline=Lent(left, 0.5))  # type: ignore[arg-type]
    assert usable_seconds(call) == pytest.approx(usable)


def test_a_card_that_is_slow_for_each_of_many_commands_ends_as_mute_within_the_call(
    readers: Readers, broker: CardBroker
) -> None:
    lent = Lent(30, 0.5)

    def three_seconds(_slot: str, command: bytes, seconds: float) -> bytes:
        if seconds < 3:
            lent.left -= seconds
            raise CardError("card.mute", retryable=True)
        lent.left -= 3
        return command

    readers.answer = three_seconds
    with broker.open(broker.presence("one"), Call(deadline=lent)) as channel:  # type: ignore[arg-type]
        for _ in range(9):
            channel.transmit(b"\x00")
        assert code_of(lambda: channel.transmit(b"\x00")) == "card.mute"
        assert lent.left == pytest.approx(0.5)
        # Whoever goes on asking is not served at the expense of the reserve.
        assert code_of(lambda: channel.transmit(b"\x00")) == "card.mute"
        assert lent.left == pytest.approx(0.5)


READ_ON = """
with ctx.cards.open(event.card) as channel:
    while True:
        channel.transmit({command!r})
"""


@pytest.mark.parametrize("command", [b"slow", b"hang"], ids=["slow", "silent"])
def test_a_plugin_that_reads_a_slow_card_fails_with_what_the_card_did(
    command: bytes,
    bench: Bench,
    devices: dict[str, Any],
    install: Callable[..., str],
    open_host: Callable[..., Host],
    patience: Callable[[float], None],
) -> None:
    bench.put("one")
    patience(3.0)
    sha256 = install("alpha", hook="on_card_read", body=READ_ON.format(command=command), top="cards = true")
    host = open_host({"alpha": sha256, **devices})
    assert [slot.slot for slot in host.slots()] == ["one"]
    [outcome] = host.call("on_card_read", '{"card": {"slot": "one"}}').outcomes
    assert outcome.error is not None
    assert (str(outcome.status), outcome.error.code) == ("failed", "card.mute")
    assert host.plugins["alpha"].hung_calls == 0
    assert len(bench.asked("transmit", "one")) > (1 if command == b"slow" else 0)
