"""A card that a plugin used is free for everybody when its call returns, and what a token driver takes is recorded."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import Bench
from segur_host import Host

OPENS = """
with ctx.cards.open(event.card) as channel:
    channel.transmit(bytes(4))
"""


def opening(install: Callable[..., str], name: str) -> dict[str, str]:
    """A plugin that opens the card and has nothing to say of it, as a configuration lists it."""
    return {name: install(name, hook="on_card_read", body=OPENS, top="cards = true")}


def test_a_card_is_free_when_the_call_that_used_it_returns(
    bench: Bench, devices: dict[str, Any], install: Callable[..., str], open_host: Callable[..., Host]
) -> None:
    bench.put("one")
    plugins = opening(install, "alpha") | opening(install, "beta")
    host = open_host(plugins | devices)
    outcomes = host.call("on_card_read", '{"card": {"slot": "one"}}').outcomes
    assert [str(one.status) for one in outcomes] == ["declined", "declined"]
    words = [words[0] for _, words in bench.asked() if words[0] != "slots"]
    assert words == ["connect", "transmit", "disconnect"] * 2


def test_a_card_that_is_taken_for_a_token_driver_is_recorded_by_the_host(
    bench: Bench, devices: dict[str, Any], open_host: Callable[..., Host]
) -> None:
    bench.put("one")
    host = open_host(devices)
    relay = host._devices.cards.relay()
    relay.carry("connect", ["one"], 30.0)
    relay.carry("disconnect", ["one"], 30.0)
    records = [one for one in host.audit.records() if one.event == "broker.card.relay"]
    assert [json.loads(one.facts) for one in records] == [{"slot": "one"}]
    assert [words[0] for _, words in bench.asked("disconnect")] == ["disconnect"]


@pytest.mark.parametrize("code", ["card.no_reader_service", None], ids=["failing", "well"])
def test_a_host_tells_which_drivers_cannot_tell(
    code: str | None, bench: Bench, devices: dict[str, Any], open_host: Callable[..., Host]
) -> None:
    bench.put("one")
    host = open_host(devices)
    bench.change(order=code)
    assert [one.code for one in host.reader_failures()] == ([] if code is None else [code])
