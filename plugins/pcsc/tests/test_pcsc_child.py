"""The driver in the host's child processes, before the sandbox's virtual cards."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from segur_host.drivers.process import DriverProcess
from segur_host.drivers.readers import ReadersInChild
from segur_sandbox.running import RunningSandbox
from segur_sdk.drivers import SlotState

Eventually = Callable[[Callable[[], Any]], bool]
CodeOf = Callable[[Callable[[], object]], str]

pytestmark = pytest.mark.pcsc

ENTRY = "segur_plugin_pcsc.source:PcscCardSource"
SELECT_MF = bytes.fromhex("00A40000023F00")
READ = bytes.fromhex("00B0820000")
PATIENCE_S = 20.0


@pytest.fixture
def settings(segur_pcsc_sandbox: RunningSandbox) -> dict[str, str]:
    return {"socket": str(segur_pcsc_sandbox.pcscd_socket)}


@pytest.fixture
def readers(settings: dict[str, str]) -> Iterator[ReadersInChild]:
    made = ReadersInChild(ENTRY, settings)
    yield made
    made.close()


@pytest.fixture
def vitale(segur_pcsc_sandbox: RunningSandbox) -> str:
    """The slot of the carte Vitale, which holds one at first."""
    return segur_pcsc_sandbox.pcsc_readers[1]


def at(readers: ReadersInChild, slot: str) -> SlotState:
    return next(state for state in readers.slots() if state.slot == slot)


def test_a_card_of_the_sandbox_is_read_through_pcsc(
    segur_pcsc_sandbox: RunningSandbox, readers: ReadersInChild, vitale: str
) -> None:
    for card in ("vitale:family", "vitale:single"):
        segur_pcsc_sandbox.insert(vitale, card)
        state = at(readers, vitale)
        assert state.atr is not None
        assert readers.connect(vitale) == bytes.fromhex(state.atr)
        assert readers.transmit(vitale, SELECT_MF, PATIENCE_S) == b"\x90\x00"
        identities = readers.transmit(vitale, READ, PATIENCE_S)
        assert (b"ADRTROIS" in identities, b"ADRUN" in identities) == (card == "vitale:family", card == "vitale:single")
        readers.disconnect(vitale)


@pytest.mark.req("CARD-05")
def test_changes_reach_the_host_and_numbers_survive_the_process_that_looks(
    segur_pcsc_sandbox: RunningSandbox, settings: dict[str, str], vitale: str, eventually: Eventually
) -> None:
    told: list[int] = []
    process = DriverProcess(ENTRY, settings, on_change=lambda: told.append(1))
    try:
        before = process.call("slots", timeout=PATIENCE_S)
        child = process._child
        assert child is not None
        child.kill()
        # That it ended is a change too: nobody knows what it would have seen.
        assert eventually(lambda: told)
        told.clear()
        assert process.call("slots", timeout=PATIENCE_S) == before
        segur_pcsc_sandbox.insert(vitale, None)
        assert eventually(lambda: told)
        assert process.call("slots", timeout=PATIENCE_S) != before
    finally:
        process.close()


@pytest.mark.req("CARD-03")
def test_a_card_that_never_answers_costs_its_process_and_no_other_slot(
    segur_pcsc_sandbox: RunningSandbox, readers: ReadersInChild, vitale: str, code_of: CodeOf, eventually: Eventually
) -> None:
    other = segur_pcsc_sandbox.pcsc_readers[0]
    segur_pcsc_sandbox.insert(other, "vitale:single")
    segur_pcsc_sandbox.insert(vitale, "vitale:unreadable")
    before = at(readers, vitale)
    readers.connect(vitale)
    assert code_of(lambda: readers.transmit(vitale, SELECT_MF, 0.3)) == "card.mute"
    assert at(readers, vitale).insertion == before.insertion
    # pcscd goes on waiting for the card on behalf of a program that is no more.
    assert code_of(lambda: readers.connect(vitale)) == "card.reader_in_use"
    readers.connect(other)
    assert readers.transmit(other, SELECT_MF, PATIENCE_S) == b"\x90\x00"
    segur_pcsc_sandbox.insert(vitale, "vitale:single")
    assert eventually(lambda: code_of(lambda: readers.connect(vitale)) == "")
    assert readers.transmit(vitale, SELECT_MF, PATIENCE_S) == b"\x90\x00"


@pytest.mark.req("CARD-04")
def test_the_host_goes_on_when_the_service_is_killed_and_started_again(
    segur_pcsc_sandbox: RunningSandbox, readers: ReadersInChild, vitale: str, code_of: CodeOf, eventually: Eventually
) -> None:
    told: list[int] = []
    readers.watch(lambda: told.append(1))
    before = at(readers, vitale)
    readers.connect(vitale)
    assert readers.transmit(vitale, SELECT_MF, PATIENCE_S) == b"\x90\x00"
    segur_pcsc_sandbox.run_pcscd(running=False)
    assert code_of(lambda: readers.transmit(vitale, SELECT_MF, PATIENCE_S)) == "card.no_reader_service"
    assert eventually(lambda: told)
    assert code_of(readers.slots) == "card.no_reader_service"
    told.clear()
    segur_pcsc_sandbox.run_pcscd(running=True)
    assert eventually(lambda: told)
    assert eventually(lambda: at(readers, vitale).present)
    assert at(readers, vitale).insertion != before.insertion
    readers.disconnect(vitale)
    readers.connect(vitale)
    assert readers.transmit(vitale, SELECT_MF, PATIENCE_S) == b"\x90\x00"
