"""Racks of scripted cards: before the memory driver, and in virtual readers of a real pcscd."""

# ruff: noqa: N802 - the names of a made-up pyscard are PC/SC's

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import pytest

from segur_host.drivers.memory import MemoryCardSource
from segur_plugin_pcsc.source import PcscCardSource
from segur_sandbox.pcsc.private import SLOTS, PrivatePcscd
from segur_sdk.drivers import CardSource
from segur_sdk.errors import CardError
from segur_testing.pcsc import require_pcsc

CARDS: Final = Path(__file__).with_name("scripted_cards.py")
VITALE_2: Final = "3B751300004009EA9000"
OTHER: Final = "3B6500002063CB6600"
T = TypeVar("T")


class Source(CardSource, Protocol):
    """A driver that can be let go of."""

    def close(self) -> None: ...


def wait_until(holds: Callable[[], Any]) -> bool:
    """Return whether it becomes true within ten seconds."""
    pause = threading.Event()
    return any(holds() or pause.wait(0.02) for _ in range(500))


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], Any]], bool]:
    return wait_until


class CardProcess:
    """The process that holds the cards of two slots."""

    def __init__(self, before: Sequence[str], kinds: Sequence[str]) -> None:
        command = [*before, sys.executable, "-I", "-S", str(CARDS), *kinds]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ports: list[int] = self._answer()

    def order(self, slot: int, **what: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"slot": slot, **what}).encode("ascii") + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


class Rack:
    """Two slots, the cards in them, and drivers that look at them."""

    def __init__(self, names: Sequence[str], process: CardProcess) -> None:
        self.names = tuple(names)
        self.first, self.second = self.names
        self.process = process
        self._opened = ExitStack()

    def source(self, **settings: Any) -> Source:
        """Make a driver, as another process would have it."""
        made = self._made(**settings)
        self._opened.callback(made.close)
        return made

    def insert(self, slot: str, atr: str = VITALE_2, faults: dict[int, dict[str, Any]] | None = None) -> None:
        """Put a card in, in place of the one that may be there; ``faults`` by number of the command since its reset."""
        card = {"atr": atr, "faults": {str(number): fault for number, fault in (faults or {}).items()}}
        self.process.order(self.names.index(slot), card=card)

    def remove(self, slot: str) -> None:
        self.process.order(self.names.index(slot), card=None)

    def commands(self, slot: str) -> list[str]:
        """What the present card was sent, hexadecimal."""
        return list(self.process.order(self.names.index(slot))["seen"])

    def controls(self, slot: str) -> list[int]:
        """Orders to the reader that the present card met: 0 power off, 1 power on, 2 reset."""
        return list(self.process.order(self.names.index(slot))["controls"])

    def rest(self, slot: str) -> None:
        """Wait until the reader has done with a card that was just inserted: before that it may miss its going."""

    def shows(self, source: CardSource, slot: str, *, present: bool) -> bool:
        """Wait until a driver shows a slot so."""
        return wait_until(lambda: self.state(source, slot).present is present)

    @staticmethod
    def state(source: CardSource, slot: str) -> Any:
        return next(state for state in source.slots() if state.slot == slot)

    def close(self) -> None:
        self._opened.close()

    def _made(self, **settings: Any) -> Source:
        raise NotImplementedError


class MemoryRack(Rack):
    def __init__(self) -> None:
        super().__init__(("Lecteur 1", "Lecteur 2"), CardProcess((), ("listen", "listen")))

    def _made(self, **settings: Any) -> Source:
        return MemoryCardSource(
            [
                {"name": name, "host": "127.0.0.1", "port": port}
                for name, port in zip(self.names, self.process.ports, strict=True)
            ]
        )

    def close(self) -> None:
        super().close()
        self.process.close()


