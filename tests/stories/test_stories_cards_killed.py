"""pcscd or a driver's process is killed while cards are used: the host says so, and recovers by itself."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from segur_host import Host
from segur_host.broker.card_watch import CardEvent
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import SegurError
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.card import CardReading

pytestmark = pytest.mark.pcsc

PATIENCE_S = 20.0
DELAY_S = 1.0
"""How long a card takes for one command while something is killed; pcscd waits for it even when nobody else does."""
PHARMACY = "10B0152872/SA33/01"
BUSY = frozenset({"card.busy", "card.reader_in_use", "card.driver_stopped"})
"""What a card is said to be until pcscd let go of it on behalf of a process that is no more."""
SIGNING = "2A"
"""PERFORM SECURITY OPERATION, by which a CPS4 signs."""


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE_S
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return held


def code_of(call: Callable[[], object]) -> str | None:
    """Return the code with which a call fails; anything but a typed error comes out."""
    try:
        call()
    except SegurError as failure:
        return failure.code
    return None


def drivers() -> set[int]:
    """Return the processes of this one's drivers that run."""
    found = set()
    for folder in Path("/proc").iterdir():
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(parent) == os.getpid() and state != "Z" and b"segur_host.drivers.child" in command:
            found.add(int(folder.name))
    return found


def kill(processes: set[int]) -> None:
    assert processes
    for process in processes:
        os.kill(process, signal.SIGKILL)
    assert eventually(lambda: not processes & drivers())


def started_by(call: Callable[[], object]) -> set[int]:
    before = drivers()
    call()
    return drivers() - before


def delayed(sandbox: RunningSandbox) -> list[str]:
    """Return the instructions of the commands at which a card was slow."""
    return [one["request"]["body"][2:4] for one in sandbox.exchanges("cards") if one["fault"] == "delay"]


class Heard:
    """What a host tells of the cards of one slot."""

    def __init__(self, host: Host, slot: str) -> None:
        self.told: list[str] = []
        self._slot = slot
        self.end = host.watch_cards(self._note)

    def _note(self, event: CardEvent) -> None:
        if event.presence.slot == self._slot:
            self.told.append(str(event.change))


@contextmanager
def in_the_middle(
    sandbox: RunningSandbox, slot: str, call: Callable[[], object], *, after: int
) -> Iterator["Future[object]"]:
    """Make a call whose card is slow at one command, and run the block while it is.

    Args:
        sandbox: whose card it is.
        slot: where it sits.
        call: what is made, in a thread of its own.
        after: how many commands go through before.
    """
    made: Future[object] = Future()

    def run() -> None:
        try:
            made.set_result(call())
        except Exception as failure:  # noqa: BLE001 - it is raised where the call is waited for
            made.set_exception(failure)

    before = len(delayed(sandbox))
    sandbox.fault("cards", "delay", operation=slot, count=1, seconds=DELAY_S, after=after)
    thread = threading.Thread(target=run)
    thread.start()
    assert eventually(lambda: len(delayed(sandbox)) > before)
    try:
        yield made
    finally:
        thread.join(PATIENCE_S)


@pytest.fixture
def vitale(segur_pcsc_sandbox: RunningSandbox) -> str:
    """A slot in which there is a carte Vitale."""
    slot = segur_pcsc_sandbox.pcsc_readers[1]
    segur_pcsc_sandbox.insert(slot, "vitale:single")
    return slot


@pytest.fixture
def cps(segur_pcsc_sandbox: RunningSandbox, answers: dict[str, str]) -> str:
    """A slot for a professional's card, which is not there yet."""
    slot = segur_pcsc_sandbox.pcsc_readers[0]
    segur_pcsc_sandbox.insert(slot, None)
    answers["session.exercice"] = PHARMACY
    return slot


@pytest.mark.req("CARD-04")
def test_pcscd_killed_during_a_reading_is_said_and_cards_are_told_again_once_it_is_back(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, vitale: str
) -> None:
    heard = Heard(pcsc_host, vitale)
    with in_the_middle(segur_pcsc_sandbox, vitale, lambda: pcsc_host.read_card(vitale), after=3) as reading:
        segur_pcsc_sandbox.run_pcscd(running=False)
    assert code_of(reading.result) == "card.no_reader_service"
    assert code_of(lambda: pcsc_host.read_card(vitale)) == "card.no_reader_service"
    segur_pcsc_sandbox.run_pcscd(running=True)
    assert eventually(lambda: heard.told[-2:] == ["removed", "inserted"])
    assert len(pcsc_host.read_card(vitale).beneficiaries) == 1


