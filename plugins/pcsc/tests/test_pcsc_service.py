"""A real pcscd that is killed and comes back, and other programs that use its cards."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from segur_sdk.errors import CardError

Eventually = Callable[[Callable[[], Any]], bool]
CodeOf = Callable[[Callable[[], object]], str]
Program = Callable[..., "OtherProgram"]

pytestmark = pytest.mark.pcsc

ATR = "3B751300004009EA9000"
READ = bytes.fromhex("00B0820000")
FIRST = b"\x01\x90\x00"

SLOTS = """
import json, sys
from segur_plugin_pcsc.source import PcscCardSource
from segur_sdk.errors import CardError
try:
    print(json.dumps([state.model_dump(mode="json") for state in PcscCardSource(sys.argv[1]).slots()]))
except CardError as failure:
    print(json.dumps({"code": failure.code, **failure.facts}))
"""

OTHER = """
import sys
import smartcard.scard as s
steps = {
    "connect": lambda: s.SCardConnect(context, sys.argv[1], int(sys.argv[2]), 3)[0],
    "begin": lambda: s.SCardBeginTransaction(card),
    "end": lambda: s.SCardEndTransaction(card, 0),
    "transmit": lambda: s.SCardTransmit(card, 1, [0, 0xB0, 0x82, 0, 0])[0],
    "leave": lambda: s.SCardDisconnect(card, 0),
}
_, context = s.SCardEstablishContext(0)
_, card, _ = s.SCardConnect(context, sys.argv[1], int(sys.argv[2]), 3)
print("there", flush=True)
for line in sys.stdin:
    print(f"{steps[line.strip()]() & 0xFFFFFFFF:08X}", flush=True)
