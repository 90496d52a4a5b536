"""The driver of virtual cards, against cards scripted byte by byte on a socket."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from segur_host.drivers.memory import MemoryCardSource
from segur_sdk.errors import CardError

ATR = bytes.fromhex("3B6500002063CB6800")


class Slot:
    """One TCP port; whatever sits there answers frames as scripted."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.atr: bytes | None = ATR
        self.answers: dict[bytes, bytes | None] = {}
        """Raw bytes to send for a command; ``None`` closes the connection, a missing one says nothing."""
        self.seen: list[bytes] = []
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        self.pull()

    def pull(self) -> None:
        """Take the card out: what was connected to it is disconnected."""
        while self._connections:
            connection = self._connections.pop()
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if self.atr is None:
                return
            stream = connection.makefile("rb")
            with stream:
                while size := stream.read(2):
                    command = stream.read(int.from_bytes(size, "big"))
                    self.seen.append(command)
                    if command == b"\x04" and command not in self.answers:
                        connection.sendall(framed(self.atr))
                    elif command in self.answers:
                        answer = self.answers[command]
                        if answer is None:
                            return
                        connection.sendall(answer)


def framed(payload: bytes) -> bytes:
    return len(payload).to_bytes(2, "big") + payload


@pytest.fixture
def slot() -> Iterator[Slot]:
    made = Slot()
    yield made
    made.close()


@pytest.fixture
def open_source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., MemoryCardSource]]:
    monkeypatch.setattr("segur_host.drivers.memory.CONNECT_S", 0.3)
    with ExitStack() as opened:

        def open_source(**ports: int) -> MemoryCardSource:
            made = MemoryCardSource([{"name": name, "host": "127.0.0.1", "port": port} for name, port in ports.items()])
            opened.callback(made.close)
            return made

        yield open_source


@pytest.fixture
def source(slot: Slot, open_source: Callable[..., MemoryCardSource]) -> MemoryCardSource:
    return open_source(one=slot.port)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(CardError) as raised:
        call()
    return raised.value.code


def test_looking_asks_for_the_atr_and_using_powers_the_card(slot: Slot, source: MemoryCardSource) -> None:
    slot.answers[b"\x00\xa4\x04\x00"] = framed(b"\x90\x00")
    [before] = source.slots()
    assert (before.present, before.atr, before.in_use) == (True, ATR.hex().upper(), False)
    assert source.slots() == (before,)
    assert slot.seen == [b"\x04"]
    assert source.connect("one") == ATR
    assert source.transmit("one", b"\x00\xa4\x04\x00") == b"\x90\x00"
    source.disconnect("one")
    assert source.slots() == (before,)
    assert slot.seen == [b"\x04", b"\x01", b"\x04", b"\x00\xa4\x04\x00", b"\x02", b"\x04"]


def test_one_driver_looks_while_another_uses(slot: Slot, open_source: Callable[..., MemoryCardSource]) -> None:
    looking, using = open_source(one=slot.port), open_source(one=slot.port)
    [before] = looking.slots()
    assert using.connect("one") == ATR
    assert looking.slots() == (before,)
    using.close()
    assert looking.slots() == (before,)


def test_no_two_drivers_give_the_same_number(slot: Slot, open_source: Callable[..., MemoryCardSource]) -> None:
    states = [open_source(one=slot.port).slots()[0] for _ in range(3)]
    assert len({state.insertion for state in states}) == 3


def test_an_empty_slot_and_one_that_nobody_serves_are_empty(slot: Slot, source: MemoryCardSource) -> None:
    slot.atr = None
    assert [(state.present, state.insertion) for state in source.slots()] == [(False, 0)]
    slot.close()
    assert [state.present for state in source.slots()] == [False]
    assert code_of(lambda: source.connect("one")) == "card.absent"


ATRS: dict[str, bytes] = {"none": b"", "one_byte": b"\x3b", "too_long": b"\x3b" * 34, "endless": b"\x3b" * 65_535}


@pytest.mark.parametrize("atr", ATRS.values(), ids=ATRS)
def test_a_card_without_an_atr_is_there_and_stops_no_other_slot(
    atr: bytes, slot: Slot, open_source: Callable[..., MemoryCardSource]
) -> None:
    with ExitStack() as opened:
        good = Slot()
        opened.callback(good.close)
        slot.atr = atr
        states = {state.slot: state for state in open_source(odd=slot.port, good=good.port).slots()}
    assert (states["odd"].present, states["odd"].atr) == (True, None)
    assert states["good"].atr == ATR.hex().upper()


def test_a_card_that_says_nothing_at_all_is_no_card(slot: Slot, source: MemoryCardSource) -> None:
    slot.answers[b"\x04"] = b""
    assert [state.present for state in source.slots()] == [False]


def test_the_same_card_put_back_is_another_insertion(slot: Slot, source: MemoryCardSource) -> None:
    first = source.slots()[0].insertion
    slot.pull()
    second = source.slots()[0]
    assert second.atr == ATR.hex().upper()
    assert second.insertion > first


def test_a_card_pulled_and_not_put_back_is_gone(slot: Slot, source: MemoryCardSource) -> None:
    source.slots()
    slot.atr = None
    slot.pull()
    assert [state.present for state in source.slots()] == [False]


PULLED: dict[str, bytes | None] = {
    "at_once": None,
    "in_its_answer": framed(b"\x00" * 100)[:20],
    "in_the_length": b"\x00",
}


@pytest.mark.parametrize("answer", PULLED.values(), ids=PULLED)
def test_a_card_pulled_while_it_is_read_is_said_to_be_removed(
    answer: bytes | None, slot: Slot, source: MemoryCardSource
) -> None:
    command = b"\x00\xb0\x00\x00"
    slot.answers[command] = answer
    source.connect("one")
    if answer is not None:
        threading.Timer(0.1, slot.pull).start()
    assert code_of(lambda: source.transmit("one", command)) == "card.removed"
    assert code_of(lambda: source.transmit("one", command)) == "card.removed"


def test_an_answer_without_status_word_is_handed_on(slot: Slot, source: MemoryCardSource) -> None:
    slot.answers[b"\x00\xb0\x00\x00"] = framed(b"")
    source.connect("one")
    assert source.transmit("one", b"\x00\xb0\x00\x00") == b""


def test_a_card_that_is_silent_at_the_end_is_let_go_of_all_the_same(slot: Slot, source: MemoryCardSource) -> None:
    source.connect("one")
    slot.answers[b"\x04"] = b""
    source.disconnect("one")
    assert code_of(lambda: source.transmit("one", b"\x00\xb0\x00\x00")) == "card.closed"


def test_a_slot_nobody_configured_is_said(source: MemoryCardSource) -> None:
    assert code_of(lambda: source.connect("two")) == "card.reader_unavailable"


def test_changes_are_told_until_the_end(slot: Slot, source: MemoryCardSource) -> None:
    slot.atr = None
    told: list[bool] = []
    changed = threading.Event()

    def note() -> None:
        told.append(source.slots()[0].present)
        changed.set()

    source.watch(note)
    slot.atr = ATR
    assert changed.wait(10)
    changed.clear()
    slot.atr = None
    slot.pull()
    assert changed.wait(10)
    source.close()
    assert told == [True, False]