@pytest.mark.req("CARD-04", "CPS-06")
def test_pcscd_killed_ends_the_session_of_a_card_that_may_have_been_pulled_meanwhile(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, cps: str
) -> None:
    segur_pcsc_sandbox.insert(cps, "cps:pharmacist")
    pcsc_host.login(SessionMeans.CPS, slot=cps)
    segur_pcsc_sandbox.run_pcscd(running=False)
    assert code_of(lambda: pcsc_host.read_card(cps)) == "card.no_reader_service"
    segur_pcsc_sandbox.run_pcscd(running=True)
    assert eventually(lambda: pcsc_host.session is None)
    assert eventually(lambda: code_of(lambda: pcsc_host.login(SessionMeans.CPS, slot=cps)) is None)


def test_looking_killed_loses_no_card_and_no_event(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, vitale: str
) -> None:
    looking = started_by(pcsc_host.slots)
    heard = Heard(pcsc_host, vitale)
    before = pcsc_host.slots()
    kill(looking)
    assert eventually(lambda: code_of(pcsc_host.slots) is None)
    assert pcsc_host.slots() == before
    assert len(pcsc_host.read_card(vitale).beneficiaries) == 1
    segur_pcsc_sandbox.insert(vitale, None)
    assert eventually(lambda: heard.told == ["removed"])


@pytest.mark.req("CARD-02")
def test_a_reading_killed_is_said_and_the_next_one_is_whole(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, vitale: str
) -> None:
    pcsc_host.slots()
    before = drivers()
    heard = Heard(pcsc_host, vitale)
    with in_the_middle(segur_pcsc_sandbox, vitale, lambda: pcsc_host.read_card(vitale), after=3) as reading:
        kill(drivers() - before)
    assert code_of(reading.result) == "card.driver_stopped"
    codes: list[str | None] = []
    assert eventually(lambda: codes.append(code_of(lambda: pcsc_host.read_card(vitale))) or codes[-1] is None)  # type: ignore[func-returns-value]
    assert set(codes[:-1]) <= BUSY
    assert heard.told == []


def test_an_unlocked_card_forgets_its_pin_when_what_holds_it_is_killed(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, cps: str
) -> None:
    looking = started_by(pcsc_host.slots)
    token = started_by(pcsc_host.tokens)
    segur_pcsc_sandbox.insert(cps, "cps:pharmacist")
    slot = started_by(pcsc_host.tokens)
    # The process that looks holds nothing of the card.
    for victims, forgets in ((looking, False), (token, True), (slot, True)):
        pcsc_host.login(SessionMeans.CPS, slot=cps)
        kill(victims)
        read: list[CardReading] = []
        assert eventually(lambda: code_of(lambda: read.append(pcsc_host.read_card(cps))) is None)  # noqa: B023
        assert read[0].holder is not None
        assert (read[0].holder.situations is None) == forgets
        pcsc_host.logout()


def test_a_signature_whose_driver_is_killed_opens_no_session_and_the_next_try_does(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, cps: str
) -> None:
    pcsc_host.slots()
    token = started_by(pcsc_host.tokens)
    segur_pcsc_sandbox.insert(cps, "cps:pharmacist")
    slot = started_by(pcsc_host.tokens)
    pcsc_host.login(SessionMeans.CPS, slot=cps)
    pcsc_host.logout()
    instructions = [one["request"]["body"][2:4] for one in segur_pcsc_sandbox.exchanges("cards")]
    signing = instructions.index(SIGNING)
    for victims in (slot, token):
        segur_pcsc_sandbox.insert(cps, "cps:pharmacist")
        pcsc_host.tokens()
        with in_the_middle(
            segur_pcsc_sandbox, cps, lambda: pcsc_host.login(SessionMeans.CPS, slot=cps), after=signing
        ) as login:
            kill(victims)
        assert delayed(segur_pcsc_sandbox)[-1] == SIGNING
        assert code_of(login.result) == "card.driver_stopped"
        assert pcsc_host.session is None
        assert eventually(lambda: code_of(lambda: pcsc_host.login(SessionMeans.CPS, slot=cps)) is None)
        pcsc_host.logout()