"""
EXCLUSIVE, SHARED = "1", "2"


class OtherProgram:
    """A program that is connected to a card through the same service."""

    def __init__(self, socket: str, slot: str, mode: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", OTHER, slot, mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PCSCLITE_CSOCK_NAME": socket},
        )
        self.ends()

    def does(self, step: str) -> str:
        self.begins(step)
        return self.ends()

    def begins(self, step: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{step}\n")
        self._process.stdin.flush()

    def ends(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def other_program(pcsc_rack: Any) -> Iterator[Program]:
    with ExitStack() as opened:

        def start(mode: str) -> OtherProgram:
            made = OtherProgram(pcsc_rack.socket, pcsc_rack.first, mode)
            opened.callback(made.close)
            return made

        yield start


def slots_elsewhere(socket: str, **environment: str) -> Any:
    """What the driver says in another process."""
    done = subprocess.run(
        [sys.executable, "-c", SLOTS, socket],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=environment,
    )
    return json.loads(done.stdout)


@pytest.fixture
def inserted(pcsc_rack: Any) -> Any:
    """A source, and a card in the first slot."""
    source = pcsc_rack.source()
    pcsc_rack.insert(pcsc_rack.first)
    assert pcsc_rack.shows(source, pcsc_rack.first, present=True)
    return source


def test_an_insertion_has_the_same_number_in_every_process(pcsc_rack: Any, inserted: Any) -> None:
    ours = [state.model_dump(mode="json") for state in inserted.slots()]
    assert slots_elsewhere(pcsc_rack.socket) == ours
    pcsc_rack.rest(pcsc_rack.first)
    assert slots_elsewhere(pcsc_rack.socket) == ours


@pytest.mark.req("CARD-04")
def test_no_number_comes_again_after_a_restart_of_the_service(pcsc_rack: Any, inserted: Any) -> None:
    before = pcsc_rack.state(inserted, pcsc_rack.first).insertion
    for _ in range(2):
        pcsc_rack.kill()
        pcsc_rack.restart()
        pcsc_rack.insert(pcsc_rack.first)
        assert pcsc_rack.shows(inserted, pcsc_rack.first, present=True)
        state = pcsc_rack.state(inserted, pcsc_rack.first)
        assert (state.atr, state.insertion == before) == (ATR, False)
        assert slots_elsewhere(pcsc_rack.socket)[0]["insertion"] == state.insertion
        before = state.insertion


@pytest.mark.req("CARD-04")
def test_a_service_that_ends_during_a_reading_is_told_and_the_next_reading_works(
    pcsc_rack: Any, inserted: Any, code_of: CodeOf
) -> None:
    inserted.connect(pcsc_rack.first)
    assert inserted.transmit(pcsc_rack.first, READ) == FIRST
    pcsc_rack.kill()
    for _ in range(2):
        with pytest.raises(CardError, match=r"card\.no_reader_service") as raised:
            inserted.transmit(pcsc_rack.first, READ)
        assert raised.value.facts["reason"] in {"not_running", "stopped"}
        assert raised.value.retryable
    assert code_of(lambda: inserted.connect(pcsc_rack.first)) == "card.no_reader_service"
    assert code_of(inserted.slots) == "card.no_reader_service"
    pcsc_rack.restart()
    pcsc_rack.insert(pcsc_rack.first)
    assert pcsc_rack.shows(inserted, pcsc_rack.first, present=True)
    # The connection was one of the service that ended: it never speaks to the card of the new one.
    assert code_of(lambda: inserted.transmit(pcsc_rack.first, READ)) in {"card.no_reader_service", "card.closed"}
    inserted.disconnect(pcsc_rack.first)
    assert inserted.connect(pcsc_rack.first) == bytes.fromhex(ATR)
    assert inserted.transmit(pcsc_rack.first, READ) == FIRST


def test_a_card_connected_before_a_restart_and_not_used_meanwhile_is_taken_again(pcsc_rack: Any, inserted: Any) -> None:
    inserted.connect(pcsc_rack.first)
    inserted.disconnect(pcsc_rack.first)
    pcsc_rack.kill()
    pcsc_rack.restart()
    pcsc_rack.insert(pcsc_rack.first)
    assert pcsc_rack.shows(pcsc_rack.source(), pcsc_rack.first, present=True)
    assert inserted.connect(pcsc_rack.first) == bytes.fromhex(ATR)


@pytest.mark.req("CARD-04")
def test_a_service_that_ends_during_a_command_frees_who_waits(
    pcsc_rack: Any, code_of: CodeOf, eventually: Eventually
) -> None:
    source = pcsc_rack.source()
    pcsc_rack.insert(pcsc_rack.first, faults={1: {"silent": True}})
    assert pcsc_rack.shows(source, pcsc_rack.first, present=True)
    source.connect(pcsc_rack.first)
    codes: list[str] = []
    asking = threading.Thread(target=lambda: codes.append(code_of(lambda: source.transmit(pcsc_rack.first, READ))))
    asking.start()
    assert eventually(lambda: pcsc_rack.commands(pcsc_rack.first))
    pcsc_rack.kill()
    asking.join(10)
    assert codes == ["card.no_reader_service"]


@pytest.mark.req("CARD-04")
def test_a_watch_outlives_the_service(pcsc_rack: Any, inserted: Any, code_of: CodeOf, eventually: Eventually) -> None:
    told: list[str] = []

    def note() -> None:
        code = code_of(inserted.slots)
        told.append(code or ",".join(state.slot for state in inserted.slots() if state.present))

    inserted.watch(note)
    for _ in range(2):
        told.clear()
        pcsc_rack.kill()
        assert eventually(lambda: told == ["card.no_reader_service"])
        pcsc_rack.restart()
        assert eventually(lambda: told[-1] == "")
        pcsc_rack.insert(pcsc_rack.first)
        assert eventually(lambda: told[-1] == pcsc_rack.first)
        pcsc_rack.insert(pcsc_rack.second)
        assert eventually(lambda: told[-1] == f"{pcsc_rack.first},{pcsc_rack.second}")


def test_a_watch_that_begins_without_a_service_sees_it_come(pcsc_rack: Any, eventually: Eventually) -> None:
    pcsc_rack.kill()
    source = pcsc_rack.source()
    told: list[int] = []
    source.watch(lambda: told.append(1))
    pcsc_rack.restart()
    assert eventually(lambda: told)
    assert len(source.slots()) == 2


@pytest.mark.req("CARD-11")
def test_a_card_that_another_program_holds_alone_is_in_use(
    pcsc_rack: Any, inserted: Any, other_program: Program, code_of: CodeOf, eventually: Eventually
) -> None:
    assert not pcsc_rack.state(inserted, pcsc_rack.first).in_use
    other = other_program(EXCLUSIVE)
    assert eventually(lambda: pcsc_rack.state(inserted, pcsc_rack.first).in_use)
    assert code_of(lambda: inserted.connect(pcsc_rack.first)) == "card.reader_in_use"
    assert other.does("leave") == "00000000"
    assert inserted.connect(pcsc_rack.first) == bytes.fromhex(ATR)
    assert eventually(lambda: not pcsc_rack.state(pcsc_rack.source(), pcsc_rack.second).in_use)


@pytest.mark.req("CARD-11")
def test_a_card_that_another_program_shares_is_read_within_a_transaction(
    pcsc_rack: Any, inserted: Any, other_program: Program
) -> None:
    other = other_program(SHARED)
    assert inserted.connect(pcsc_rack.first) == bytes.fromhex(ATR)
    assert inserted.transmit(pcsc_rack.first, READ) == FIRST
    other.begins("transmit")
    assert inserted.transmit(pcsc_rack.first, READ) == b"\x02\x90\x00"
    inserted.disconnect(pcsc_rack.first)
    # The other program had to wait, and is told that the card was reset: what it had selected or unlocked is no more.
    assert other.ends() == "80100068"
    assert pcsc_rack.commands(pcsc_rack.first) == ["00B0820000"] * 2


def test_a_shared_card_is_left_to_others_where_that_is_wanted(
    pcsc_rack: Any, inserted: Any, other_program: Program, code_of: CodeOf
) -> None:
    other = other_program(SHARED)
    alone = pcsc_rack.source(shared=False)
    assert code_of(lambda: alone.connect(pcsc_rack.first)) == "card.reader_in_use"
    assert other.does("transmit") == "00000000"


def test_a_transaction_that_does_not_end_is_not_waited_for(
    pcsc_rack: Any, inserted: Any, other_program: Program, code_of: CodeOf, eventually: Eventually
) -> None:
    other = other_program(SHARED)
    assert other.does("begin") == "00000000"
    hasty = pcsc_rack.source(wait_s=0.5)
    assert eventually(lambda: code_of(lambda: hasty.connect(pcsc_rack.first)) == "card.reader_in_use")
    assert other.does("transmit") == "00000000"
    assert other.does("end") == "00000000"
    assert other.does("leave") == "00000000"
    # Whoever was not waited for gives back what it gets too late, without a word to the card.
    assert eventually(lambda: code_of(lambda: inserted.connect(pcsc_rack.first)) == "")
    assert inserted.transmit(pcsc_rack.first, READ) == b"\x02\x90\x00"


def test_an_ignored_reader_is_neither_shown_nor_used(pcsc_rack: Any, inserted: Any, code_of: CodeOf) -> None:
    source = pcsc_rack.source(ignore=[pcsc_rack.first])
    assert [state.slot for state in source.slots()] == [pcsc_rack.second]
    assert code_of(lambda: source.connect(pcsc_rack.first)) == "card.reader_unavailable"


def test_an_atr_of_no_known_protocol_is_mute(pcsc_rack: Any, code_of: CodeOf) -> None:
    source = pcsc_rack.source()
    pcsc_rack.insert(pcsc_rack.first, atr="FFFFFFFF")
    assert pcsc_rack.shows(source, pcsc_rack.first, present=True)
    assert code_of(lambda: source.connect(pcsc_rack.first)) == "card.mute"


SENT = {
    "t0_case_1": (ATR, "00200001", "0020000100"),
    "t0_case_2": (ATR, "00B0820000", "00B0820000"),
    "t0_case_3": (ATR, "00A40000023F00", "00A40000023F00"),
    "t0_case_4": (ATR, "00A40000023F0000", "00A40000023F00"),
    "t1_case_1": ("3B8180018080", "00200001", "00200001"),
    "t1_case_4": ("3B8180018080", "00A40000023F0000", "00A40000023F0000"),
}


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize(("atr", "command", "sent"), SENT.values(), ids=SENT)
def test_a_command_is_sent_as_the_protocol_of_the_card_wants_it(
    atr: str, command: str, sent: str, pcsc_rack: Any
) -> None:
    source = pcsc_rack.source()
    pcsc_rack.insert(pcsc_rack.first, atr=atr)
    assert pcsc_rack.shows(source, pcsc_rack.first, present=True)
    source.connect(pcsc_rack.first)
    assert source.transmit(pcsc_rack.first, bytes.fromhex(command)) == FIRST
    assert pcsc_rack.commands(pcsc_rack.first) == [sent]


ABSENT = {
    "no_service": ("", "/nowhere/pcscd.comm", "not_running"),
    "no_pyscard": ("import sys; sys.modules['smartcard'] = None", "", "pyscard_missing"),
    "broken_pyscard": ("raise ImportError('libpcsclite.so.1')", "", "pyscard_unusable"),
}


@pytest.mark.req("CARD-01")
@pytest.mark.parametrize(("spoilt", "socket", "reason"), ABSENT.values(), ids=ABSENT)
def test_what_is_missing_is_named(spoilt: str, socket: str, reason: str, tmp_path: Any) -> None:
    if spoilt.startswith("raise"):
        (tmp_path / "smartcard").mkdir()
        (tmp_path / "smartcard" / "__init__.py").write_text(spoilt)
    else:
        (tmp_path / "sitecustomize.py").write_text(spoilt)
    found = slots_elsewhere(socket, PYTHONPATH=str(tmp_path))
    assert found == {"code": "card.no_reader_service", "reason": reason}


def test_a_process_uses_one_service(pcsc_rack: Any) -> None:
    from segur_plugin_pcsc.source import PcscCardSource

    pcsc_rack.source().slots()
    with pytest.raises(CardError, match=r"card\.no_reader_service") as raised:
        PcscCardSource("/elsewhere/pcscd.comm").slots()
    assert raised.value.facts["reason"] == "other_socket"
