"""Cards whose exchanges were recorded: in a slot of their own while they are mounted."""

import threading

import pytest

from reference_host.tests.host.cards.bench import ATR, Call, Readers
from segur_host.broker.cards import CardBroker
from segur_host.clock import SystemClock
from segur_host.drivers.readers import RecordedCard
from segur_sdk.errors import CardError


@pytest.fixture
def broker() -> CardBroker:
    return CardBroker([Readers()], SystemClock())


def test_a_mounted_card_is_there_for_its_block_only(broker: CardBroker) -> None:
    card = RecordedCard("recorded", bytes.fromhex(ATR), [(b"\x00", b"\x90\x00")])
    with broker.mounted(card):
        assert {state.slot for state in broker.slots()} == {"recorded", "one"}
        with broker.open(broker.presence("recorded"), Call()) as channel:
            assert channel.transmit(b"\x00") == b"\x90\x00"
    with pytest.raises(CardError) as raised:
        broker.presence("recorded")
    assert raised.value.code == "card.reader_unavailable"


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