class Pcscd:
    """A pcscd of its own, which may be killed and started again at the same place."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._daemon = PrivatePcscd()
        self.start()

    @property
    def socket(self) -> str:
        return str(self._daemon.socket)

    @property
    def is_up(self) -> bool:
        return self._daemon.is_up

    def start(self) -> None:
        self._run(self._daemon.start())
        self.cards = CardProcess(self._daemon.entering(), [f"dial:{port}" for port in SLOTS.values()])

    def kill(self) -> None:
        """End it as a crash would; its readers, and the cards in them, are gone with it."""
        self._run(self._daemon.kill())
        self.cards.close()

    def close(self) -> None:
        self.cards.close()
        self._run(self._daemon.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)


class PcscRack(Rack):
    def __init__(self, pcscd: Pcscd) -> None:
        super().__init__(tuple(SLOTS), pcscd.cards)
        self.pcscd = pcscd
        # What the test before left is taken out of the slots by now, but not always seen yet.
        assert wait_until(lambda: not any(state.present for state in self.source().slots()))

    @property
    def socket(self) -> str:
        return self.pcscd.socket

    def rest(self, slot: str) -> None:
        # pcscd powers a new card, and powers it down when nobody uses it: only then it looks whether it is there.
        assert wait_until(lambda: self.controls(slot)[-1:] == [0])

    def kill(self) -> None:
        self.pcscd.kill()

    def restart(self) -> None:
        self.pcscd.start()
        self.process = self.pcscd.cards

    def _made(self, **settings: Any) -> Source:
        return PcscCardSource(self.pcscd.socket, **settings)

    def close(self) -> None:
        if not self.pcscd.is_up:
            self.restart()
        # First, since a card that is pulled while somebody lets go of it is missed by pcscd.
        super().close()
        for name in self.names:
            self.remove(name)


@pytest.fixture(scope="session")
def pcscd() -> Iterator[Pcscd]:
    require_pcsc()
    made = Pcscd()
    yield made
    made.close()


@pytest.fixture
def pcsc_rack(pcscd: Pcscd) -> Iterator[PcscRack]:
    rack = PcscRack(pcscd)
    yield rack
    rack.close()


@pytest.fixture
def memory_rack() -> Iterator[MemoryRack]:
    rack = MemoryRack()
    yield rack
    rack.close()


@pytest.fixture(params=["memory", pytest.param("pcsc", marks=pytest.mark.pcsc)])
def rack(request: pytest.FixtureRequest) -> Rack:
    """The same two slots before each driver."""
    found: Rack = request.getfixturevalue(f"{request.param}_rack")
    return found


@pytest.fixture(scope="session")
def code_of() -> Callable[[Callable[[], object]], str]:
    """Return the code of the error that a call ends with, or nothing when it ends well."""

    def code(call: Callable[[], object]) -> str:
        try:
            call()
        except CardError as failure:
            return failure.code
        return ""

    return code


class FakeScard:
    """pyscard's module over readers that a test makes up, for what no virtual reader can be brought to do."""

    SCARD_SCOPE_USER: Final = 0
    SCARD_PCI_T0: Final = 1
    SCARD_PCI_T1: Final = 2
    _CHANGED, _EMPTY, _PRESENT = 0x2, 0x10, 0x20
    _NOTIFICATION: Final = "\\\\?PnP?\\Notification"

    def __init__(self) -> None:
        self.states: dict[str, tuple[int, int]] = {}
        """Flags and count of events by reader."""
        self.atrs: dict[str, str] = {}
        self.fails: dict[str, list[int]] = {}
        """Codes that the next calls of a function answer."""
        self.tells_of_readers = True
        self.answers: list[bytes] = []
        self.calls: list[tuple[Any, ...]] = []
        self._changed = threading.Condition()
        self._cancelled = False
        self._broken = False

    def plug(self, name: str, flags: int = 0x10, counter: int = 0, atr: str = "") -> None:
        """Plug a reader in, or make it show something else."""
        with self._changed:
            self.states[name] = (flags, counter)
            self.atrs[name] = atr
            self._changed.notify_all()

    def unplug(self, name: str) -> None:
        with self._changed:
            del self.states[name]
            self._changed.notify_all()

    def end_a_wait(self) -> None:
        """End the wait for events that is under way as the service's own end does."""
        with self._changed:
            self._broken = True
            self._changed.notify_all()

    def called(self, name: str) -> int:
        return sum(call[0] == name for call in self.calls)

    def _code(self, name: str, *arguments: Any) -> int:
        self.calls.append((name, *arguments))
        codes = self.fails.get(name, [])
        return codes.pop(0) if codes else 0

    def SCardEstablishContext(self, scope: int) -> tuple[int, int]:
        return self._code("SCardEstablishContext"), 7

    def SCardReleaseContext(self, context: int) -> int:
        return self._code("SCardReleaseContext")

    def SCardCancel(self, context: int) -> int:
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()
        return 0

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:
        code = self._code("SCardListReaders")
        return code or (0 if self.states else 0x8010002E), list(self.states)

    def SCardGetStatusChange(self, context: int, wait: int, known: list[tuple[str, int]]) -> tuple[int, list[Any]]:
        code = self._code("SCardGetStatusChange", wait, tuple(known))
        if code:
            return code, []
        if [name for name, _ in known] == [self._NOTIFICATION] and not wait:
            return 0x8010000A, [(self._NOTIFICATION, 0 if self.tells_of_readers else 0x4, [])]
        names = {name for name, _ in known} - {self._NOTIFICATION}
        with self._changed:
            before = set(self.states)
            if not names <= before:
                return 0x80100009, []

            def happened() -> bool:
                listed = len(before) != len(known) - 1 or set(self.states) == before
                return (
                    self._cancelled
                    or self._broken
                    or not listed
                    or any(self._differs(name, state) for name, state in known)
                )

            if wait and not self._changed.wait_for(happened, wait / 1000):
                return 0x8010000A, []
            if wait and self._broken:
                self._broken = False
                return 0x80100013, []
            self._cancelled = False
            return 0, [self._told(name) for name, _ in known if name in self.states]

    def SCardConnect(self, context: int, name: str, mode: int, protocols: int) -> tuple[int, int, int]:
        return self._code("SCardConnect", name, mode), 11, 1

    def SCardBeginTransaction(self, card: int) -> int:
        return self._code("SCardBeginTransaction")

    def SCardStatus(self, card: int) -> tuple[int, str, int, int, list[int]]:
        return self._code("SCardStatus"), "", 0, 1, list(bytes.fromhex(VITALE_2))

    def SCardTransmit(self, card: int, pci: int, command: list[int]) -> tuple[int, list[int]]:
        code = self._code("SCardTransmit", pci, bytes(command))
        return code, [] if code else list(self.answers.pop(0) if self.answers else b"\x90\x00")

    def SCardDisconnect(self, card: int, disposition: int) -> int:
        return self._code("SCardDisconnect", disposition)

    def _differs(self, name: str, known: int) -> bool:
        flags, counter = self.states.get(name, (0x4, 0))
        return name != self._NOTIFICATION and known != counter << 16 | flags

    def _told(self, name: str) -> tuple[str, int, list[int]]:
        flags, counter = self.states[name]
        return name, counter << 16 | flags | self._CHANGED, list(bytes.fromhex(self.atrs[name]))


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> FakeScard:
    made = FakeScard()
    monkeypatch.setattr("segur_plugin_pcsc.winscard.load", lambda socket: made)
    return made


@pytest.fixture
def fake_source(scard: FakeScard, tmp_path: Path) -> Iterator[Callable[..., PcscCardSource]]:
    """Make drivers over the made-up readers."""
    with ExitStack() as opened:

        def make(**settings: Any) -> PcscCardSource:
            made = PcscCardSource(str(tmp_path / "pcscd.comm"), **settings)
            opened.callback(made.close)
            return made

        yield make
