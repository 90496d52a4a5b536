"""What tests of readers, tokens and sessions work with."""

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from reference_host.tests.host.cards.made_up_devices import CALLS, STATE
from segur_host.dispatch.deadline import CallDeadline
from segur_sdk.cards.channel import Step, one_by_one
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError, Fact, PluginError, SegurError

ATR = "3B6500002063CB6800"
CPS_ATR = "3BAC00402A001225006480000310009000"


class Bench:
    """The other end of ``made_up_devices``: puts cards in and reads what drivers were asked.

    Args:
        folder: shared with the drivers.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._insertions = 0
        self.change(slots={}, tokens=[], tries=3, pin="4321")

    def change(self, **changes: Any) -> None:
        path = self.folder / STATE
        known = json.loads(path.read_text()) if path.exists() else {}
        fresh = self.folder / "state.fresh"
        fresh.write_text(json.dumps(known | changes))
        fresh.replace(path)

    def put(self, slot: str, atr: str | None = ATR) -> None:
        """Put a card in: another one, or the same one again, always counts as another insertion."""
        self._insertions += 1
        self._slot(slot, present=True, atr=atr, insertion=self._insertions)

    def take(self, slot: str) -> None:
        """Leave a slot empty."""
        self._slot(slot, present=False, atr=None, insertion=0)

    def _slot(self, slot: str, **state: Any) -> None:
        slots = json.loads((self.folder / STATE).read_text())["slots"]
        self.change(slots=slots | {slot: state})

    def asked(self, *words: str) -> list[tuple[int, tuple[str, ...]]]:
        """Return what drivers were asked that begins so: process and words."""
        path = self.folder / CALLS
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [(pid, tuple(rest)) for pid, *rest in lines if tuple(rest[: len(words)]) == words]


@attrs.define
class Readers:
    """A driver of cards in this process, moved by hand."""

    cards: dict[str, tuple[str | None, int]] = attrs.field(factory=lambda: {"one": (ATR, 1)})
    """ATR and insertion of each slot; insertion 0 is an empty slot."""
    failing: str | None = None
    held: set[str] = attrs.field(factory=set)
    answer: Callable[[str, bytes, float], bytes] = lambda _slot, command, _seconds: command + b"\x90\x00"
    looks: int = 0
    changed: Callable[[], None] | None = None
    closed: bool = False

    def slots(self, timeout: float = 0.0) -> tuple[SlotState, ...]:
        self.looks += 1
        if self.failing is not None:
            raise CardError(self.failing)
        return tuple(
            SlotState(slot=slot, present=insertion > 0, atr=atr, insertion=insertion)
            for slot, (atr, insertion) in self.cards.items()
        )

    def watch(self, changed: Callable[[], None]) -> None:
        self.changed = changed

    def connect(self, slot: str, meanwhile: Callable[[], None] | None = None, timeout: float = 0.0) -> bytes:
        if meanwhile is not None:
            meanwhile()
        if slot in self.held:
            raise CardError("card.reader_in_use", slot=slot, retryable=True)
        self.held.add(slot)
        return bytes.fromhex(self.cards[slot][0] or "")

    def transmit(self, slot: str, command: bytes, timeout: float) -> bytes:
        return self.answer(slot, command, timeout)

    def transmit_all(self, slot: str, steps: Sequence[Step], timeout: float) -> tuple[bytes, ...]:
        return one_by_one(lambda command: self.transmit(slot, command, timeout), steps)

    def disconnect(self, slot: str) -> None:
        self.held.discard(slot)

    def settle(self, slot: str, timeout: float) -> None: ...

    def close(self) -> None:
        self.closed = True


@attrs.define
class Call:
    """A call in progress, as brokers see it."""

    deadline: CallDeadline = attrs.field(factory=lambda: CallDeadline(60))
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


def code_of(call: Callable[[], Any]) -> str:
    """Return the code with which a call fails."""
    with pytest.raises(SegurError) as raised:
        call()
    return raised.value.code


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait for what another thread or process brings about; ten seconds at most."""
    waiting = threading.Event()
    return any(holds() or waiting.wait(0.01) for _ in range(1000))


def is_running(pid: int) -> bool:
    """Tell whether a process is there, and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
