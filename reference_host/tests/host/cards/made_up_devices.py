"""Drivers for child processes, moved by a file; what they are asked is written beside it."""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from segur_sdk.drivers import CardSource, PinState, SignatureScheme, SlotState, TokenCertificate, TokenState
from segur_sdk.errors import CardError

STATE, CALLS = "state.json", "calls.log"


class _Moved:
    """What a driver and the test that moves it share."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self._folder / STATE).read_text())
        return found

    def change(self, **changes: Any) -> None:
        fresh = self._folder / f"{STATE}.{os.getpid()}"
        fresh.write_text(json.dumps(self.state() | changes))
        fresh.replace(self._folder / STATE)

    def asked(self, *words: str) -> None:
        with (self._folder / CALLS).open("a") as log:
            log.write(json.dumps([os.getpid(), *words]) + "\n")

    def obey(self, order: str | None) -> None:
        if order == "hang":
            time.sleep(3600)
        elif order == "die":
            os._exit(9)
        elif order is not None:
            raise CardError(order, retryable=True)


class Cards:
    """Implements ``CardSource``."""

    def __init__(self, folder: str) -> None:
        self._moved = _Moved(folder)
        self._held: set[str] = set()

    def slots(self) -> tuple[SlotState, ...]:
        self._moved.asked("slots")
        state = self._moved.state()
        self._moved.obey(state.get("order"))
        return tuple(SlotState(slot=name, **one) for name, one in state["slots"].items())

    def watch(self, changed: Callable[[], None]) -> None:
        known = self._moved.state()

        def look() -> None:
            told = known
            while True:
                time.sleep(0.01)
                found = self._moved.state()
                if found != told:
                    told = found
                    changed()

        threading.Thread(target=look, daemon=True).start()

    def connect(self, slot: str) -> bytes:
        self._moved.asked("connect", slot)
        found = self._moved.state()["slots"][slot]
        if not found["present"]:
            raise CardError("card.absent", slot=slot)
        if slot in self._held:
            raise CardError("card.reader_in_use", slot=slot)
        self._held.add(slot)
        return bytes.fromhex(found["atr"])

    def transmit(self, slot: str, command: bytes) -> bytes:
        self._moved.asked("transmit", slot)
        if slot not in self._held:
            raise CardError("card.closed")
        if command == b"slow":
            time.sleep(0.3)
        self._moved.obey({b"hang": "hang", b"die!": "die", b"mute": "card.mute"}.get(command))
        return command + b"\x90\x00"

    def disconnect(self, slot: str) -> None:
        self._moved.asked("disconnect", slot)
        self._held.discard(slot)


class Unwatchable(Cards):
    """Sees cards and tells of none."""

    def watch(self, changed: Callable[[], None]) -> None:
        raise NotImplementedError


class Chatty(Cards):
    """Tells of changes without end, between its answers and within them."""

    def watch(self, changed: Callable[[], None]) -> None:
        def tell() -> None:
            while True:
                changed()

        threading.Thread(target=tell, daemon=True).start()


class Tokens:
    """Implements ``TokenSource`` with keys in files; one PIN for all of them."""

    def __init__(self, folder: str) -> None:
        self._moved = _Moved(folder)
        self._unlocked: set[str] = set()

    def tokens(self) -> tuple[TokenState, ...]:
        self._moved.asked("tokens")
        state = self._moved.state()
        self._moved.obey(state.get("token_order"))
        return tuple(
            TokenState(**one, pin=PinState(unlocked=one["token"] in self._unlocked, tries_left=state["tries"]))
            for one in state["tokens"]
        )

    def at(self, slot: str) -> TokenState:
        for state in self.tokens():
            if state.slot == slot:
                return state
        raise CardError("token.absent")

    def certificates(self, token: str) -> tuple[TokenCertificate, ...]:
        der = bytes.fromhex(self._moved.state()["certificate"])
        return (TokenCertificate(key="20", der=der, schemes=frozenset({SignatureScheme.PKCS1_SHA256})),)

    def data(self, token: str) -> tuple[()]:
        return ()

    def unlock(self, token: str, pin: str) -> PinState:
        self._moved.asked("unlock", token, pin)
        state = self._moved.state()
        if state["tries"] == 0:
            raise CardError("token.pin_locked")
        if pin != state["pin"]:
            left = state["tries"] - 1
            self._moved.change(tries=left)
            raise CardError("token.pin_wrong", tries_left=left)
        self._unlocked.add(token)
        return PinState(unlocked=True, tries_left=state["tries"])

    def lock(self, token: str) -> None:
        self._moved.asked("lock", token)
        self._unlocked.discard(token)

    def sign(self, token: str, key: str, scheme: str, data: bytes) -> bytes:
        if token not in self._unlocked:
            raise CardError("token.pin_needed")
        found = load_pem_private_key(self._moved.state()["private"].encode(), None)
        assert isinstance(found, rsa.RSAPrivateKey)
        return found.sign(data, padding.PKCS1v15(), Prehashed(SHA256()))


class Through:
    """A token driver that does with the host's readers whatever it is told to."""

    def __init__(self, cards: CardSource, folder: str = "") -> None:
        self._cards = cards

    def pid(self) -> int:
        return os.getpid()

    def slots(self) -> tuple[SlotState, ...]:
        return self._cards.slots()

    def connect(self, slot: str) -> bytes:
        return self._cards.connect(slot)

    def transmit(self, slot: str, command: bytes) -> bytes:
        return self._cards.transmit(slot, command)

    def disconnect(self, slot: str) -> None:
        self._cards.disconnect(slot)

    def watch_cards(self) -> None:
        self._cards.watch(lambda: None)

    def relayed(self, text: str) -> Any:
        """Send a line of its own making to the host, and return what comes back."""
        line: Any = self._cards._line  # type: ignore[attr-defined]
        line.write(json.loads(text))
        return line.read()

    def read_all(self, slot: str) -> tuple[bytes, ...]:
        """Make several calls in one."""
        atr = self._cards.connect(slot)
        answers = tuple(self._cards.transmit(slot, bytes([number])) for number in range(3))
        self._cards.disconnect(slot)
        return (atr, *answers)

    def dies(self) -> None:
        os._exit(9)

    def hangs(self) -> None:
        time.sleep(3600)


class Uninvited:
    """Was given no readers, and asks for them all the same."""

    def __init__(self) -> None: ...

    def sneaks(self) -> str:
        for descriptor in range(3, 12):
            try:
                os.write(descriptor, b'{"relay": {"method": "slots", "arguments": []}}\n')
            except OSError:
                continue
        return "done"
